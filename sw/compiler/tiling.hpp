#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sw/compiler/buffer_allocator.hpp"
#include "sw/compiler/buffers.hpp"

namespace cimbalom::compiler {

/// A scratch area that a layer's tiles need.
struct scratch_need {
  streamed_operand* operand = nullptr;
  std::uint64_t pixel_bytes = 0;
  std::size_t preferred = 0;  ///< buffer
  bool is_input = false;
};

/// Cuts the output map of one layer into tiles: whole rows where one fits, else columns too.
class tile_chooser {
 public:
  tile_chooser(const layer_units& units, const std::vector<scratch_need>& needs, const target& hardware,
               const buffer_allocator& allocator, int layer)
      : units_(units), needs_(needs), hardware_(hardware), allocator_(allocator), layer_(layer) {}

  /// Tiles of `rows` x `columns` output pixels, in `copies` scratch areas used in turn.
  struct choice {
    int rows = 0, columns = 0, copies = 1;
    double time_ns = 0;
  };

  /// The best tiles of whole rows; none where not even one row fits.
  std::optional<choice> whole_rows() const;
  /// The best tiles of parts of rows; none where not even one pixel fits.
  std::optional<choice> parts_of_rows() const;
  /// The accumulators hold at least one row of the sums that wait from round to round.
  bool row_of_sums_fits() const;
  /// Likewise one pixel.
  bool pixel_of_sums_fits() const { return most_pixels() > 0; }
  /// Takes the scratch areas of a choice.
  void commit(const choice& chosen, tile_plan& tiles, buffer_allocator& allocator) const;

  /// Bytes of the scratch areas of all inputs, or of the others, for one output pixel.
  std::uint64_t pixel_need(bool is_input) const;

 private:
  const registers::tensor_format& output() const { return output_of(units_.units.front()); }
  std::uint64_t most_pixels() const;
  std::uint64_t scratch_bytes(const scratch_need& need, int rows, int columns) const;
  bool fits(int rows, int columns, int copies, buffer_allocator* commit) const;
  int largest_fit(int columns, int most, int copies) const;
  std::optional<choice> best_rows(int columns) const;
  double time_ns(int rows, int columns, bool overlapped) const;

  const layer_units& units_;
  const std::vector<scratch_need>& needs_;
  const target& hardware_;
  const buffer_allocator& allocator_;
  int layer_;
};

}  // namespace cimbalom::compiler
