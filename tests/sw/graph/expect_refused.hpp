#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/configuration/error.hpp"

namespace cimbalom::tests {

/// The call throws input_error, in one line that holds every one of the parts.
template <class F>
void expect_refused(F&& call, const std::vector<std::string>& parts) {
  try {
    call();
    ADD_FAILURE() << "was not refused; expected: " << testing::PrintToString(parts);
  } catch (const input_error& error) {
    const std::string line = error.what();
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    for (const std::string& part : parts) EXPECT_THAT(line, testing::HasSubstr(part));
  }
}

}  // namespace cimbalom::tests
