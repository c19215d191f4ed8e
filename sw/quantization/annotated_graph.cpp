#include "sw/quantization/annotated_graph.hpp"

#include <algorithm>
#include <cmath>

#include "platform/configuration/error.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/quantization/qdq_graph.hpp"
#include "sw/quantization/quantize.hpp"

namespace cimbalom::quantization {
namespace {

using graph::data_type;
using graph::node;
using graph::op;
using graph::value_id;

[[noreturn]] void refuse(const graph::graph& g, const node& n, const std::string& why) {
  throw input_error(graph::describe(g, n) + ": " + why);
}

int bits_of(data_type type) {
  return static_cast<int>(8 * graph::bytes_of(type));
}
bool is_signed_type(data_type type) {
  return type == data_type::int8 || type == data_type::int16 || type == data_type::int32;
}

data_type type_of(const activation_scale& scale) {
  if (scale.bits > 8) return scale.is_signed ? data_type::int16 : data_type::uint16;
  return scale.is_signed ? data_type::int8 : data_type::uint8;
}

// Codes of one type that mean the same; a Clip may have left fewer bits to one of them.
bool alike(const activation_scale& a, const activation_scale& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point && type_of(a) == type_of(b);
}

// Takes the integer operators of a graph apart, node by node in topological order.
class annotator {
 public:
  explicit annotator(annotated_graph& result) : a_(result), g_(result.graph) {}

  void run() {
    std::vector<bool> removed(g_.nodes.size(), false);
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) removed[i] = visit(g_.nodes[i]);
    std::vector<node> kept;
    for (std::size_t i = 0; i < g_.nodes.size(); ++i)
      if (!removed[i]) kept.push_back(std::move(g_.nodes[i]));
    g_.nodes = std::move(kept);
    if (!a_.from_file) return;
    for (std::size_t v = 0; v < g_.values.size(); ++v) give_integers_a_scale(static_cast<value_id>(v));
  }

 private:
  // True when the node is to be removed.
  bool visit(node& n) {
    switch (n.kind) {
      case op::clip:
        return take_width(n);
      case op::quantize_linear:
        return take_quantize(n);
      case op::dequantize_linear:
        return take_dequantize(n);
      case op::qlinear_conv:
        take_qlinear(n, op::conv, 0);
        return false;
      case op::qlinear_mat_mul:
        take_qlinear(n, op::mat_mul, 1);
        return false;
      case op::conv_integer:
        take_integer(n, op::conv);
        return false;
      case op::mat_mul_integer:
        take_integer(n, op::mat_mul);
        return false;
      case op::cast:
        if (a_.values.count(n.input(0)) == 0 || !graph::is_floating(g_.info(n.output()).type)) return false;
        graph::replace_uses(g_, n.output(), n.input(0));
        return true;
      case op::dynamic_quantize_linear:
        refuse(g_, n, "scales computed at run time cannot be held; export with static scales");
      default:
        return false;
    }
  }

  activation_scale scale_of(const node& n, std::size_t scale_input, std::size_t zero_input, data_type type) {
    const graph::tensor* scale = g_.constant(n.input(scale_input));
    const graph::tensor* zero = g_.constant(n.input(zero_input));
    if (scale == nullptr || (n.has_input(zero_input) && zero == nullptr))
      refuse(g_, n, "scale and zero point must be constants of the file");
    if (scale->size() != 1)
      refuse(g_, n, "an activation with scales along an axis cannot be held; one scale is needed");
    activation_scale result;
    result.scale = exact_values(g_, n.input(scale_input))[0];
    if (!(result.scale > 0) || !std::isfinite(result.scale)) refuse(g_, n, "the scale must be above 0");
    result.bits = bits_of(type);
    result.is_signed = is_signed_type(type);
    if (zero != nullptr && zero->size() > 0) result.zero_point = static_cast<int>(zero->as_ints()[0]);
    if (result.bits > 16) refuse(g_, n, "activations of int32 cannot be held; 8 or 16 bits are needed");
    return result;
  }

  bool mark(value_id v, const activation_scale& scale) {
    a_.from_file = true;
    const auto [found, added] = a_.values.emplace(v, scale);
    if (added) g_.info(v).type = data_type::float32;
    return alike(found->second, scale);
  }

