#include <algorithm>
#include <cmath>

#include "sw/graph/parameters.hpp"
#include "sw/graph/passes.hpp"

namespace cimbalom::graph {
namespace {

/// y = scale * x + shift, by channel.
struct affine {
  std::vector<double> scale, shift;
};

bool constant_floats(const graph& g, value_id id, std::vector<double>& values) {
  const tensor* data = id == no_value ? nullptr : g.constant(id);
  if (data == nullptr || !data->has_data() || data->type() != data_type::float32) return false;
  values = data->as_doubles();
  return true;
}

bool is_constant_float(const graph& g, value_id id) {
  const tensor* data = id == no_value ? nullptr : g.constant(id);
  return data != nullptr && data->type() == data_type::float32;
}

/// A topology (weights without data): the folded product has weights and bias of unknown values, too.
bool fold_without_data(graph& g, node& product, const node& norm) {
  bool absent = false;
  for (std::size_t k = 1; k < 5; ++k) {
    if (!is_constant_float(g, norm.input(k))) return false;
    absent = absent || !g.constant(norm.input(k))->has_data();
  }
  for (std::size_t k = 1; k < product.inputs.size(); ++k) {
    if (!is_constant_float(g, product.input(k))) return false;
    absent = absent || !g.constant(product.input(k))->has_data();
  }
  if (!absent) return false;
  product.inputs.resize(2);
  for (std::size_t k = 1; k < 3; ++k) {
    const value_id like = k == 1 ? product.inputs[1] : norm.inputs[1];
    const shape_t shape = g.shape_of(like);
    const value_id made = g.add_constant(product.name + (k == 1 ? ".folded_weight" : ".folded_bias"),
                                         tensor::without_data(data_type::float32, shape));
    if (k == 1)
      product.inputs[1] = made;
    else
      product.inputs.push_back(made);
  }
  return true;
}

bool affine_of(const graph& g, const node& n, affine& a) {
  std::vector<double> gamma, beta, mean, variance;
  if (!constant_floats(g, n.input(1), gamma) || !constant_floats(g, n.input(2), beta) ||
      !constant_floats(g, n.input(3), mean) || !constant_floats(g, n.input(4), variance))
    return false;
  const double epsilon = static_cast<double>(n.float_or("epsilon", 1e-5F));
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    a.scale.push_back(gamma[c] / std::sqrt(variance[c] + epsilon));
    a.shift.push_back(beta[c] - mean[c] * a.scale[c]);
  }
  return !a.scale.empty() && std::all_of(a.scale.begin(), a.scale.end(), [](double s) { return std::isfinite(s); });
}

tensor rounded(const shape_t& shape, const std::vector<double>& values) {
  std::vector<float> made(values.size());
  std::transform(values.begin(), values.end(), made.begin(), [](double v) { return static_cast<float>(v); });
  return tensor::of(shape, made);
}

void put(node& n, graph& g, std::size_t k, const std::string& name, tensor data) {
  if (n.inputs.size() <= k) n.inputs.resize(k + 1, no_value);
  n.inputs[k] = g.add_constant(name, std::move(data));
}

bool fold_into_conv(graph& g, node& conv, const affine& a) {
  std::vector<double> weight;
  std::vector<double> bias(a.scale.size(), 0);
  if (!constant_floats(g, conv.input(1), weight)) return false;
  if (conv.has_input(2) && !constant_floats(g, conv.input(2), bias)) return false;
  const std::size_t filter = weight.size() / a.scale.size();
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] *= a.scale[i / filter];
  for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * a.scale[c] + a.shift[c];
  const shape_t shape = g.shape_of(conv.inputs[1]);
  const auto channels = static_cast<std::int64_t>(bias.size());
  put(conv, g, 1, conv.name + ".folded_weight", rounded(shape, weight));
  put(conv, g, 2, conv.name + ".folded_bias", rounded({channels}, bias));
  return true;
}

bool fold_into_gemm(graph& g, node& gemm, const affine& a) {
  const gemm_parameters p = gemm_of(g, gemm);
  const std::size_t outputs = a.scale.size();
  if (outputs == 0) return false;
  std::vector<double> weight;
  std::vector<double> given(1, 0);
  if (!constant_floats(g, gemm.input(1), weight)) return false;
  if (gemm.has_input(2) && !constant_floats(g, gemm.input(2), given)) return false;
  if (given.size() != 1 && given.size() != outputs) return false;
  if (gemm.has_input(2) && given.size() != 1 && g.shape_of(gemm.inputs[2]).back() == 1) return false;  // a column
  std::vector<double> bias(outputs);
  for (std::size_t c = 0; c < outputs; ++c)
    bias[c] = static_cast<double>(p.beta) * given[given.size() == 1 ? 0 : c] * a.scale[c] + a.shift[c];
  const auto k = static_cast<std::size_t>(p.k);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] *= a.scale[p.transpose_b ? i / k : i % outputs];
  const shape_t shape = g.shape_of(gemm.inputs[1]);
  put(gemm, g, 1, gemm.name + ".folded_weight", rounded(shape, weight));
  put(gemm, g, 2, gemm.name + ".folded_bias", rounded({p.n}, bias));
  gemm.attributes["beta"] = 1.0F;
  return true;
}

}  // namespace

int fold_batch_norm(graph& g) {
  const std::vector<int> made_by = producers(g);
  const std::vector<std::vector<int>> read_by = consumers(g);
  std::vector<std::size_t> folded;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (g.nodes[i].kind != op::batch_normalization) continue;
    const value_id in = g.nodes[i].inputs[0];
    const int producer = made_by[static_cast<std::size_t>(in)];
    if (producer < 0 || read_by[static_cast<std::size_t>(in)].size() != 1 || is_output(g, in)) continue;
    node& product = g.nodes[static_cast<std::size_t>(producer)];
    if (product.kind != op::conv && product.kind != op::gemm) continue;
    if (!fold_without_data(g, product, g.nodes[i])) {
      affine a;
      if (!affine_of(g, g.nodes[i], a)) continue;
      if (!(product.kind == op::conv ? fold_into_conv(g, product, a) : fold_into_gemm(g, product, a))) continue;
    }
    product.outputs[0] = g.nodes[i].outputs[0];  // the result keeps the normalisation's name
    folded.push_back(i);
  }
  for (auto i = folded.rbegin(); i != folded.rend(); ++i)
    g.nodes.erase(g.nodes.begin() + static_cast<std::ptrdiff_t>(*i));
  if (!folded.empty()) remove_dead(g);
  return static_cast<int>(folded.size());
}

}  // namespace cimbalom::graph
