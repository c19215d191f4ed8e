#include "sw/quantization/lowering.hpp"

#include <algorithm>
#include <cmath>

#include "platform/configuration/error.hpp"
#include "sw/graph/passes.hpp"
#include "sw/quantization/host_operators.hpp"
#include "sw/quantization/qdq_graph.hpp"
#include "sw/quantization/quantize.hpp"

namespace cimbalom::quantization {

using graph::node;
using graph::op;
using graph::value_id;

namespace {

bool is_reshaping(op kind) {
  return kind == op::reshape || kind == op::flatten || kind == op::squeeze || kind == op::unsqueeze ||
         kind == op::identity || kind == op::dropout;
}

bool is_sum(const node& n) {
  return n.kind == op::add || (n.kind == op::sum && n.inputs.size() == 2);
}

std::int32_t code_of(double real, const tensor& t) {
  const double code = std::nearbyint(real / t.scale) + t.format.zero_point;
  return static_cast<std::int32_t>(
      std::clamp(code, static_cast<double>(t.format.minimum()), static_cast<double>(t.format.maximum())));
}

bool same_extents(const registers::tensor_format& a, const registers::tensor_format& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

}  // namespace

bool image_format(const graph::shape_t& shape, bool channels_last, registers::tensor_format& format) {
  const auto extent = [&](std::size_t k) { return static_cast<std::int32_t>(shape[k]); };
  if (graph::element_count(shape) < 1 || graph::element_count(shape) > (std::int64_t{1} << 30)) return false;
  format.height = format.width = format.channels = 1;
  if (shape.size() == 1) {
    format.channels = extent(0);
  } else if (shape.size() == 2) {
    format.width = extent(0);
    format.channels = extent(1);
  } else if (shape.size() == 3 && shape[0] == 1) {
    format.channels = extent(channels_last ? 2 : 1);
    format.width = extent(channels_last ? 1 : 2);
  } else if (shape.size() == 4 && shape[0] == 1) {
    format.channels = extent(channels_last ? 3 : 1);
    format.height = extent(channels_last ? 1 : 2);
    format.width = extent(channels_last ? 2 : 3);
  } else {
    return shape.empty();
  }
  return true;
}

lowering::lowering(annotated_graph annotated, const quantization_settings& settings, const value_ranges& ranges)
    : a_(std::move(annotated)), g_(a_.graph), settings_(settings), ranges_(ranges) {
  producers_ = graph::producers(g_);
  consumers_ = graph::consumers(g_);
  done_.assign(g_.nodes.size(), false);
}

void lowering::refuse(const node& n, const std::string& why) const {
  throw input_error(graph::describe(g_, n) + ": " + why);
}

network lowering::run() {
  net_.name = g_.name;
  if (g_.inputs.size() != 1)
    throw input_error(g_.file + ": " + std::to_string(g_.inputs.size()) + " inputs; networks with one input are run");
  add_input(g_.inputs[0]);
  plan_residuals();
  for (std::size_t i = 0; i < g_.nodes.size(); ++i) lower(static_cast<int>(i));
  for (const value_id v : g_.outputs) {
    if (views_.count(v) == 0) throw input_error(g_.file + ": output '" + g_.info(v).name + "' is constant");
    net_.outputs.push_back(exact_tensor(v));
  }
  for (const auto& [id, data] : g_.initializers)
    if (graph::is_floating(data.type()) && !consumers_[static_cast<std::size_t>(id)].empty())
      net_.parameters += static_cast<std::uint64_t>(data.size());
  net_.host_graph = std::move(a_.graph);  // nothing reads it after this: weights are held once
  return std::move(net_);
}

// A Conv or Gemm whose only reader is the addition takes the other operand in: it is made at the addition's place.
void lowering::plan_residuals() {
  for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
    const node& n = g_.nodes[i];
    if (!is_sum(n) || g_.shape_of(n.input(0)) != g_.shape_of(n.input(1)) || n.input(0) == n.input(1)) continue;
    if (g_.is_constant(n.input(0)) || g_.is_constant(n.input(1))) continue;
    int chosen = -1;
    for (const value_id v : {n.input(0), n.input(1)}) {
      const int p = producers_[static_cast<std::size_t>(v)];
      int reader = -1;
      const bool fits = p >= 0 && is_matrix(node_at(p)) && sole_reader_output(v, reader) != graph::no_value;
      if (fits && p > chosen && deferred_to_.count(p) == 0) chosen = p;
    }
    if (chosen < 0) continue;
    residual_of_[static_cast<int>(i)] = chosen;
    deferred_to_[chosen] = static_cast<int>(i);
  }
}

// The output of the only reader of an intermediate value that has no scale of its own; no_value when it has others.
value_id lowering::sole_reader_output(value_id v, int& reader) const {
  const std::vector<int>& readers = consumers_[static_cast<std::size_t>(v)];
  if (readers.size() != 1 || graph::is_output(g_, v) || a_.values.count(v) != 0) return graph::no_value;
  reader = readers[0];
  return node_at(reader).output();
}

void lowering::lower(int index) {
  const node& n = node_at(index);
  if (done_[static_cast<std::size_t>(index)] || deferred_to_.count(index) != 0) return;
  const bool constant = std::all_of(n.inputs.begin(), n.inputs.end(),
                                    [&](value_id v) { return v == graph::no_value || g_.is_constant(v); });
  if (constant) refuse(n, "depends on constants only and was not folded");
  const auto fused = residual_of_.find(index);
  if (fused != residual_of_.end()) {
    const value_id product = node_at(fused->second).output();
    lower_matrix(fused->second, n.input(0) == product ? n.input(1) : n.input(0), index);
    return;
  }
  if (is_matrix(n)) {
    lower_matrix(index, graph::no_value, -1);
    return;
  }
  if (lower_alias(n) || lower_vector(index)) return;
  lower_host(index);
}

void lowering::add_input(value_id v) {
  const std::vector<int>& readers = consumers_[static_cast<std::size_t>(v)];
  const bool channels_last =
      !readers.empty() && g_.shape_of(v).size() == 4 && std::all_of(readers.begin(), readers.end(), [&](int r) {
        return node_at(r).kind == op::transpose &&
               graph::permutation_of(g_, node_at(r)) == std::vector<std::int64_t>{0, 3, 1, 2};
      });
  net_.input = a_.values.count(v) != 0 ? new_tensor(v, channels_last, a_.values.at(v)) : new_host_tensor(v);
  if (!channels_last) return;
  tensor_at(net_.input).channels_last = true;
  views_[v].channels_last = true;
}

int lowering::new_host_tensor(value_id v) {
  tensor t;
  t.name = g_.info(v).name;
  t.shape = g_.shape_of(v);
  t.on_host = true;
  net_.tensors.push_back(std::move(t));
  const int number = static_cast<int>(net_.tensors.size()) - 1;
  views_[v] = {number, false};
  return number;
}

int lowering::new_tensor(value_id v, bool channels_last, const activation_scale& scale) {
  tensor t;
  t.name = g_.info(v).name;
  t.shape = g_.shape_of(v);
  t.channels_last = channels_last || (t.shape.size() == 2 && t.shape[0] > 1);
  if (!image_format(t.shape, t.channels_last, t.format))
    throw input_error(g_.file + ": value '" + t.name + "' of shape " + graph::to_text(t.shape) +
                      ": an image (1, channels, height, width) or a matrix is needed on the accelerator");
  t.scale = scale.scale;
  t.format.bits = static_cast<std::uint8_t>(scale.bits);
  t.format.is_signed = scale.is_signed;
  t.format.zero_point = scale.zero_point;
  net_.tensors.push_back(std::move(t));
  const int number = static_cast<int>(net_.tensors.size()) - 1;
  views_[v] = {number, net_.tensors.back().channels_last};
  return number;
}

activation_scale lowering::scale_from_range(const value_range& range) const {
  activation_scale result;
  result.bits = settings_.activation_bits;
  const double steps = std::ldexp(1.0, result.bits) - 1;
  const double low = std::min(range.low, 0.0), high = std::max(range.high, 0.0);
  result.scale = high > low ? (high - low) / steps : 1.0;
  result.is_signed = low < 0;
  if (result.is_signed) {
    const double minimum = -std::ldexp(1.0, result.bits - 1);
    const double zero = std::nearbyint(minimum - low / result.scale);
    result.zero_point = static_cast<int>(std::clamp(zero, minimum, -minimum - 1));
  }
  return result;
}

activation_scale lowering::scale_for(value_id v) {
  const auto given = a_.values.find(v);
  if (given != a_.values.end()) return given->second;
  const auto range = ranges_.find(g_.info(v).name);
  if (range == ranges_.end())
    throw input_error(g_.file + ": value '" + g_.info(v).name + "' has no scale: calibration images are needed");
  return scale_from_range(range->second);
}

// A float32 tensor of the host that the accelerator reads: the host writes codes instead.
void lowering::move_to_accelerator(value_id v, int number) {
  tensor& t = tensor_at(number);
  if (!t.on_host) return;
  const value_id origin = g_.find(t.name);
  const activation_scale scale = scale_for(origin == graph::no_value ? v : origin);
  t.channels_last = t.channels_last || (t.shape.size() == 2 && t.shape[0] > 1);
  if (!image_format(t.shape, t.channels_last, t.format))
    throw input_error(g_.file + ": value '" + t.name + "' of shape " + graph::to_text(t.shape) +
                      ": an image (1, channels, height, width) or a matrix is needed on the accelerator");
  t.on_host = false;
  t.scale = scale.scale;
  t.format.bits = static_cast<std::uint8_t>(scale.bits);
  t.format.is_signed = scale.is_signed;
  t.format.zero_point = scale.zero_point;
  for (auto& [value, at] : views_)
    if (at.tensor == number && value == origin) at.channels_last = t.channels_last;
}

bool lowering::is_exact(const view& at) const {
  const tensor& t = tensor_at(at.tensor);
  if (t.on_host || at.channels_last == t.channels_last) return true;
  return t.format.channels == 1 || t.format.height * t.format.width == 1;
}

// A tensor whose own order is that of the value, for the host and the outputs.
int lowering::exact_tensor(value_id v) {
  if (!is_exact(views_.at(v))) lower_host(producers_[static_cast<std::size_t>(v)]);
  return views_.at(v).tensor;
}

// Codes on the accelerator in whatever order.
int lowering::stored_tensor(value_id v) {
  move_to_accelerator(v, views_.at(v).tensor);
  return views_.at(v).tensor;
}

// Codes on the accelerator whose channels, height and width are those of the value's shape.
int lowering::image_tensor(value_id v, const node& reader) {
  registers::tensor_format wanted;
  const bool matrix = g_.shape_of(v).size() == 2 && g_.shape_of(v)[0] > 1;
  if (!image_format(g_.shape_of(v), false, wanted))
    refuse(reader, "input of shape " + graph::to_text(g_.shape_of(v)) + "; one image (1, channels, ...) is needed");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int number = stored_tensor(v);
    const view at = views_.at(v);
    const tensor& t = tensor_at(number);
    const bool free_order = t.format.channels == 1 || t.format.height * t.format.width == 1;
    if (same_extents(t.format, wanted) && (free_order || at.channels_last == matrix)) return number;
    const int producer = producers_[static_cast<std::size_t>(v)];
    if (producer < 0 || attempt == 1) break;
    lower_host(producer);
  }
  refuse(reader, "input '" + g_.info(v).name + "' cannot be brought into the order of an image");
}

