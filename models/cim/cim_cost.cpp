#include "models/cim/cim_cost.hpp"

#include <algorithm>
#include <cmath>

namespace cimbalom::cim {

namespace {

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t post_cycles(const accelerator_config& accelerator, std::uint64_t operations) {
  return divide_up(operations, static_cast<std::uint64_t>(accelerator.post_lanes));
}

std::uint64_t stream_cycles(const accelerator_config& accelerator, std::uint64_t bytes) {
  return divide_up(bytes * 8, static_cast<std::uint64_t>(accelerator.memory_side_bits));
}

}  // namespace

std::uint64_t clock_ps(const accelerator_config& accelerator) {
  return static_cast<std::uint64_t>(std::llround(1e6 / accelerator.clock_mhz));
}

std::uint64_t operation_ps(const macro_config& macro, int input_bits) {
  const double slices = arithmetic::input_slices(macro.shape(), input_bits);
  const double time = macro.op_ns * 1000.0 * slices * macro.dac_bits / 8.0;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(time)));
}

command_time compute_time(const accelerator_config& accelerator, const macro_config& macro, const tile_work& work) {
  const std::uint64_t clock = clock_ps(accelerator);
  command_time time;
  time.fill_ps = fill_cycles * clock;
  if (work.operations > 0) {
    const auto busiest = std::max_element(work.bank_operations.begin(), work.bank_operations.end());
    time.bank_ps = *busiest * operation_ps(macro, static_cast<int>(work.input_bits));
  }
  if (accelerator.input_buffer_read_bits > 0) {
    const std::uint64_t bits = work.input_vectors * work.input_vector_bytes * 8;
    const std::uint64_t feed = divide_up(bits, static_cast<std::uint64_t>(accelerator.input_buffer_read_bits)) * clock;
    time.input_stall_ps = feed > time.bank_ps ? feed - time.bank_ps : 0;
  }
  const std::uint64_t macros = time.bank_ps + time.input_stall_ps;
  time.align_ps = divide_up(macros, clock) * clock - macros;
  // The outputs of the last operation are post-processed after it: part of the drain. The others run beside the banks.
  const std::uint64_t last = post_cycles(accelerator, work.final_outputs) * clock;
  time.post_ps = post_cycles(accelerator, work.post_operations) * clock;
  const std::uint64_t beside = time.post_ps > last ? time.post_ps - last : 0;
  const std::uint64_t aligned = macros + time.align_ps;
  time.post_stall_ps = beside > aligned ? beside - aligned : 0;
  time.drain_ps = drain_cycles * clock + last;
  time.total_ps = time.fill_ps + aligned + time.post_stall_ps + time.drain_ps;
  return time;
}

command_time vector_op_time(const accelerator_config& accelerator, const tile_work& work) {
  const std::uint64_t clock = clock_ps(accelerator);
  command_time time;
  time.fill_ps = fill_cycles * clock;
  time.post_ps = post_cycles(accelerator, work.post_operations) * clock;
  time.drain_ps = drain_cycles * clock;
  time.total_ps = time.fill_ps + time.post_ps + time.drain_ps;
  return time;
}

command_time program_time(const accelerator_config& accelerator, const macro_config& macro, const tile_work& work) {
  const std::uint64_t clock = clock_ps(accelerator);
  command_time time;
  time.fill_ps = fill_cycles * clock;
  time.bank_ps =
      static_cast<std::uint64_t>(std::llround(static_cast<double>(work.program_rows) * macro.write_ns * 1e3));
  time.stream_ps = stream_cycles(accelerator, work.stream_bytes) * clock;
  time.total_ps = time.fill_ps + divide_up(std::max(time.bank_ps, time.stream_ps), clock) * clock;
  time.align_ps = time.total_ps - time.fill_ps - std::max(time.bank_ps, time.stream_ps);
  return time;
}

command_time copy_time(const accelerator_config& accelerator, const tile_work& work, std::uint32_t rows) {
  const std::uint64_t clock = clock_ps(accelerator);
  command_time time;
  time.fill_ps = fill_cycles * clock;
  // Every row starts a word of its own.
  if (rows > 0) time.stream_ps = rows * stream_cycles(accelerator, work.stream_bytes / rows) * clock;
  time.total_ps = time.fill_ps + time.stream_ps;
  return time;
}

}  // namespace cimbalom::cim