  // A Clip to exactly the codes of a narrower width, which only a QuantizeLinear reads, is that width: cutting
  // before rounding and after it are the same.
  bool take_width(node& n) {
    const value_id v = n.output();
    const std::vector<int> readers = graph::consumers(g_)[static_cast<std::size_t>(v)];
    if (readers.size() != 1 || graph::is_output(g_, v)) return false;
    const node& q = g_.nodes[static_cast<std::size_t>(readers[0])];
    if (q.kind != op::quantize_linear) return false;
    const graph::tensor* scale = g_.constant(q.input(1));
    if (scale == nullptr || scale->size() != 1 || g_.info(q.output()).type == data_type::undefined) return false;
    activation_scale codes = scale_of(q, 1, 2, g_.info(q.output()).type);
    const graph::clip_bounds bounds = graph::clip_of(g_, n);
    for (int bits = 2; bits < codes.bits && codes.bits == 8; ++bits) {
      const int least = codes.is_signed ? -(1 << (bits - 1)) : 0;
      const int most = least + (1 << bits) - 1;
      const auto code = [&](double real) { return std::nearbyint(real / codes.scale) + codes.zero_point; };
      if (code(bounds.low) != least || code(bounds.high) != most) continue;
      width_[q.output()] = bits;
      graph::replace_uses(g_, v, n.input(0));
      n.inputs.clear();  // it reads the value no more
      return true;
    }
    return false;
  }

  // Rounding to codes commutes with moving elements and with taking the maximum: the value before may carry the
  // scale as well, so that its producer writes codes at once.
  void mark_backwards(value_id v, const activation_scale& scale) {
    const std::vector<int> made_by = graph::producers(g_);
    for (;;) {
      const int p = made_by[static_cast<std::size_t>(v)];
      if (p < 0) return;
      const node& n = g_.nodes[static_cast<std::size_t>(p)];
      const bool moves = n.kind == op::reshape || n.kind == op::flatten || n.kind == op::squeeze ||
                         n.kind == op::unsqueeze || n.kind == op::transpose || n.kind == op::max_pool ||
                         n.kind == op::global_max_pool;
      v = n.input(0);
      const bool sole = moves && graph::consumers(g_)[static_cast<std::size_t>(v)].size() == 1;
      if (!sole || graph::is_output(g_, v) || a_.values.count(v) != 0) return;
      mark(v, scale);
    }
  }

  bool take_quantize(node& n) {
    const value_id v = n.input(0), q = n.output();
    activation_scale scale = scale_of(n, 1, 2, g_.info(q).type);
    if (width_.count(q) != 0) scale.bits = width_.at(q);
    const auto readers = graph::consumers(g_)[static_cast<std::size_t>(v)];
    const bool sole = std::all_of(readers.begin(), readers.end(), [&](int r) {
      return g_.nodes[static_cast<std::size_t>(r)].kind == op::quantize_linear;
    });
    const bool known = a_.values.count(v) != 0;
    const bool held = known && alike(a_.values.at(v), scale) && a_.values.at(v).bits <= scale.bits;
    if (known ? held : (sole && !graph::is_output(g_, v))) {
      mark(v, scale);
      if (!known) mark_backwards(v, scale);
      graph::replace_uses(g_, q, v);
      return true;
    }
    // Another scale than the value has, or readers of the unquantised value: a requantisation of its own.
    n.kind = op::identity;
    n.inputs.resize(1);
    n.attributes.clear();
    mark(q, scale);
    return false;
  }

  bool take_dequantize(node& n) {
    const value_id x = n.input(0), y = n.output();
    if (g_.is_constant(x)) {
      take_constant(n, x, n.input(1), n.input(2), static_cast<int>(n.int_or("axis", 1)), y);
      return true;
    }
    if (g_.info(x).type == data_type::int32) refuse(g_, n, "int32 activations cannot be held");
    const auto known = a_.values.find(x);
    const data_type type = known == a_.values.end() ? g_.info(x).type : type_of(known->second);
    if (!mark(x, scale_of(n, 1, 2, type)))
      refuse(g_, n, "reads its input with another scale than it was quantised with");
    graph::replace_uses(g_, y, x);
    return true;
  }

