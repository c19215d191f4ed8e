#include "sw/quantization/packed_filters.hpp"

#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::quantization {

packed_filters pack_filters(const mvm_parameters& p, const row_grouping& grouping, const arithmetic::macro_shape& shape,
                            int first_filter, int filters) {
  packed_filters made;
  made.first_filter = first_filter;
  made.filters = filters;
  int columns = 0;
  std::vector<int> first_column;
  const auto first = static_cast<std::size_t>(first_filter);
  for (int k = 0; k < filters; ++k) {
    const int bits = p.weight_bits[first + static_cast<std::size_t>(k)];
    first_column.push_back(columns);
    arithmetic::append_conversions(shape, columns, bits, k, made.conversions);
    columns += arithmetic::weight_columns(shape, bits);
  }
  const std::size_t row_bytes = arithmetic::row_bytes(shape, columns);
  const std::size_t filter_size = p.weights.size() / static_cast<std::size_t>(p.filters);
  for (int code = 0; code < grouping.codes(); ++code) {
    std::vector<std::uint8_t> image(static_cast<std::size_t>(shape.rows_active) * row_bytes, 0);
    for (int r = 0; r < shape.rows_active; ++r) {
      const auto from = grouping.at(code, r);
      if (!from) continue;
      const auto at = weight_index(p, from->tap_h, from->tap_w, from->channel);
      for (std::size_t k = 0; k < first_column.size(); ++k) {
        const std::size_t f = first + k;
        arithmetic::store_weight(shape, p.weights[f * filter_size + at], p.weight_bits[f], first_column[k],
                                 image.data() + row_bytes * static_cast<std::size_t>(r));
      }
    }
    made.positions.emplace_back(shape, columns, image.data());
  }
  return made;
}

}  // namespace cimbalom::quantization
