#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "platform/configuration/platform_config.hpp"

namespace cimbalom::platform {

/// A value that is one of a few words.
struct choice {
  std::vector<std::string> words;
  std::function<std::size_t()> get;
  std::function<void(std::size_t)> set;
};

/// Where a key's value lives in a platform_config.
using field = std::variant<int*, std::int64_t*, std::uint32_t*, std::uint64_t*, double*, bool*, std::string*, choice>;

/// One key of the platform file: reader, writer, --set and docs/platform.md all go by it.
struct key {
  std::string path;  ///< "macro.adc_bits"; without a dot: top level
  field value;
  double low = 0;  ///< numbers: smallest and largest allowed, inclusive
  double high = 0;
  std::string unit;  ///< as in docs; empty: a count or a word
  std::string doc;   ///< one line
};

/// Every key, in the order of the file, bound to `config`, which must outlive the result.
std::vector<key> keys(platform_config& config);

/// What is allowed, for messages and docs: "1..16", "a number in 0.1..10000", "full, calibrated or fixed".
std::string allowed(const key& k);

/// The value as the file writes it. Numbers are the shortest text that reads back to the same value.
std::string value_text(const key& k);

/// Sets the value from text. False when the text is no value of this key, or out of range.
bool set_value(const key& k, const std::string& text);

/// The key as a number, or one of the derived quantities macro.columns_driven, macro.slots, macro.cell_bytes and the
/// circuits of a bank: macro.adcs, macro.dacs (0 in a digital macro), macro.adder_trees, macro.word_trees,
/// macro.cell_adders (0 in an analog one), macro.shift_adders, macro.word_bits. Words and unknown paths: none.
std::optional<double> number(const platform_config& config, const std::string& path);

/// The candidate that is fewest edits from `text`.
std::string nearest(const std::string& text, const std::vector<std::string>& candidates);

/// The table of docs/platform.md.
std::string keys_as_markdown();

}  // namespace cimbalom::platform
