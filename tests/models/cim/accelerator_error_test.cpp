#include <gmock/gmock.h>

#include "platform/configuration/error.hpp"
#include "tests/models/cim/accelerator_bench.hpp"
#include "tests/support/target_conformance.hpp"

namespace cimbalom::cim {
namespace {

namespace reg = registers::accelerator_register;
using registers::error_code;
using registers::opcode;
using testing_support::accelerator_bench;
using testing_support::fence;
using testing_support::tiny_layer;

class accelerator_error_test : public testing_support::simulation_test {
 protected:
  // Submits, waits for the error interrupt and compares what the registers say.
  void expect_error(accelerator_bench& bench, const std::vector<registers::command>& commands, error_code code,
                    std::uint32_t index) {
    bench.submit(commands);
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::interrupt_raw) & registers::accelerator_event::error,
              registers::accelerator_event::error);
    EXPECT_EQ(bench.read(reg::error_code), static_cast<std::uint32_t>(code));
    EXPECT_EQ(bench.read(reg::error_index), index);
    bench.clear_interrupt();
  }

  // What the device does after an error: nothing, until it is reset; then it works again.
  void recover(accelerator_bench& bench) {
    bench.submit({fence(99)});
    sc_core::wait(10, sc_core::SC_US);
    EXPECT_NE(bench.read(reg::fence_sequence), 99U) << "halted";
    bench.write(reg::control, registers::accelerator_control::reset);
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::interrupt_raw), registers::accelerator_event::reset_done);
    EXPECT_EQ(bench.read(reg::error_code), 0U);
    bench.clear_interrupt();
    bench.set_up_ring(16);
    bench.submit({fence(5)});
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::fence_sequence), 5U);
  }

  static registers::command load(std::uint64_t address, std::uint32_t buffer, std::uint32_t bytes) {
    registers::command c;
    c.op = opcode::load_vector;
    c.memory_address = address;
    c.buffer = buffer;
    c.row_bytes = bytes;
    return c;
  }
};

TEST_F(accelerator_error_test, an_unknown_opcode_halts_at_its_index) {
  accelerator_bench bench("bench", {});
  run([&] {
    bench.set_up_ring(16);
    bench.put({fence(1)});
    bench.at(accelerator_bench::ring_base)[0] = 0xEE;
    expect_error(bench, {}, error_code::bad_opcode, 0);
    recover(bench);
  });
}

TEST_F(accelerator_error_test, a_load_beyond_its_buffer_is_refused) {
  accelerator_bench bench("bench", {});
  run([&] {
    bench.set_up_ring(16);
    expect_error(bench, {registers::command{}, load(accelerator_bench::memory_base, 65536 - 32, 64)},
                 error_code::buffer_range, 1);
    EXPECT_EQ(bench.read(reg::error_address_low), 65536U - 32);
    recover(bench);
  });
}

TEST_F(accelerator_error_test, a_memory_error_in_a_load_is_reported_with_its_address) {
  accelerator_bench bench("bench", {});
  bench.memory.fail_from = accelerator_bench::memory_base + 0x2080;
  bench.memory.fail_length = 1;
  run([&] {
    bench.set_up_ring(16);
    expect_error(bench, {load(accelerator_bench::memory_base + 0x2000, 0, 4096)}, error_code::memory_response, 0);
    EXPECT_EQ(bench.read(reg::error_address_low), 0x8000'2080U);
    recover(bench);
  });
}

TEST_F(accelerator_error_test, a_memory_error_in_a_store_is_reported_with_its_address) {
  accelerator_bench bench("bench", {});
  run([&] {
    bench.set_up_ring(16);
    registers::command store = load(accelerator_bench::memory_base + 0xFFFC0, 0, 256);  // runs off the memory's end
    store.op = opcode::store;
    expect_error(bench, {store}, error_code::memory_response, 0);
    EXPECT_EQ(bench.read(reg::error_address_low), 0x8010'0000U);
    recover(bench);
  });
}

TEST_F(accelerator_error_test, a_memory_error_in_the_ring_is_reported) {
  accelerator_bench bench("bench", {});
  bench.memory.fail_from = accelerator_bench::ring_base + 128;
  bench.memory.fail_length = 64;
  run([&] {
    bench.set_up_ring(16);
    expect_error(bench, {fence(1), fence(2), fence(3)}, error_code::memory_response, 2);
    bench.memory.fail_length = 0;
    recover(bench);
  });
}

TEST_F(accelerator_error_test, a_bad_ring_is_refused_at_the_doorbell) {
  accelerator_bench bench("bench", {});
  run([&] {
    bench.set_up_ring(16);
    bench.write(reg::ring_size, 12);
    bench.write(reg::ring_tail, 1);
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::error_code), static_cast<std::uint32_t>(error_code::bad_ring));
    bench.clear_interrupt();
    recover(bench);
    bench.clear_interrupt();
    bench.write(reg::ring_tail, 16);  // outside
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::error_code), static_cast<std::uint32_t>(error_code::bad_ring));
  });
}

