#include "tests/models/cim_core/layer_case.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace cimbalom::cim::testing {

namespace {

using registers::tensor_format;

int draw(std::mt19937& generator, int low, int high) {
  return low + static_cast<int>(generator() % static_cast<unsigned>(high - low + 1));
}

std::vector<int> draw_codes(std::mt19937& generator, const tensor_format& format) {
  std::vector<int> codes(to_size(format.height * format.width * format.channels));
  for (int& code : codes) code = draw(generator, format.minimum(), format.maximum());
  return codes;
}

int columns_of(const macro_config& macro, int bits) {
  return 1 + (bits - 1 + macro.bits_per_cell - 1) / macro.bits_per_cell;
}

filter_case draw_filter(std::mt19937& generator, const case_options& o, int bits, int taps, int channels) {
  filter_case filter;
  filter.bits = bits;
  filter.weights.resize(to_size(taps * channels));
  for (int& weight : filter.weights) weight = draw(generator, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
  filter.bias = draw(generator, -100000, 100000);
  filter.shift = draw(generator, 20, 30) + o.extra_shift;
  filter.multiplier = draw(generator, 1 << 12, 1 << 20);
  if (o.residual) filter.second_multiplier = draw(generator, 1 << 14, 1 << 24);
  if (o.floating) {
    const float factor = static_cast<float>(draw(generator, 1, 1000)) / 65536.0F;
    const float second = static_cast<float>(draw(generator, 1, 1000)) / 512.0F;
    std::memcpy(&filter.multiplier, &factor, sizeof factor);
    if (o.residual) std::memcpy(&filter.second_multiplier, &second, sizeof second);
  }
  if (o.weight_zero_points) filter.weight_zero_point = draw(generator, -9, 9);
  return filter;
}

// Fills passes with filters, each taking the next free slots.
void place_filters(layer_case& layer, const case_options& o, std::mt19937& generator, int channel_base, int channels,
                   int filters, int first_output) {
  const int taps = o.window.kernel_h * o.window.kernel_w;
  int column = layer.macro.columns_driven();  // full: the first filter opens a pass
  for (int f = 0; f < filters; ++f) {
    const int bits = o.weight_bits > 0 ? o.weight_bits : draw(generator, 1, 8);
    filter_case filter = draw_filter(generator, o, bits, taps, channels);
    const int slots = (columns_of(layer.macro, bits) + layer.macro.slot_bits - 1) / layer.macro.slot_bits;
    if (column + slots * layer.macro.slot_bits > layer.macro.columns_driven()) {
      pass_case pass;
      pass.channel_base = channel_base;
      pass.channels = channels;
      pass.flattened = o.flattened || o.depthwise;
      layer.passes.push_back(pass);
      column = 0;
    }
    if (o.depthwise) {
      for (std::size_t w = 0; w < filter.weights.size(); ++w) {
        if (static_cast<int>(w) % channels != f) filter.weights[w] = 0;
      }
    }
    filter.first_column = column;
    filter.output_channel = first_output + f;
    column += slots * layer.macro.slot_bits;
    layer.passes.back().filters.push_back(filter);
  }
}

int rows_per_group(const layer_case& layer, const pass_case& pass) {
  return pass.flattened && layer.group_rows > 0 ? layer.group_rows : layer.macro.rows_active;
}

void place_groups(layer_case& layer, const case_options& o, std::mt19937& generator) {
  const int taps = o.window.kernel_h * o.window.kernel_w;
  for (pass_case& pass : layer.passes) {
    const int rows = rows_per_group(layer, pass);
    const int count =
        pass.flattened ? (taps * pass.channels + rows - 1) / rows : taps * ((pass.channels + rows - 1) / rows);
    for (int g = 0; g < count; ++g) {
      if (!o.sparse || generator() % 3 == 0) pass.groups.push_back(g);
    }
  }
}

// Input code at a position relative to the map, real zero in the padding.
int input_at(const layer_case& layer, int row, int column, int channel) {
  if (row < 0 || row >= layer.input.height || column < 0 || column >= layer.input.width) return layer.input.zero_point;
  return layer.input_codes[to_size((row * layer.input.width + column) * layer.input.channels + channel)];
}

// One row of a weight group: which tap and channel of the pass; false beyond the weights.
bool row_of(const layer_case& layer, const pass_case& pass, int group, int row, int& tap, int& channel) {
  const int taps = layer.window.kernel_h * layer.window.kernel_w;
  const int active = rows_per_group(layer, pass);
  if (row >= active) return false;
  if (pass.flattened) {
    const int index = group * active + row;
    tap = index / pass.channels;
    channel = index % pass.channels;
    return tap < taps;
  }
  const int per_tap = (pass.channels + active - 1) / active;
  tap = group / per_tap;
  channel = group % per_tap * active + row;
  return channel < pass.channels;
}

struct driven_row {
  int code;    // u
  int weight;  // stored code
};

std::vector<driven_row> rows_of(const layer_case& layer, const pass_case& pass, const filter_case& filter, int group,
                                int out_row, int out_column) {
  std::vector<driven_row> rows;
  for (int r = 0; r < layer.macro.rows_active; ++r) {
    int tap = 0;
    int channel = 0;
    if (!row_of(layer, pass, group, r, tap, channel)) continue;
    const registers::window& w = layer.window;
    const int row = out_row * w.stride_h - w.pad_top + tap / w.kernel_w * w.dilation_h;
    const int column = out_column * w.stride_w - w.pad_left + tap % w.kernel_w * w.dilation_w;
    const int code = input_at(layer, row, column, pass.channel_base + channel) - layer.input.minimum();
    rows.push_back({code, filter.weights[to_size(tap * pass.channels + channel)]});
  }
  return rows;
}

std::int64_t reference_adc(const layer_case& layer, std::int64_t sum) {
  if (layer.macro.kind == arithmetic::macro_kind::digital) return sum;
  // floor(s / (step16 / 16) + 1/2)
  const std::int64_t step = layer.step_sixteenths;
  const std::int64_t code = (32 * sum + step) / (2 * step);
  return std::min<std::int64_t>(code, (1 << layer.macro.adc_bits) - 1);
}

// What the ADC says about the column that holds bits [low, low + width) of the weights, for one input slice.
std::int64_t column_code(const layer_case& layer, const std::vector<driven_row>& rows, int first_input_bit, int low,
                         int width) {
  const int input_mask = (1 << layer.input_bits) - 1;
  std::int64_t sum = 0;
  for (const driven_row& row : rows) {
    const int digit = ((row.code & input_mask) >> first_input_bit) & ((1 << layer.macro.dac_bits) - 1);
    sum += std::int64_t{digit} * ((row.weight >> low) & ((1 << width) - 1));
  }
  return reference_adc(layer, sum);
}

std::int64_t one_operation(const layer_case& layer, const filter_case& filter, const std::vector<driven_row>& rows) {
  const int cell_bits = layer.macro.bits_per_cell;
  std::int64_t result = 0;
  for (int first = 0; first < layer.input_bits; first += layer.macro.dac_bits) {
    // Columns below the sign hold cell_bits bits, the last of them what is left; the sign has its own.
    for (int low = 0; low < filter.bits - 1; low += cell_bits) {
      const int width = std::min(cell_bits, filter.bits - 1 - low);
      result += column_code(layer, rows, first, low, width) << (first + low);
    }
    result -= column_code(layer, rows, first, filter.bits - 1, 1) << (first + filter.bits - 1);
  }
  return result;
}

std::int64_t half_even(std::int64_t value, int shift) {
  const std::int64_t unit = std::int64_t{1} << shift;
  std::int64_t quotient = value / unit;
  std::int64_t rest = value % unit;
  if (rest < 0) {
    rest += unit;
    --quotient;
  }
  if (2 * rest > unit || (2 * rest == unit && quotient % 2 != 0)) ++quotient;
  return quotient;
}

}  // namespace

layer_case make_case(const case_options& o) {
  std::mt19937 generator(o.seed);
  layer_case layer;
  layer.macro = o.macro;
  layer.window = o.window;
  layer.input = {o.height, o.width, o.channels, static_cast<std::uint8_t>(o.input_bits), o.input_signed, o.input_zero};
  layer.output = {o.out_height, o.out_width, o.filters, static_cast<std::uint8_t>(o.output_bits), o.output_signed, 3};
  layer.second = {o.out_height, o.out_width, o.filters, 8, true, -4};
  layer.input_bits = o.input_bits;
  layer.step_sixteenths = o.step_sixteenths;
  layer.group_rows = o.group_rows;
  layer.floating = o.floating;
  layer.has_second = o.residual;
  layer.clamp_low = layer.output.minimum() + 1;
  layer.clamp_high = layer.output.maximum() - 1;
  layer.input_codes = draw_codes(generator, layer.input);
  layer.second_codes = draw_codes(generator, layer.second);
  const int channels = o.channels / o.groups;
  const int filters = o.filters / o.groups;
  for (int g = 0; g < o.groups; ++g) {
    place_filters(layer, o, generator, g * channels, channels, filters, g * filters);
  }
  place_groups(layer, o, generator);
  int entries = 0;
  for (const pass_case& pass : layer.passes) entries += static_cast<int>(pass.groups.size());
  layer.shard_positions = std::clamp(entries, 1, layer.macro.positions());
  layer.accelerator.weight_buffer_bytes = 1 << 20;
  return layer;
}

registers::mvm_descriptor descriptor_of(const layer_case& layer) {
  registers::mvm_descriptor d;
  d.input = layer.input;
  d.output = layer.output;
  d.filter_window = layer.window;
  d.input_bits = static_cast<std::uint8_t>(layer.input_bits);
  d.adc_step_sixteenths = layer.step_sixteenths;
  d.group_rows = static_cast<std::uint16_t>(layer.group_rows);
  d.requantize = layer.floating ? registers::requantization::floating_point : registers::requantization::fixed_point;
  d.has_second_input = layer.has_second;
  if (layer.has_second) d.second_input = layer.second;
  d.clamp_low = layer.clamp_low;
  d.clamp_high = layer.clamp_high;
  d.first_bank = static_cast<std::uint16_t>(layer.first_bank);
  d.copies = static_cast<std::uint16_t>(layer.copies);
  d.first_position = static_cast<std::uint16_t>(layer.first_position);
  d.shard_positions = static_cast<std::uint16_t>(layer.shard_positions);
  for (const pass_case& pass : layer.passes) {
    registers::pass_record record;
    record.channel_base = static_cast<std::uint32_t>(pass.channel_base);
    record.channels = static_cast<std::uint32_t>(pass.channels);
    record.flattened = pass.flattened;
    for (const filter_case& f : pass.filters) {
      record.filters.push_back({static_cast<std::uint16_t>(f.first_column), static_cast<std::uint8_t>(f.bits),
                                static_cast<std::uint8_t>(f.shift), static_cast<std::uint32_t>(f.output_channel),
                                f.bias, f.multiplier, f.second_multiplier, f.weight_zero_point});
    }
    for (const int group : pass.groups) record.groups.push_back(static_cast<std::uint16_t>(group));
    d.passes.push_back(record);
  }
  return d;
}

std::vector<std::uint8_t> position_images(const layer_case& layer) {
  std::vector<std::uint8_t> bytes;
  const auto position = to_size(layer.macro.position_bytes());
  const std::size_t row_bytes = position / to_size(layer.macro.rows_active);
  for (const pass_case& pass : layer.passes) {
    for (const int group : pass.groups) {
      bytes.resize(bytes.size() + position);
      std::uint8_t* image = bytes.data() + bytes.size() - position;
      for (int r = 0; r < layer.macro.rows_active; ++r) {
        int tap = 0;
        int channel = 0;
        if (!row_of(layer, pass, group, r, tap, channel)) continue;
        for (const filter_case& f : pass.filters) {
          arithmetic::store_weight(layer.macro.shape(), f.weights[to_size(tap * pass.channels + channel)], f.bits,
                                   f.first_column, image + to_size(r) * row_bytes);
        }
      }
    }
  }
  return bytes;
}

std::vector<std::uint8_t> tensor_bytes(const tensor_format& format, const std::vector<int>& codes) {
  std::vector<std::uint8_t> bytes;
  for (const int code : codes) {
    bytes.push_back(static_cast<std::uint8_t>(code & 255));
    if (format.bits > 8) bytes.push_back(static_cast<std::uint8_t>((code >> 8) & 255));
  }
  return bytes;
}

std::vector<int> tensor_codes(const tensor_format& format, const std::uint8_t* bytes, std::size_t count) {
  std::vector<int> codes(count);
  for (std::size_t i = 0; i < count; ++i) {
    int code = format.bits > 8 ? bytes[2 * i] | bytes[2 * i + 1] << 8 : bytes[i];
    const int width = format.bits > 8 ? 16 : 8;
    if (format.is_signed && code >= 1 << (width - 1)) code -= 1 << width;
    codes[i] = code;
  }
  return codes;
}

std::vector<std::int64_t> reference_sums(const layer_case& layer) {
  std::vector<std::int64_t> sums;
  for (int row = 0; row < layer.output.height; ++row) {
    for (int column = 0; column < layer.output.width; ++column) {
      for (const pass_case& pass : layer.passes) {
        for (const filter_case& filter : pass.filters) {
          std::int64_t sum = 0;
          for (const int group : pass.groups) {
            const auto rows = rows_of(layer, pass, filter, group, row, column);
            sum += one_operation(layer, filter, rows);
            for (const driven_row& r : rows) sum -= std::int64_t{filter.weight_zero_point} * r.code;
          }
          sums.push_back(sum);
        }
      }
    }
  }
  return sums;
}

int reference_code(const layer_case& layer, const filter_case& filter, std::int64_t sum, int second_code) {
  const std::int64_t total = sum + filter.bias;
  const int residual = layer.has_second ? second_code - layer.second.zero_point : 0;
  std::int64_t code = 0;
  if (layer.floating) {
    float factor = 0;
    float second = 0;
    std::memcpy(&factor, &filter.multiplier, sizeof factor);
    std::memcpy(&second, &filter.second_multiplier, sizeof second);
    volatile float value = static_cast<float>(total) * factor;
    volatile float other = static_cast<float>(residual) * second;
    if (layer.has_second) value = value + other;
    code = std::llrint(value) + layer.output.zero_point;
  } else {
    code = half_even(total * filter.multiplier + std::int64_t{residual} * filter.second_multiplier, filter.shift) +
           layer.output.zero_point;
  }
  return static_cast<int>(std::clamp<std::int64_t>(code, layer.clamp_low, layer.clamp_high));
}

std::vector<int> reference_output(const layer_case& layer, const std::vector<std::int64_t>& sums) {
  const auto pixels = to_size(layer.output.height * layer.output.width);
  const auto channels = to_size(layer.output.channels);
  std::vector<int> codes(pixels * channels, 0);
  std::size_t at = 0;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    for (const pass_case& pass : layer.passes) {
      for (const filter_case& filter : pass.filters) {
        const std::size_t to = pixel * channels + to_size(filter.output_channel);
        codes[to] = reference_code(layer, filter, sums[at++], layer.second_codes[to]);
      }
    }
  }
  return codes;
}

