#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sw/compiler/compile.hpp"
#include "sw/compiler/verify.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "sw/runtime/untimed_machine.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::compiler {

using quantization::network;
using test::network_builder;

inline std::vector<float> image_for(const network& net, std::uint64_t seed) {
  const quantization::tensor& input = net.tensors[static_cast<std::size_t>(net.input)];
  const registers::tensor_format& f = input.format;
  std::vector<float> image(static_cast<std::size_t>(f.height) * static_cast<std::size_t>(f.width) *
                           static_cast<std::size_t>(f.channels));
  network_builder draw(seed);
  for (float& value : image) {
    value = static_cast<float>(input.scale * (draw.random(1 << f.bits) + f.minimum() - f.zero_point));
  }
  return image;
}

/// Runs the program on the functional core and the network on the reference: outputs must be the same to the bit.
inline void expect_as_reference(const network& net, const target& hardware, const compile_options& options = {}) {
  const program compiled = compile(net, hardware, options);
  EXPECT_EQ(verify(compiled, hardware), std::vector<std::string>{});
  runtime::untimed_machine machine(net, compiled, hardware.accelerator, hardware.macro);
  quantization::reference_executor reference(net, hardware.macro.shape());
  for (std::uint64_t i = 0; i < 2; ++i) {
    const std::vector<float> image = image_for(net, 77 + i);
    const auto outputs = machine.run(image.data(), i);
    reference.run(image.data());
    ASSERT_EQ(outputs.size(), net.outputs.size());
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const int tensor = net.outputs[o];
      EXPECT_EQ(outputs[o], reference.values(tensor)) << "tensor " << tensor << " image " << i;
    }
  }
}

/// Every layer's output as an output of the network: all of them are stored and compared.
inline network with_all_outputs(network net) {
  net.outputs.clear();
  for (const quantization::layer& l : net.layers) net.outputs.push_back(l.output);
  return net;
}

inline void expect_every_layer(const network& net, const target& hardware, const compile_options& options = {}) {
  expect_as_reference(net, hardware, options);
  expect_as_reference(with_all_outputs(net), hardware, options);
}

}  // namespace cimbalom::compiler
