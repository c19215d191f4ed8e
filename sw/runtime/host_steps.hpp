#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sw/compiler/program.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::runtime {

/// How host software reaches the tensors in DRAM and what its work costs.
struct host_access {
  std::function<void(std::uint64_t address, void* to, std::size_t length)> read;
  std::function<void(std::uint64_t address, const void* from, std::size_t length)> write;
  std::function<void(std::uint64_t count)> instructions;
};

/// The host's part of inference for one image: codes of the input, layers in float32, values of the outputs.
/// Network and program are borrowed.
class host_steps {
 public:
  host_steps(const quantization::network& network, const compiler::program& program);

  /// Bytes of the input as they lie in DRAM; empty if the input stays with the host.
  std::vector<std::uint8_t> input_bytes(const float* image) const;
  /// Begins an image: keeps its values where the host itself works on them.
  void begin(const float* image);
  /// Runs a layer on the host: operands from, and result to, image slot `slot` where the accelerator has them.
  void run(int layer, std::uint64_t slot, const host_access& access);
  /// Values of the network's outputs, each in the order of its shape.
  std::vector<std::vector<float>> outputs(std::uint64_t slot, const host_access& access);

  /// Place of a tensor, or null if it is not in DRAM for the host.
  const compiler::tensor_place* place_of(int tensor) const;

 private:
  const quantization::tensor& tensor_at(int number) const { return network_.tensors[static_cast<std::size_t>(number)]; }
  std::vector<float> values(int tensor, std::uint64_t slot, const host_access& access);

  const quantization::network& network_;
  const compiler::program& program_;
  std::vector<int> places_;                 // by tensor: index into program_.places, or -1
  std::vector<std::vector<float>> values_;  // by tensor: float32 on the host
};

/// Index of the largest value; of equal ones the first. -1: no value.
int top_class(const std::vector<float>& values);

}  // namespace cimbalom::runtime
