#include "sw/compiler/stream.hpp"

#include <algorithm>
#include <string>

#include "platform/configuration/error.hpp"
#include "sw/compiler/command_builder.hpp"

namespace cimbalom::compiler {

namespace {

using quantization::layer_kind;

// One compute or vector_op command and the transfers around it.
struct job {
  int layer = 0, segment = 0;
  const work_unit* unit = nullptr;
  int tile = 0, first_row = 0, rows = 0, first_column = 0, columns = 0;
  std::size_t turn = 0;   // of the two scratch areas
  bool new_input = true;  // the tile's input is not in its scratch area yet
  bool last_of_layer = false;
};

// A run of jobs with the same unit: what has to be in the arrays and the parameter buffer meanwhile.
struct visit {
  const work_unit* unit = nullptr;
  int first_job = 0, last_job = 0;
  int emit_before = 0;  // job that its fetches precede
};

class stream_builder {
 public:
  explicit stream_builder(const stream_input& input) : in_(input), build_(input, commands_) {
    list_jobs();
    list_visits();
  }

  std::vector<timed_command> run() {
    std::size_t next_visit = 0;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const job& now = jobs_[i];
      build_.begin_segment(now.segment);
      if (i == 0 || jobs_[i - 1].segment != now.segment) load_host_tensors(now.segment);
      while (next_visit < visits_.size() && visits_[next_visit].emit_before == static_cast<int>(i)) {
        fetch(*visits_[next_visit++].unit);
      }
      if (!loaded_ahead_) load_tile(now);
      loaded_ahead_ = i + 1 < jobs_.size() && may_load_ahead(now, jobs_[i + 1]);
      if (loaded_ahead_) load_tile(jobs_[i + 1]);
      compute(now);
      store(now);
    }
    return std::move(commands_);
  }

 private:
  const tile_plan& tiles_of(int layer) const { return in_.buffers.layers[static_cast<std::size_t>(layer)]; }
  const quantization::layer& layer_at(int layer) const { return in_.network.layers[static_cast<std::size_t>(layer)]; }
  const tensor_home& home(int tensor) const { return in_.buffers.tensors[static_cast<std::size_t>(tensor)]; }
  std::uint64_t address(int tensor) const { return in_.memory.tensors[static_cast<std::size_t>(tensor)].address; }

  void list_jobs() {
    int segment = 0;
    bool open = false;
    for (std::size_t i = 0; i < in_.network.layers.size(); ++i) {
      if (in_.network.layers[i].kind == layer_kind::host) {
        if (open) ++segment;
        open = false;
        continue;
      }
      open = true;
      list_layer(static_cast<int>(i), segment);
    }
  }

  void list_layer(int layer, int segment) {
    const layer_units& units = in_.units[static_cast<std::size_t>(layer)];
    const tile_plan& tiles = tiles_of(layer);
    const std::size_t outer = units.tiles_outside ? static_cast<std::size_t>(tiles.count) : units.units.size();
    const std::size_t inner = units.tiles_outside ? units.units.size() : static_cast<std::size_t>(tiles.count);
    int tile_before = -1;
    for (std::size_t a = 0; a < outer; ++a) {
      for (std::size_t b = 0; b < inner; ++b) {
        job next;
        next.layer = layer;
        next.segment = segment;
        next.unit = &units.units[units.tiles_outside ? b : a];
        next.tile = static_cast<int>(units.tiles_outside ? a : b);
        place_tile(tiles, next);
        next.new_input = next.tile != tile_before || units.channel_split;
        // A part of the channels is a tile of its own.
        next.turn = (units.channel_split ? a * inner + b : static_cast<std::size_t>(next.tile)) % 2;
        tile_before = next.tile;
        next.last_of_layer = a + 1 == outer && b + 1 == inner;
        jobs_.push_back(next);
      }
    }
  }

  static void place_tile(const tile_plan& tiles, job& one) {
    const registers::tensor_format& out = output_of(*one.unit);
    const int columns = tiles.columns > 0 ? tiles.columns : out.width;
    one.first_row = one.tile / tiles.across * tiles.rows;
    one.rows = std::min(tiles.rows, out.height - one.first_row);
    one.first_column = one.tile % tiles.across * columns;
    one.columns = std::min(columns, out.width - one.first_column);
  }

  static bool whole_rows(const job& j) { return j.columns == output_of(*j.unit).width; }

