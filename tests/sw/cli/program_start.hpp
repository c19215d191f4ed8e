#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace cimbalom::cli {

/// The program as a user starts it.
struct outcome {
  int code = -1;
  std::string errors;  ///< standard error
};

inline std::string folder(const std::string& name) {
  return testing_support::process_folder() / name;
}

/// `before`: of the shell, such as a limit.
inline outcome start(const std::string& arguments, const std::string& output = "/dev/null",
                     const std::string& before = "") {
  const std::string command = before + std::string(CIMBALOM_PROGRAM) + " " + arguments + " 2>&1 >" + output;
  std::FILE* pipe = popen(command.c_str(), "r");
  outcome result;
  std::array<char, 4096> block{};
  while (std::fgets(block.data(), block.size(), pipe) != nullptr) result.errors += block.data();
  const int status = pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

inline std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

inline nlohmann::json report_of(const std::string& name) {
  return nlohmann::json::parse(text_of(folder(name) + "/report.json"));
}

}  // namespace cimbalom::cli
