#include "sw/pruning/units.hpp"

#include <algorithm>
#include <stdexcept>

#include "sw/quantization/row_grouping.hpp"
#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::pruning {
namespace {

/// Index code of every (weight of a filter) for a filter whose channels start at `first_channel` of its pass.
std::vector<int> codes_of(const quantization::mvm_parameters& p, const quantization::row_grouping& grouping,
                          int rows_active, int first_channel) {
  const auto taps =
      static_cast<std::size_t>(p.filter_window.kernel_h) * static_cast<std::size_t>(p.filter_window.kernel_w);
  std::vector<int> codes(taps * static_cast<std::size_t>(p.channels_per_group), -1);
  for (int code = 0; code < grouping.codes(); ++code)
    for (int row = 0; row < rows_active; ++row) {
      const auto from = grouping.at(code, row);
      if (!from) continue;
      const int channel = from->channel - first_channel;
      if (channel >= 0 && channel < p.channels_per_group)
        codes[quantization::weight_index(p, from->tap_h, from->tap_w, channel)] = code;
    }
  return codes;
}

}  // namespace

unit_layout layout_units(const quantization::mvm_parameters& p, int rows_active, const pass_count& passes) {
  if (rows_active < 1) throw std::logic_error("layout_units: nothing fits a pass");
  const int conv_groups = quantization::groups_per_pass(p, rows_active);
  const int filters_per_group = p.filters / p.groups;
  const quantization::row_grouping grouping = quantization::grouping_of(p, rows_active, conv_groups);
  std::vector<std::vector<int>> codes;  // by place of the convolution group in its block
  codes.reserve(static_cast<std::size_t>(conv_groups));
  for (int g = 0; g < conv_groups; ++g) codes.push_back(codes_of(p, grouping, rows_active, g * p.channels_per_group));

  unit_layout made;
  made.groups = grouping.codes();
  made.passes = 0;
  const int block = filters_per_group * conv_groups;
  for (int first = 0; first < p.filters; first += block) {
    const int held = std::min(block, p.filters - first);
    const int runs = std::clamp(passes(held), 1, held);
    for (int f = 0; f < held; ++f) {
      const auto run = static_cast<int>(std::int64_t{f} * runs / held);
      made.pass.push_back(made.passes + run);
      for (const int code : codes[static_cast<std::size_t>(f / filters_per_group)])
        made.unit.push_back(std::int64_t{made.passes + run} * made.groups + code);
    }
    made.passes += runs;
  }
  return made;
}

}  // namespace cimbalom::pruning
