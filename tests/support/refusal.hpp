#pragma once

#include <gtest/gtest.h>

#include <string>

#include "platform/configuration/error.hpp"

namespace cimbalom::testing_support {

/// The message of the input_error that `action` throws; fails when it throws none, or one of several lines.
template <class F>
std::string refusal(F&& action) {
  try {
    action();
  } catch (const input_error& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  }
  ADD_FAILURE() << "no input_error";
  return "";
}

}  // namespace cimbalom::testing_support
