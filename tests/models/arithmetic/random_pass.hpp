#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "models/arithmetic/mvm.hpp"

namespace cimbalom::arithmetic {

/// A random bank pass that owns what its pass_operation borrows. Filters of different widths lie side by side.
struct random_pass {
  struct filter {
    int first_column;
    int bits;
  };

  macro_shape shape;
  int input_bits = 8;
  std::size_t pixels = 5;
  std::size_t groups = 3;
  std::vector<filter> filters;
  int columns = 0;
  std::unique_ptr<adc_transfer> adc;
  std::vector<conversion> conversions;
  std::vector<std::vector<std::vector<int>>> weights;  // [group][row][filter]
  std::vector<packed_position> packed;
  std::vector<const packed_position*> positions;
  std::vector<std::vector<std::uint16_t>> u;  // [vector][row]
  std::unique_ptr<input_planes> inputs;
  std::vector<std::uint32_t> vectors;
  std::vector<std::int32_t> y;
  std::unique_ptr<nonideality> noise;

  static int between(std::mt19937& bits, int low, int high) {
    return low + static_cast<int>(bits() % static_cast<unsigned>(high - low + 1));
  }

  /// Fills everything after shape, input_bits, pixels and groups are set. `density`: share of non-zero inputs, percent.
  void fill(std::mt19937& bits, int filter_count, int lowest_bits, int highest_bits, int step_sixteenths, int density,
            int dac_bits_of_inputs) {
    adc = std::make_unique<adc_transfer>(shape, step_sixteenths);
    for (int f = 0; f < filter_count; ++f) {
      const int width = between(bits, lowest_bits, highest_bits);
      filters.push_back({columns, width});
      append_conversions(shape, columns, width, f, conversions);
      columns += weight_columns(shape, width) + (bits() % 4 == 0 ? 1 : 0);  // now and then an idle column
    }
    std::shuffle(conversions.begin(), conversions.end(), bits);
    fill_weights(bits);
    fill_inputs(bits, density, dac_bits_of_inputs);
    y.resize(pixels * (filters.size() + 1));
    for (std::int32_t& value : y) value = between(bits, -100, 100);
  }

  pass_operation operation(std::vector<std::int32_t>& results) {
    pass_operation pass;
    pass.shape = &shape;
    pass.input_bits = input_bits;
    pass.adc = adc.get();
    pass.conversions = conversions.data();
    pass.conversion_count = conversions.size();
    pass.outputs = static_cast<int>(filters.size());
    pass.positions = positions.data();
    pass.groups = groups;
    pass.inputs = inputs.get();
    pass.vectors = vectors.data();
    pass.pixels = pixels;
    pass.y = results.data();
    pass.y_stride = filters.size() + 1;
    pass.noise = noise.get();
    pass.site = {0, 1, 2, 1, 7, 3, 4, 5, 100};
    return pass;
  }

 private:
  void fill_weights(std::mt19937& bits) {
    const std::size_t bytes = row_bytes(shape, columns);
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<std::uint8_t> image(bytes * static_cast<std::size_t>(shape.rows_active), 0);
      weights.emplace_back();
      for (int r = 0; r < shape.rows_active; ++r) {
        weights.back().emplace_back();
        for (const filter& f : filters) {
          const int half = 1 << (f.bits - 1);
          weights.back().back().push_back(between(bits, -half, half - 1));
          store_weight(shape, weights.back().back().back(), f.bits, f.first_column,
                       image.data() + static_cast<std::size_t>(r) * bytes);
        }
      }
      packed.emplace_back(shape, columns, image.data());
    }
    for (const packed_position& position : packed) positions.push_back(&position);
  }

  void fill_inputs(std::mt19937& bits, int density, int dac_bits_of_inputs) {
    inputs = std::make_unique<input_planes>(shape.rows_active, input_bits, dac_bits_of_inputs);
    const std::size_t count = pixels + groups;
    inputs->resize(count);
    for (std::size_t v = 0; v < count; ++v) {
      u.emplace_back(static_cast<std::size_t>(shape.rows_active), std::uint16_t{0});
      const int ceiling = (1 << between(bits, 1, input_bits)) - 1;  // small vectors too
      for (std::uint16_t& code : u.back()) {
        if (v > 0 && between(bits, 1, 100) <= density) code = static_cast<std::uint16_t>(between(bits, 0, ceiling));
      }
      inputs->pack(v, u.back().data());
    }
    for (std::size_t n = 0; n < pixels * groups; ++n) vectors.push_back(static_cast<std::uint32_t>(bits() % count));
  }
};

}  // namespace cimbalom::arithmetic
