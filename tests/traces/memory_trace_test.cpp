#include "traces/memory_trace.hpp"

#include <gtest/gtest.h>

#include "platform/configuration/error.hpp"

namespace cimbalom::traces {
namespace {

TEST(memory_trace, reads_the_text_format) {
  const std::vector<memory_access> trace =
      parse_memory_trace("# comment\n0x1F40 READ 5\r\n\n  0XfF   WRITE\t7\nabc READ 7", "t");
  ASSERT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace[0].address, 0x1F40U);
  EXPECT_EQ(trace[0].cycle, 5U);
  EXPECT_FALSE(trace[0].write);
  EXPECT_EQ(trace[1].address, 0xFFU);
  EXPECT_TRUE(trace[1].write);
  EXPECT_EQ(trace[2].address, 0xABCU);
}

TEST(memory_trace, text_reads_back) {
  const std::string text = "0x0 READ 0\n0xFFFFFFFFFFFFFFC0 WRITE 1000000000000\n";
  EXPECT_EQ(memory_trace_text(parse_memory_trace(text, "t")), text);
}

TEST(memory_trace, bad_lines_name_file_line_and_what_is_allowed) {
  const auto complaint = [](const std::string& text) -> std::string {
    try {
      parse_memory_trace(text, "t.trace");
    } catch (const input_error& error) {
      return error.what();
    }
    return "";
  };
  const std::string good = "0x0 READ 9\n";
  EXPECT_EQ(complaint(good + "0xZZ READ 9"), "t.trace:2: address = 0xZZ: must be hexadecimal, e.g. 0x1F40");
  EXPECT_EQ(complaint(good + "0x READ 9"), "t.trace:2: address = 0x: must be hexadecimal, e.g. 0x1F40");
  EXPECT_EQ(complaint(good + "0x10000000000000000 READ 9"),
            "t.trace:2: address = 0x10000000000000000: must be hexadecimal, e.g. 0x1F40");
  EXPECT_EQ(complaint(good + "0x0 read 9"), "t.trace:2: command = read: must be READ or WRITE");
  EXPECT_EQ(complaint(good + "0x0"), "t.trace:2: command = nothing: must be READ or WRITE");
  EXPECT_EQ(complaint(good + "0x0 READ"), "t.trace:2: cycle = nothing: must be a decimal number");
  EXPECT_EQ(complaint(good + "0x0 READ -1"), "t.trace:2: cycle = -1: must be a decimal number");
  EXPECT_EQ(complaint(good + "0x0 READ 1000000000001"),
            "t.trace:2: cycle = 1000000000001: must be at most 1000000000000");
  EXPECT_EQ(complaint(good + "0x0 READ 9 9"), "t.trace:2: line = 9: must end behind the cycle");
  EXPECT_EQ(complaint(good + "0x0 READ 8"), "t.trace:2: cycle = 8: must not be below that of the line before");
  EXPECT_EQ(complaint("\n# nothing\n"), "t.trace: holds no access; lines read 0xADDRESS READ|WRITE CYCLE");
  EXPECT_THROW(read_memory_trace("/nowhere/at/all.trace"), input_error);
}

}  // namespace
}  // namespace cimbalom::traces