  // Makes value y the real constant that integers x with scale and zero point stand for.
  void take_constant(const node& n, value_id x, value_id scale_id, value_id zero_id, int axis, value_id y) {
    const graph::tensor& codes = g_.initializers.at(x);
    const graph::tensor* scale = g_.constant(scale_id);
    const graph::tensor* zero = g_.constant(zero_id);
    if (scale == nullptr || (zero_id != graph::no_value && zero == nullptr))
      refuse(g_, n, "scale and zero point must be constants of the file");
    constant_codes result;
    result.codes = codes.as_ints();
    result.scale = exact_values(g_, scale_id);
    result.zero_point = zero == nullptr ? std::vector<std::int64_t>{} : zero->as_ints();
    result.bits = bits_of(codes.type());
    result.is_signed = is_signed_type(codes.type());
    hold_constant(n, codes.shape(), std::move(result), axis, y);
  }

  void hold_constant(const node& n, const graph::shape_t& shape, constant_codes codes, int axis, value_id y) {
    const auto rank = static_cast<int>(shape.size());
    if (codes.zero_point.empty()) codes.zero_point.assign(1, 0);
    const std::size_t entries = std::max(codes.scale.size(), codes.zero_point.size());
    if (codes.scale.size() == 1) codes.scale.resize(entries, codes.scale[0]);
    if (codes.zero_point.size() == 1) codes.zero_point.resize(entries, codes.zero_point[0]);
    codes.axis = rank == 0 ? 0 : (axis % rank + rank) % rank;
    const std::int64_t extent = entries == 1 ? 1 : rank == 0 ? 1 : shape[static_cast<std::size_t>(codes.axis)];
    if (codes.zero_point.size() != entries || codes.scale.size() != entries ||
        static_cast<std::int64_t>(entries) != extent)
      refuse(g_, n, "scales and zero points do not match the constant");
    std::int64_t inner = 1;
    for (std::size_t k = static_cast<std::size_t>(codes.axis) + 1; k < shape.size(); ++k) inner *= shape[k];
    std::vector<float> real(codes.codes.size());
    for (std::size_t k = 0; k < real.size(); ++k) {
      const std::size_t at = entries == 1 ? 0 : k / static_cast<std::size_t>(inner) % entries;
      real[k] = static_cast<float>(codes.codes[k] - codes.zero_point[at]) * static_cast<float>(codes.scale[at]);
    }
    g_.info(y).type = data_type::float32;
    g_.info(y).shape = shape;
    g_.initializers[y] = graph::tensor::of<float>(shape, real);
    a_.constants[y] = std::move(codes);
    a_.from_file = true;
  }

  value_id constant_input(const node& n, std::size_t k, value_id scale, value_id zero, int axis) {
    const value_id x = n.input(k);
    if (!g_.is_constant(x)) refuse(g_, n, "weights computed at run time cannot be held; constant weights are needed");
    const value_id y = g_.add_value(g_.info(x).name + ".real", data_type::float32, g_.shape_of(x));
    take_constant(n, x, scale, zero, axis, y);
    return y;
  }

  // An integer input that nothing has a scale for yet, or that has this one.
  void integer_input(const node& n, const activation_scale& scale) {
    if (!mark(n.input(0), scale)) refuse(g_, n, "reads its input with another scale than it was quantised with");
  }
  data_type integer_type(value_id x) const {
    const auto known = a_.values.find(x);
    return known == a_.values.end() ? g_.info(x).type : type_of(known->second);
  }

  void take_qlinear(node& n, op kind, int axis) {
    if (g_.is_constant(n.input(0))) refuse(g_, n, "a constant first operand cannot be held");
    integer_input(n, scale_of(n, 1, 2, integer_type(n.input(0))));
    const double input_scale = a_.values.at(n.input(0)).scale;
    const activation_scale output = scale_of(n, 6, 7, g_.info(n.output()).type);
    const value_id w = constant_input(n, 3, n.input(4), n.input(5), axis);
    std::vector<value_id> inputs = {n.input(0), w};
    if (n.has_input(8)) {
      const graph::tensor* bias = g_.constant(n.input(8));
      if (bias == nullptr) refuse(g_, n, "the bias must be constant");
      constant_codes codes;
      codes.codes = bias->as_ints();
      for (const double s : a_.constants.at(w).scale) codes.scale.push_back(s * input_scale);
      codes.bits = 32;
      const value_id b = g_.add_value(g_.info(n.input(8)).name + ".real", data_type::float32, bias->shape());
      hold_constant(n, bias->shape(), std::move(codes), 0, b);
      inputs.push_back(b);
    }
    n.kind = kind;
    n.inputs = std::move(inputs);
    mark(n.output(), output);
  }

