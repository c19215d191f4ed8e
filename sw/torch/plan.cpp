#include "sw/torch/plan.hpp"

#include <algorithm>
#include <cstring>

#include "platform/configuration/error.hpp"

namespace cimbalom::torch {

using graph::data_type;
using graph::no_value;
using graph::value_id;

at::ScalarType scalar_type(data_type type) {
  switch (type) {
    case data_type::float32:
      return at::kFloat;
    case data_type::float64:
      return at::kDouble;
    case data_type::int8:
      return at::kChar;
    case data_type::int16:
      return at::kShort;
    case data_type::int32:
      return at::kInt;
    case data_type::uint8:
      return at::kByte;
    case data_type::boolean:
      return at::kBool;
    default:
      return at::kLong;
  }
}

at::Tensor to_torch(const graph::tensor& from) {
  at::Tensor made = at::empty(from.shape(), at::TensorOptions().dtype(scalar_type(from.type())));
  if (from.size() == 0) return made;
  if (made.element_size() == static_cast<std::int64_t>(graph::bytes_of(from.type()))) {
    std::memcpy(made.data_ptr(), from.bytes(), from.size_bytes());
  } else {
    const std::vector<std::int64_t> values = from.as_ints();
    std::copy(values.begin(), values.end(), made.data_ptr<std::int64_t>());
  }
  return made;
}

graph::tensor from_torch(const at::Tensor& from, data_type type) {
  const at::Tensor dense = from.detach().to(scalar_type(type)).contiguous();
  graph::tensor made(type, dense.sizes().vec());
  if (made.size() == 0) return made;
  if (dense.element_size() == static_cast<std::int64_t>(graph::bytes_of(type))) {
    std::memcpy(made.bytes(), dense.data_ptr(), made.size_bytes());
  } else {
    const std::int64_t* values = dense.data_ptr<std::int64_t>();
    graph::visit_type(type, [&](auto zero) {
      using element = decltype(zero);
      std::transform(values, values + made.size(), made.data<element>(),
                     [](std::int64_t v) { return static_cast<element>(v); });
    });
  }
  return made;
}

plan::plan(const graph::graph& g, const wrapper& wrap)
    : g_(g), batch_(graph::find_batch(g)), constants_(g.values.size()) {
  for (const auto& [id, data] : g_.initializers) {
    if (!data.has_data())
      throw bad_input({g_.file}, "initializer", g_.info(id).name, "has no values: a topology cannot be run");
    constants_[static_cast<std::size_t>(id)] = to_torch(data);
  }
  std::vector<bool> used(g_.values.size(), false);
  for (value_id id : g_.outputs) used[static_cast<std::size_t>(id)] = true;
  steps_.resize(g_.nodes.size());
  for (std::size_t i = g_.nodes.size(); i-- > 0;) {
    const graph::node& n = g_.nodes[i];
    const int axis = batch_.ok ? batch_.axis[static_cast<std::size_t>(n.output())] : -1;
    steps_[i].run = lower(g_, n, axis);
    if (wrap) steps_[i].run = wrap(n, steps_[i].run);
    for (value_id id : n.outputs)
      if (id != no_value) steps_[i].outputs.push_back(id);
    const auto release = [&](value_id id) {
      if (id == no_value || used[static_cast<std::size_t>(id)] || g_.is_constant(id)) return;
      used[static_cast<std::size_t>(id)] = true;
      steps_[i].last_uses.push_back(id);
    };
    std::for_each(n.inputs.begin(), n.inputs.end(), release);
    std::for_each(n.outputs.begin(), n.outputs.end(), release);
  }
  g_.initializers.clear();  // the tensors have them
}

workspace plan::start(std::int64_t images) const {
  return {constants_, images};
}

void plan::run(workspace& work, bool keep, const std::function<void(value_id)>& made) const {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    try {
      steps_[i].run(work);
    } catch (const c10::Error& error) {
      const std::string line = error.what_without_backtrace();
      throw run_error(graph::describe(g_, g_.nodes[i]) + ": " + line.substr(0, line.find('\n')));
    }
    if (made)
      for (value_id id : steps_[i].outputs) made(id);
    if (!keep)
      for (value_id id : steps_[i].last_uses) work.values[static_cast<std::size_t>(id)] = at::Tensor();
  }
}

}  // namespace cimbalom::torch
