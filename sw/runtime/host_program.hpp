#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/registers/host_port.hpp"
#include "sw/driver/inference_driver.hpp"
#include "sw/runtime/host_steps.hpp"
#include "sw/runtime/image_source.hpp"
#include "sw/runtime/run_result.hpp"

namespace cimbalom::runtime {

/// What the host program tells the simulation around it, and asks of it. All are called from the host's thread.
struct host_program_events {
  /// The next phase begins; the first one is setup. `images`: of the batch that is counted.
  std::function<void(phase next, std::uint64_t images)> entered;
  /// Commands of an image follow, for one accelerator.
  std::function<void(std::uint64_t image, std::size_t accelerator)> queued;
  std::function<void()> before_latency, after_latency;  ///< around the one timed image; its inputs are in place
  std::function<void(std::uint64_t image, std::vector<std::vector<float>>)> finished;  ///< outputs of an image
  std::function<void()> ended;                                                         ///< all is done
  /// Contents of DRAM without time: the loader's and the observer's view.
  std::function<void(std::uint64_t address, void* to, std::size_t length)> peek;
};

/// The software of the processor: knows the devices through the driver alone. The same on any host_port.
class host_program {
 public:
  host_program(const quantization::network& network, const compiler::program& program,
               const driver::driver_memory& memory, const image_source& images, std::uint64_t batch,
               const host_program_events& events);

  void run(registers::host_port& port);
  /// Of the timed image: from its copy-in to its results, ps.
  std::uint64_t end_to_end_latency_ps() const { return end_to_end_latency_ps_; }

 private:
  enum class pass { warm_up, latency, counted_batch, batch };
  /// Images [first, first + count), numbers modulo the number of images; with their copy-in and their results.
  void infer(driver::inference_driver& devices, std::uint64_t first, std::uint64_t count, pass what);
  void infer_together(driver::inference_driver& devices, std::uint64_t first, std::uint64_t count);
  /// As many images as there are accelerators, step by step.
  std::vector<std::vector<std::vector<float>>> infer_group(driver::inference_driver& devices, std::uint64_t first,
                                                           std::uint64_t slot, std::uint64_t count);
  void enter(phase next, std::uint64_t images) const;
  void push(driver::inference_driver& devices, std::uint64_t first, std::uint64_t count);
  void collect(driver::inference_driver& devices, std::uint64_t first, std::uint64_t count, bool report);
  std::vector<std::vector<float>> outputs_of(std::uint64_t slot);
  void fetch(std::uint64_t image);
  std::uint64_t image_number(std::uint64_t image) const { return image % images_.count; }

  const quantization::network& network_;
  const compiler::program& program_;
  driver::driver_memory memory_;
  const image_source& images_;
  std::uint64_t batch_;
  host_program_events events_;
  std::vector<host_steps> hosts_;  ///< one for each accelerator's image
  host_access access_;
  std::uint64_t end_to_end_latency_ps_ = 0;
  std::vector<float> pixels_;
  bool one_segment_ = false;  ///< images may follow each other without a visit to the host
};

}  // namespace cimbalom::runtime
