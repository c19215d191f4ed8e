#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "platform/configuration/platform_file.hpp"
#include "sw/validate/silicon_report.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::validate {
namespace {

const std::vector<silicon_result>& published() {
  static const std::vector<silicon_result> all = [] {
    std::vector<silicon_result> results;
    for (const silicon_macro& macro : published_silicon()) results.push_back(compare(macro));
    return results;
  }();
  return all;
}

const std::string example = R"(name: an example
source: "a publication, table 1"
platform:
  technology: 28nm
  macro:
    kind: digital
    banks: 1
    rows: 64
    cols: 64
    rows_active: 64
    col_mux: 1
    dac_bits: 1
    op_ns: 16
points:
  - {figure: tops_per_w, value: 20, vdd_v: 0.9, fit: true}
  - {figure: gops, value: 64, vdd_v: 0.9, fit: true}
  - {figure: tops_per_w, value: 80, vdd_v: 0.9, input_bits: 4, weight_bits: 4}
  - {figure: gops, value: 256, vdd_v: 0.9, input_bits: 4, weight_bits: 4}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string error_of(const std::string& text) {
  try {
    compare(parse_silicon(text, "m.yaml"));
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(silicon, means_stay_within_their_bounds) {
  for (const std::string& line : beyond_bounds(published())) ADD_FAILURE() << line;
}

TEST(silicon, enough_macros_and_points_are_not_fitted) {
  std::size_t points = 0;
  std::set<std::string> macros;
  for (const silicon_result& result : published()) {
    for (const silicon_row& row : result.rows) {
      const silicon_class of = class_of(result.macro, row.point);
      if (of == silicon_class::fitted || of == silicon_class::outside) continue;
      ++points;
      macros.insert(result.macro.id);
    }
  }
  EXPECT_GE(macros.size(), 6U);
  EXPECT_GE(points, 20U);
  for (const char* asked : {"nthu-28nm", "jia-65nm", "wang-22nm", "sinangil-7nm", "colonnade-65nm", "redcim-28nm"}) {
    EXPECT_EQ(macros.count(asked), 1U) << asked;
  }
}

TEST(silicon, what_is_fitted_is_met) {
  for (const silicon_result& result : published()) {
    for (const silicon_row& row : result.rows) {
      if (!row.point.fitted) continue;
      EXPECT_NEAR(row.error_percent(), 0, 0.05) << result.macro.id << ", line " << row.point.line;
    }
  }
}

TEST(silicon, presets_hold_what_the_fit_finds) {
  for (const silicon_result& result : published()) {
    const cim::macro_config& macro = platform::read_platform(result.macro.id).macro;
    EXPECT_NEAR(macro.energy_scale / result.energy_scale, 1, 2e-3) << result.macro.id;
    EXPECT_NEAR(macro.op_ns / result.op_ns, 1, 2e-3) << result.macro.id;
  }
}

TEST(silicon, area_depends_on_neither_the_published_area_nor_the_time) {
  silicon_macro macro = published_silicon().front();
  const auto area = [&] {
    const silicon_result result = compare(macro);
    const auto row = std::find_if(result.rows.begin(), result.rows.end(),
                                  [](const silicon_row& r) { return r.point.figure == silicon_figure::area_mm2; });
    return row->predicted;
  };
  const double before = area();
  macro.platform.macro.area_mm2 = 17;
  macro.platform.macro.op_ns *= 3;
  macro.platform.accelerator.macros = 7;
  macro.platform.accelerator.count = 2;
  EXPECT_EQ(area(), before);
}

TEST(silicon, the_fit_takes_the_rest_from_the_model) {
  const silicon_result result = compare(parse_silicon(example, "m.yaml"));
  ASSERT_EQ(result.rows.size(), 4U);
  EXPECT_NEAR(result.rows[0].predicted, 20, 1e-3);
  EXPECT_NEAR(result.rows[1].predicted, 64, 1e-2);
  // 64 rows x 8 filters in 16 ns are 64 GOPS: the platform's own time is met.
  EXPECT_NEAR(result.op_ns, 16, 1e-9);
  // Half the input bits and twice the filters: four times the rate; a little less in efficiency, for the accumulators.
  EXPECT_NEAR(result.rows[3].predicted, 256, 0.1);
  EXPECT_GT(result.rows[2].predicted, 70);
  EXPECT_LT(result.rows[2].predicted, 80);
}

TEST(silicon, leakage_counts_and_is_not_fitted) {
  std::string slow = replaced(example, "op_ns: 16", "op_ns: 10000");
  slow = replaced(slow, "  - {figure: gops, value: 64, vdd_v: 0.9, fit: true}\n", "");
  const double fast_scale = compare(parse_silicon(example, "m.yaml")).energy_scale;
  EXPECT_LT(compare(parse_silicon(slow, "m.yaml")).energy_scale, fast_scale);
  silicon_macro hungry = parse_silicon(slow, "m.yaml");
  hungry.points[0].published = 1e9;
  EXPECT_THROW(compare(hungry), run_error);
}

TEST(silicon, a_macro_without_fit_is_scored_apart) {
  std::string text = replaced(example, ", fit: true", "");
  text = replaced(text, ", fit: true", "");
  const silicon_result result = compare(parse_silicon(text, "m.yaml"));
  EXPECT_EQ(result.energy_scale, 1);
  for (const silicon_row& row : result.rows) {
    EXPECT_EQ(class_of(result.macro, row.point), silicon_class::without_fit);
  }
  EXPECT_EQ(summarize({result}, silicon_class::without_fit).points, 4U);
  EXPECT_NE(silicon_text({result}).find("without any fit"), std::string::npos);
}

TEST(silicon, guard_columns_and_ripple_follow_their_rules) {
  std::string text = replaced(example, "points:", "guard_columns: 6\nripple_rows: 2\npoints:");
  text = replaced(text, "  - {figure: gops, value: 64, vdd_v: 0.9, fit: true}\n", "");
  silicon_model model(parse_silicon(text, "m.yaml"));
  EXPECT_EQ(model.filters(8), 4);  // 64 / (8 + 6)
  EXPECT_EQ(model.filters(2), 8);
  EXPECT_THROW(
      silicon_model(parse_silicon(replaced(text, "guard_columns: 6", "guard_columns: 60"), "m.yaml")).filters(8),
      input_error);
  silicon_point point;
  point.figure = silicon_figure::gops;
  point.vdd_v = 0.9;
  EXPECT_NEAR(model.predict(point), 2 * 64 * 4 / 16.0, 1e-9);
  point.input_bits = point.weight_bits = 2;  // a quarter of the steps, 10 adders in the path in place of 16
  EXPECT_NEAR(model.predict(point), 2 * 64 * 8 / (4 * 10 / 16.0), 1e-9);
}

TEST(silicon, refuses_what_it_cannot_read) {
  EXPECT_EQ(error_of(example), "accepted");
  const auto expect = [](const std::string& from, const std::string& to, const std::string& message) {
    EXPECT_NE(error_of(replaced(example, from, to)).find(message), std::string::npos)
        << error_of(replaced(example, from, to));
  };
  expect("source: \"a publication, table 1\"\n", "", "m.yaml:1: source: missing");
  expect("name: an example", "nane: an example", "m.yaml:1: nane: no such key; the nearest is name");
  expect("figure: gops", "figure: gips", "m.yaml:16: points.figure = gips: tops_per_w, gops or area_mm2");
  expect("value: 20", "value: -3", "m.yaml:15: value = -3: a number in");
  expect("value: 20,", "valeu: 20,", "the nearest is value");
  expect("input_bits: 4", "input_bits: 4.5", "m.yaml:17: input_bits = 4.5: 1..16");
  expect("input_bits: 4", "input_bits: 17", "m.yaml:17: input_bits = 17");
  expect("fit: true", "fit: maybe", "true or false");
  expect("rows_active: 64", "rows_active: 63", "m.yaml:10: macro.rows_active = 63");
  expect("    banks: 1", "    bonks: 1", "m.yaml:7: macro.bonks");
  expect("points:", "points: {}\nnone:", "none: no such key");
  expect("points:", "area_without: [moat]\npoints:", "area_without = moat: one of cells, converters");
  expect("points:", "area_without: moat\npoints:", "m.yaml:14: area_without: a list");
  expect("col_mux: 1\n    dac_bits: 1", "col_mux: 8\n    dac_bits: 1", "accepted");
}

TEST(silicon, refuses_more_than_one_operating_point) {
  const auto expect = [](const std::string& from, const std::string& to, const std::string& message) {
    EXPECT_NE(error_of(replaced(example, from, to)).find(message), std::string::npos)
        << error_of(replaced(example, from, to));
  };
  expect("weight_bits: 4}\n  - {figure: gops", "weight_bits: 4, fit: true}\n  - {figure: gops",
         "m.yaml:17: points.fit = true: one operating point a macro");
  expect("value: 80, vdd_v: 0.9, input_bits: 4, weight_bits: 4", "value: 80, vdd_v: 0.9, fit: true",
         "one figure of a kind");
  expect("figure: gops, value: 64", "figure: area_mm2, value: 64", "area comes from components and is never fitted");
  expect("fit: true", "fit: true, outside: odd", "cannot be the one that is fitted");
}

TEST(silicon, a_point_beyond_a_law_names_it) {
  const std::string low = replaced(example, "value: 256, vdd_v: 0.9", "value: 256, vdd_v: 0.4");
  EXPECT_NE(error_of(low).find("vdd_v = 0.4: above the threshold"), std::string::npos) << error_of(low);
}

TEST(silicon, one_file_of_a_user_is_enough) {
  testing_support::temporary_folder folder;
  const std::string path = folder.path() + "/mine.yaml";
  std::ofstream(path) << example;
  EXPECT_EQ(read_silicon(path).id, "mine");
  // A platform file beside it, and a preset, do as well.
  std::ofstream(folder.path() + "/p.yaml") << "macro: {banks: 3}\n";
  const std::size_t from = example.find("platform:");
  const std::size_t to = example.find("points:");
  const auto with = [&](const std::string& platform) {
    std::ofstream(path) << example.substr(0, from) << "platform: " << platform << "\n" << example.substr(to);
    return read_silicon(path).platform.macro;
  };
  EXPECT_EQ(with("p.yaml").banks, 3);
  EXPECT_EQ(with("wang-22nm").dac_bits, 8);
  EXPECT_THROW(with("nowhere"), input_error);
}

TEST(silicon, reports_every_point_and_repeats) {
  std::size_t points = 0;
  for (const silicon_result& result : published()) points += result.rows.size();
  const std::string text = silicon_text(published());
  EXPECT_NE(text.find("published figures"), std::string::npos);
  const report::json_value document = silicon_json(published());
  std::size_t told = 0;
  for (const report::json_value& macro : document.find({"macros"})->elements()) {
    told += macro.find({"points"})->elements().size();
  }
  EXPECT_EQ(told, points);
  EXPECT_EQ(document.to_text(), silicon_json(published()).to_text());
}

/// Efficiency of the reference rows, as published for the macro.
TEST(silicon, figures_are_those_of_the_reference) {
  const char* given = std::getenv("CIMBALOM_SHARED");
  const std::filesystem::path shared =
      given != nullptr ? std::filesystem::path(given) : std::filesystem::path(CIMBALOM_SOURCE_DIR) / ".." / "shared";
  std::ifstream stream(shared / "reference" / "silicon_macros.csv");
  if (!stream) GTEST_SKIP() << "no shared reference";
  std::size_t checked = 0;
  for (std::string line; std::getline(stream, line);) {
    for (const auto& [row, id, efficiency] : {std::tuple{"C-JIA-1.2,", "jia-65nm", 192.0},
                                              {"C-SIN-0.8-15,", "sinangil-7nm", 262.3},
                                              {"C-SIN-0.8-0,", "sinangil-7nm", 610.5},
                                              {"C-WANG-0.7,", "wang-22nm", 31.998},
                                              {"C-COL-16b-0.6,", "colonnade-65nm", 2.02},
                                              {"C-COL-1b-0.8,", "colonnade-65nm", 29.37},
                                              {"Z-AIMC2,", "nthu-28nm", 15.02},
                                              {"Z-DIMC1,", "redcim-28nm", 36.63},
                                              {"Z-DIMC3,", "guo-28nm", 19.5}}) {
      if (line.rfind(row, 0) != 0) continue;
      ++checked;
      EXPECT_NE(line.find(fmt::format(",{},", efficiency)), std::string::npos) << line;
      const auto macro = std::find_if(published().begin(), published().end(),
                                      [&id = id](const silicon_result& r) { return r.macro.id == id; });
      EXPECT_TRUE(std::any_of(macro->rows.begin(), macro->rows.end(), [&e = efficiency](const silicon_row& r) {
        return r.point.published == e;
      })) << row;
    }
  }
  EXPECT_EQ(checked, 9U);
}

}  // namespace
}  // namespace cimbalom::validate
