#include "sw/compiler/hazards.hpp"

#include <gtest/gtest.h>

#include "sw/compiler/compile.hpp"
#include "sw/compiler/verify.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::compiler {
namespace {

using registers::engine;
using registers::opcode;

planned_command make(opcode op, std::vector<access> accesses) {
  planned_command one;
  one.command.op = op;
  one.accesses = std::move(accesses);
  return one;
}

std::uint8_t lag(const planned_command& one, engine which) {
  return one.command.lag[static_cast<std::size_t>(which)];
}

access reads(std::uint64_t begin, std::uint64_t end) {
  return {space::buffer, begin, end, false};
}
access writes(std::uint64_t begin, std::uint64_t end) {
  return {space::buffer, begin, end, true};
}

TEST(hazards, read_after_write_waits_for_the_writer_alone) {
  std::vector<planned_command> stream = {make(opcode::load_vector, {writes(0, 8)}),
                                         make(opcode::load_vector, {writes(8, 16)}),
                                         make(opcode::compute, {reads(0, 4)})};
  assign_lags(stream, false);
  EXPECT_EQ(lag(stream[2], engine::vector), 1);  // the last load may still run
  EXPECT_EQ(lag(stream[2], engine::store), registers::any_lag);
}

TEST(hazards, write_after_read_and_write_after_write) {
  std::vector<planned_command> stream = {make(opcode::load_vector, {writes(0, 8)}),
                                         make(opcode::compute, {reads(0, 8)}), make(opcode::store, {writes(4, 12)})};
  assign_lags(stream, false);
  EXPECT_EQ(lag(stream[2], engine::compute), 0);
  EXPECT_EQ(lag(stream[2], engine::vector), 0);
}

TEST(hazards, a_repeated_stream_waits_for_the_image_before) {
  std::vector<planned_command> stream = {make(opcode::load_vector, {writes(0, 8)}),
                                         make(opcode::compute, {reads(0, 8)}), make(opcode::compute, {writes(64, 72)})};
  assign_lags(stream, true);
  EXPECT_EQ(lag(stream[0], engine::compute), 1);  // the second computation of the image before may still run
}

TEST(hazards, reads_do_not_wait_for_reads) {
  std::vector<planned_command> stream = {make(opcode::store, {reads(0, 8)}), make(opcode::compute, {reads(0, 8)})};
  assign_lags(stream, true);
  EXPECT_EQ(lag(stream[1], engine::store), registers::any_lag);
}

TEST(hazards, far_away_dependencies_are_rounded_to_earlier_ones) {
  std::vector<planned_command> stream = {make(opcode::compute, {writes(0, 8)})};
  for (int i = 0; i < 400; ++i) stream.push_back(make(opcode::compute, {}));
  stream.push_back(make(opcode::store, {reads(0, 8)}));
  assign_lags(stream, false);
  EXPECT_EQ(lag(stream.back(), engine::compute), registers::any_lag - 1);
}

// The verifier must see what it is there for: every lag that is taken away from a good program.
TEST(verify, misses_no_lag_that_matters) {
  target hardware;
  hardware.accelerator.macros = 1;
  hardware.macro.rows = 16 * 16;
  const program good = compile(test::residual_network(1, 16, 8), hardware);
  ASSERT_TRUE(verify(good, hardware).empty());
  program bad = good;
  for (registers::command& one : bad.segments[0].commands) one.lag.fill(registers::any_lag);
  EXPECT_FALSE(verify(bad, hardware).empty());
  int seen = 0, removed = 0;
  for (std::size_t i = 0; i < good.segments[0].commands.size(); ++i) {
    const registers::command& one = good.segments[0].commands[i];
    const auto waits = [&](engine e) { return one.lag[static_cast<std::size_t>(e)] != registers::any_lag; };
    // What waits for its own engine alone needs no lag: engines do one command after the other.
    if (one.op != opcode::compute || !(waits(engine::vector) || waits(engine::program) || waits(engine::store)))
      continue;
    bad = good;
    bad.segments[0].commands[i].lag.fill(registers::any_lag);
    ++removed;
    const bool found = !verify(bad, hardware).empty();
    seen += found ? 1 : 0;
    EXPECT_TRUE(found) << describe(bad.segments[0].commands[i]);
  }
  EXPECT_GT(removed, 0);
  EXPECT_EQ(seen, removed);
}

TEST(verify, sees_operands_outside_and_positions_never_written) {
  const target hardware;
  program bad = compile(test::residual_network(1, 16, 8), hardware);
  program empty = bad;
  empty.setup.resize(1);  // descriptors are loaded, nothing is programmed
  EXPECT_FALSE(verify(empty, hardware).empty());
  for (registers::command& one : bad.segments[0].commands) {
    if (one.op == opcode::compute) one.output = registers::output_buffer_offset + 65530;
  }
  EXPECT_FALSE(verify(bad, hardware).empty());
}

}  // namespace
}  // namespace cimbalom::compiler
