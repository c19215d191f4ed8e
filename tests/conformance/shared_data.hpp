#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace cimbalom::tests {

/// Folder of the real networks and data sets: $CIMBALOM_SHARED/data, else ../shared/data beside the repository.
/// Empty when it is not there: tests that need it then skip.
inline std::string shared_data() {
  const char* named = std::getenv("CIMBALOM_SHARED");
  const std::string root = named != nullptr ? named : CIMBALOM_SHARED_DIR;
  const std::string folder = root + "/data";
  return std::filesystem::is_directory(folder) ? folder : std::string();
}

}  // namespace cimbalom::tests

/// Skips the test when `part` of the shared data is not there.
#define CIMBALOM_NEEDS(part)                                                   \
  if (cimbalom::tests::shared_data().empty() ||                                \
      !std::filesystem::exists(cimbalom::tests::shared_data() + "/" + (part))) \
  GTEST_SKIP() << "shared data is absent: set CIMBALOM_SHARED to the folder that holds data/" << (part)
