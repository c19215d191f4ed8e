#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/program.hpp"
#include "sw/driver/accelerator_driver.hpp"
#include "sw/driver/dma_driver.hpp"

namespace cimbalom::driver {

/// Commands of a segment for one image slot: addresses inside the places of tensors move to the slot.
class segment_patch {
 public:
  segment_patch(const compiler::program& program, int segment);
  std::vector<registers::command> for_slot(std::uint64_t slot) const;

 private:
  const std::vector<registers::command>* commands_;
  struct moved {
    std::size_t command;
    std::uint64_t stride;
  };
  std::vector<moved> moved_;
};

/// Memory that the driver uses behind the program's own: descriptors of DMA, and staging areas that a loader fills
/// before time starts.
struct driver_memory {
  std::uint64_t descriptors = 0, descriptor_bytes = 0;
  std::uint64_t package = 0;       ///< staging: the program's memory image
  std::uint64_t images = 0;        ///< staging: input codes, image after image
  std::uint64_t image_stride = 0;  ///< bytes from image to image
  std::uint64_t results = 0;       ///< outputs, image after image
  std::uint64_t result_stride = 0;
};

/// Everything that host software does with the devices for one program.
class inference_driver {
 public:
  /// The program is borrowed.
  inference_driver(registers::host_port& port, const compiler::program& program, const driver_memory& memory,
                   int accelerator = 0);

  /// Resets both devices.
  void start();
  /// Copies the package from the staging area to its place by DMA, and runs the setup commands.
  void load();
  /// Copies images [first, first + count) of the staging area to slots 0.. of a tensor by DMA.
  void push_images(const compiler::tensor_place& input, std::uint64_t first, std::uint64_t count);
  /// Queues a segment for a slot.
  void queue(int segment, std::uint64_t slot);
  /// Doorbell; returns when all that was queued is done. The time in between, ps.
  std::uint64_t run_queued();
  /// Copies slots 0.. of a tensor to the result area by DMA.
  void pull_results(const compiler::tensor_place& output, std::uint64_t offset, std::uint64_t first,
                    std::uint64_t count);
  /// After an error: resets the devices and loads again.
  void recover();

  accelerator_driver& ring() { return ring_; }
  registers::host_port& port() { return port_; }

 private:
  registers::host_port& port_;
  const compiler::program& program_;
  driver_memory memory_;
  accelerator_driver ring_;
  dma_driver dma_;
  std::vector<segment_patch> segments_;
};

}  // namespace cimbalom::driver
