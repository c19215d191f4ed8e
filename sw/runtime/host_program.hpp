#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/registers/host_port.hpp"
#include "sw/driver/inference_driver.hpp"
#include "sw/runtime/host_steps.hpp"
#include "sw/runtime/image_source.hpp"

namespace cimbalom::runtime {

/// What the host program tells the simulation around it, and asks of it. All are called from the host's thread.
struct host_program_events {
  std::function<void()> loaded;                         ///< package and setup are done
  std::function<void(std::uint64_t image)> queued;      ///< commands of an image follow
  std::function<void()> before_latency, after_latency;  ///< around the one timed image
  std::function<void()> before_batch, after_batch;      ///< around the first batch; inputs are in place
  std::function<void(std::uint64_t image, std::vector<std::vector<float>>)> finished;  ///< outputs of an image
  /// Contents of DRAM without time: the loader's and the observer's view.
  std::function<void(std::uint64_t address, void* to, std::size_t length)> peek;
};

/// Times of the phases, ps.
struct host_program_times {
  std::uint64_t load_ps = 0, inference_ps = 0, readback_ps = 0;
  std::uint64_t latency_ps = 0, batch_ps = 0;
  std::uint64_t end_ps = 0;  ///< when the software returned
};

/// The software of the processor: knows the devices through the driver alone. The same on any host_port.
class host_program {
 public:
  host_program(const quantization::network& network, const compiler::program& program,
               const driver::driver_memory& memory, const image_source& images, std::uint64_t batch,
               const host_program_events& events);

  void run(registers::host_port& port);
  const host_program_times& times() const { return times_; }

 private:
  /// Images [first, first + count), numbers modulo the number of images. The time from the first doorbell to the last
  /// interrupt, ps.
  enum class phase { warm_up, latency, first_batch, batch };
  std::uint64_t infer(driver::inference_driver& devices, std::uint64_t first, std::uint64_t count, phase what);
  std::uint64_t infer_together(driver::inference_driver& devices, std::uint64_t first, std::uint64_t count);
  std::uint64_t infer_one(driver::inference_driver& devices, std::uint64_t image, std::uint64_t slot);
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
  host_steps host_;
  host_access access_;
  host_program_times times_;
  std::vector<float> pixels_;
  bool one_segment_ = false;  ///< images may follow each other without a visit to the host
};

}  // namespace cimbalom::runtime
