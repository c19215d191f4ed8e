#include "models/registers/command.hpp"

#include <algorithm>

#include "models/registers/bytes.hpp"
#include "models/registers/hex.hpp"

namespace cimbalom::registers {

namespace {

// Layout of the 64 bytes: opcode, flags, layer, lags (9 bytes), 7 reserved, then the operands of the opcode from byte
// 16, zero to the end.
constexpr std::size_t operand_offset = 16;
constexpr std::uint8_t flag_from_buffer = 1;
constexpr std::uint8_t flag_accumulate = 2;
constexpr std::uint8_t flag_keep = 4;

// One list of the operands of every opcode, for byte_writer and byte_reader alike.
template <typename Archive, typename Command>
void operands(Archive& archive, Command& value) {
  switch (value.op) {
    case opcode::load_weights:
    case opcode::load_parameters:
    case opcode::load_vector:
    case opcode::store:
      if (value.from_buffer) {
        archive(value.source_buffer);
        archive.reserved(4);
      } else {
        archive(value.memory_address);
      }
      archive(value.buffer);
      archive(value.row_bytes);
      archive(value.rows);
      archive(value.memory_stride);
      archive(value.buffer_stride_bytes);
      break;
    case opcode::program:
      archive(value.buffer);
      archive(value.positions);
      archive(value.first_position);
      archive(value.shard_positions);
      archive(value.first_bank);
      archive(value.copies);
      break;
    case opcode::compute:
    case opcode::vector_op:
      archive(value.descriptor);
      archive(value.input);
      archive(value.second_input);
      archive(value.output);
      archive(value.input_row);
      archive(value.input_rows);
      archive(value.output_row);
      archive(value.output_rows);
      if (value.op == opcode::compute) {
        archive(value.accumulator);
      } else {
        archive.reserved(sizeof value.accumulator);
      }
      archive(value.input_column);
      archive(value.input_columns);
      archive(value.output_column);
      archive(value.output_columns);
      archive(value.output_pitch);
      archive(value.second_pitch);
      break;
    case opcode::fence:
      archive(value.sequence);
      break;
    case opcode::nop:
      break;
  }
}

std::uint8_t flags_of(const command& value) {
  std::uint8_t flags = 0;
  if (value.op == opcode::load_vector && value.from_buffer) flags |= flag_from_buffer;
  if (value.op == opcode::compute && value.accumulate) flags |= flag_accumulate;
  if (value.op == opcode::compute && value.keep) flags |= flag_keep;
  return flags;
}

std::string range_text(const char* what, std::uint32_t first, std::uint32_t count) {
  if (count == 0) return std::string("no ") + what;
  return std::string(what) + " " + std::to_string(first) + ".." + std::to_string(first + count - 1);
}

std::string tile_text(const command& value) {
  const std::string rows = range_text("rows", value.output_row, value.output_rows);
  if (value.output_columns == 0) return rows;
  return rows + " " + range_text("columns", value.output_column, value.output_columns);
}

std::string transfer_text(const command& value) {
  const std::string size = std::to_string(value.rows) + " x " + std::to_string(value.row_bytes) + " bytes ";
  const std::string memory = value.from_buffer ? "buffer " + hex(value.source_buffer) : hex(value.memory_address);
  const std::string buffer = "buffer " + hex(value.buffer);
  return value.op == opcode::store ? size + "from " + buffer + " to " + memory
                                   : size + "from " + memory + " to " + buffer;
}

}  // namespace

const char* to_string(error_code code) {
  switch (code) {
    case error_code::none:
      return "none";
    case error_code::bad_opcode:
      return "bad_opcode";
    case error_code::bad_lag:
      return "bad_lag";
    case error_code::buffer_range:
      return "buffer_range";
    case error_code::bad_descriptor:
      return "bad_descriptor";
    case error_code::bank_range:
      return "bank_range";
    case error_code::position_range:
      return "position_range";
    case error_code::position_empty:
      return "position_empty";
    case error_code::accumulator_range:
      return "accumulator_range";
    case error_code::memory_response:
      return "memory_response";
    case error_code::bad_ring:
      return "bad_ring";
  }
  return "unknown";
}

const char* to_string(opcode op) {
  switch (op) {
    case opcode::nop:
      return "nop";
    case opcode::load_weights:
      return "load_weights";
    case opcode::load_parameters:
      return "load_parameters";
    case opcode::load_vector:
      return "load_vector";
    case opcode::program:
      return "program";
    case opcode::compute:
      return "compute";
    case opcode::vector_op:
      return "vector_op";
    case opcode::store:
      return "store";
    case opcode::fence:
      return "fence";
  }
  return "unknown";
}

engine engine_of(opcode op) {
  switch (op) {
    case opcode::load_weights:
    case opcode::load_parameters:
      return engine::parameter;
    case opcode::load_vector:
      return engine::vector;
    case opcode::program:
      return engine::program;
    case opcode::compute:
    case opcode::vector_op:
      return engine::compute;
    case opcode::store:
      return engine::store;
    case opcode::nop:
    case opcode::fence:
      break;
  }
  return engine::none;
}

std::array<std::uint8_t, command_bytes> encode(const command& value) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(command_bytes);
  byte_writer write(bytes);
  command stored = value;  // from_buffer decides the layout: only where the opcode has it
  stored.from_buffer = (flags_of(value) & flag_from_buffer) != 0;
  write(stored.op);
  write(flags_of(value));
  write(stored.layer);
  for (const std::uint8_t lag : stored.lag) write(lag);
  write.reserved(operand_offset - bytes.size());
  operands(write, stored);
  std::array<std::uint8_t, command_bytes> result{};
  std::copy(bytes.begin(), bytes.end(), result.begin());
  return result;
}

error_code decode(const std::uint8_t* bytes, command& value) {
  value = command{};
  byte_reader read(bytes, command_bytes);
  std::uint8_t flags = 0;
  read(value.op);
  if (value.op > opcode::fence) return error_code::bad_opcode;
  read(flags);
  read(value.layer);
  for (std::uint8_t& lag : value.lag) read(lag);
  read.reserved(operand_offset - 4 - engine_count);
  value.from_buffer = (flags & flag_from_buffer) != 0;
  value.accumulate = (flags & flag_accumulate) != 0;
  value.keep = (flags & flag_keep) != 0;
  if (flags != flags_of(value)) return error_code::bad_lag;  // unknown flag, or one of another opcode
  operands(read, value);
  read.reserved(read.left());
  return read.ok() ? error_code::none : error_code::bad_lag;
}

std::string describe(const command& value) {
  std::string text = to_string(value.op);
  if (value.layer >= 0) text += " layer " + std::to_string(value.layer);
  switch (value.op) {
    case opcode::load_weights:
    case opcode::load_parameters:
    case opcode::load_vector:
    case opcode::store:
      return text + " " + transfer_text(value);
    case opcode::program:
      return text + " " + std::to_string(value.positions) + " positions from " + hex(value.buffer) + " to bank " +
             std::to_string(value.first_bank) + " position " + std::to_string(value.first_position) + ", " +
             std::to_string(value.shard_positions) + " a bank, " + std::to_string(value.copies) +
             (value.copies == 1 ? " copy" : " copies");
    case opcode::compute:
    case opcode::vector_op:
      return text + " " + tile_text(value) + ", descriptor " + hex(value.descriptor);
    case opcode::fence:
      return text + " " + std::to_string(value.sequence);
    case opcode::nop:
      break;
  }
  return text;
}

}  // namespace cimbalom::registers
