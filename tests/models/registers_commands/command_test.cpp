#include "models/registers/command.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cimbalom::registers {
namespace {

constexpr opcode all_opcodes[] = {opcode::nop,         opcode::load_weights, opcode::load_parameters,
                                  opcode::load_vector, opcode::program,      opcode::compute,
                                  opcode::vector_op,   opcode::store,        opcode::fence};

TEST(command, round_trips_every_field_of_a_load) {
  command value;
  value.op = opcode::load_weights;
  value.layer = -7;
  value.lag = {0, 1, any_lag, 3, 254};
  value.memory_address = 0x8000'1234'5678'9ABCULL;
  value.buffer = weight_buffer_offset + 64;
  value.row_bytes = 1000;
  value.rows = 70000;
  value.memory_stride = 4096;
  value.buffer_stride_bytes = 1024;
  command back;
  ASSERT_EQ(decode(encode(value).data(), back), error_code::none);
  EXPECT_EQ(back.op, value.op);
  EXPECT_EQ(back.layer, -7);
  EXPECT_EQ(back.lag, value.lag);
  EXPECT_EQ(back.memory_address, value.memory_address);
  EXPECT_EQ(back.buffer, value.buffer);
  EXPECT_EQ(back.row_bytes, 1000U);
  EXPECT_EQ(back.rows, 70000U);
  EXPECT_EQ(back.memory_stride, 4096U);
  EXPECT_EQ(back.buffer_stride_bytes, 1024U);
}

TEST(command, round_trips_a_copy_between_buffers) {
  command value;
  value.op = opcode::load_vector;
  value.from_buffer = true;
  value.source_buffer = output_buffer_offset + 32;
  value.memory_address = 99;  // not used, not stored
  command back;
  ASSERT_EQ(decode(encode(value).data(), back), error_code::none);
  EXPECT_TRUE(back.from_buffer);
  EXPECT_EQ(back.source_buffer, value.source_buffer);
  EXPECT_EQ(back.memory_address, 0U);
}

TEST(command, round_trips_program_compute_and_fence) {
  command value;
  value.op = opcode::program;
  value.buffer = weight_buffer_offset;
  value.positions = 216;
  value.first_position = 27;
  value.shard_positions = 28;
  value.first_bank = 3;
  value.copies = 2;
  command back;
  ASSERT_EQ(decode(encode(value).data(), back), error_code::none);
  EXPECT_EQ(back.positions, 216U);
  EXPECT_EQ(back.first_position, 27);
  EXPECT_EQ(back.shard_positions, 28);
  EXPECT_EQ(back.first_bank, 3);
  EXPECT_EQ(back.copies, 2);

  value = command{};
  value.op = opcode::compute;
  value.descriptor = parameter_buffer_offset + 128;
  value.input = 1;
  value.second_input = 2;
  value.output = 3;
  value.input_row = 4;
  value.input_rows = 5;
  value.output_row = 6;
  value.output_rows = 7;
  value.keep = true;
  value.accumulate = true;
  value.accumulator = 8;
  value.input_column = 9;
  value.input_columns = 10;
  value.output_column = 11;
  value.output_columns = 12;
  value.output_pitch = 13;
  value.second_pitch = 14;
  ASSERT_EQ(decode(encode(value).data(), back), error_code::none);
  EXPECT_EQ(back.descriptor, value.descriptor);
  EXPECT_EQ(back.input, 1U);
  EXPECT_EQ(back.second_input, 2U);
  EXPECT_EQ(back.output, 3U);
  EXPECT_EQ(back.input_row, 4);
  EXPECT_EQ(back.input_rows, 5);
  EXPECT_EQ(back.output_row, 6);
  EXPECT_EQ(back.output_rows, 7);
  EXPECT_TRUE(back.keep);
  EXPECT_TRUE(back.accumulate);
  EXPECT_EQ(back.accumulator, 8U);
  EXPECT_EQ(back.input_column, 9);
  EXPECT_EQ(back.input_columns, 10);
  EXPECT_EQ(back.output_column, 11);
  EXPECT_EQ(back.output_columns, 12);
  EXPECT_EQ(back.output_pitch, 13);
  EXPECT_EQ(back.second_pitch, 14);
  EXPECT_EQ(describe(back), "compute rows 6..12 columns 11..22, descriptor 0xc00080");

  value = command{};
  value.op = opcode::fence;
  value.sequence = 0xDEADBEEF;
  ASSERT_EQ(decode(encode(value).data(), back), error_code::none);
  EXPECT_EQ(back.sequence, 0xDEADBEEF);
}

TEST(command, is_little_endian_at_documented_offsets) {
  command value;
  value.op = opcode::load_parameters;
  value.layer = 0x0102;
  value.lag = {1, 2, 3, 4, 5};
  value.memory_address = 0x1122334455667788ULL;
  value.buffer = 0xAABBCCDD;
  const auto bytes = encode(value);
  EXPECT_EQ(bytes[0], 2);
  EXPECT_EQ(bytes[1], 0);
  EXPECT_EQ(bytes[2], 0x02);
  EXPECT_EQ(bytes[3], 0x01);
  EXPECT_EQ(bytes[4], 1);
  EXPECT_EQ(bytes[8], 5);
  EXPECT_EQ(bytes[16], 0x88);
  EXPECT_EQ(bytes[23], 0x11);
  EXPECT_EQ(bytes[24], 0xDD);
}

TEST(command, fields_of_other_opcodes_are_not_stored) {
  command value;
  value.op = opcode::fence;
  value.positions = 5;
  value.accumulate = true;
  value.from_buffer = true;
  value.memory_address = 77;
  command plain;
  plain.op = opcode::fence;
  EXPECT_EQ(encode(value), encode(plain));
}

TEST(command, refuses_unknown_opcodes_and_reserved_bits) {
  command value;
  auto bytes = encode(value);
  bytes[0] = 9;
  EXPECT_EQ(decode(bytes.data(), value), error_code::bad_opcode);
  bytes[0] = 255;
  EXPECT_EQ(decode(bytes.data(), value), error_code::bad_opcode);
  for (const std::size_t at : {std::size_t{1}, std::size_t{9}, std::size_t{15}, std::size_t{16}, std::size_t{63}}) {
    bytes = encode(command{});
    bytes[at] = 1;
    EXPECT_EQ(decode(bytes.data(), value), error_code::bad_lag) << "byte " << at;
  }
  command load;
  load.op = opcode::load_weights;
  bytes = encode(load);
  bytes[1] = 1;  // from_buffer belongs to load_vector
  EXPECT_EQ(decode(bytes.data(), value), error_code::bad_lag);
}

TEST(command, any_bytes_decode_or_fail_and_what_decodes_encodes_back) {
  std::mt19937 generator(1);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::array<std::uint8_t, command_bytes> bytes{};
    const std::size_t filled = generator() % (command_bytes + 1);
    for (std::size_t b = 0; b < filled; ++b) bytes[b] = static_cast<std::uint8_t>(generator());
    bytes[0] = static_cast<std::uint8_t>(generator() % 11);
    if (generator() % 2 == 0) bytes[1] = static_cast<std::uint8_t>(generator() % 8);
    if (generator() % 4 != 0) std::fill(bytes.begin() + 9, bytes.begin() + 16, std::uint8_t{0});
    command value;
    if (decode(bytes.data(), value) != error_code::none) continue;
    ++accepted;
    EXPECT_EQ(encode(value), bytes);
    EXPECT_FALSE(describe(value).empty());
  }
  EXPECT_GT(accepted, 500);
}

