#include "models/processor/processor_config.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::processor {
namespace {

template <typename Config>
std::string complaint(const Config& config) {
  try {
    config.validate();
  } catch (const input_error& error) {
    return error.what();
  }
  return "";
}

TEST(processor_config, validates) {
  EXPECT_EQ(complaint(processor_config{}), "");
  processor_config config;
  config.quantum_ns = -1;
  EXPECT_EQ(complaint(config), "processor.quantum_ns = -1: must be in 0..1000000");
  config = {};
  config.interrupt_lines = 33;
  EXPECT_EQ(complaint(config), "processor.interrupt_lines = 33: must be in 1..32");
  config = {};
  config.cycles_per_instruction = 0;
  EXPECT_NE(complaint(config), "");
  config = {};
  config.instructions_per_mac = 2000;
  EXPECT_EQ(complaint(config), "processor.instructions_per_mac = 2000.000000: must be in 0.01..1000");
}

TEST(processor_config, instructions_cost_whole_cycles) {
  processor_config config;
  config.cycles_per_instruction = 1.5;
  EXPECT_EQ(instruction_cycles(config, 3), 5U);
  EXPECT_EQ(instruction_cycles(config, 4), 6U);
  EXPECT_EQ(instruction_cycles(config, 0), 0U);
}

TEST(traffic_config, validates) {
  EXPECT_EQ(complaint(traffic_config{}), "");
  traffic_config config;
  config.range_bytes = 10;
  EXPECT_EQ(complaint(config), "traffic.range_bytes = 10: must hold one request and end below 2^64");
  config = {};
  config.read_percent = 101;
  EXPECT_EQ(complaint(config), "traffic.read_percent = 101: must be in 0..100");
}

}  // namespace
}  // namespace cimbalom::processor
