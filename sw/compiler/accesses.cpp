#include "sw/compiler/accesses.hpp"

#include <algorithm>

#include "models/cim/tile_shape.hpp"

namespace cimbalom::compiler {

namespace {

using registers::command;
using registers::opcode;

class collector {
 public:
  explicit collector(std::vector<access>& to) : to_(to) {}
  void add(space where, std::uint64_t begin, std::uint64_t bytes, bool write) {
    if (bytes > 0) to_.push_back({where, begin, begin + bytes, write});
  }
  void read(space where, std::uint64_t begin, std::uint64_t bytes) { add(where, begin, bytes, false); }
  void write(space where, std::uint64_t begin, std::uint64_t bytes) { add(where, begin, bytes, true); }

 private:
  std::vector<access>& to_;
};

std::uint64_t span(const command& value, std::uint64_t stride) {
  return value.rows == 0 ? 0 : std::uint64_t{value.rows - 1} * stride + value.row_bytes;
}

// Positions of shards [0, shards) of `per_shard`, the last one possibly shorter, in all their copies.
void add_positions(collector& to, const command& value, std::uint64_t bank_positions, bool write) {
  const std::uint64_t per_shard = value.shard_positions;
  for (std::uint64_t first = 0, shard = 0; first < value.positions; first += per_shard, ++shard) {
    const std::uint64_t count = std::min<std::uint64_t>(per_shard, value.positions - first);
    for (std::uint64_t copy = 0; copy < value.copies; ++copy) {
      const std::uint64_t bank = value.first_bank + shard * value.copies + copy;
      to.add(space::position, bank * bank_positions + value.first_position, count, write);
    }
  }
}

void add_compute(collector& to, const command& value, const registers::mvm_descriptor& layer,
                 std::uint64_t bank_positions) {
  command stored;  // the banks and positions of the layer, in the words of a program command
  stored.positions = layer.entries();
  stored.shard_positions = layer.shard_positions;
  stored.first_position = layer.first_position;
  stored.first_bank = layer.first_bank;
  stored.copies = layer.copies;
  add_positions(to, stored, bank_positions, false);
  const cim::tile_shape tile(value, layer.input.width, layer.output.width);
  to.read(space::buffer, value.input, tile.input_bytes(layer.input, value.input_rows));
  const std::uint64_t sums = std::uint64_t{value.output_rows} * static_cast<std::uint64_t>(tile.output_columns) *
                             filter_count(layer) * sizeof(std::int32_t);
  if (value.accumulate) to.read(space::accumulator, value.accumulator, sums);
  if (value.keep) {
    to.write(space::accumulator, value.accumulator, sums);
    return;
  }
  if (layer.has_second_input) {
    to.read(space::buffer, value.second_input, tile.second_bytes(layer.second_input, value.output_rows));
  }
  to.write(space::buffer, value.output, tile.output_bytes(layer.output, value.output_rows));
}

void add_vector(collector& to, const command& value, const registers::vector_descriptor& layer) {
  const cim::tile_shape tile(value, layer.input.width, layer.output.width);
  to.read(space::buffer, value.input, tile.input_bytes(layer.input, value.input_rows));
  if (layer.kind == registers::vector_kind::add) {
    to.read(space::buffer, value.second_input, tile.second_bytes(layer.second_input, value.output_rows));
  }
  to.write(space::buffer, value.output, tile.output_bytes(layer.output, value.output_rows));
}

}  // namespace

std::uint64_t filter_count(const registers::mvm_descriptor& value) {
  std::uint64_t sum = 0;
  for (const registers::pass_record& pass : value.passes) sum += pass.filters.size();
  return sum;
}

void append_accesses(const command& value, const operand_view& operand, std::uint64_t bank_positions,
                     std::vector<access>& list) {
  collector to(list);
  switch (value.op) {
    case opcode::load_weights:
    case opcode::load_parameters:
    case opcode::load_vector:
      to.read(value.from_buffer ? space::buffer : space::memory,
              value.from_buffer ? value.source_buffer : value.memory_address, span(value, value.memory_stride));
      to.write(space::buffer, value.buffer, span(value, value.buffer_stride_bytes));
      break;
    case opcode::store:
      to.read(space::buffer, value.buffer, span(value, value.buffer_stride_bytes));
      to.write(space::memory, value.memory_address, span(value, value.memory_stride));
      break;
    case opcode::program:
      to.read(space::buffer, value.buffer, operand.bytes);
      add_positions(to, value, bank_positions, true);
      break;
    case opcode::compute:
    case opcode::vector_op:
      to.read(space::buffer, value.descriptor, operand.bytes);
      if (operand.mvm != nullptr) add_compute(to, value, *operand.mvm, bank_positions);
      if (operand.vector != nullptr) add_vector(to, value, *operand.vector);
      break;
    case opcode::nop:
    case opcode::fence:
      break;
  }
}

}  // namespace cimbalom::compiler