  // The part of an input that a job needs; whole rows of the output take whole rows of the input.
  struct input_part {
    line_range rows, columns;
    std::uint64_t pixels() const {
      return static_cast<std::uint64_t>(rows.count) * static_cast<std::uint64_t>(columns.count);
    }
  };
  static input_part needed_input(const job& j) {
    const registers::tensor_format& in = input_of(*j.unit);
    const registers::window w = window_of(*j.unit);
    return {needed_rows(w, in.height, j.first_row, j.rows),
            whole_rows(j) ? line_range{0, in.width} : needed_columns(w, in.width, j.first_column, j.columns)};
  }

  void list_visits() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const int number = static_cast<int>(i);
      if (visits_.empty() || visits_.back().unit != jobs_[i].unit) {
        visits_.push_back({jobs_[i].unit, number, number, 0});
      }
      visits_.back().last_job = number;
    }
    // A fetch goes ahead of the jobs before, but not of the last one that still uses what it overwrites nor of the one
    // after that, whose command should be issued before the fetch begins to wait.
    int before = 0;
    for (std::size_t v = 0; v < visits_.size(); ++v) {
      visit& one = visits_[v];
      int earliest = in_.hoist ? std::max(0, one.first_job - in_.lookahead) : one.first_job;
      for (std::size_t w = v; w-- > 0;) {
        if (!overwrites(*one.unit, *visits_[w].unit)) continue;
        earliest = std::max(earliest, visits_[w].last_job + 2);
        break;
      }
      while (jobs_[static_cast<std::size_t>(earliest < one.first_job ? earliest : one.first_job)].segment !=
             jobs_[static_cast<std::size_t>(one.first_job)].segment) {
        ++earliest;
      }
      one.emit_before = std::max(before, std::min(earliest, one.first_job));
      before = one.emit_before;
    }
  }

  bool overwrites(const work_unit& a, const work_unit& b) const {
    const auto overlap = [](std::uint64_t a0, std::uint64_t a1, std::uint64_t b0, std::uint64_t b1) {
      return a0 < b1 && b0 < a1;
    };
    if (!in_.parameters_resident && overlap(a.parameter_offset, a.parameter_offset + a.descriptor_bytes,
                                            b.parameter_offset, b.parameter_offset + b.descriptor_bytes)) {
      return true;
    }
    return !a.resident && !b.resident && a.entries > 0 && b.entries > 0 &&
           overlap(a.first_position, a.first_position + a.shard_positions, b.first_position,
                   b.first_position + b.shard_positions);
  }

  // What the host put into DRAM and this segment is the first to need.
  void load_host_tensors(int segment) {
    std::vector<bool> seen(in_.network.tensors.size());
    for (const job& one : jobs_) {
      for (const int tensor : layer_at(one.layer).inputs) {
        if (seen[static_cast<std::size_t>(tensor)]) continue;
        seen[static_cast<std::size_t>(tensor)] = true;
        const tensor_home& h = home(tensor);
        if (one.segment != segment || !h.for_host || !h.in_buffer || written_before(tensor, one)) continue;
        build_.load_vector(one.layer, address(tensor), h.offset, h.bytes, 1, 0);
      }
      seen[static_cast<std::size_t>(layer_at(one.layer).output)] = true;
    }
  }
  bool written_before(int tensor, const job& reader) const {
    for (const job& one : jobs_) {
      if (&one == &reader) return false;
      if (layer_at(one.layer).output == tensor) return true;
    }
    return false;
  }

  void fetch(const work_unit& unit) {
    if (!in_.parameters_resident) build_.load_parameters(unit);
    if (unit.on_macros && !unit.resident) build_.load_and_program(unit);
  }

  struct byte_range {
    std::uint64_t begin, end;
  };

  // What a job's transfers and its computation touch in the buffers.
  std::vector<byte_range> operands(const job& j, bool streamed_inputs_alone) const {
    const tile_plan& tiles = tiles_of(j.layer);
    const quantization::layer& l = layer_at(j.layer);
    std::vector<byte_range> ranges;
    const auto add = [&](const streamed_operand& operand, int tensor, std::uint64_t bytes) {
      if (!operand.streamed && streamed_inputs_alone) return;
      const std::uint64_t begin = operand.streamed ? scratch(operand, j) : home(tensor).offset;
      ranges.push_back({begin, begin + (operand.streamed ? bytes : home(tensor).bytes)});
    };
    const auto pixels = static_cast<std::uint64_t>(j.rows) * static_cast<std::uint64_t>(j.columns);
    add(tiles.input, l.inputs[0], needed_input(j).pixels() * pixel_bytes(input_of(*j.unit)));
    if (const registers::tensor_format* second = second_input_of(*j.unit)) {
      add(tiles.second_input, l.inputs.at(1), pixels * pixel_bytes(*second));
    }
    if (!streamed_inputs_alone) add(tiles.output, l.output, pixels * pixel_bytes(output_of(*j.unit)));
    return ranges;
  }

  // The next job's inputs may come while this one computes, if they overwrite nothing of it and wait for no store of
  // it.
  bool may_load_ahead(const job& now, const job& next) const {
    if (now.segment != next.segment || !in_.hoist) return false;
    const int stored = layer_at(now.layer).output;
    for (const int tensor : layer_at(next.layer).inputs) {
      if (tensor == stored) return false;
    }
    for (const byte_range& a : operands(next, true)) {
      for (const byte_range& b : operands(now, false)) {
        if (a.begin < b.end && b.begin < a.end) return false;
      }
    }
    return true;
  }

  std::uint32_t scratch(const streamed_operand& operand, const job& j) const { return operand.scratch[j.turn]; }

  // A part of a map in memory, and its place in a buffer, where it lies without gaps.
  struct map_part {
    int tensor = -1;
    line_range rows, columns, channels;
    std::uint32_t buffer = 0;
  };

  // Moves it with as few commands as two dimensions allow.
  void move(const job& j, const map_part& part, bool to_memory) {
    const registers::tensor_format& map = in_.network.tensors[static_cast<std::size_t>(part.tensor)].format;
    const std::uint64_t pixel = pixel_bytes(map), row = row_bytes(map);
    const auto element = static_cast<std::uint64_t>(map.element_bytes());
    const auto rows = static_cast<std::uint64_t>(part.rows.count);
    const auto columns = static_cast<std::uint64_t>(part.columns.count);
    const std::uint64_t run = static_cast<std::uint64_t>(part.channels.count) * element;
    const std::uint64_t from = address(part.tensor) + static_cast<std::uint64_t>(part.rows.first) * row +
                               static_cast<std::uint64_t>(part.columns.first) * pixel +
                               static_cast<std::uint64_t>(part.channels.first) * element;
    const auto block = [&](std::uint64_t at, std::uint32_t buffer, std::uint64_t bytes, std::uint64_t count,
                           std::uint64_t stride) {
      if (to_memory) {
        build_.store(j.layer, buffer, at, bytes, count, stride);
      } else {
        build_.load_vector(j.layer, at, buffer, bytes, count, stride);
      }
    };
    const bool all_columns = columns * pixel == row;
    if (run == pixel) {
      all_columns ? block(from, part.buffer, rows * row, 1, 0) : block(from, part.buffer, columns * pixel, rows, row);
    } else if (all_columns) {
      block(from, part.buffer, run, rows * columns, pixel);
    } else {
      for (std::uint64_t r = 0; r < rows; ++r) {
        block(from + r * row, part.buffer + static_cast<std::uint32_t>(r * columns * run), run, columns, pixel);
      }
    }
  }

  void load_tile(const job& j) {
    const tile_plan& tiles = tiles_of(j.layer);
    const quantization::layer& l = layer_at(j.layer);
    if (tiles.input.streamed && j.new_input) {
      const input_part part = needed_input(j);
      const line_range channels{j.unit->first_input_channel, input_of(*j.unit).channels};
      move(j, {l.inputs[0], part.rows, part.columns, channels, scratch(tiles.input, j)}, false);
    }
    if (tiles.second_input.streamed && !j.unit->keep) {
      move(j, output_part(j, l.inputs.at(1), scratch(tiles.second_input, j)), false);
    }
  }

  // A tile of an output-shaped map: all channels, or those of the unit alone.
  map_part output_part(const job& j, int tensor, std::uint32_t buffer) const {
    const registers::tensor_format& map = in_.network.tensors[static_cast<std::size_t>(tensor)].format;
    const bool compact = tiles_of(j.layer).compact;
    return {tensor,
            {j.first_row, j.rows},
            {j.first_column, j.columns},
            compact ? line_range{j.unit->first_channel, j.unit->channels} : line_range{0, map.channels},
            buffer};
  }

  void compute(const job& j) {
    const tile_plan& tiles = tiles_of(j.layer);
    const quantization::layer& l = layer_at(j.layer);
    const work_unit& unit = *j.unit;
    const input_part part = needed_input(j);
    registers::command c;
    c.op = unit.on_macros ? registers::opcode::compute : registers::opcode::vector_op;
    c.layer = static_cast<std::int16_t>(j.layer);
    c.descriptor = registers::parameter_buffer_offset + unit.parameter_offset;
    c.input_row = static_cast<std::uint16_t>(part.rows.first);
    c.input_rows = static_cast<std::uint16_t>(part.rows.count);
    c.output_row = static_cast<std::uint16_t>(j.first_row);
    c.output_rows = static_cast<std::uint16_t>(j.rows);
    const auto at = [&](const streamed_operand& operand, int tensor, const registers::tensor_format& format, int row,
                        int column) {
      if (operand.streamed) return scratch(operand, j);
      const std::int64_t pixel = std::int64_t{row} * format.width + column;
      return home(tensor).offset + static_cast<std::uint32_t>(static_cast<std::uint64_t>(pixel) * pixel_bytes(format));
    };
    const bool loaded = tiles.input.streamed;
    c.input = at(tiles.input, l.inputs[0], input_of(unit), part.rows.first, 0);
    if (const registers::tensor_format* second = second_input_of(unit)) {
      c.second_input = at(tiles.second_input, l.inputs.at(1), *second, j.first_row, j.first_column);
    }
    c.output = at(tiles.output, l.output, output_of(unit), j.first_row, j.first_column);
    if (!whole_rows(j)) {
      const auto columns = static_cast<std::uint16_t>(j.columns);
      c.output_column = static_cast<std::uint16_t>(j.first_column);
      c.output_columns = columns;
      if (loaded) c.input_column = static_cast<std::uint16_t>(part.columns.first);
      if (loaded) c.input_columns = static_cast<std::uint16_t>(part.columns.count);
      if (tiles.output.streamed) c.output_pitch = columns;
      if (tiles.second_input.streamed) c.second_pitch = columns;
    }
    if (unit.keep || unit.accumulate) {
      c.keep = unit.keep;
      c.accumulate = unit.accumulate;
      c.accumulator = accumulator_of(j);
    }
    build_.compute(c, unit);
  }

  // Where the sums of a tile wait: one tile at a time, or each in its place.
  std::uint32_t accumulator_of(const job& j) const {
    if (in_.units[static_cast<std::size_t>(j.layer)].tiles_outside) return 0;
    const auto before = static_cast<std::uint64_t>(j.first_row) * static_cast<std::uint64_t>(output_of(*j.unit).width) +
                        static_cast<std::uint64_t>(j.rows) * static_cast<std::uint64_t>(j.first_column);
    return static_cast<std::uint32_t>(before * filter_count(j.unit->mvm) * sizeof(std::int32_t));
  }

  void store(const job& j) {
    const tile_plan& tiles = tiles_of(j.layer);
    const int output = layer_at(j.layer).output;
    if (tiles.output.streamed) {
      const layer_units& units = in_.units[static_cast<std::size_t>(j.layer)];
      if (j.unit->keep || (units.interleaved && j.unit != &units.units.back())) return;
      move(j, output_part(j, output, scratch(tiles.output, j)), true);
      return;
    }
    if (home(output).for_host && j.last_of_layer && last_writer(output) == j.layer) {
      build_.store(j.layer, home(output).offset, address(output), home(output).bytes, 1, 0);
    }
  }
  int last_writer(int tensor) const {
    int last = -1;
    for (std::size_t i = 0; i < in_.network.layers.size(); ++i) {
      if (in_.network.layers[i].output == tensor) last = static_cast<int>(i);
    }
    return last;
  }

  const stream_input& in_;
  std::vector<timed_command> commands_;
  command_builder build_;
  std::vector<job> jobs_;
  std::vector<visit> visits_;
  bool loaded_ahead_ = false;
};

void lags(std::vector<timed_command>& commands, bool repeated) {
  std::vector<planned_command> plain;
  plain.reserve(commands.size());
  for (timed_command& one : commands) plain.push_back(std::move(one.planned));
  assign_lags(plain, repeated);
  for (std::size_t i = 0; i < commands.size(); ++i) commands[i].planned = std::move(plain[i]);
}

}  // namespace

std::vector<timed_command> build_setup(const stream_input& input) {
  std::vector<timed_command> commands;
  command_builder build(input, commands);
  if (input.parameters_resident) build.load_all_parameters();
  for (const layer_units& layer : input.units) {
    for (const work_unit& unit : layer.units) {
      if (unit.on_macros && unit.resident) build.load_and_program(unit);
    }
  }
  lags(commands, false);
  return commands;
}

std::vector<timed_command> build_stream(const stream_input& input) {
  std::vector<timed_command> commands = stream_builder(input).run();
  lags(commands, true);
  return commands;
}

}  // namespace cimbalom::compiler
