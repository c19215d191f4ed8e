#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "tests/models/cim_core/layer_case.hpp"

namespace cimbalom::cim::testing {
namespace {

using registers::command;
using registers::error_code;
using registers::opcode;

class core_errors : public ::testing::Test {
 protected:
  core_errors() : layer_(make_case({})), runner_(layer_) { runner_.program(); }

  error_code after(void (*change)(command&)) {
    command value = runner_.compute_command(1, 3);
    change(value);
    tile_work work;
    const error_code planned = runner_.core().plan(value, work);
    const error_code executed = runner_.compute(value);
    EXPECT_EQ(planned, executed) << "plan and execute disagree";
    return executed;
  }
  error_code with(const std::function<void(registers::mvm_descriptor&)>& change) {
    registers::mvm_descriptor d = descriptor_of(layer_);
    change(d);
    const auto bytes = registers::encode(d);
    std::copy(bytes.begin(), bytes.end(), runner_.core().bytes(registers::parameter_buffer_offset, bytes.size()));
    return runner_.compute(runner_.compute_command(1, 3));
  }

  layer_case layer_;
  layer_runner runner_;
};

TEST_F(core_errors, a_good_command_passes) {
  EXPECT_EQ(after([](command&) {}), error_code::none);
}

TEST_F(core_errors, operands_outside_their_buffers) {
  EXPECT_EQ(after([](command& c) { c.input = 65536 - 10; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output = registers::output_buffer_offset + 65536 - 1; }),
            error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output = 0xFFFF'FFFF; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.descriptor = registers::parameter_buffer_offset + 65536; }),
            error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.descriptor = 0xFFFF'FFFF; }), error_code::buffer_range);
}

TEST_F(core_errors, rows_that_are_not_there) {
  EXPECT_EQ(after([](command& c) { ++c.input_row; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { --c.input_rows; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.input_rows = 7; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output_row = 4; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output_rows = 60000; }), error_code::buffer_range);
  EXPECT_EQ(after([](command& c) { c.output_rows = 0; }), error_code::bad_descriptor);
}

TEST_F(core_errors, accumulators_out_of_range) {
  EXPECT_EQ(after([](command& c) {
              c.keep = true;
              c.accumulator = 65536 - 100;
            }),
            error_code::accumulator_range);
  EXPECT_EQ(after([](command& c) {
              c.accumulate = true;
              c.accumulator = 2;
            }),
            error_code::accumulator_range);
  EXPECT_EQ(after([](command& c) {
              c.keep = true;
              c.accumulator = 0xFFFF'FFFC;
            }),
            error_code::accumulator_range);
}

TEST_F(core_errors, descriptors_that_the_hardware_cannot_serve) {
  using registers::mvm_descriptor;
  EXPECT_EQ(with([](mvm_descriptor&) {}), error_code::none);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.first_bank = 16; }), error_code::bank_range);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.copies = 17; }), error_code::bank_range);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.first_position = 60; }), error_code::position_range);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.first_position = 1; }), error_code::position_empty);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.first_bank = 2; }), error_code::position_empty);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.passes[0].filters[0].first_column = 89; }), error_code::bad_descriptor);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.passes[0].filters[0].first_column = 9; }), error_code::bad_descriptor)
      << "two filters in one column";
  EXPECT_EQ(with([](mvm_descriptor& d) { d.passes[0].filters[1].output_channel = 0; }), error_code::bad_descriptor)
      << "one output channel twice";
  EXPECT_EQ(with([](mvm_descriptor& d) { d.passes[0].groups.back() = 18; }), error_code::bad_descriptor);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.adc_step_sixteenths = 16 * 48 + 17; }), error_code::bad_descriptor);
  const auto first_rows_only = [](mvm_descriptor& d, std::uint16_t rows) {
    d.group_rows = rows;
    for (registers::pass_record& pass : d.passes) {
      pass.flattened = true;
      pass.groups.resize(1);
    }
  };
  EXPECT_EQ(with([=](mvm_descriptor& d) { first_rows_only(d, 16); }), error_code::none);
  EXPECT_EQ(with([=](mvm_descriptor& d) { first_rows_only(d, 17); }), error_code::bad_descriptor);
  EXPECT_EQ(with([](mvm_descriptor& d) { d.filter_window.kernel_h = d.filter_window.kernel_w = 65535; }),
            error_code::bad_descriptor);
}

TEST_F(core_errors, a_vector_descriptor_is_no_matrix_descriptor) {
  registers::vector_descriptor d;
  d.kind = registers::vector_kind::max_pool;
  const auto bytes = registers::encode(d);
  std::copy(bytes.begin(), bytes.end(), runner_.core().bytes(registers::parameter_buffer_offset, bytes.size()));
  EXPECT_EQ(runner_.compute(runner_.compute_command(0, 6)), error_code::bad_descriptor);
}

TEST_F(core_errors, programming_out_of_range) {
  const auto program = [&](void (*change)(command&)) {
    command value;
    value.op = opcode::program;
    value.buffer = registers::weight_buffer_offset;
    value.positions = 8;
    value.shard_positions = 4;
    value.copies = 2;
    change(value);
    return runner_.compute(value);
  };
  EXPECT_EQ(program([](command&) {}), error_code::none);
  EXPECT_EQ(program([](command& c) { c.first_bank = 13; }), error_code::bank_range);
  EXPECT_EQ(program([](command& c) { c.copies = 9; }), error_code::bank_range);
  EXPECT_EQ(program([](command& c) { c.first_position = 61; }), error_code::position_range);
  EXPECT_EQ(program([](command& c) { c.positions = 1 << 20; }), error_code::buffer_range);
  EXPECT_EQ(program([](command& c) { c.copies = 0; }), error_code::bad_descriptor);
  EXPECT_EQ(program([](command& c) { c.shard_positions = 0; }), error_code::bad_descriptor);
  EXPECT_EQ(program([](command& c) { c.positions = 0; }), error_code::bad_descriptor);
}

