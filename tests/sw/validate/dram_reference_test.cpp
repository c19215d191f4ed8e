#include "sw/validate/dram_reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sw/validate/dram_report.hpp"

namespace cimbalom::validate {
namespace {

class references : public ::testing::TestWithParam<std::size_t> {};

// Bandwidth and latency within 10 %; so are power and energy, though nothing asks for that.
TEST_P(references, agree_with_the_other_simulator) {
  const dram_reference& row = dram_references()[GetParam()];
  ASSERT_NO_THROW(row.config.validate());
  const reference_result result = compare(row);
  EXPECT_TRUE(beyond_tolerance({result}).empty());
  for (const compared_figure& f : result.figures) {
    EXPECT_LT(std::abs(f.error_percent()), 5) << row.device << ", " << row.trace.name << ": " << f.name;
  }
}

INSTANTIATE_TEST_SUITE_P(rows, references, ::testing::Range<std::size_t>(0, 6));

TEST(dram_reference, a_figure_too_far_off_is_told) {
  dram_reference row = dram_references()[2];
  row.trace.requests = 500;
  row.read_latency_ns = 40;
  const std::vector<std::string> lines = beyond_tolerance({compare(row)});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].substr(0, lines[0].find(" +")),
            "DRAMsim3 @29817593, DDR4_8Gb_x8_2400, random read, one every 150 clocks: read_latency_ns is off by");
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> found(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      found.emplace_back();
    } else if (c != '"') {
      found.back() += c;
    }
  }
  return found;
}

// The figures that ship are those of the collection they come from, where that is at hand.
TEST(dram_reference, figures_are_those_of_the_collection) {
  const char* shared = std::getenv("CIMBALOM_SHARED");
  const std::string root = shared != nullptr ? shared : CIMBALOM_SOURCE_DIR "/../shared";
  std::ifstream file(root + "/reference/dram_reference.csv");
  if (!file) GTEST_SKIP() << "no reference/dram_reference.csv in " << root;
  std::string line;
  std::getline(file, line);
  std::size_t row = 0;
  for (; std::getline(file, line); ++row) {
    const std::vector<std::string> cell = cells(line);
    ASSERT_GE(cell.size(), 14U);
    ASSERT_LT(row, dram_references().size());
    const dram_reference& shipped = dram_references()[row];
    const auto expect = [&](const std::optional<double>& figure, const std::string& text) {
      EXPECT_EQ(figure.has_value(), !text.empty()) << line;
      EXPECT_DOUBLE_EQ(figure.value_or(0), text.empty() ? 0 : std::stod(text)) << line;
    };
    EXPECT_EQ(shipped.simulator, cell[0] + " @" + cell[1]);
    EXPECT_EQ(cell[2].rfind(shipped.device, 0), 0U);
    EXPECT_EQ(shipped.trace.requests, std::stoull(cell[8]));
    expect(shipped.bandwidth_gb_s, cell[10]);
    expect(shipped.read_latency_ns, cell[11]);
    expect(shipped.power_mw, cell[12]);
    expect(shipped.energy_mj, cell[13]);
  }
  EXPECT_EQ(row, dram_references().size());
}

TEST(small_traces, files_hold_what_the_rules_make) {
  for (const trace_rule& rule : small_traces()) {
    const std::string path = CIMBALOM_SOURCE_DIR "/traces/memory/" + rule.name + ".trace";
    std::ifstream stream(path);
    std::ostringstream text;
    text << stream.rdbuf();
    EXPECT_TRUE(text.str() == traces::memory_trace_text(make_trace(rule))) << path;
  }
}

}  // namespace
}  // namespace cimbalom::validate
