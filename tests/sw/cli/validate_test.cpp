#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "platform/configuration/error.hpp"
#include "sw/cli/commands.hpp"

namespace cimbalom::cli {
namespace {

arguments parse(std::vector<const char*> words) {
  words.insert(words.begin(), "cimbalom");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

class validate_command : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / ("cimbalom_validate_" + std::string(info->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  std::filesystem::path folder_;
};

std::string error_of(const validate_dram_arguments& arguments) {
  try {
    validate_dram(arguments);
  } catch (const input_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST_F(validate_command, reads_its_options) {
  const arguments parsed = parse({"validate", "dram", "--traces", "a", "b", "--platform", "p", "--out", "o"});
  ASSERT_TRUE(parsed.validate_dram);
  EXPECT_EQ(parsed.validate_dram->traces, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed.validate_dram->platform, "p");
  EXPECT_EQ(parsed.validate_dram->out, "o");
  EXPECT_TRUE(parse({"validate", "dram"}).validate_dram->traces.empty());
  EXPECT_THROW(parse({"validate"}), input_error);
  EXPECT_THROW(parse({"validate", "everything"}), input_error);
  EXPECT_NE(parse({"validate", "dram", "--help"}).text.find("--traces"), std::string::npos);
}

TEST_F(validate_command, reads_the_options_of_silicon) {
  const arguments parsed = parse({"validate", "silicon", "--macro", "a.yaml", "--out", "o"});
  ASSERT_TRUE(parsed.validate_silicon);
  EXPECT_EQ(parsed.validate_silicon->macros, (std::vector<std::string>{"a.yaml"}));
  EXPECT_EQ(parsed.validate_silicon->out, "o");
  EXPECT_TRUE(parse({"validate", "silicon"}).validate_silicon->macros.empty());
}

TEST_F(validate_command, writes_the_published_macros) {
  validate_silicon_arguments arguments;
  arguments.out = (folder_ / "out").string();
  validate_silicon(arguments);
  std::ifstream stream(folder_ / "out" / "validate_silicon.json");
  const nlohmann::json written = nlohmann::json::parse(stream);
  EXPECT_GE(written["macros"].size(), 6U);
  EXPECT_LE(written["summary"]["tops_per_w_fitted_supply"]["mean_percent"].get<double>(), 10);
  EXPECT_LE(written["summary"]["tops_per_w_other_supply"]["mean_percent"].get<double>(), 20);
}

TEST_F(validate_command, a_macro_of_the_user_has_its_row_and_no_bound) {
  validate_silicon_arguments arguments;
  arguments.macros = {write("mine.yaml",
                            "name: mine\nsource: measured here\nplatform: nthu-28nm\npoints:\n"
                            "  - {figure: tops_per_w, value: 1000}\n")};
  arguments.out = (folder_ / "out").string();
  validate_silicon(arguments);
  std::ifstream stream(folder_ / "out" / "validate_silicon.json");
  const nlohmann::json written = nlohmann::json::parse(stream);
  ASSERT_EQ(written["macros"].size(), 1U);
  EXPECT_EQ(written["macros"][0]["id"], "mine");
  EXPECT_LT(written["macros"][0]["points"][0]["error_percent"].get<double>(), -90);
  arguments.macros = {(folder_ / "nowhere.yaml").string()};
  EXPECT_THROW(validate_silicon(arguments), input_error);
}

TEST_F(validate_command, plays_a_file_on_the_memory_of_the_platform) {
  validate_dram_arguments arguments;
  arguments.traces = {write("two.trace", "0x0 READ 0\n0x40 WRITE 100\n")};
  arguments.settings = {"platform.dram.preset=ddr4-2400", "platform.dram.mapping=RoRaBgBaCo"};
  arguments.out = (folder_ / "out").string();
  validate_dram(arguments);
  std::ifstream stream(folder_ / "out" / "validate_dram.json");
  const nlohmann::json report = nlohmann::json::parse(stream);
  ASSERT_EQ(report.at("traces").size(), 1U);
  const nlohmann::json& trace = report.at("traces").at(0);
  EXPECT_EQ(trace.at("name"), "two");
  EXPECT_NEAR(trace.at("read_latency").at("mean_ns").get<double>(), 38 * 0.833, 1e-9);
  EXPECT_NEAR(trace.at("write_latency").at("mean_ns").get<double>(), 16 * 0.833, 1e-9);
  EXPECT_GT(trace.at("energy").at("total_pj").get<double>(), 0);
  EXPECT_TRUE(report.at("references").empty()) << "they belong to the run without files";
  EXPECT_EQ(report.at("memory").at("preset"), "ddr4-2400");
}

TEST_F(validate_command, says_when_energy_is_missing) {
  validate_dram_arguments arguments;
  arguments.traces = {write("one.trace", "0x0 READ 0\n")};
  arguments.settings = {"platform.dram.preset=lpddr5-6400"};
  EXPECT_NE(error_of(arguments).find("dram.preset = lpddr5-6400: the sources do not tell its supply currents"),
            std::string::npos);
  arguments.settings.push_back("platform.dram.accept_missing=true");
  arguments.out = (folder_ / "out").string();
  validate_dram(arguments);
  std::ifstream stream(folder_ / "out" / "validate_dram.json");
  EXPECT_FALSE(nlohmann::json::parse(stream).at("traces").at(0).contains("energy"));
}

TEST_F(validate_command, bad_input_is_one_line) {
  validate_dram_arguments arguments;
  arguments.traces = {write("bad.trace", "0x0 READ 0\n0x40 MOVE 1\n")};
  EXPECT_EQ(error_of(arguments), arguments.traces[0] + ":2: command = MOVE: must be READ or WRITE");
  arguments.traces = {(folder_ / "none.trace").string()};
  EXPECT_EQ(error_of(arguments), arguments.traces[0] + ": cannot be read");
  arguments.settings = {"platform.dram.mapping=ro-co"};
  EXPECT_NE(error_of(arguments).find("dram.mapping = ro-co: must hold ro, ra, bg, ba and co once each"),
            std::string::npos);
  arguments.settings = {"policy.seed=1"};
  EXPECT_NE(error_of(arguments), "accepted");
}

}  // namespace
}  // namespace cimbalom::cli
