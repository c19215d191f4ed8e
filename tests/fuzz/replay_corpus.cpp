#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// Every corpus file, whole, cut short and with single bytes changed: no crash, no unexpected exception.
TEST(Corpus, Replay) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(CIMBALOM_CORPUS)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_FALSE(files.empty());
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::uint8_t> bytes(text.begin(), text.end());
    SCOPED_TRACE(path.string());
    EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 64)
      EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), length), 0);
    for (std::size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 256) {
      for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ flip);
        EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ flip);
      }
    }
  }
}

}  // namespace
