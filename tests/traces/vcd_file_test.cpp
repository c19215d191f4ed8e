#include "traces/vcd_file.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "platform/configuration/error.hpp"
#include "tests/traces/scratch.hpp"
#include "tests/traces/vcd_reader.hpp"
#include "traces/command_timeline.hpp"
#include "traces/transaction_log.hpp"

namespace cimbalom::traces {
namespace {

using ::testing::HasSubstr;
using testing_support::read_vcd;
using testing_support::scratch;
using testing_support::text_of;
using testing_support::vcd_change;

TEST(vcd_file, writes_every_kind_of_value) {
  const std::string path = scratch("kinds.vcd");
  {
    vcd_file file(path, {});
    const auto flag = file.declare("top.unit.flag", vcd_kind::bit, 1);
    const auto count = file.declare("top.unit.count", vcd_kind::integer, 8);
    const auto level = file.declare("top.level", vcd_kind::real, 64);
    const auto state = file.declare("top.state", vcd_kind::text, 1);
    file.change(flag, 0, true);
    file.change(count, 0, std::uint64_t{5});
    file.change(level, 10, 2.5);
    file.change(state, 20, std::string_view("two words"));
    file.change(count, 20, static_cast<std::uint64_t>(-1));
    file.change(count, 30, std::uint64_t{0});
    file.finish(100);
  }
  EXPECT_THAT(read_vcd(path),
              ::testing::UnorderedElementsAre(
                  vcd_change{0, "top.unit.flag", "1"}, vcd_change{0, "top.unit.count", "b101"},
                  vcd_change{0, "top.level", "r0"}, vcd_change{0, "top.state", "s"},
                  vcd_change{10, "top.level", "r2.5"}, vcd_change{20, "top.state", "stwo_words"},
                  vcd_change{20, "top.unit.count", "b11111111"}, vcd_change{30, "top.unit.count", "b0"}));
  const std::string text = text_of(path);
  EXPECT_THAT(text, HasSubstr("$timescale 1 ps $end"));
  EXPECT_THAT(text, HasSubstr("$var wire 8 \" count [7:0] $end"));
  EXPECT_THAT(text, HasSubstr("#100\n"));
}

TEST(vcd_file, of_one_moment_only_the_last_value_is_written_in_order_of_declaration) {
  const std::string one = scratch("one.vcd"), other = scratch("other.vcd");
  for (const std::string& path : {one, other}) {
    vcd_file file(path, {});
    const auto a = file.declare("a", vcd_kind::integer, 4), b = file.declare("b", vcd_kind::integer, 4);
    const bool swapped = path == other;
    file.change(a, 0, std::uint64_t{0});
    file.change(b, 0, std::uint64_t{0});
    file.change(swapped ? b : a, 5, std::uint64_t{1});
    file.change(swapped ? a : b, 5, std::uint64_t{1});
    file.change(a, 7, std::uint64_t{3});
    file.change(a, 7, std::uint64_t{1});  // back again: no change
    file.finish(9);
  }
  EXPECT_EQ(text_of(one), text_of(other));
  EXPECT_EQ(text_of(one).find("#7"), std::string::npos);
}

TEST(vcd_file, a_window_opens_on_the_values_before_it) {
  const std::string path = scratch("window.vcd");
  {
    vcd_file file(path, {100, 200});
    const auto a = file.declare("a", vcd_kind::integer, 8);
    file.change(a, 0, std::uint64_t{1});
    file.change(a, 90, std::uint64_t{2});
    file.change(a, 150, std::uint64_t{3});
    file.change(a, 200, std::uint64_t{4});
    file.change(a, 201, std::uint64_t{5});
    file.finish(500);
  }
  EXPECT_THAT(read_vcd(path), ::testing::ElementsAre(vcd_change{100, "a", "b10"}, vcd_change{150, "a", "b11"},
                                                     vcd_change{200, "a", "b100"}));
}

TEST(vcd_file, is_valid_without_any_change) {
  const std::string path = scratch("empty.vcd");
  { vcd_file(path, {}).declare("a.b", vcd_kind::bit, 1); }
  EXPECT_THAT(text_of(path), HasSubstr("$enddefinitions $end\n#0\n$dumpvars\nx!\n$end\n"));
}

TEST(vcd_file, has_enough_identifiers) {
  const std::string path = scratch("many.vcd");
  constexpr int count = 20000;
  {
    vcd_file file(path, {});
    std::vector<vcd_file::signal> signals;
    for (int i = 0; i < count; ++i) signals.push_back(file.declare("s" + std::to_string(i), vcd_kind::integer, 32));
    for (int i = 0; i < count; ++i) file.change(signals[static_cast<std::size_t>(i)], 0, static_cast<std::uint64_t>(i));
  }
  std::map<std::string, std::string> values;
  for (const vcd_change& each : read_vcd(path)) values[each.name] = each.value;
  EXPECT_EQ(values.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(values["s9"], "b1001");
  EXPECT_EQ(values["s19999"], "b100111000011111");
}

TEST(vcd_file, refuses_a_path_that_cannot_be_written) {
  try {
    vcd_file file("/nowhere/at/all.vcd", {});
    FAIL() << "accepted";
  } catch (const input_error& error) {
    EXPECT_STREQ(error.what(), "vcd = /nowhere/at/all.vcd: a file that can be written");
  }
}

TEST(vcd_file, says_when_the_disk_is_full) {
  if (!std::ifstream("/dev/full")) GTEST_SKIP() << "no /dev/full";
  vcd_file file("/dev/full", {});
  file.change(file.declare("a", vcd_kind::bit, 1), 0, true);
  EXPECT_THROW(file.flush(), run_error);
}

TEST(parse_window, reads_times_with_units) {
  EXPECT_EQ(parse_window("window", "1.5us:2ms").begin_ps, 1'500'000U);
  EXPECT_EQ(parse_window("window", "1.5us:2ms").end_ps, 2'000'000'000U);
  EXPECT_EQ(parse_window("window", ":30ns").begin_ps, 0U);
  EXPECT_EQ(parse_window("window", "7ps:").end_ps, std::numeric_limits<std::uint64_t>::max());
  for (const char* bad : {"", "10", "1us", "2us:1us", "1:2", "x:", "-1ns:", "1us:2s", "nanns:", "1e30ms:"}) {
    EXPECT_THROW(parse_window("window", bad), input_error) << bad;
  }
}

TEST(timeline_file, is_json_with_exact_times) {
  const std::string path = scratch("timeline.json");
  {
    timeline_file file(path);
    file.span("accelerator0", "compute", "compute \"layer\" 0", 1'234'567, 2'000'000, {{"layer", "0"}});
    file.span("accelerator0", "store", "store", 0, 5);
    file.span("accelerator0", "compute", "again", 3'000'000, 3'000'001);
  }
  const auto events = nlohmann::json::parse(text_of(path));
  ASSERT_EQ(events.size(), 6U) << "three names and three spans";
  EXPECT_EQ(events[2]["name"], "compute \"layer\" 0");
  EXPECT_EQ(events[2]["args"]["layer"], "0");
  EXPECT_THAT(text_of(path), HasSubstr("\"ts\":1.234567,\"dur\":0.765433"));
  EXPECT_EQ(events[5]["tid"], events[2]["tid"]);
  EXPECT_NE(events[4]["tid"], events[2]["tid"]);
  EXPECT_THROW(timeline_file("/nowhere/t.json"), input_error);
}

TEST(command_timeline, has_a_track_an_engine) {
  const std::string path = scratch("commands.json");
  {
    timeline_file file(path);
    for (const auto op : {registers::opcode::load_weights, registers::opcode::compute, registers::opcode::vector_op,
                          registers::opcode::fence}) {
      registers::command c;
      c.op = op;
      c.layer = 4;
      add_command(file, "accelerator0", c, 10, 20);
    }
  }
  std::map<std::string, int> spans;
  std::map<int, std::string> tracks;
  for (const auto& event : nlohmann::json::parse(text_of(path))) {
    if (event["name"] == "thread_name") tracks[event["tid"]] = event["args"]["name"];
    if (event["ph"] == "X") ++spans[tracks[event["tid"]]];
  }
  EXPECT_EQ(spans, (std::map<std::string, int>{{"parameter", 1}, {"compute", 2}, {"sequencer", 1}}));
}

TEST(transaction_log, writes_a_line_a_transaction) {
  const std::string path = scratch("transactions.csv");
  transaction_log log(path);
  transaction_record record;
  record.link = "bus";
  record.initiator = 3;
  record.layer = 7;
  record.write = true;
  record.address = 0x8000'0040;
  record.length_bytes = 64;
  record.status = "ok";
  record.begin_ps = 1;
  record.accepted_ps = 2;
  record.response_ps = 3;
  record.end_ps = 4;
  log.add(record);
  log.flush();
  EXPECT_EQ(text_of(path), std::string(transaction_log::header) + "1,2,3,4,bus,3,7,write,0x80000040,64,ok\n");
  EXPECT_THROW(transaction_log("/nowhere/t.csv"), input_error);
}

}  // namespace
}  // namespace cimbalom::traces
