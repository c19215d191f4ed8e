#pragma once

#include "sw/compiler/program.hpp"
#include "sw/compiler/target.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::platform {
struct platform_config;
}

namespace cimbalom::compiler {

/// What the compiler may do; everything on is the best it can. The dense baseline turns skip_zero_groups off.
struct compile_options {
  bool duplication = true;        ///< write weights to several banks that share the pixels
  bool ping_pong = true;          ///< program the next layers while one computes (with accelerator.ping_pong)
  bool residency = true;          ///< keep layers in the arrays from image to image
  bool skip_zero_groups = false;  ///< neither store nor compute row groups whose weights are all zero
  bool words = true;     ///< pack the weights; without them only time and energy mean anything: the image holds zeros
  int image_slots = 16;  ///< images that may lie in DRAM at a time; 1..1024
  int ring_entries = 8192;  ///< commands in the ring, a power of two; 16..65536
};

/// Turns a network into commands and a memory image for the first accelerator of the platform. The best of several
/// schedules by estimated time. Throws input_error where the network does not fit: it names the layer, the key of the
/// platform that limits it, and what would be needed.
program compile(const quantization::network& network, const platform::platform_config& platform,
                const compile_options& options = {});

/// What the compiler needs of a platform.
target target_of(const platform::platform_config& platform);
program compile(const quantization::network& network, const target& hardware, const compile_options& options = {});

}  // namespace cimbalom::compiler
