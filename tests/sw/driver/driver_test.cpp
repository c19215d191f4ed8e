#include <gtest/gtest.h>

#include <functional>

#include "platform/configuration/error.hpp"
#include "sw/driver/inference_driver.hpp"
#include "tests/sw/driver/fake_system.hpp"

namespace cimbalom::driver {
namespace {

using registers::command;
using registers::opcode;
using test::fake_system;

std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const run_error& error) {
    return error.what();
  }
  return "";
}

command store_to(std::uint64_t address) {
  command c;
  c.op = opcode::store;
  c.layer = 3;
  c.memory_address = address;
  c.row_bytes = c.memory_stride = c.buffer_stride_bytes = 16;
  return c;
}

class ring_test : public ::testing::Test {
 protected:
  ring_test() : ring(port, {0, registers::dram_base + 4096, 16}) { ring.start(); }
  fake_system port;
  accelerator_driver ring;
};

TEST_F(ring_test, commands_arrive_in_order_around_the_ring) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    ring.append({store_to(i)});
    ring.drain();
  }
  ASSERT_EQ(port.executed.size(), 80U);
  for (std::uint64_t i = 0; i < 40; ++i) EXPECT_EQ(port.executed[2 * i].memory_address, i);
}

TEST_F(ring_test, a_full_ring_waits_for_the_head) {
  port.commands_a_step = 2;
  std::vector<command> many;
  for (std::uint64_t i = 0; i < 100; ++i) many.push_back(store_to(i));
  ring.append(many);
  ring.drain();
  ASSERT_EQ(port.executed.size(), 101U);
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(port.executed[i].memory_address, i);
}

TEST_F(ring_test, several_fences_may_be_under_way) {
  const std::uint32_t first = ring.append_fence();
  ring.append({store_to(1)});
  const std::uint32_t second = ring.append_fence();
  ring.ring_doorbell();
  ring.wait_fence(first);
  ring.wait_fence(second);
  ring.wait_fence(first);  // long reached
  EXPECT_EQ(port.executed.size(), 3U);
}

TEST_F(ring_test, an_error_names_the_command) {
  port.fail_at = 1;
  ring.append({store_to(1), store_to(0x8000'0040)});
  const std::string message = failure_of([&] { ring.drain(); });
  EXPECT_NE(message.find("ring entry 1"), std::string::npos) << message;
  EXPECT_NE(message.find("store"), std::string::npos) << message;
  EXPECT_NE(message.find("position_empty"), std::string::npos) << message;
  EXPECT_NE(message.find("0x1234"), std::string::npos) << message;
}

TEST_F(ring_test, an_error_is_seen_while_the_ring_is_full) {
  port.fail_at = 3;
  std::vector<command> many(60, store_to(0));
  EXPECT_NE(failure_of([&] { ring.append(many); }).find("position_empty"), std::string::npos);
}

TEST_F(ring_test, a_reset_makes_it_work_again) {
  port.fail_at = 0;
  ring.append({store_to(1)});
  EXPECT_NE(failure_of([&] { ring.drain(); }), "");
  port.fail_at = -1;
  ring.start();
  ring.append({store_to(2)});
  ring.drain();
  ASSERT_EQ(port.executed.size(), 2U);
  EXPECT_EQ(port.executed[0].memory_address, 2U);
}

TEST(dma_driver, chains_are_cut_to_the_descriptor_area) {
  fake_system port;
  dma_driver dma(port, registers::dram_base, 3 * registers::dma_descriptor_bytes);
  dma.start();
  std::vector<transfer> list;
  for (std::uint64_t i = 0; i < 8; ++i) {
    port.memory[4096 + i] = static_cast<std::uint8_t>(i + 1);
    list.push_back({registers::dram_base + 4096 + i, registers::dram_base + 8192 + i, 1});
  }
  dma.copy(list);
  EXPECT_EQ(port.chains_walked, 8);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(port.memory[8192 + i], i + 1);
}

TEST(dma_driver, an_error_is_named) {
  fake_system port;
  dma_driver dma(port, registers::dram_base, 4096);
  dma.start();
  port.fail_dma = true;
  const std::string message = failure_of([&] { dma.copy({{registers::dram_base, registers::dram_base + 64, 4}}); });
  EXPECT_NE(message.find("error response from the source"), std::string::npos) << message;
}

TEST(driver, a_host_access_that_fails_is_named) {
  fake_system port;
  dma_driver dma(port, 0x1000, 4096);
  dma.start();
  EXPECT_NE(failure_of([&] { dma.copy({{0, 0, 4}}); }).find("address error"), std::string::npos);
}

TEST(segment_patch, moves_addresses_of_places_alone) {
  compiler::program program;
  program.places.push_back({0, {registers::dram_base + 4096, 64}, 128});
  program.places.push_back({1, {registers::dram_base + 8192, 64}, 0});
  compiler::segment segment;
  segment.commands = {store_to(registers::dram_base + 4096 + 16), store_to(registers::dram_base + 8192),
                      store_to(registers::dram_base + 4096 + 64)};
  command weights = store_to(registers::dram_base + 4096);
  weights.op = opcode::load_weights;
  segment.commands.push_back(weights);
  program.segments.push_back(segment);
  const std::vector<command> moved = segment_patch(program, 0).for_slot(3);
  EXPECT_EQ(moved[0].memory_address, registers::dram_base + 4096 + 16 + 3 * 128);
  EXPECT_EQ(moved[1].memory_address, registers::dram_base + 8192);
  EXPECT_EQ(moved[2].memory_address, registers::dram_base + 4096 + 64);
  EXPECT_EQ(moved[3].memory_address, registers::dram_base + 4096);
}

TEST(inference_driver, loads_the_package_and_runs_the_setup) {
  fake_system port;
  compiler::program program;
  program.ring_address = registers::dram_base;
  program.ring_entries = 16;
  program.image_region = {registers::dram_base + 4096, 5};
  program.setup = {store_to(7)};
  driver_memory memory;
  memory.descriptors = registers::dram_base + 8192;
  memory.descriptor_bytes = 4096;
  memory.package = registers::dram_base + 16384;
  for (std::size_t i = 0; i < 5; ++i) port.memory[16384 + i] = static_cast<std::uint8_t>(i + 9);
  inference_driver devices(port, program, memory);
  devices.start();
  devices.load();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(port.memory[4096 + i], i + 9);
  ASSERT_EQ(port.executed.size(), 2U);
  EXPECT_EQ(port.executed[0].memory_address, 7U);
  port.executed.clear();
  devices.recover();
  EXPECT_EQ(port.executed.size(), 2U);
}

}  // namespace
}  // namespace cimbalom::driver
