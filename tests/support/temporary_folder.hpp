#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace cimbalom::testing_support {

/// A folder of its own, made on first use and gone with the object; a forked child leaves it alone.
class temporary_folder {
 public:
  temporary_folder() = default;
  ~temporary_folder() {
    std::error_code ignored;
    if (!path_.empty() && ::getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  /// Without a separator behind it.
  const std::string& path() {
    if (!path_.empty()) return path_;
    std::string name = testing::TempDir() + "cimbalom_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": cannot be made");
    owner_ = ::getpid();
    return path_ = name;
  }
  /// Of a file or folder inside.
  std::string operator/(const std::string& name) { return path() + "/" + name; }

 private:
  std::string path_;
  ::pid_t owner_ = 0;
};

/// The one of this process.
inline temporary_folder& process_folder() {
  static temporary_folder folder;
  return folder;
}

}  // namespace cimbalom::testing_support
