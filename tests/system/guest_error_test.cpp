// Commands that the hardware refuses: what the registers, the interrupt and the driver say.

#include <gtest/gtest.h>

#include <cstring>

#include "models/registers/accelerator_registers.hpp"
#include "models/registers/memory_map.hpp"
#include "sw/driver/accelerator_driver.hpp"
#include "sw/runtime/run_to_end.hpp"
#include "tests/system/simulation_check.hpp"

namespace cimbalom::runtime {
namespace {

namespace reg = registers::accelerator_register;
using registers::command;
using registers::error_code;
using registers::opcode;

struct guest_error {
  const char* name;
  error_code code;
  std::function<void(command&)> change;  ///< of a command that is good; bytes of the ring where empty
  opcode op;
  std::size_t byte = 0;  ///< of the command in the ring: one that must be zero
};

std::vector<guest_error> guest_errors() {
  return {
      {"reserved_byte", error_code::bad_lag, {}, opcode::program, 12},
      {"flag_of_another_opcode", error_code::bad_lag, {}, opcode::program, 1},
      {"byte_behind_the_operands", error_code::bad_lag, {}, opcode::compute, 60},
      {"banks_beyond_the_macros", error_code::bank_range, [](command& c) { c.first_bank = 15, c.copies = 2; },
       opcode::program},
      {"no_such_bank", error_code::bank_range, [](command& c) { c.first_bank = 16; }, opcode::program},
      {"positions_beyond_the_bank", error_code::position_range,
       [](command& c) { c.first_position = 63, c.positions = c.shard_positions = 2; }, opcode::program},
      {"sums_beyond_the_accumulators", error_code::accumulator_range,
       [](command& c) { c.keep = true, c.accumulator = 0x7FFF'FFFC; }, opcode::compute},
      {"sums_not_aligned", error_code::accumulator_range, [](command& c) { c.keep = true, c.accumulator = 2; },
       opcode::compute},
  };
}

class guest_errors_test : public testing_support::simulation_test, public ::testing::WithParamInterface<guest_error> {};

TEST_P(guest_errors_test, reach_registers_interrupt_and_driver) {
  const guest_error& wrong = GetParam();
  const network net = test::residual_network(1, 8, 8);
  const compiler::program program = compiler::compile(net, default_platform());
  // Descriptors and weights as the program loads them; then a command of the kind that is to be wrong.
  std::vector<command> commands = program.setup;
  const auto is_wanted = [&](const command& c) { return c.op == wrong.op; };
  std::vector<command> all = program.setup;
  all.insert(all.end(), program.segments[0].commands.begin(), program.segments[0].commands.end());
  command bad = *std::find_if(all.begin(), all.end(), is_wanted);
  bad.lag.fill(registers::any_lag);
  bad.lag[static_cast<std::size_t>(registers::engine::parameter)] = 0;
  bad.lag[static_cast<std::size_t>(registers::engine::program)] = 0;
  if (wrong.change) wrong.change(bad);
  const auto index = static_cast<std::uint32_t>(commands.size());
  commands.push_back(bad);

  std::string message;
  bool interrupt = false;
  std::uint32_t status = 0, code = 0, at = 0, tail = 0, head = 0;
  energy::null_sink sink;
  platform::system system("system", default_platform(), sink, [&](registers::host_port& port) {
    driver::accelerator_driver ring(port, {0, program.ring_address, program.ring_entries});
    ring.start();
    ring.append(commands);
    const std::uint64_t address = program.ring_address + index * registers::command_bytes + wrong.byte;
    const std::uint8_t not_zero = 0x40;
    if (!wrong.change) (void)port.write_memory(address, &not_zero, 1);
    message = failure_of([&] { ring.drain(); });
    const std::uint64_t base = registers::accelerator_registers_at(0);
    const auto read = [&](std::uint32_t offset) { return port.read_register(base + offset).value; };
    interrupt = port.wait_interrupt(registers::accelerator_interrupt_line(0)) != 0;  // at once: it is high
    status = read(reg::status);
    code = read(reg::error_code);
    at = read(reg::error_index);
    head = read(reg::ring_head);
    tail = read(reg::ring_tail);
  });
  system.preload(program.image_region.address, program.memory_image.data(), program.memory_image.size());
  run_to_end(system);
  EXPECT_TRUE(interrupt);
  EXPECT_NE(status & registers::accelerator_event::error, 0U);
  EXPECT_EQ(code, static_cast<std::uint32_t>(wrong.code)) << to_string(static_cast<error_code>(code));
  EXPECT_EQ(at, index);
  EXPECT_NE(head, 0U);
  EXPECT_EQ(tail, index + 2);  // the command and a fence, which is never reached
  EXPECT_TRUE(contains(message, "accelerator 0: ring entry " + std::to_string(index))) << message;
  EXPECT_TRUE(contains(message, to_string(wrong.code))) << message;
  EXPECT_TRUE(contains(message, std::string("(") + to_string(wrong.op))) << message;
}

INSTANTIATE_TEST_SUITE_P(commands, guest_errors_test, ::testing::ValuesIn(guest_errors()),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace cimbalom::runtime