bool lowering::lower_alias(const node& n) {
  const value_id v = n.input(0), result = n.output();
  const view at = views_.at(v);
  const tensor& t = tensor_at(at.tensor);
  view made = at;
  if (n.kind == op::transpose) {
    const std::vector<std::int64_t> order = graph::permutation_of(g_, n);
    const bool to_last = order == std::vector<std::int64_t>{0, 2, 3, 1};
    const bool to_first = order == std::vector<std::int64_t>{0, 3, 1, 2};
    registers::tensor_format expected;
    const bool image = (to_last || to_first) && image_format(g_.shape_of(v), to_first, expected);
    if (!image || (t.on_host && at.tensor != net_.input) || at.channels_last != to_first) return false;
    if (t.on_host) move_to_accelerator(v, at.tensor);
    if (!same_extents(tensor_at(at.tensor).format, expected)) return false;
    made.channels_last = to_last;
  } else if (!is_reshaping(n.kind)) {
    return false;
  }
  const auto given = a_.values.find(result);
  const tensor& now = tensor_at(made.tensor);
  const activation_scale held{now.scale, now.format.zero_point, now.format.bits, now.format.is_signed};
  if (given != a_.values.end() && (now.on_host || !(given->second == held))) {
    if (now.on_host) return false;
    const auto channels = static_cast<std::size_t>(now.format.channels);
    const std::vector<std::int64_t> shape = now.shape;
    add_affine(n.name, made.tensor, result, std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0), {},
               made.channels_last);
    return true;
  }
  views_[result] = made;
  return true;
}

