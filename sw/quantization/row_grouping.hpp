#pragma once

#include <cstdint>
#include <optional>

#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::quantization {

/// Which (tap, channel) products share a row group of a pass; the one place that says so. A pass sees `channels`
/// input channels. Channel mode: rows_active consecutive channels at one tap. Flattened (fewer channels of a filter
/// than rows_active): rows run over (kernel row, kernel column, channel), channel fastest, `rows` of them a group.
class row_grouping {
 public:
  struct source {
    int tap_h = 0, tap_w = 0;
    int channel = 0;  ///< in the pass
  };

  row_grouping(bool flattened, int kernel_h, int kernel_w, int channels, int rows)
      : flattened_(flattened), kernel_h_(kernel_h), kernel_w_(kernel_w), channels_(channels), rows_(rows) {}

  bool flattened() const { return flattened_; }
  int channels() const { return channels_; }
  int channel_groups() const { return (channels_ + rows_ - 1) / rows_; }
  /// Number of index codes: 0 .. codes() - 1 (descriptor.hpp, pass_record::groups).
  int codes() const {
    return flattened_ ? (kernel_h_ * kernel_w_ * channels_ + rows_ - 1) / rows_
                      : kernel_h_ * kernel_w_ * channel_groups();
  }
  /// What row `row` of group `code` multiplies; nothing: the row holds no weight and is driven with 0.
  std::optional<source> at(int code, int row) const {
    if (row >= rows_) return std::nullopt;
    const int tap_channel = flattened_ ? code * rows_ + row : code % channel_groups() * rows_ + row;
    const int tap = flattened_ ? tap_channel / channels_ : code / channel_groups();
    const int channel = flattened_ ? tap_channel % channels_ : tap_channel;
    if (tap >= kernel_h_ * kernel_w_ || channel >= channels_) return std::nullopt;
    return source{tap / kernel_w_, tap % kernel_w_, channel};
  }

 private:
  bool flattened_;
  int kernel_h_, kernel_w_;
  int channels_;
  int rows_;
};

/// True when the filters of a layer have fewer channels than a row group has rows.
inline bool is_flattened(const mvm_parameters& p, int rows_active) {
  return p.channels_per_group < rows_active;
}

/// Rows of a row group that may hold weights: mvm_parameters::group_rows where it says less than rows_active.
inline int rows_per_group(const mvm_parameters& p, int rows_active) {
  const bool fewer = is_flattened(p, rows_active) && p.group_rows > 0 && p.group_rows < rows_active;
  return fewer ? p.group_rows : rows_active;
}

/// Convolution groups that one pass may hold side by side, block-diagonally: as many as fit one row group, at least
/// one. The results do not depend on how many of them a pass takes.
inline int groups_per_pass(const mvm_parameters& p, int rows_active) {
  const int rows = p.filter_window.kernel_h * p.filter_window.kernel_w * p.channels_per_group;
  const int most = rows_per_group(p, rows_active);
  if (p.groups == 1 || rows > most) return 1;
  return most / rows < p.groups ? most / rows : p.groups;
}

/// Row groups of a pass that holds `conv_groups` convolution groups (1 .. groups_per_pass).
inline row_grouping grouping_of(const mvm_parameters& p, int rows_active, int conv_groups = 1) {
  return {is_flattened(p, rows_active), p.filter_window.kernel_h, p.filter_window.kernel_w,
          p.channels_per_group * conv_groups, rows_per_group(p, rows_active)};
}

}  // namespace cimbalom::quantization
