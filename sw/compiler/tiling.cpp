#include "sw/compiler/tiling.hpp"

#include <algorithm>

#include "sw/compiler/accesses.hpp"

namespace cimbalom::compiler {

namespace {

// Cuts of a row that are compared before the best is taken: more of them only reload more halo.
constexpr int cuts_compared = 6;

// Input lines that `count` output lines need at most.
int input_lines(int count, int stride, int dilation, int kernel, int size) {
  return static_cast<int>(
      std::min<std::int64_t>(std::int64_t{count - 1} * stride + std::int64_t{dilation} * (kernel - 1) + 1, size));
}

}  // namespace

// Sums that wait from round to round bound the pixels of a tile.
std::uint64_t tile_chooser::most_pixels() const {
  const auto all = static_cast<std::uint64_t>(output().height) * static_cast<std::uint64_t>(output().width);
  if (!units_.tiles_outside) return all;
  std::uint64_t filters = 0;
  for (const work_unit& unit : units_.units) {
    if (unit.keep || unit.accumulate) filters = std::max<std::uint64_t>(filters, filter_count(unit.mvm));
  }
  if (filters == 0) return all;
  return std::min(
      all, static_cast<std::uint64_t>(hardware_.accelerator.accumulator_bytes) / (filters * sizeof(std::int32_t)));
}

bool tile_chooser::row_of_sums_fits() const {
  return most_pixels() >= static_cast<std::uint64_t>(output().width);
}

std::uint64_t tile_chooser::scratch_bytes(const scratch_need& need, int rows, int columns) const {
  if (!need.is_input) return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns) * need.pixel_bytes;
  const work_unit& head = units_.units.front();
  const registers::window w = window_of(head);
  const registers::tensor_format& in = input_of(head);
  const int in_rows = input_lines(rows, w.stride_h, w.dilation_h, w.kernel_h, in.height);
  // Whole rows are loaded as they lie in memory.
  const int in_columns =
      columns == output().width ? in.width : input_lines(columns, w.stride_w, w.dilation_w, w.kernel_w, in.width);
  return static_cast<std::uint64_t>(in_rows) * static_cast<std::uint64_t>(in_columns) * need.pixel_bytes;
}

std::uint64_t tile_chooser::pixel_need(bool is_input) const {
  std::uint64_t bytes = 0;
  for (const scratch_need& need : needs_) {
    if (need.is_input == is_input) bytes += scratch_bytes(need, 1, 1);
  }
  return bytes;
}

bool tile_chooser::fits(int rows, int columns, int copies, buffer_allocator* commit) const {
  buffer_allocator trial = allocator_;
  for (const scratch_need& need : needs_) {
    for (int copy = 0; copy < copies; ++copy) {
      const auto at = trial.allocate(scratch_bytes(need, rows, columns), layer_, layer_, need.preferred);
      if (!at) return false;
      if (commit == nullptr) continue;
      need.operand->scratch[static_cast<std::size_t>(copy)] = *at;
      if (copies == 1) need.operand->scratch[1] = *at;
    }
  }
  if (commit != nullptr) *commit = trial;
  return true;
}

int tile_chooser::largest_fit(int columns, int most, int copies) const {
  int low = 0, high = most;  // bytes only grow with rows
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (fits(middle, columns, copies, nullptr)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

double tile_chooser::time_ns(int rows, int columns, bool overlapped) const {
  const work_unit& head = units_.units.front();
  const registers::tensor_format& out = output();
  const std::int64_t down = (out.height + rows - 1) / rows;
  const std::int64_t across = (out.width + columns - 1) / columns;
  const auto tiles = static_cast<double>(down * across);
  std::uint64_t entries = 0;
  for (const work_unit& unit : units_.units) entries += unit.entries;
  const double pixels = static_cast<double>(out.height) * out.width;
  const double compute =
      head.on_macros
          ? static_cast<double>(entries) * pixels * hardware_.macro.op_ns / static_cast<double>(hardware_.banks())
          : pixels * out.channels / hardware_.accelerator.post_lanes * hardware_.cycle_ns();
  double transfer = 0;
  for (const scratch_need& need : needs_) {
    const auto one = static_cast<double>(scratch_bytes(need, rows, columns));
    const double repeats =
        need.is_input && (tiles > 1 || units_.channel_split) ? static_cast<double>(units_.units.size()) : 1.0;
    transfer += tiles * repeats * (hardware_.memory_latency_ns + one / hardware_.memory_bytes_per_ns);
  }
  return overlapped ? std::max(compute, transfer) + transfer / tiles : compute + transfer;
}

std::optional<tile_chooser::choice> tile_chooser::best_rows(int columns) const {
  const int height = output().height;
  const auto most = static_cast<int>(
      std::min(most_pixels() / static_cast<std::uint64_t>(columns), static_cast<std::uint64_t>(height)));
  const int single = largest_fit(columns, most, 1);
  if (single < 1) return std::nullopt;
  const choice one{single, columns, 1, time_ns(single, columns, false)};
  const bool one_load = single == height && columns == output().width && !units_.channel_split;
  if (needs_.empty() || one_load) return one;
  const int twin = largest_fit(columns, single, 2);
  if (twin < 1) return one;
  const choice two{twin, columns, 2, time_ns(twin, columns, true)};
  return two.time_ns <= one.time_ns ? two : one;
}

std::optional<tile_chooser::choice> tile_chooser::whole_rows() const {
  return best_rows(output().width);
}

std::optional<tile_chooser::choice> tile_chooser::parts_of_rows() const {
  const int width = output().width;
  std::optional<choice> best;
  int found = 0, before = width;
  for (int cuts = 2; cuts <= width && found < cuts_compared; ++cuts) {
    const int columns = (width + cuts - 1) / cuts;
    if (columns == before) continue;
    before = columns;
    const std::optional<choice> one = best_rows(columns);
    if (!one) continue;
    ++found;
    if (!best || one->time_ns < best->time_ns) best = one;
  }
  return best;
}

void tile_chooser::commit(const choice& chosen, tile_plan& tiles, buffer_allocator& allocator) const {
  fits(chosen.rows, chosen.columns, chosen.copies, &allocator);
  tiles.rows = chosen.rows;
  tiles.columns = chosen.columns == output().width ? 0 : chosen.columns;
  tiles.across = (output().width + chosen.columns - 1) / chosen.columns;
  tiles.count = (output().height + chosen.rows - 1) / chosen.rows * tiles.across;
}

}  // namespace cimbalom::compiler