void needed_input_rows(const layer_case& layer, int first, int count, int& input_first, int& input_count) {
  const registers::window& w = layer.window;
  int low = layer.input.height;
  int high = -1;
  for (int o = first; o < first + count; ++o) {
    for (int k = 0; k < w.kernel_h; ++k) {
      const int row = o * w.stride_h - w.pad_top + k * w.dilation_h;
      if (row < 0 || row >= layer.input.height) continue;
      low = std::min(low, row);
      high = std::max(high, row);
    }
  }
  input_first = high < 0 ? 0 : low;
  input_count = high < 0 ? 0 : high - low + 1;
}

layer_runner::layer_runner(const layer_case& layer)
    : layer_(layer), core_(std::make_unique<functional_core>(layer.accelerator, layer.macro, layer.noise)) {
  second_offset_ = registers::output_buffer_offset + 32768;
  put(registers::input_buffer_offset, tensor_bytes(layer.input, layer.input_codes));
  put(second_offset_, tensor_bytes(layer.second, layer.second_codes));
  put(registers::parameter_buffer_offset, registers::encode(descriptor_of(layer)));
}

void layer_runner::put(std::uint32_t offset, const std::vector<std::uint8_t>& bytes) {
  std::uint8_t* to = core_->bytes(offset, bytes.size());
  if (to == nullptr) throw std::length_error("the case does not fit the buffers");
  std::copy(bytes.begin(), bytes.end(), to);
}

