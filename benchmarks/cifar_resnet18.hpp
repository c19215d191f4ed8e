#pragma once

#include "sw/quantization/quantized_network.hpp"
#include "sw/runtime/image_source.hpp"

namespace cimbalom::benchmarks {

/// ResNet-18 for CIFAR-10 (64 to 512 channels, 0.56 G multiply-accumulates an image) with random weights and
/// activations of 4 bits, images of 8 bits; ADC steps not chosen yet.
quantization::network cifar_resnet18();

/// Random images, the same everywhere, that use the range of the network's input.
runtime::image_source random_images(const quantization::network& network, std::size_t count);

}  // namespace cimbalom::benchmarks
