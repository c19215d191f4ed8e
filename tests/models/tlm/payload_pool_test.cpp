#include "models/tlm/payload_pool.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "models/tlm/latency_histogram.hpp"
#include "models/tlm/memory_port_config.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::transport {
namespace {

TEST(payload_pool, sets_every_attribute_on_every_take) {
  payload_pool pool;
  payload& first = pool.take(::tlm::TLM_WRITE_COMMAND, 0x1000, 65, 3, 7);
  unsigned char enable = 0xFF;
  first.set_byte_enable_ptr(&enable);
  first.set_dmi_allowed(true);
  first.set_response_status(::tlm::TLM_OK_RESPONSE);
  first.set_streaming_width(1);
  first.release();
  payload& second = pool.take(::tlm::TLM_READ_COMMAND, 0x2000, 128, 1, energy::no_layer);
  EXPECT_EQ(&second, &first) << "the same size class is used again";
  EXPECT_EQ(second.get_command(), ::tlm::TLM_READ_COMMAND);
  EXPECT_EQ(second.get_address(), 0x2000U);
  EXPECT_EQ(second.get_data_length(), 128U);
  EXPECT_EQ(second.get_streaming_width(), 128U);
  EXPECT_EQ(second.get_byte_enable_ptr(), nullptr);
  EXPECT_FALSE(second.is_dmi_allowed());
  EXPECT_EQ(second.get_response_status(), ::tlm::TLM_INCOMPLETE_RESPONSE);
  EXPECT_EQ(layer_of(second), energy::no_layer);
  EXPECT_EQ(second.get_extension<transaction_tag>()->initiator, 1U);
  EXPECT_EQ(second.get_ref_count(), 1);
  EXPECT_EQ(pool.outstanding(), 1U);
  second.release();
  EXPECT_EQ(pool.outstanding(), 0U);
  EXPECT_EQ(pool.created(), 1U);
}

TEST(payload_pool, refuses_lengths_that_no_burst_has) {
  payload_pool pool;
  EXPECT_THROW(pool.take(::tlm::TLM_READ_COMMAND, 0, 0, 0, 0), std::logic_error);
  EXPECT_THROW(pool.take(::tlm::TLM_READ_COMMAND, 0, 4097, 0, 0), std::logic_error);
  pool.take(::tlm::TLM_READ_COMMAND, 0, 4096, 0, 0).release();
}

TEST(memory_port_config, names_the_key_and_the_range) {
  memory_port_config config;
  config.validate("dma");
  config.burst_bytes = 48;
  try {
    config.validate("dma");
    FAIL();
  } catch (const input_error& error) {
    EXPECT_STREQ(error.what(), "dma.burst_bytes = 48: must be a power of two in 16..4096");
  }
}

TEST(next_burst_bytes, stops_at_multiples_of_the_burst) {
  EXPECT_EQ(next_burst_bytes(0x1000, 1000, 64), 64U);
  EXPECT_EQ(next_burst_bytes(0x103F, 1000, 64), 1U);
  EXPECT_EQ(next_burst_bytes(0x1001, 5, 64), 5U);
  EXPECT_EQ(next_burst_bytes(0x1FF0, 100, 4096), 16U);
}

TEST(latency_histogram, a_difference_is_what_came_since) {
  latency_histogram now;
  for (const std::uint64_t latency : {10U, 20U, 20U}) now.add(latency);
  const latency_histogram before = now;
  for (const std::uint64_t latency : {20U, 30U}) now.add(latency);
  now -= before;
  EXPECT_EQ(now.count(), 2U);
  EXPECT_EQ(now.sum_ps(), 50U);
  EXPECT_EQ(now.percentile_ps(50), 20U);
  EXPECT_EQ(now.max_ps(), 30U);
  const latency_histogram same = now;
  now -= same;
  EXPECT_EQ(now.max_ps(), 0U);
}

TEST(latency_histogram, percentiles_are_exact) {
  latency_histogram histogram;
  EXPECT_EQ(histogram.percentile_ps(50), 0U);
  for (std::uint64_t i = 1; i <= 200; ++i) histogram.add(i);
  EXPECT_EQ(histogram.percentile_ps(50), 100U);
  EXPECT_EQ(histogram.percentile_ps(99), 198U);
  EXPECT_EQ(histogram.percentile_ps(100), 200U);
  EXPECT_EQ(histogram.max_ps(), 200U);
  EXPECT_DOUBLE_EQ(histogram.mean_ps(), 100.5);
}

}  // namespace
}  // namespace cimbalom::transport
