#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::registers {

/// Engines of the accelerator; each executes its commands in order, and next to the others.
enum class engine : std::uint8_t { parameter, vector, program, compute, store, none };
inline constexpr int engine_count = 5;

/// Commands of the accelerator (64 bytes, little-endian, in a ring in DRAM).
enum class opcode : std::uint8_t {
  nop = 0,
  load_weights = 1,     ///< parameter engine: DRAM -> weight buffer
  load_parameters = 2,  ///< parameter engine: DRAM -> parameter buffer (layer descriptors)
  load_vector = 3,      ///< vector engine: DRAM or buffer -> input/output buffer, two-dimensional
  program = 4,          ///< program engine: weight buffer -> positions of banks
  compute = 5,          ///< compute engine: a tile of a matrix-vector layer (mvm_descriptor)
  vector_op = 6,        ///< compute engine: pooling, addition, layout in the post-processing unit (vector_descriptor)
  store = 7,            ///< store engine: buffer -> DRAM, two-dimensional
  fence = 8,            ///< all engines drained, then FENCE_SEQUENCE = sequence and the interrupt
};

/// Names of error codes in ERROR_CODE; ERROR_INDEX is the ring index of the command.
enum class error_code : std::uint32_t {
  none = 0,
  bad_opcode = 1,
  bad_lag = 2,         ///< reserved field not zero
  buffer_range = 3,    ///< an operand outside its buffer
  bad_descriptor = 4,  ///< a descriptor that contradicts itself or the hardware
  bank_range = 5,
  position_range = 6,
  position_empty = 7,  ///< computing on a position that was never programmed
  accumulator_range = 8,
  memory_response = 9,  ///< TLM error response while loading, storing or fetching
  bad_ring = 10,        ///< ring size not a power of two, or base not aligned
};
const char* to_string(error_code code);
const char* to_string(opcode op);

/// No dependency on this engine.
inline constexpr std::uint8_t any_lag = 255;

/// Offsets of the buffers in the accelerator's aperture; buffer operands of commands are such offsets.
inline constexpr std::uint32_t input_buffer_offset = 0x000000;
inline constexpr std::uint32_t output_buffer_offset = 0x400000;
inline constexpr std::uint32_t weight_buffer_offset = 0x800000;
inline constexpr std::uint32_t parameter_buffer_offset = 0xC00000;
inline constexpr std::uint32_t buffer_stride = 0x400000;

inline constexpr std::size_t command_bytes = 64;

/// One decoded command. Dependencies are relative, so that a stream can be repeated for image after image:
/// the command starts when, for each engine e with lag[e] != any_lag, all but the last lag[e] of the commands that
/// were issued to e before this one are complete. Only earlier commands can be meant: no deadlock.
struct command {
  opcode op = opcode::nop;
  std::int16_t layer = -1;  ///< layer of the network that energy and time are booked to
  std::array<std::uint8_t, engine_count> lag = {any_lag, any_lag, any_lag, any_lag, any_lag};

  // load_*, store
  std::uint64_t memory_address = 0;  ///< DRAM
  std::uint32_t buffer = 0;          ///< aperture offset: destination of loads, source of store
  std::uint32_t source_buffer = 0;   ///< load_vector from_buffer: the source
  bool from_buffer = false;
  std::uint32_t row_bytes = 0;  ///< bytes of one row
  std::uint32_t rows = 1;
  std::uint32_t memory_stride = 0;  ///< bytes from row to row at the source (load) or destination (store)
  std::uint32_t buffer_stride_bytes = 0;

  // program: positions [0, positions) of `buffer` go to shards of shard_positions; shard s is written to the banks
  // first_bank + s * copies + d, d in [0, copies), from first_position on. Bank numbers run over all macros.
  std::uint32_t positions = 0;
  std::uint16_t first_position = 0;
  std::uint16_t shard_positions = 0;
  std::uint16_t first_bank = 0;
  std::uint16_t copies = 1;

  // compute, vector_op
  std::uint32_t descriptor = 0;    ///< aperture offset in the parameter buffer
  std::uint32_t input = 0;         ///< aperture offset of the first input pixel that is present
  std::uint32_t second_input = 0;  ///< residual, or second operand: aperture offset of the tile's first pixel
  std::uint32_t output = 0;        ///< aperture offset of the tile's first pixel
  std::uint16_t input_row = 0;     ///< first input row that is present
  std::uint16_t input_rows = 0;
  std::uint16_t output_row = 0;
  std::uint16_t output_rows = 0;
  // Tiles that do not take whole rows (models/cim/tile_shape.hpp): columns as rows above; 0 columns, 0 pitch: the
  // width of the map. Operands begin at the first column that is present; input rows lie input_columns apart.
  std::uint16_t input_column = 0;
  std::uint16_t input_columns = 0;
  std::uint16_t output_column = 0;
  std::uint16_t output_columns = 0;
  std::uint16_t output_pitch = 0;  ///< columns from row to row of `output`
  std::uint16_t second_pitch = 0;  ///< of `second_input`
  bool accumulate = false;         ///< start from the accumulators instead of zero
  bool keep = false;               ///< leave the sums in the accumulators: no post-processing
  std::uint32_t accumulator = 0;   ///< byte offset in the accumulator storage

  // fence
  std::uint32_t sequence = 0;
};

engine engine_of(opcode op);
/// The 64 bytes of a command. Fields that its opcode does not use are not stored.
std::array<std::uint8_t, command_bytes> encode(const command& value);
/// Decodes 64 bytes; returns bad_opcode or bad_lag where they are malformed.
error_code decode(const std::uint8_t* bytes, command& value);
/// One line for error messages: "compute layer 3 rows 0..31".
std::string describe(const command& value);

}  // namespace cimbalom::registers
