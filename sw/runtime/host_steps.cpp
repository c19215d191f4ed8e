#include "sw/runtime/host_steps.hpp"

#include <algorithm>

#include "sw/quantization/host_operators.hpp"
#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::runtime {

host_steps::host_steps(const quantization::network& network, const compiler::program& program)
    : network_(network), program_(program), places_(network.tensors.size(), -1), values_(network.tensors.size()) {
  for (std::size_t i = 0; i < program.places.size(); ++i) {
    places_[static_cast<std::size_t>(program.places[i].tensor)] = static_cast<int>(i);
  }
}

const compiler::tensor_place* host_steps::place_of(int tensor) const {
  const int place = places_[static_cast<std::size_t>(tensor)];
  return place < 0 ? nullptr : &program_.places[static_cast<std::size_t>(place)];
}

std::vector<std::uint8_t> host_steps::input_bytes(const float* image) const {
  const quantization::tensor& input = tensor_at(network_.input);
  if (input.on_host) return {};
  const std::vector<std::int32_t> codes = quantization::to_codes(input, image);
  std::vector<std::uint8_t> bytes(quantization::code_bytes(input));
  quantization::pack_codes(input, codes.data(), bytes.data());
  return bytes;
}

void host_steps::begin(const float* image) {
  const quantization::tensor& input = tensor_at(network_.input);
  if (!input.on_host) return;
  std::size_t count = 1;
  for (const std::int64_t extent : input.shape) count *= static_cast<std::size_t>(extent);
  values_[static_cast<std::size_t>(network_.input)].assign(image, image + count);
}

std::vector<float> host_steps::values(int tensor, std::uint64_t slot, const host_access& access) {
  const quantization::tensor& t = tensor_at(tensor);
  if (t.on_host) return values_[static_cast<std::size_t>(tensor)];
  const compiler::tensor_place& place = *place_of(tensor);
  std::vector<std::uint8_t> bytes(place.memory.bytes);
  access.read(place.memory.address + slot * place.stride, bytes.data(), bytes.size());
  return quantization::to_floats(t, quantization::unpack_codes(t, bytes.data()).data());
}

void host_steps::run(int layer, std::uint64_t slot, const host_access& access) {
  const quantization::layer& l = network_.layers[static_cast<std::size_t>(layer)];
  std::vector<std::vector<float>> inputs;
  for (const int tensor : l.inputs) inputs.push_back(values(tensor, slot, access));
  access.instructions(quantization::host_instructions(network_, l));
  std::vector<float> result = quantization::run_host_layer(network_, l, inputs);
  const quantization::tensor& output = tensor_at(l.output);
  if (output.on_host) {
    values_[static_cast<std::size_t>(l.output)] = std::move(result);
    return;
  }
  const std::vector<std::int32_t> codes = quantization::to_codes(output, result.data());
  std::vector<std::uint8_t> bytes(quantization::code_bytes(output));
  quantization::pack_codes(output, codes.data(), bytes.data());
  const compiler::tensor_place& place = *place_of(l.output);
  access.write(place.memory.address + slot * place.stride, bytes.data(), bytes.size());
}

std::vector<std::vector<float>> host_steps::outputs(std::uint64_t slot, const host_access& access) {
  std::vector<std::vector<float>> result;
  for (const int tensor : network_.outputs) {
    if (!tensor_at(tensor).on_host) access.instructions(quantization::conversion_instructions(tensor_at(tensor)));
    result.push_back(values(tensor, slot, access));
  }
  return result;
}

int top_class(const std::vector<float>& values) {
  if (values.empty()) return -1;
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace cimbalom::runtime
