#include "models/cim/plan.hpp"

#include <algorithm>

#include "models/cim/tile_shape.hpp"

namespace cimbalom::cim {

namespace {

using registers::command;
using registers::error_code;
using registers::tensor_format;
using registers::window;

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

void clear(tile_work& work) {
  std::vector<std::uint64_t> operations = std::move(work.bank_operations);  // keep their memory
  std::vector<std::uint64_t> positions = std::move(work.bank_positions);
  operations.clear();
  positions.clear();
  work = tile_work{};
  work.bank_operations = std::move(operations);
  work.bank_positions = std::move(positions);
}

// Input lines (rows or columns) from `first` to `last` that lie in the map and that the window touches for a run of
// output lines.
struct line_span {
  std::int64_t first = 0;
  std::int64_t last = -1;
};

// A window along one direction.
struct line_window {
  std::int64_t kernel, stride, dilation, pad;
};

line_span touched_lines(const line_window& w, std::int64_t size, std::int64_t output, std::int64_t count) {
  line_span span{size, -1};
  for (std::int64_t o = output; o < output + count; ++o) {
    const std::int64_t base = o * w.stride - w.pad;
    if (base >= size) break;  // rises with o
    const std::int64_t low = base >= 0 ? 0 : (-base + w.dilation - 1) / w.dilation;
    const std::int64_t high = std::min<std::int64_t>(w.kernel - 1, (size - 1 - base) / w.dilation);
    if (low > high) continue;
    span.first = std::min(span.first, base + low * w.dilation);
    span.last = std::max(span.last, base + high * w.dilation);
  }
  return span;
}

bool all_present(const line_span& touched, std::int64_t first, std::int64_t count) {
  return touched.first > touched.last || (touched.first >= first && touched.last < first + count);
}

error_code check_output_tile(const command& c, const tile_shape& tile, const tensor_format& output) {
  if (c.output_rows == 0) return error_code::bad_descriptor;
  const bool inside = c.output_row + c.output_rows <= output.height &&
                      tile.output_column + tile.output_columns <= output.width &&
                      tile.output_pitch >= tile.output_columns && tile.second_pitch >= tile.output_columns;
  return inside ? error_code::none : error_code::buffer_range;
}

error_code check_tile(const plan_target& on, const command& c, const tile_shape& tile, const tensor_format& input,
                      const tensor_format& output, const window& w) {
  const error_code outputs = check_output_tile(c, tile, output);
  if (outputs != error_code::none) return outputs;
  if (c.input_row + c.input_rows > input.height || tile.input_column + tile.input_columns > input.width) {
    return error_code::buffer_range;
  }
  const line_span rows =
      touched_lines({w.kernel_h, w.stride_h, w.dilation_h, w.pad_top}, input.height, c.output_row, c.output_rows);
  const line_span columns = touched_lines({w.kernel_w, w.stride_w, w.dilation_w, w.pad_left}, input.width,
                                          tile.output_column, tile.output_columns);
  const bool any = rows.first <= rows.last && columns.first <= columns.last;
  if (any &&
      !(all_present(rows, c.input_row, c.input_rows) && all_present(columns, tile.input_column, tile.input_columns))) {
    return error_code::buffer_range;
  }
  const bool inside = on.memory.bytes(c.input, tile.input_bytes(input, c.input_rows)) != nullptr;
  return inside ? error_code::none : error_code::buffer_range;
}

error_code check_results(const plan_target& on, const command& c, const tile_shape& tile, const mvm_layer& layer,
                         std::uint64_t outputs) {
  const registers::mvm_descriptor& d = layer.descriptor;
  if (c.accumulate || c.keep) {
    const auto capacity = static_cast<std::uint64_t>(on.accelerator.accumulator_bytes);
    const std::uint64_t bytes = outputs * sizeof(std::int32_t);
    if (c.accumulator % sizeof(std::int32_t) != 0 || bytes > capacity || c.accumulator > capacity - bytes) {
      return error_code::accumulator_range;
    }
  }
  if (c.keep) return error_code::none;
  if (on.memory.bytes(c.output, tile.output_bytes(d.output, c.output_rows)) == nullptr) return error_code::buffer_range;
  const bool second = !d.has_second_input ||
                      on.memory.bytes(c.second_input, tile.second_bytes(d.second_input, c.output_rows)) != nullptr;
  return second ? error_code::none : error_code::buffer_range;
}

// Operations of every bank: each copy drives its run of pixels on the entries of each shard.
void count_operations(const plan_target& on, const mvm_layer& layer, tile_work& work) {
  const registers::mvm_descriptor& d = layer.descriptor;
  work.bank_operations.assign(static_cast<std::size_t>(on.banks()), 0);
  work.bank_positions.assign(static_cast<std::size_t>(on.banks()), 0);
  work.first_position = d.first_position;
  for (std::size_t s = 0; s < layer.shards; ++s) {
    const std::size_t entries = std::min<std::size_t>(d.shard_positions, layer.entries - s * d.shard_positions);
    for (std::size_t copy = 0; copy < d.copies; ++copy) {
      const std::uint64_t run = run_begin(work.pixels, d.copies, copy + 1) - run_begin(work.pixels, d.copies, copy);
      const std::size_t bank = d.first_bank + s * d.copies + copy;
      work.bank_operations[bank] = entries * run;
      work.bank_positions[bank] = entries;
      work.operations += entries * run;
    }
  }
}

void count_cells(const plan_target& on, const mvm_layer& layer, tile_work& work) {
  const macro_config& macro = on.macro;
  const auto columns = static_cast<std::uint64_t>(macro.columns_driven());
  const std::uint64_t ungated = divide_up(columns, static_cast<std::uint64_t>(macro.combine_columns));
  for (const layer_pass& pass : layer.passes) {
    const std::uint64_t operations = work.pixels * pass.groups;
    const std::uint64_t converted = macro.idle_column_gating ? pass.conversions.size() : ungated;
    work.conversions += operations * work.input_slices * converted;
    work.partial_sums += operations * pass.filters;
    work.dense_macs += work.pixels * pass.weight_rows * pass.filters;
    work.used_cell_bits += work.pixels * pass.used_bits;
  }
  work.driven_cell_bits = work.operations * columns * static_cast<std::uint64_t>(macro.bits_per_cell) *
                          static_cast<std::uint64_t>(macro.rows_active);
}

void count_post(const command& c, const mvm_layer& layer, tile_work& work) {
  const registers::mvm_descriptor& d = layer.descriptor;
  if (c.keep) return;
  work.post_operations = work.outputs;
  work.requantizations = work.outputs;
  work.final_outputs = layer.filters.size() * std::min<std::uint64_t>(d.copies, work.pixels);
  work.write_bytes[buffer_index(c.output)] += work.outputs * static_cast<std::uint64_t>(d.output.element_bytes());
  if (!d.has_second_input) return;
  work.additions = work.outputs;
  work.read_bytes[buffer_index(c.second_input)] +=
      work.outputs * static_cast<std::uint64_t>(d.second_input.element_bytes());
}

std::uint64_t parameter_bytes(const plan_target& on, const command& c) {
  const std::uint64_t left = on.memory.left(c.descriptor);
  return left < 4 ? 0 : registers::descriptor_bytes(on.memory.bytes(c.descriptor, left), left);
}

// The window that a kind of vector_op really moves.
window effective_window(const registers::vector_descriptor& d) {
  switch (d.kind) {
    case registers::vector_kind::max_pool:
    case registers::vector_kind::average_pool:
      return d.pool_window;
    case registers::vector_kind::slice_pad: {
      window w = d.pool_window;
      w.kernel_h = w.kernel_w = w.dilation_h = w.dilation_w = 1;
      return w;
    }
    case registers::vector_kind::add:
    case registers::vector_kind::affine:
      break;
  }
  return window{};
}

}  // namespace

error_code plan_compute(const plan_target& on, const command& c, const mvm_layer& layer, tile_work& work) {
  const registers::mvm_descriptor& d = layer.descriptor;
  clear(work);
  const tile_shape tile(c, d.input.width, d.output.width);
  const error_code shape = layer.sets.empty() ? check_output_tile(c, tile, d.output)
                                              : check_tile(on, c, tile, d.input, d.output, d.filter_window);
  if (shape != error_code::none) return shape;
  work.pixels = std::uint64_t{c.output_rows} * static_cast<std::uint64_t>(tile.output_columns);
  work.outputs = work.pixels * layer.filters.size();
  const error_code results = check_results(on, c, tile, layer, work.outputs);
  if (results != error_code::none) return results;
  work.input_bits = d.input_bits;
  work.input_slices = static_cast<std::uint64_t>(layer.input_slices);
  count_operations(on, layer, work);
  count_cells(on, layer, work);
  work.input_vectors = work.operations;
  work.input_vector_bytes =
      static_cast<std::uint64_t>(on.macro.rows_active) * static_cast<std::uint64_t>(d.input.element_bytes());
  work.read_bytes[buffer_index(c.input)] += work.input_vectors * work.input_vector_bytes;
  work.read_bytes[3] += layer.descriptor_bytes;
  count_post(c, layer, work);
  return error_code::none;
}

error_code plan_vector_op(const plan_target& on, const command& c, const registers::vector_descriptor& d,
                          tile_work& work) {
  clear(work);
  const window w = effective_window(d);
  const tile_shape tile(c, d.input.width, d.output.width);
  const error_code shape = check_tile(on, c, tile, d.input, d.output, w);
  if (shape != error_code::none) return shape;
  const bool adds = d.kind == registers::vector_kind::add;
  if (on.memory.bytes(c.output, tile.output_bytes(d.output, c.output_rows)) == nullptr) return error_code::buffer_range;
  if (adds && on.memory.bytes(c.second_input, tile.second_bytes(d.second_input, c.output_rows)) == nullptr) {
    return error_code::buffer_range;
  }
  const bool pools = d.kind == registers::vector_kind::max_pool || d.kind == registers::vector_kind::average_pool;
  const std::int32_t channels = d.kind == registers::vector_kind::slice_pad ? d.channels_written : d.output.channels;
  const std::uint64_t samples = static_cast<std::uint64_t>(w.kernel_h) * static_cast<std::uint64_t>(w.kernel_w);
  work.pixels = std::uint64_t{c.output_rows} * static_cast<std::uint64_t>(tile.output_columns);
  work.outputs = work.pixels * static_cast<std::uint64_t>(channels);
  work.post_operations = work.outputs * samples;
  work.requantizations = work.outputs;
  work.final_outputs = std::min<std::uint64_t>(work.outputs, static_cast<std::uint64_t>(on.accelerator.post_lanes));
  work.additions = adds ? work.outputs : 0;
  work.comparisons = pools ? work.post_operations : 0;
  work.read_bytes[buffer_index(c.input)] += work.post_operations * static_cast<std::uint64_t>(d.input.element_bytes());
  if (adds) {
    work.read_bytes[buffer_index(c.second_input)] +=
        work.outputs * static_cast<std::uint64_t>(d.second_input.element_bytes());
  }
  work.read_bytes[3] += parameter_bytes(on, c);
  work.write_bytes[buffer_index(c.output)] += work.outputs * static_cast<std::uint64_t>(d.output.element_bytes());
  return error_code::none;
}

error_code plan_program(const plan_target& on, const command& c, tile_work& work) {
  clear(work);
  if (c.positions == 0 || c.shard_positions == 0 || c.copies == 0) return error_code::bad_descriptor;
  const macro_config& macro = on.macro;
  const std::uint64_t bytes = std::uint64_t{c.positions} * static_cast<std::uint64_t>(macro.position_bytes());
  if (on.memory.bytes(c.buffer, bytes) == nullptr) return error_code::buffer_range;
  const std::uint64_t shards = divide_up(c.positions, c.shard_positions);
  if (c.first_bank + shards * c.copies > static_cast<std::uint64_t>(on.banks())) return error_code::bank_range;
  const std::uint64_t longest = std::min<std::uint64_t>(c.positions, c.shard_positions);
  if (c.first_position + longest > static_cast<std::uint64_t>(macro.positions())) return error_code::position_range;
  // Positions that differ only in the column-mux setting share their rows: a row is written once.
  const auto rows_of = [&](std::uint64_t positions) {
    const auto mux = static_cast<std::uint64_t>(macro.col_mux);
    const std::uint64_t groups = (c.first_position + positions - 1) / mux - c.first_position / mux + 1;
    return groups * static_cast<std::uint64_t>(macro.rows_active);
  };
  const std::uint64_t last = c.positions - (shards - 1) * c.shard_positions;
  work.program_rows = rows_of(longest);
  work.program_banks = shards * c.copies;
  work.row_writes = c.copies * ((shards - 1) * rows_of(longest) + rows_of(last));
  work.program_bits = std::uint64_t{c.positions} * c.copies *
                      static_cast<std::uint64_t>(macro.rows_active * macro.columns_driven() * macro.bits_per_cell);
  work.stream_bytes = bytes;
  work.read_bytes[buffer_index(c.buffer)] += bytes;
  return error_code::none;
}

error_code plan_copy(const plan_target& on, const command& c, tile_work& work) {
  const error_code destination = plan_transfer(on, c, work);
  if (destination != error_code::none) return destination;
  const std::uint64_t extent = transfer_extent(c.row_bytes, c.rows, c.memory_stride);
  if (on.memory.bytes(c.source_buffer, extent) == nullptr) return error_code::buffer_range;
  work.stream_bytes = std::uint64_t{c.row_bytes} * c.rows;
  work.read_bytes[buffer_index(c.source_buffer)] += work.stream_bytes;
  return error_code::none;
}

error_code plan_transfer(const plan_target& on, const command& c, tile_work& work) {
  clear(work);
  const std::uint64_t extent = transfer_extent(c.row_bytes, c.rows, c.buffer_stride_bytes);
  if (on.memory.bytes(c.buffer, extent) == nullptr) return error_code::buffer_range;
  auto& bytes = c.op == registers::opcode::store ? work.read_bytes : work.write_bytes;
  bytes[buffer_index(c.buffer)] += std::uint64_t{c.row_bytes} * c.rows;
  return error_code::none;
}

}  // namespace cimbalom::cim
