#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/program.hpp"
#include "sw/driver/accelerator_driver.hpp"
#include "sw/driver/dma_driver.hpp"

namespace cimbalom::driver {

/// Commands of a segment for one image slot on one accelerator: addresses inside the places of tensors move to the
/// slot, those of spilled maps to the accelerator's own area.
class segment_patch {
 public:
  segment_patch(const compiler::program& program, int segment);
  std::vector<registers::command> for_slot(std::uint64_t slot, int accelerator = 0) const;

 private:
  const std::vector<registers::command>* commands_;
  struct moved {
    std::size_t command;
    std::uint64_t slot_stride, accelerator_stride;
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

/// Everything that host software does with the devices for one program. Every accelerator has a ring of its own; what
/// is queued for slot s runs on accelerator s modulo their number.
class inference_driver {
 public:
  /// The program is borrowed.
  inference_driver(registers::host_port& port, const compiler::program& program, const driver_memory& memory);

  /// Resets all devices.
  void start();
  /// Copies the package from the staging area to its place by DMA, and runs the setup commands on every accelerator.
  void load();
  /// Copies images [first, first + count) of the staging area to slots 0.. of a tensor by DMA.
  void push_images(const compiler::tensor_place& input, std::uint64_t first, std::uint64_t count);
  /// Queues a segment for a slot.
  void queue(int segment, std::uint64_t slot);
  /// The accelerator may begin with what was queued for a slot.
  void ring_doorbell(std::uint64_t slot) { ring_of(slot).ring_doorbell(); }
  /// Doorbells; returns when all that was queued is done. The time in between, ps.
  std::uint64_t run_queued();
  /// Copies slots 0.. of a tensor to the result area by DMA.
  void pull_results(const compiler::tensor_place& output, std::uint64_t offset, std::uint64_t first,
                    std::uint64_t count);
  /// After an error: resets the devices and loads again.
  void recover();

  accelerator_driver& ring(std::size_t accelerator = 0) { return rings_.at(accelerator); }
  std::size_t accelerators() const { return rings_.size(); }
  registers::host_port& port() { return port_; }

 private:
  accelerator_driver& ring_of(std::uint64_t slot) { return rings_[slot % rings_.size()]; }

  registers::host_port& port_;
  const compiler::program& program_;
  driver_memory memory_;
  std::vector<accelerator_driver> rings_;
  std::vector<bool> queued_;  // by accelerator: since the last fence
  dma_driver dma_;
  std::vector<segment_patch> segments_;
};

}  // namespace cimbalom::driver
