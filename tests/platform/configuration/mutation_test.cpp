// Damaged files end in an input_error of one line, or are accepted: nothing else.
#include <gtest/gtest.h>

#include <random>

#include "platform/configuration/embedded.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"

namespace cimbalom::platform {
namespace {

std::string damaged(const std::string& text, std::mt19937& draw) {
  std::string result = text;
  const int changes = 1 + static_cast<int>(draw() % 4);
  for (int i = 0; i < changes && !result.empty(); ++i) {
    const std::size_t at = draw() % result.size();
    const std::string marks = ":{}[],-#\"'&*!|>%@\n\t 0179.e\xff";
    switch (draw() % 4) {
      case 0:
        result[at] = marks[draw() % marks.size()];
        break;
      case 1:
        result.insert(at, 1, marks[draw() % marks.size()]);
        break;
      case 2:
        result.erase(at, 1 + draw() % 20);
        break;
      default:
        result.insert(at, result.substr(draw() % result.size(), draw() % 40));
        break;
    }
  }
  return result;
}

template <class Read>
void expect_clean(const std::string& text, int rounds, Read&& read) {
  std::mt19937 draw(7);
  for (int i = 0; i < rounds; ++i) {
    const std::string broken = damaged(text, draw);
    try {
      read(broken);
    } catch (const input_error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
}

TEST(mutation, platform_files) {
  const std::string text = write_platform(read_platform(""));
  expect_clean(text, 2000, [](const std::string& broken) { parse_platform(broken, "p.yaml"); });
}

TEST(mutation, technology_files) {
  const platform_config config = read_platform("");
  expect_clean(embedded_text("technology/28nm.yaml"), 150,
               [&](const std::string& broken) { evaluate(parse_technology(broken, "t.yaml"), config); });
}

}  // namespace
}  // namespace cimbalom::platform