  void take_integer(node& n, op kind) {
    const bool quantised = a_.values.count(n.input(0)) != 0;
    activation_scale input;
    const data_type type = integer_type(n.input(0));
    input.bits = bits_of(type);
    input.is_signed = is_signed_type(type);
    if (const graph::tensor* zero = g_.constant(n.input(2))) {
      if (zero->size() != 1) refuse(g_, n, "an activation with zero points along an axis cannot be held");
      input.zero_point = static_cast<int>(zero->as_ints()[0]);
    } else if (n.has_input(2)) {
      refuse(g_, n, "the zero point must be constant");
    }
    if (quantised && !alike(a_.values.at(n.input(0)), input))
      refuse(g_, n, "behind QuantizeLinear its real result is lost; DequantizeLinear before a Conv is needed");
    integer_input(n, input);
    const value_id one = g_.add_constant(n.name + ".scale", graph::tensor::scalar<float>(1));
    const value_id w = constant_input(n, 1, one, n.input(3), kind == op::conv ? 0 : 1);
    activation_scale output;
    output.is_signed = true;
    output.bits = 16;
    if (largest_result(w, kind) * largest_code(input) > 32767)
      refuse(g_, n, "its int32 result may need more than 16 bits; QLinear or QDQ form with an output scale is needed");
    n.kind = kind;
    n.inputs = {n.input(0), w};
    mark(n.output(), output);
  }

  static double largest_code(const activation_scale& s) {
    const double low = s.is_signed ? -std::ldexp(1.0, s.bits - 1) : 0;
    const double high = s.is_signed ? std::ldexp(1.0, s.bits - 1) - 1 : std::ldexp(1.0, s.bits) - 1;
    return std::max(std::fabs(low - s.zero_point), std::fabs(high - s.zero_point));
  }

  // Largest sum of magnitudes over one filter.
  double largest_result(value_id w, op kind) const {
    const graph::tensor& weights = g_.initializers.at(w);
    const std::vector<double> values = weights.as_doubles();
    const std::int64_t filters = kind == op::conv ? weights.shape().at(0) : weights.shape().back();
    std::vector<double> sums(static_cast<std::size_t>(filters), 0.0);
    const std::size_t row = values.size() / sums.size();
    for (std::size_t k = 0; k < values.size(); ++k)
      sums[kind == op::conv ? k / row : k % sums.size()] += std::fabs(values[k]);
    return *std::max_element(sums.begin(), sums.end());
  }

  void give_integers_a_scale(value_id v) {
    const data_type type = g_.info(v).type;
    if ((type != data_type::int8 && type != data_type::uint8) || g_.is_constant(v)) return;
    activation_scale codes;
    codes.is_signed = is_signed_type(type);
    mark(v, codes);
  }

  annotated_graph& a_;
  graph::graph& g_;
  std::map<value_id, int> width_;  // of a QuantizeLinear's result, where a Clip narrowed it
};

}  // namespace

bool operator==(const activation_scale& a, const activation_scale& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point && a.bits == b.bits && a.is_signed == b.is_signed;
}

bool is_quantized(const graph::graph& g) {
  return std::any_of(g.nodes.begin(), g.nodes.end(), [](const node& n) {
    return n.kind == op::quantize_linear || n.kind == op::dequantize_linear || n.kind == op::qlinear_conv ||
           n.kind == op::qlinear_mat_mul || n.kind == op::conv_integer || n.kind == op::mat_mul_integer;
  });
}

annotated_graph annotate(graph::graph g) {
  annotated_graph result;
  result.graph = std::move(g);
  annotator(result).run();
  return result;
}

}  // namespace cimbalom::quantization