TEST_F(core_errors, reset_empties_the_arrays_and_the_buffers) {
  runner_.core().reset();
  EXPECT_EQ(*runner_.core().bytes(registers::input_buffer_offset, 1), 0);
  const auto bytes = registers::encode(descriptor_of(layer_));
  std::copy(bytes.begin(), bytes.end(), runner_.core().bytes(registers::parameter_buffer_offset, bytes.size()));
  EXPECT_EQ(runner_.compute(runner_.compute_command(0, 6)), error_code::position_empty);
}

TEST(buffers, a_range_stays_in_one_buffer) {
  functional_core core({}, {}, {});
  EXPECT_NE(core.bytes(0, 65536), nullptr);
  EXPECT_EQ(core.bytes(0, 65537), nullptr);
  EXPECT_EQ(core.bytes(65536, 1), nullptr);
  EXPECT_NE(core.bytes(65535, 1), nullptr);
  EXPECT_EQ(core.bytes(65535, 2), nullptr);
  EXPECT_EQ(core.bytes(1, ~std::uint64_t{0}), nullptr);
  EXPECT_NE(core.bytes(registers::parameter_buffer_offset, 65536), nullptr);
  EXPECT_EQ(core.bytes(4 * registers::buffer_stride, 0), nullptr);
}

// A tiny memory for execute_untimed.
class untimed : public ::testing::Test {
 protected:
  untimed() : core_({}, {}, {}), memory_(4096) {
    for (std::size_t i = 0; i < memory_.size(); ++i) memory_[i] = static_cast<std::uint8_t>(i * 7);
    view_.read = [this](std::uint64_t address, void* to, std::uint64_t length) {
      if (address > memory_.size() || length > memory_.size() - address) return false;
      std::memcpy(to, memory_.data() + address, length);
      return true;
    };
    view_.write = [this](std::uint64_t address, const void* from, std::uint64_t length) {
      if (address > memory_.size() || length > memory_.size() - address) return false;
      std::memcpy(memory_.data() + address, from, length);
      return true;
    };
  }
  error_code execute(const command& value) { return execute_untimed(core_, value, view_, counted_); }

  functional_core core_;
  std::vector<std::uint8_t> memory_;
  memory_view view_;
  arithmetic::activity counted_;
};

TEST_F(untimed, loads_and_stores_two_dimensional_blocks) {
  command load;
  load.op = opcode::load_vector;
  load.memory_address = 100;
  load.buffer = 10;
  load.row_bytes = 5;
  load.rows = 3;
  load.memory_stride = 50;
  load.buffer_stride_bytes = 8;
  ASSERT_EQ(execute(load), error_code::none);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(std::memcmp(core_.bytes(static_cast<std::uint32_t>(10 + 8 * row), 5), &memory_[100 + 50 * row], 5), 0);
  }
  command store = load;
  store.op = opcode::store;
  store.memory_address = 2000;
  store.memory_stride = 5;
  ASSERT_EQ(execute(store), error_code::none);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(std::memcmp(&memory_[2000 + 5 * row], &memory_[100 + 50 * row], 5), 0);
  }
}

TEST_F(untimed, copies_between_buffers) {
  for (std::uint8_t i = 0; i < 32; ++i) core_.bytes(0, 32)[i] = i;
  command copy;
  copy.op = opcode::load_vector;
  copy.from_buffer = true;
  copy.source_buffer = 4;
  copy.memory_stride = 8;
  copy.buffer = registers::output_buffer_offset;
  copy.row_bytes = 2;
  copy.rows = 3;
  copy.buffer_stride_bytes = 2;
  ASSERT_EQ(execute(copy), error_code::none);
  const std::uint8_t expected[] = {4, 5, 12, 13, 20, 21};
  EXPECT_EQ(std::memcmp(core_.bytes(registers::output_buffer_offset, 6), expected, 6), 0);
  copy.source_buffer = 65530;
  EXPECT_EQ(execute(copy), error_code::buffer_range);
}

TEST_F(untimed, reports_memory_and_buffer_errors) {
  command load;
  load.op = opcode::load_weights;
  load.buffer = registers::weight_buffer_offset;
  load.memory_address = 4090;
  load.row_bytes = 16;
  EXPECT_EQ(execute(load), error_code::memory_response);
  load.memory_address = 0;
  load.buffer = registers::weight_buffer_offset + 65530;
  EXPECT_EQ(execute(load), error_code::buffer_range);
  load.op = opcode::store;
  EXPECT_EQ(execute(load), error_code::buffer_range);
  load.buffer = 0;
  load.memory_address = ~std::uint64_t{0};
  EXPECT_EQ(execute(load), error_code::memory_response);
  command fence;
  fence.op = opcode::fence;
  EXPECT_EQ(execute(fence), error_code::none);
}

}  // namespace
}  // namespace cimbalom::cim::testing
