#include "models/cim/functional_core.hpp"

#include <cstring>
#include <map>
#include <string>

#include "models/cim/buffers.hpp"
#include "models/cim/mvm_engine.hpp"
#include "models/cim/plan.hpp"
#include "models/cim/vector_engine.hpp"
#include "models/cim/weight_store.hpp"

namespace cimbalom::cim {

namespace {

using registers::command;
using registers::error_code;
using registers::opcode;

// What a core may keep of resolved layers before it forgets them all.
constexpr std::size_t layer_cache_bytes = std::size_t{384} << 20;

arithmetic::nonideality_config with_shared_adcs(arithmetic::nonideality_config config, const macro_config& macro) {
  config.cols_per_adc = macro.cols_per_adc;
  return config;
}

}  // namespace

struct functional_core::state {
  state(const accelerator_config& a, const macro_config& m, const arithmetic::nonideality_config& nonideality)
      : accelerator(a),
        macro(m),
        memory(a),
        weights(m, a.macros * m.banks),
        mvm(m, a.accumulator_bytes, with_shared_adcs(nonideality, m)) {}

  plan_target target() { return {accelerator, macro, memory}; }

  error_code find_layer(std::uint32_t descriptor);
  error_code read_vector(std::uint32_t descriptor);
  error_code plan(const command& value, tile_work& work);
  error_code execute(const command& value, arithmetic::activity& counted);
  void program(const command& value);
  void copy(const command& value);
  void forget_layers_beyond_limit();

