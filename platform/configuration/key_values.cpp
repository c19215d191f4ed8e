#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "platform/configuration/keys.hpp"

namespace cimbalom::platform {
namespace {

template <class T>
std::optional<T> parse(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

template <class T>
bool set_number(T* target, const std::string& text, double low, double high) {
  const std::optional<T> value = parse<T>(text);
  if (!value) return false;
  const auto compared = static_cast<double>(*value);
  if (!std::isfinite(compared) || compared < low || compared > high) return false;
  *target = *value;
  return true;
}

bool set_choice(const choice& c, const std::string& text) {
  const auto found = std::find(c.words.begin(), c.words.end(), text);
  if (found == c.words.end()) return false;
  c.set(static_cast<std::size_t>(found - c.words.begin()));
  return true;
}

struct setter {
  const key& k;
  const std::string& text;

  template <class T>
  bool operator()(T* target) const {
    return set_number(target, text, k.low, k.high);
  }
  bool operator()(bool* target) const {
    if (text != "true" && text != "false") return false;
    *target = text == "true";
    return true;
  }
  bool operator()(std::string* target) const {
    if (text.empty() || text.find_first_of("\n\r\t\"'#:{}[],&*") != std::string::npos) return false;
    *target = text;
    return true;
  }
  bool operator()(const choice& c) const { return set_choice(c, text); }
};

struct printer {
  template <class T>
  std::string operator()(T* value) const {
    return fmt::format("{}", *value);
  }
  std::string operator()(const choice& c) const { return c.words[c.get()]; }
};

struct describer {
  const key& k;

  template <class T>
  std::string operator()(T*) const {
    return fmt::format("{:.0f}..{:.0f}", k.low, k.high);
  }
  std::string operator()(double*) const { return fmt::format("a number in {}..{}", k.low, k.high); }
  std::string operator()(bool*) const { return "true or false"; }
  std::string operator()(std::string*) const { return "a name or a path"; }
  std::string operator()(const choice& c) const {
    std::string text = c.words.front();
    for (std::size_t i = 1; i < c.words.size(); ++i) text += (i + 1 == c.words.size() ? " or " : ", ") + c.words[i];
    return text;
  }
};

struct numeric {
  template <class T>
  std::optional<double> operator()(T* value) const {
    return static_cast<double>(*value);
  }
  std::optional<double> operator()(std::string*) const { return std::nullopt; }
  std::optional<double> operator()(const choice&) const { return std::nullopt; }
};

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

std::string allowed(const key& k) {
  return std::visit(describer{k}, k.value);
}
std::string value_text(const key& k) {
  return std::visit(printer{}, k.value);
}
bool set_value(const key& k, const std::string& text) {
  return std::visit(setter{k, text}, k.value);
}

namespace {

/// How many of a bank's circuits there are; a digital macro has no converters, an analog one no adders of column sums.
std::optional<double> circuits(const cim::macro_config& m, const std::string& path) {
  const bool digital = m.kind == arithmetic::macro_kind::digital;
  const auto laid_out = [&](cim::adder_layout how) { return digital && m.adders == how; };
  const double columns = m.columns_driven();
  if (path == "macro.adcs") return digital ? 0 : std::ceil(columns / (m.cols_per_adc * m.combine_columns));
  if (path == "macro.dacs") return digital || m.dac_bits == 1 ? 0 : m.rows_active;
  if (path == "macro.adder_trees") return laid_out(cim::adder_layout::column) ? columns : 0;
  if (path == "macro.word_trees") return laid_out(cim::adder_layout::word) ? m.slots() : 0;
  if (path == "macro.cell_adders") return laid_out(cim::adder_layout::cell) ? double(m.rows) * m.cols : 0;
  if (path == "macro.shift_adders") return laid_out(cim::adder_layout::word) ? m.slots() : columns;
  if (path == "macro.word_bits") return m.slot_bits + m.dac_bits;
  return std::nullopt;
}

}  // namespace

std::optional<double> number(const platform_config& config, const std::string& path) {
  if (const std::optional<double> count = circuits(config.macro, path)) return count;
  if (path == "macro.columns_driven") return config.macro.columns_driven();
  if (path == "macro.slots") return config.macro.slots();
  if (path == "macro.cell_bytes") {
    return double(config.macro.banks) * config.macro.rows * config.macro.cols * config.macro.bits_per_cell / 8;
  }
  platform_config copy = config;
  for (const key& k : keys(copy)) {
    if (k.path == path) return std::visit(numeric{}, k.value);
  }
  return std::nullopt;
}

std::string nearest(const std::string& text, const std::vector<std::string>& candidates) {
  const auto closer = [&](const std::string& a, const std::string& b) {
    return edit_distance(text, a) < edit_distance(text, b);
  };
  const auto best = std::min_element(candidates.begin(), candidates.end(), closer);
  return best == candidates.end() ? std::string() : *best;
}

std::string keys_as_markdown() {
  platform_config defaults;
  std::string text = "| key | default | unit | allowed | meaning |\n|---|---|---|---|---|\n";
  for (const key& k : keys(defaults)) {
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", k.path, value_text(k), k.unit, allowed(k), k.doc);
  }
  return text;
}

}  // namespace cimbalom::platform
