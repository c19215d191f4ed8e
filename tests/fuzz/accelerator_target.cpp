#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "models/cim/cim_cost.hpp"
#include "models/cim/functional_core.hpp"

namespace {

using namespace cimbalom;

cim::accelerator_config small_accelerator() {
  cim::accelerator_config config;
  config.macros = 1;
  config.input_buffer_bytes = config.output_buffer_bytes = config.weight_buffer_bytes = 4096;
  config.parameter_buffer_bytes = 4096;
  config.accumulator_bytes = 4096;
  return config;
}

cim::macro_config small_macro() {
  cim::macro_config config;
  config.banks = 2;
  config.rows = 64;
  return config;
}

}  // namespace

// 64 bytes of a command, then what stands in the parameter buffer: whatever they say, the accelerator computes or
// refuses, and planning agrees with doing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < registers::command_bytes) return 0;
  registers::command value;
  if (registers::decode(data, value) != registers::error_code::none) return 0;
  if (value.from_buffer && value.rows > 4096) return 0;  // overlapping rows: legal, and slow
  cim::functional_core core(small_accelerator(), small_macro(), {});
  arithmetic::activity counted;
  registers::command program;
  program.op = registers::opcode::program;
  program.buffer = registers::weight_buffer_offset;
  program.positions = program.shard_positions = 8;
  program.copies = 2;
  std::fill_n(core.bytes(registers::weight_buffer_offset, 4096), 4096, std::uint8_t{0x5A});
  if (core.execute(program, counted) != registers::error_code::none) std::abort();
  const std::size_t parameters = std::min<std::size_t>(size - registers::command_bytes, 4096);
  std::copy_n(data + registers::command_bytes, parameters, core.bytes(registers::parameter_buffer_offset, 4096));
  cim::tile_work work;
  const registers::error_code planned = core.plan(value, work);
  const registers::error_code done = core.execute(value, counted);
  if (planned == registers::error_code::none && value.op == registers::opcode::compute) {
    cim::compute_time(small_accelerator(), small_macro(), work);
  }
  // Only what the arrays hold is unknown to a plan; and moving data from and to DRAM is not the core's.
  const bool elsewhere = registers::engine_of(value.op) != registers::engine::compute &&
                         value.op != registers::opcode::program && !value.from_buffer;
  if (planned != done && done != registers::error_code::position_empty && !elsewhere) std::abort();
  return 0;
}