  const accelerator_config accelerator;
  const macro_config macro;
  buffers memory;
  weight_store weights;
  mvm_engine mvm;
  vector_engine vectors;
  mvm_layer* layer = nullptr;                 // of the command at hand
  registers::vector_descriptor vector_layer;  // of the command at hand
  tile_work scratch_work;
  std::map<std::string, mvm_layer> layers;  // by the descriptor's bytes: a stream comes again for every image
  const mvm_layer* newest = nullptr;        // resolved last: not counted yet, it grows while it computes
  std::size_t layer_bytes = 0;              // of the others
};

void functional_core::state::forget_layers_beyond_limit() {
  if (newest != nullptr) layer_bytes += newest->descriptor_bytes + newest->footprint();
  newest = nullptr;
  if (layer_bytes <= layer_cache_bytes) return;
  layers.clear();
  layer_bytes = 0;
}

// Resolves the descriptor, or finds it resolved.
error_code functional_core::state::find_layer(std::uint32_t descriptor) {
  const std::uint64_t left = memory.left(descriptor);
  const std::uint8_t* bytes = memory.bytes(descriptor, left);
  if (bytes == nullptr || left == 0) return error_code::buffer_range;
  const std::size_t size = registers::descriptor_bytes(bytes, left);
  if (size == 0) return error_code::bad_descriptor;
  const std::string key(reinterpret_cast<const char*>(bytes), size);
  const auto known = layers.find(key);
  if (known != layers.end()) {
    layer = &known->second;
    return error_code::none;
  }
  mvm_layer resolved;
  const error_code error = resolve(bytes, size, macro, accelerator.macros * macro.banks, resolved);
  if (error != error_code::none) return error;
  forget_layers_beyond_limit();
  layer = &layers.emplace(key, std::move(resolved)).first->second;
  newest = layer;
  return error_code::none;
}

error_code functional_core::state::read_vector(std::uint32_t descriptor) {
  const std::uint64_t left = memory.left(descriptor);
  const std::uint8_t* bytes = memory.bytes(descriptor, left);
  if (bytes == nullptr || left == 0) return error_code::buffer_range;
  return registers::decode(bytes, left, vector_layer);
}

error_code functional_core::state::plan(const command& value, tile_work& work) {
  switch (value.op) {
    case opcode::compute: {
      const error_code error = find_layer(value.descriptor);
      return error != error_code::none ? error : plan_compute(target(), value, *layer, work);
    }
    case opcode::vector_op: {
      const error_code error = read_vector(value.descriptor);
      return error != error_code::none ? error : plan_vector_op(target(), value, vector_layer, work);
    }
    case opcode::program:
      return plan_program(target(), value, work);
    case opcode::load_vector:
      return value.from_buffer ? plan_copy(target(), value, work) : plan_transfer(target(), value, work);
    case opcode::load_weights:
    case opcode::load_parameters:
    case opcode::store:
      return plan_transfer(target(), value, work);
    case opcode::nop:
    case opcode::fence:
      work = tile_work{};
      return error_code::none;
  }
  return error_code::bad_opcode;
}

void functional_core::state::program(const command& value) {
  const auto image_bytes = static_cast<std::size_t>(macro.position_bytes());
  const std::uint8_t* image = memory.bytes(value.buffer, value.positions * std::uint64_t{image_bytes});
  for (std::size_t p = 0; p < value.positions; ++p, image += image_bytes) {
    const shared_position packed = weights.pack(image);
    const std::size_t shard = p / value.shard_positions;
    const std::size_t place = value.first_position + p % value.shard_positions;
    for (std::size_t d = 0; d < value.copies; ++d)
      weights.put(value.first_bank + shard * value.copies + d, place, packed);
  }
}

void functional_core::state::copy(const command& value) {
  const std::uint64_t to_extent = transfer_extent(value.row_bytes, value.rows, value.buffer_stride_bytes);
  const std::uint64_t from_extent = transfer_extent(value.row_bytes, value.rows, value.memory_stride);
  if (to_extent == 0) return;
  std::uint8_t* to = memory.bytes(value.buffer, to_extent);
  const std::uint8_t* from = memory.bytes(value.source_buffer, from_extent);
  for (std::size_t row = 0; row < value.rows; ++row) {
    std::memmove(to + row * value.buffer_stride_bytes, from + row * value.memory_stride, value.row_bytes);
  }
}

error_code functional_core::state::execute(const command& value, arithmetic::activity& counted) {
  const bool here = value.op == opcode::compute || value.op == opcode::vector_op || value.op == opcode::program ||
                    (value.op == opcode::load_vector && value.from_buffer);
  if (!here) return error_code::none;
  const error_code error = plan(value, scratch_work);
  if (error != error_code::none) return error;
  switch (value.op) {
    case opcode::compute:
      return mvm.run(value, *layer, weights, memory, counted);
    case opcode::vector_op:
      vectors.run(value, vector_layer, memory);
      break;
    case opcode::program:
      program(value);
      break;
    default:
      copy(value);
      break;
  }
  return error_code::none;
}

functional_core::functional_core(const accelerator_config& accelerator, const macro_config& macro,
                                 const arithmetic::nonideality_config& nonideality)
    : state_(std::make_unique<state>(accelerator, macro, nonideality)) {}

functional_core::~functional_core() = default;

std::uint8_t* functional_core::bytes(std::uint32_t aperture_offset, std::uint64_t length) {
  return state_->memory.bytes(aperture_offset, length);
}

error_code functional_core::plan(const command& value, tile_work& work) {
  return state_->plan(value, work);
}

error_code functional_core::execute(const command& value, arithmetic::activity& counted) {
  return state_->execute(value, counted);
}

void functional_core::set_image(std::uint64_t image) {
  state_->mvm.set_image(image);
}

void functional_core::reset() {
  state_->memory.clear();
  state_->weights.clear();
  state_->mvm.clear();
}

namespace {

// Rows that lie side by side on both sides move as one.
void join_rows(command& value) {
  const bool joined = value.memory_stride == value.row_bytes && value.buffer_stride_bytes == value.row_bytes;
  const std::uint64_t bytes = std::uint64_t{value.rows} * value.row_bytes;
  if (!joined || bytes > UINT32_MAX) return;
  value.row_bytes = static_cast<std::uint32_t>(bytes);
  value.rows = 1;
}

error_code transfer(functional_core& core, command value, const memory_view& memory) {
  const std::uint64_t extent = transfer_extent(value.row_bytes, value.rows, value.buffer_stride_bytes);
  std::uint8_t* buffer = core.bytes(value.buffer, extent);
  if (buffer == nullptr) return error_code::buffer_range;
  if (extent == 0) return error_code::none;
  join_rows(value);
  for (std::uint64_t row = 0; row < value.rows; ++row) {
    const std::uint64_t address = value.memory_address + row * value.memory_stride;
    std::uint8_t* at = buffer + row * value.buffer_stride_bytes;
    const bool good = value.op == opcode::store ? memory.write(address, at, value.row_bytes)
                                                : memory.read(address, at, value.row_bytes);
    if (!good) return error_code::memory_response;
  }
  return error_code::none;
}

}  // namespace

error_code execute_untimed(functional_core& core, const command& value, const memory_view& memory,
                           arithmetic::activity& counted) {
  switch (value.op) {
    case opcode::load_vector:
      if (value.from_buffer) break;
      return transfer(core, value, memory);
    case opcode::load_weights:
    case opcode::load_parameters:
    case opcode::store:
      return transfer(core, value, memory);
    case opcode::nop:
    case opcode::fence:
      return error_code::none;
    case opcode::program:
    case opcode::compute:
    case opcode::vector_op:
      break;
  }
  return core.execute(value, counted);
}

}  // namespace cimbalom::cim
