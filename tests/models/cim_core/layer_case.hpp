#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "models/cim/functional_core.hpp"

namespace cimbalom::cim::testing {

/// Sizes here are small ints.
template <typename T>
constexpr std::size_t to_size(T value) {
  return static_cast<std::size_t>(value);
}

/// A filter of a pass: weights over the pass's own channels.
struct filter_case {
  int bits = 8;
  int first_column = 0;
  std::vector<int> weights;  ///< stored codes [tap][channel]
  int output_channel = 0;
  std::int64_t bias = 0;
  std::int32_t multiplier = 1 << 20;
  std::int32_t second_multiplier = 0;
  int shift = 26;
  int weight_zero_point = 0;
};

struct pass_case {
  int channel_base = 0;
  int channels = 0;
  bool flattened = false;
  std::vector<filter_case> filters;
  std::vector<int> groups;
};

/// A whole matrix-vector layer with its data, from which come both the bytes for the hardware and an answer found the
/// slow and obvious way.
struct layer_case {
  macro_config macro;
  accelerator_config accelerator;
  arithmetic::nonideality_config noise;
  registers::tensor_format input, output, second;
  registers::window window;
  int input_bits = 8;
  int step_sixteenths = 16;
  int group_rows = 0;
  bool floating = false;
  bool has_second = false;
  int clamp_low = 0, clamp_high = 255;
  int first_bank = 0, copies = 1, first_position = 0, shard_positions = 1;
  std::vector<pass_case> passes;
  std::vector<int> input_codes;   ///< HWC
  std::vector<int> second_codes;  ///< HWC
};

/// What to draw.
struct case_options {
  int height = 6, width = 5, channels = 20;
  int filters = 7;
  registers::window window{3, 3, 1, 1, 1, 1, 1, 1};
  int out_height = 6, out_width = 5;
  bool flattened = false;
  int group_rows = 0;   ///< of flattened passes; 0: rows_active
  int weight_bits = 8;  ///< 0: each filter its own, 1..8
  int input_bits = 8;
  bool input_signed = false;
  int output_bits = 8;
  bool output_signed = false;
  int input_zero = 0;
  int step_sixteenths = 16;
  int groups = 1;          ///< of the convolution
  bool depthwise = false;  ///< block-diagonal in one flattened pass
  bool residual = false;
  bool floating = false;
  bool sparse = false;
  bool weight_zero_points = false;
  int extra_shift = 0;  ///< of requantisation
  unsigned seed = 1;
  macro_config macro;
};

layer_case make_case(const case_options& options);

registers::mvm_descriptor descriptor_of(const layer_case& layer);
std::vector<std::uint8_t> position_images(const layer_case& layer);
std::vector<std::uint8_t> tensor_bytes(const registers::tensor_format& format, const std::vector<int>& codes);
std::vector<int> tensor_codes(const registers::tensor_format& format, const std::uint8_t* bytes, std::size_t count);

/// Sums [pixel][filter in order of passes], conversion by conversion.
std::vector<std::int64_t> reference_sums(const layer_case& layer);
/// HWC codes; 0 where no filter writes.
std::vector<int> reference_output(const layer_case& layer, const std::vector<std::int64_t>& sums);
/// One filter's requantisation.
int reference_code(const layer_case& layer, const filter_case& filter, std::int64_t sum, int second_code);

/// The rows of the input that output rows [first, first + count) need.
void needed_input_rows(const layer_case& layer, int first, int count, int& input_first, int& input_count);

/// Places everything in a core's buffers, programs, and computes in tiles of `tile_rows` output rows.
class layer_runner {
 public:
  explicit layer_runner(const layer_case& layer);
  registers::error_code program() { return program(layer_); }
  /// Programs, and puts the descriptor of, another layer on the same buffers.
  registers::error_code program(const layer_case& layer);
  registers::command compute_command(int first_row, int rows) const;
  registers::error_code compute(const registers::command& value);
  std::vector<int> output() const;
  /// program, compute in tiles, read back.
  std::vector<int> run(int tile_rows);

  functional_core& core() { return *core_; }
  arithmetic::activity activity;

 private:
  void put(std::uint32_t offset, const std::vector<std::uint8_t>& bytes);

  layer_case layer_;
  std::unique_ptr<functional_core> core_;
  std::uint32_t second_offset_ = 0;
};

}  // namespace cimbalom::cim::testing