registers::error_code layer_runner::program(const layer_case& layer) {
  put(registers::weight_buffer_offset, position_images(layer));
  put(registers::parameter_buffer_offset, registers::encode(descriptor_of(layer)));
  registers::command value;
  value.op = registers::opcode::program;
  value.buffer = registers::weight_buffer_offset;
  value.positions = descriptor_of(layer).entries();
  value.first_position = static_cast<std::uint16_t>(layer.first_position);
  value.shard_positions = static_cast<std::uint16_t>(layer.shard_positions);
  value.first_bank = static_cast<std::uint16_t>(layer.first_bank);
  value.copies = static_cast<std::uint16_t>(layer.copies);
  if (value.positions == 0) return registers::error_code::none;
  return core_->execute(value, activity);
}

registers::command layer_runner::compute_command(int first_row, int rows) const {
  registers::command value;
  value.op = registers::opcode::compute;
  value.layer = 0;
  value.descriptor = registers::parameter_buffer_offset;
  int input_first = 0;
  int input_count = 0;
  needed_input_rows(layer_, first_row, rows, input_first, input_count);
  const auto bytes = [](const tensor_format& f) { return f.width * f.channels * (f.bits > 8 ? 2 : 1); };
  value.input = registers::input_buffer_offset + static_cast<std::uint32_t>(input_first * bytes(layer_.input));
  value.second_input = second_offset_ + static_cast<std::uint32_t>(first_row * bytes(layer_.second));
  value.output = registers::output_buffer_offset + static_cast<std::uint32_t>(first_row * bytes(layer_.output));
  value.input_row = static_cast<std::uint16_t>(input_first);
  value.input_rows = static_cast<std::uint16_t>(input_count);
  value.output_row = static_cast<std::uint16_t>(first_row);
  value.output_rows = static_cast<std::uint16_t>(rows);
  return value;
}

registers::error_code layer_runner::compute(const registers::command& value) {
  return core_->execute(value, activity);
}

std::vector<int> layer_runner::output() const {
  const auto count = to_size(layer_.output.height * layer_.output.width * layer_.output.channels);
  return tensor_codes(layer_.output, core_->bytes(registers::output_buffer_offset, count), count);
}

std::vector<int> layer_runner::run(int tile_rows) {
  if (program() != registers::error_code::none) throw std::runtime_error("program failed");
  for (int row = 0; row < layer_.output.height; row += tile_rows) {
    const registers::error_code error = compute(compute_command(row, std::min(tile_rows, layer_.output.height - row)));
    if (error != registers::error_code::none) throw std::runtime_error(registers::to_string(error));
  }
  return output();
}

}  // namespace cimbalom::cim::testing