TEST_F(accelerator_error_test, computing_on_a_position_that_was_never_written_is_refused) {
  accelerator_bench bench("bench", {});
  const tiny_layer layer;
  layer.place(bench.memory.bytes, {}, 3);
  run([&] {
    bench.set_up_ring(64);
    std::vector<registers::command> commands = layer.commands();
    commands.erase(commands.begin() + 2);  // the program command
    expect_error(bench, commands, error_code::position_empty, 3);
    recover(bench);
  });
}

TEST_F(accelerator_error_test, a_broken_descriptor_is_refused) {
  accelerator_bench bench("bench", {});
  const tiny_layer layer;
  layer.place(bench.memory.bytes, {}, 3);
  run([&] {
    bench.set_up_ring(64);
    bench.at(layer.descriptor_at)[1] ^= 0x5A;
    expect_error(bench, layer.commands(), error_code::bad_descriptor, 4);
    recover(bench);
  });
}

TEST_F(accelerator_error_test, the_ring_cannot_move_while_a_job_is_open) {
  accelerator_bench bench("bench", {});
  run([&] {
    bench.set_up_ring(16);
    bench.submit({load(accelerator_bench::memory_base, 0, 4096), fence(1)});
    std::uint32_t value = 32;
    EXPECT_EQ(bench.access(true, reg::ring_size, value), ::tlm::TLM_GENERIC_ERROR_RESPONSE);
    EXPECT_EQ(bench.read(reg::status) & registers::accelerator_event::busy, registers::accelerator_event::busy);
    bench.wait_interrupt();
    EXPECT_EQ(bench.read(reg::ring_size), 16U);
    EXPECT_EQ(bench.read(reg::status), registers::accelerator_event::fence) << "and not busy";
  });
}

TEST_F(accelerator_error_test, the_aperture_is_a_well_behaved_target) {
  accelerator_bench bench("bench", {});
  run([&] {
    testing_support::conformance_target target;
    target.base = registers::weight_buffer_offset;
    target.size = 65536;
    target.good_address = registers::weight_buffer_offset + 256;
    expect_reports(transport::protocol_report_id, 1);  // the suite breaks a rule itself: length 0
    testing_support::check_target_conformance(bench.dma, target);
  });
  EXPECT_GT(bench.accelerator.statistics().aperture.errors, 0U);
}

TEST_F(accelerator_error_test, the_registers_are_a_well_behaved_target) {
  accelerator_bench bench("bench", {});
  run([&] {
    testing_support::conformance_target target;
    target.size = 0xC0;
    target.good_address = reg::id;
    target.memory = false;
    testing_support::check_target_conformance(bench.host, target);
    EXPECT_EQ(bench.read(reg::id), registers::accelerator_id);
    EXPECT_EQ(bench.read(reg::macros), 4U);
    EXPECT_EQ(bench.read(reg::adc_bits), 5U);
  });
}

TEST_F(accelerator_error_test, a_configuration_out_of_range_is_refused_by_name) {
  accelerator_config config;
  config.fifo_depth = 0;
  try {
    accelerator_bench bench("bench", config);
    FAIL() << "accepted";
  } catch (const input_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("accelerator.fifo_depth = 0"));
  }
}

}  // namespace
}  // namespace cimbalom::cim
