#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/cim/buffers.hpp"
#include "models/cim/macro_config.hpp"
#include "models/cim/mvm_layer.hpp"
#include "models/cim/tile_shape.hpp"
#include "models/cim/weight_store.hpp"
#include "models/registers/command.hpp"

namespace cimbalom::cim {

/// Computes tiles of matrix-vector layers: drives the input vectors through the banks and post-processes the sums.
/// Scratch memory is kept from tile to tile.
class mvm_engine {
 public:
  mvm_engine(const macro_config& macro, std::int64_t accumulator_bytes,
             const arithmetic::nonideality_config& nonideality);

  /// The command must have been planned. position_empty where a position was never programmed.
  registers::error_code run(const registers::command& value, mvm_layer& layer, const weight_store& weights,
                            buffers& memory, arithmetic::activity& counted);

  void set_image(std::uint64_t image) { image_ = image; }
  void clear();

 private:
  // One command being executed.
  struct tile {
    const registers::command& command;
    mvm_layer& layer;
    const weight_store& weights;
    buffers& memory;
    arithmetic::activity& counted;
    tile_shape shape;
    std::size_t pixels;
    bool uniform;  ///< all copies hold the same positions
  };
  // The input locations that a tile reads, compressed: index = row_slot * columns + column_slot.
  struct locations {
    std::vector<std::int32_t> row_slots;     ///< by input row - command.input_row; -1: not needed
    std::vector<std::int32_t> column_slots;  ///< by input column - the first present
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t count() const { return rows * columns; }
  };

  registers::error_code find_positions(tile& t);
  void run_set(tile& t, const vector_set& set);
  void find_locations(const tile& t, const vector_set& set);
  void pack_locations(const tile& t, const vector_set& set, arithmetic::input_planes& planes);
  void list_channel_vectors(const tile& t, const vector_set& set, std::size_t first, std::size_t count);
  void pack_patches(const tile& t, const vector_set& set, arithmetic::input_planes& planes, std::size_t first,
                    std::size_t count);
  void gather(const tile& t, const group_source& group, std::size_t pixel);
  void pack(arithmetic::input_planes& planes, std::size_t vector, bool bytes);
  void choose_forms(const tile& t, arithmetic::input_planes& planes) const;
  void run_chunk(tile& t, const vector_set& set, const arithmetic::input_planes& planes, std::size_t first,
                 std::size_t count);
  std::size_t run_wide(tile& t, const vector_set& set, std::size_t n, const arithmetic::pass_operation& operation);
  std::unique_ptr<wide_pass> make_wide(const tile& t, const vector_set& set, std::size_t n, std::size_t count,
                                       const arithmetic::pass_operation& operation);
  void run_ideal(tile& t, std::size_t pass, const arithmetic::pass_operation& operation);
  void run_noisy(tile& t, std::size_t pass, std::size_t copy, arithmetic::pass_operation operation);
  void correct_zero_points(tile& t, std::size_t pass, std::size_t first, std::size_t count);
  void post_process(const tile& t);
  void run_copies(tile& t, std::size_t pass, std::size_t first, const arithmetic::pass_operation& operation);
  const std::int32_t* second_codes(const tile& t, const std::uint8_t* second);

  const shared_position& position(const tile& t, std::size_t entry, std::size_t copy) const;
  arithmetic::input_planes& planes_for(int input_bits);
  std::int32_t* sums(const tile& t);

  macro_config macro_;
  arithmetic::macro_shape shape_;
  arithmetic::nonideality noise_;
  std::uint64_t image_ = 0;
  std::vector<std::int32_t> accumulators_;
  std::vector<std::int32_t> sums_;
  std::map<int, arithmetic::input_planes> planes_;  // by input bits
  locations locations_;
  std::vector<std::uint16_t> codes_;        // one vector being packed
  std::vector<std::uint8_t> byte_codes_;    // the same, of an input whose codes are bytes
  std::vector<std::uint32_t> vectors_;      // [pixel of the chunk][group]
  std::vector<std::uint32_t> one_group_;    // a column of vectors_
  std::vector<std::uint64_t> vector_sums_;  // sum of the codes of each vector; only with weight zero points
  std::vector<const arithmetic::packed_position*> pointers_;
  std::vector<std::uint8_t> row_codes_;     // one row's outputs, filter by filter
  std::vector<std::int32_t> second_codes_;  // one row of the second input, channel by channel
  std::vector<std::int32_t> second_rows_;   // the same, filter by filter
  bool sum_vectors_ = false;
};

}  // namespace cimbalom::cim