TEST(command, every_code_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (const opcode op : all_opcodes) names.insert(to_string(op));
  for (std::uint32_t code = 0; code <= static_cast<std::uint32_t>(error_code::bad_ring); ++code) {
    names.insert(to_string(static_cast<error_code>(code)));
  }
  EXPECT_EQ(names.size(), 9U + 11U);
  EXPECT_EQ(names.count("unknown"), 0U);
}

TEST(command, runs_on_the_engine_of_its_opcode) {
  EXPECT_EQ(engine_of(opcode::load_weights), engine::parameter);
  EXPECT_EQ(engine_of(opcode::load_parameters), engine::parameter);
  EXPECT_EQ(engine_of(opcode::load_vector), engine::vector);
  EXPECT_EQ(engine_of(opcode::program), engine::program);
  EXPECT_EQ(engine_of(opcode::compute), engine::compute);
  EXPECT_EQ(engine_of(opcode::vector_op), engine::compute);
  EXPECT_EQ(engine_of(opcode::store), engine::store);
  EXPECT_EQ(engine_of(opcode::fence), engine::none);
}

TEST(command, describes_itself_in_one_line) {
  command value;
  value.op = opcode::compute;
  value.layer = 3;
  value.output_rows = 32;
  value.descriptor = parameter_buffer_offset;
  EXPECT_EQ(describe(value), "compute layer 3 rows 0..31, descriptor 0xc00000");
  value = command{};
  value.op = opcode::store;
  value.row_bytes = 64;
  value.buffer = output_buffer_offset;
  value.memory_address = 0x80000000;
  EXPECT_EQ(describe(value), "store 1 x 64 bytes from buffer 0x400000 to 0x80000000");
}

}  // namespace
}  // namespace cimbalom::registers
