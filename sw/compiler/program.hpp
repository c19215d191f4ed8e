#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/registers/command.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::compiler {

/// A region of DRAM. Addresses are on the bus.
struct region {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
};

/// Commands between two visits to the host. The stream is position-independent: the driver appends it to the ring for
/// image after image.
struct segment {
  std::vector<registers::command> commands;  ///< without the final fence
};

/// One step of an image's inference.
struct step {
  enum class kind { accelerator, host } what = kind::accelerator;
  int segment = -1;  ///< accelerator
  int layer = -1;    ///< host: layer number in the network
};

/// Where a tensor lies in DRAM when the host touches it (network input, outputs, operands of host layers).
/// Slot i of `copies` serves image i modulo copies; the driver patches addresses by adding slot * stride.
struct tensor_place {
  int tensor = -1;
  region memory;             ///< of slot 0
  std::uint64_t stride = 0;  ///< between slots; 0: one slot
};

/// How a layer was mapped, for the report.
struct layer_mapping {
  int layer = -1;
  std::uint64_t entries = 0;  ///< positions' worth of weights
  std::uint64_t copies = 1, shards = 1, rounds = 1;
  bool channels_apart = false;     ///< its commands leave parts of the channels in the output buffer, not whole pixels
  bool resident = false;           ///< stays in the arrays from image to image
  std::uint64_t weight_bytes = 0;  ///< fetched from DRAM for each image
  std::uint64_t bank_operations = 0;
  std::uint64_t operation_bound_ps = 0;  ///< bank_operations spread evenly over all banks
};

/// Network + platform, compiled: what the driver pushes and the accelerator runs. No SystemC.
struct program {
  region image_region;                     ///< the memory image: words, descriptors
  std::vector<std::uint8_t> memory_image;  ///< bytes of image_region
  std::vector<registers::command> setup;   ///< once: program resident layers
  std::vector<segment> segments;
  std::vector<step> steps;  ///< one image
  std::vector<tensor_place> places;
  std::vector<layer_mapping> mapping;
  std::uint32_t image_slots = 1;   ///< slots of the places that have a stride
  std::uint64_t ring_address = 0;  ///< of accelerator 0; the others' rings follow
  std::uint32_t ring_entries = 0;  ///< power of two
  /// Maps that live in DRAM between two accelerator layers: of accelerator 0, the others' follow.
  region spilled;
  int accelerators = 1;                   ///< that memory is laid out for
  std::uint64_t dram_end = 0;             ///< first free address
  std::uint64_t weight_storage_bits = 0;  ///< every DRAM bit needed to rebuild the weights (design, section 7)
  double compute_bound_ns = 0;            ///< per image: all bank operations over all banks
};

}  // namespace cimbalom::compiler
