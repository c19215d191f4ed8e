#include "models/cim/accelerator_config.hpp"

#include "models/cim/range_check.hpp"
#include "models/registers/command.hpp"
#include "models/registers/memory_map.hpp"

namespace cimbalom::cim {

namespace {

constexpr const char* section = "accelerator";

bool power_of_two(std::int64_t value) {
  return (value & (value - 1)) == 0;
}

void check_buffer(const char* key, std::int64_t bytes) {
  check_range(section, key, bytes, 64, registers::buffer_stride);
  check_that(bytes % 64 == 0, section, key, bytes, "a multiple of 64");
}

}  // namespace

void accelerator_config::validate() const {
  check_range(section, "count", count, 1, registers::max_accelerators);
  check_real(section, "clock_mhz", clock_mhz, 1.0, 10000.0);
  check_range(section, "macros", macros, 1, 1024);
  check_buffer("input_buffer_bytes", input_buffer_bytes);
  check_buffer("output_buffer_bytes", output_buffer_bytes);
  check_buffer("weight_buffer_bytes", weight_buffer_bytes);
  check_buffer("parameter_buffer_bytes", parameter_buffer_bytes);
  check_range(section, "accumulator_bytes", accumulator_bytes, 0, std::int64_t{1} << 30);
  check_that(accumulator_bytes % 4 == 0, section, "accumulator_bytes", accumulator_bytes, "a multiple of 4");
  check_range(section, "memory_side_bits", memory_side_bits, 8, 4096);
  check_that(power_of_two(memory_side_bits), section, "memory_side_bits", memory_side_bits, "a power of two, 8..4096");
  check_range(section, "compute_side_bits", compute_side_bits, 8, 1024);
  check_that(power_of_two(compute_side_bits), section, "compute_side_bits", compute_side_bits,
             "a power of two, 8..1024");
  check_range(section, "lanes", lanes, 1, 1024);
  check_range(section, "fifo_depth", fifo_depth, 1, 65536);
  check_range(section, "post_lanes", post_lanes, 1, 4096);
  check_range(section, "input_buffer_read_bits", input_buffer_read_bits, 0, 1 << 20);
  check_range(section, "max_outstanding", max_outstanding, 1, 1024);
  check_range(section, "burst_bytes", burst_bytes, 4, 4096);
  check_that(power_of_two(burst_bytes), section, "burst_bytes", burst_bytes, "a power of two, 4..4096");
  check_range(section, "command_queue_depth", command_queue_depth, 1, 65536);
}

}  // namespace cimbalom::cim