value_id lowering::absorb_activation(value_id v, real_bounds& bounds) {
  for (;;) {
    int reader = -1;
    const value_id next = sole_reader_output(v, reader);
    if (next == graph::no_value) return v;
    const node& n = node_at(reader);
    if (n.kind == op::relu) {
      bounds.low = std::max(bounds.low, 0.0);
      bounds.high = std::max(bounds.high, 0.0);
    } else if (n.kind == op::clip) {
      const graph::clip_bounds clip = graph::clip_of(g_, n);
      bounds.low = std::clamp(bounds.low, clip.low, clip.high);
      bounds.high = std::clamp(bounds.high, clip.low, clip.high);
    } else {
      return v;
    }
    done_[static_cast<std::size_t>(reader)] = true;
    v = next;
  }
}

registers::requantization lowering::requantization_for(value_id v) const {
  const auto said = g_.metadata.find(requantization_key);
  const bool fixed = a_.values.count(v) == 0 || (said != g_.metadata.end() && said->second == "fixed_point");
  return fixed ? registers::requantization::fixed_point : registers::requantization::floating_point;
}

// Clamps and kind of requantisation of a layer whose output tensor is set.
void lowering::finish(layer& l, value_id v, const real_bounds& bounds, bool channels_last) {
  const tensor& t = tensor_at(l.output);
  l.clamp_low = std::isinf(bounds.low) ? t.format.minimum() : code_of(bounds.low, t);
  l.clamp_high = std::isinf(bounds.high) ? t.format.maximum() : code_of(bounds.high, t);
  l.requantize = requantization_for(v);
  views_[v] = {l.output, channels_last || t.channels_last};
}

void lowering::lower_host(int index) {
  const node& n = node_at(index);
  if (!host_supports(n)) refuse(n, host_needs(n));
  layer l;
  l.kind = layer_kind::host;
  l.name = n.name;
  l.graph_node = index;
  for (const value_id v : n.inputs)
    if (v != graph::no_value && !g_.is_constant(v)) l.inputs.push_back(exact_tensor(v));
  for (const value_id v : n.outputs) {
    if (v == graph::no_value || (consumers_[static_cast<std::size_t>(v)].empty() && !graph::is_output(g_, v))) continue;
    const auto scale = a_.values.find(v);
    l.output = scale == a_.values.end() ? new_host_tensor(v) : new_tensor(v, false, scale->second);
    push(l);
  }
}

graph::graph prepare(graph::graph imported) {
  graph::simplify(imported);
  return imported;
}

network quantize(graph::graph prepared, const quantization_settings& settings, const value_ranges& ranges) {
  settings.validate();
  return lowering(annotate(std::move(prepared)), settings, ranges).run();
}

}  // namespace cimbalom::quantization
