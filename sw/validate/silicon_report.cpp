#include "sw/validate/silicon_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cimbalom::validate {

namespace {

using report::json_value;

struct class_words {
  silicon_class of;
  const char* key;
  const char* text;
};
constexpr class_words classes[] = {
    {silicon_class::fitted, "fitted", "fitted"},
    {silicon_class::outside, "outside", "outside the means"},
    {silicon_class::fitted_supply, "tops_per_w_fitted_supply", "TOPS/W at the fitted supply, other precision or data"},
    {silicon_class::other_supply, "tops_per_w_other_supply", "TOPS/W at other supplies"},
    {silicon_class::without_fit, "without_fit", "TOPS/W and GOPS without any fit"},
    {silicon_class::rate, "gops", "GOPS at another supply or precision"},
    {silicon_class::area, "area", "area from components"}};
static_assert(std::size(classes) == silicon_classes);

bool is_scored(silicon_class of) {
  return of != silicon_class::fitted && of != silicon_class::outside;
}

/// "1 point", "2 points".
std::string count_text(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

const char* figure_text(silicon_figure figure) {
  switch (figure) {
    case silicon_figure::tops_per_w:
      return "TOPS/W";
    case silicon_figure::gops:
      return "GOPS";
    case silicon_figure::area_mm2:
      return "mm2";
  }
  return "";
}

std::string conditions_text(const silicon_point& p) {
  if (p.figure == silicon_figure::area_mm2) return "";
  return fmt::format("{:.2f} V {}b x {}b", p.vdd_v, p.input_bits, p.weight_bits);
}

std::string row_text(const silicon_macro& macro, const silicon_row& row) {
  const silicon_point& p = row.point;
  std::string text = fmt::format("  {:<6} {:<17} {:>10.4g} {:>10.4g} ", figure_text(p.figure), conditions_text(p),
                                 p.published, row.predicted);
  const silicon_class of = class_of(macro, p);
  text += of == silicon_class::fitted ? "     fit" : fmt::format("{:>+6.1f} %", row.error_percent());
  if (!p.note.empty()) text += "  " + p.note;
  if (of == silicon_class::outside) text += "  outside: " + p.outside;
  return text + "\n";
}

std::string macro_text(const silicon_result& result) {
  const silicon_macro& macro = result.macro;
  std::string text = fmt::format("{} ({})\n  {}\n", macro.name, macro.id, macro.source);
  if (!macro.remark.empty()) text += "  " + macro.remark + "\n";
  if (macro.fit_of(silicon_figure::tops_per_w) != nullptr) {
    text += fmt::format("  fitted: macro.energy_scale {:.4g}, times the table of {}\n", result.energy_scale,
                        macro.platform.technology);
  }
  if (macro.fit_of(silicon_figure::gops) != nullptr)
    text += fmt::format("  fitted: macro.op_ns {:.5g}\n", result.op_ns);
  text += fmt::format("  {:<24} {:>10} {:>10} {:>8}\n", "", "published", "model", "error");
  for (const silicon_row& row : result.rows) text += row_text(macro, row);
  return text;
}

std::string summary_text(const std::vector<silicon_result>& results, const class_words& words) {
  const error_summary errors = summarize(results, words.of);
  if (errors.points == 0) return "";
  if (!is_scored(words.of)) return fmt::format("  {:<53} {:>10}\n", words.text, count_text(errors.points, "point"));
  const double bound = bound_percent(words.of);
  return fmt::format("  {:<53} {:>10} of {:>9}: error mean {:>5.1f} %, median {:>5.1f} %, worst {:>5.1f} %{}\n",
                     words.text, count_text(errors.points, "point"), count_text(errors.macros, "macro"),
                     errors.mean_percent, errors.median_percent, errors.worst_percent,
                     bound > 0 ? fmt::format("; bound of the mean {} %", bound) : "");
}

json_value point_json(const silicon_macro& macro, const silicon_row& row) {
  const silicon_point& p = row.point;
  json_value value;
  value["figure"] = json_value::text(name_of(p.figure));
  value["published"] = json_value::real(p.published);
  value["model"] = json_value::real(row.predicted);
  value["error_percent"] = json_value::real(row.error_percent());
  const auto words = std::find_if(std::begin(classes), std::end(classes),
                                  [of = class_of(macro, p)](const class_words& w) { return w.of == of; });
  value["class"] = json_value::text(words->key);
  if (!p.note.empty()) value["note"] = json_value::text(p.note);
  if (!p.outside.empty()) value["outside"] = json_value::text(p.outside);
  if (p.figure == silicon_figure::area_mm2) return value;
  value["vdd_v"] = json_value::real(p.vdd_v);
  value["input_bits"] = json_value::integer(static_cast<std::uint64_t>(p.input_bits));
  value["weight_bits"] = json_value::integer(static_cast<std::uint64_t>(p.weight_bits));
  value["wordline_ones"] = json_value::real(p.activity.wordline_ones);
  value["column_sum"] = json_value::real(p.activity.column_sum);
  return value;
}

}  // namespace

double bound_percent(silicon_class of) {
  switch (of) {
    case silicon_class::fitted_supply:
    case silicon_class::rate:
      return 10;
    case silicon_class::other_supply:
      return 20;
    case silicon_class::area:
      return 25;
    default:
      return 0;
  }
}

std::vector<std::string> beyond_bounds(const std::vector<silicon_result>& results) {
  constexpr double most_outside_percent = 15;
  std::vector<std::string> lines;
  std::size_t points = 0;
  for (const silicon_result& result : results) points += result.rows.size();
  for (const class_words& words : classes) {
    const error_summary errors = summarize(results, words.of);
    const double bound = bound_percent(words.of);
    if (bound > 0 && errors.mean_percent > bound) {
      lines.push_back(fmt::format("{}: mean error {:.1f} %, allowed {} %", words.text, errors.mean_percent, bound));
    }
  }
  const std::size_t outside = summarize(results, silicon_class::outside).points;
  const double percent = points > 0 ? 100 * static_cast<double>(outside) / static_cast<double>(points) : 0;
  if (percent > most_outside_percent) {
    lines.push_back(
        fmt::format("{} of {} points stand outside the means, allowed {} %", outside, points, most_outside_percent));
  }
  return lines;
}

std::string silicon_text(const std::vector<silicon_result>& results) {
  std::string text;
  std::size_t points = 0;
  for (const silicon_result& result : results) {
    text += macro_text(result) + "\n";
    points += result.rows.size();
  }
  text += fmt::format("{}, {}\n", count_text(results.size(), "macro"), count_text(points, "published figure"));
  for (const class_words& words : classes) text += summary_text(results, words);
  return text;
}

json_value silicon_json(const std::vector<silicon_result>& results) {
  json_value document;
  document["schema_version"] = json_value::integer(1);
  json_value& macros = document["macros"].as_array();
  for (const silicon_result& result : results) {
    json_value macro;
    macro["id"] = json_value::text(result.macro.id);
    macro["name"] = json_value::text(result.macro.name);
    macro["source"] = json_value::text(result.macro.source);
    macro["technology"] = json_value::text(result.macro.platform.technology);
    macro["energy_scale"] = json_value::real(result.energy_scale);
    macro["op_ns"] = json_value::real(result.op_ns);
    json_value& rows = macro["points"].as_array();
    for (const silicon_row& row : result.rows) rows.push_back(point_json(result.macro, row));
    macros.push_back(std::move(macro));
  }
  for (const class_words& words : classes) {
    const error_summary errors = summarize(results, words.of);
    json_value& summary = document["summary"][words.key];
    summary["points"] = json_value::integer(errors.points);
    summary["macros"] = json_value::integer(errors.macros);
    if (!is_scored(words.of)) continue;
    summary["mean_percent"] = json_value::real(errors.mean_percent);
    summary["median_percent"] = json_value::real(errors.median_percent);
    summary["worst_percent"] = json_value::real(errors.worst_percent);
    if (bound_percent(words.of) > 0) summary["bound_percent"] = json_value::real(bound_percent(words.of));
  }
  return document;
}

}  // namespace cimbalom::validate
