#include "models/dram/sparse_storage.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace cimbalom::dram {
namespace {

TEST(sparse_storage, reads_zero_where_nothing_was_written) {
  sparse_storage storage(std::uint64_t{8} << 30);
  std::vector<unsigned char> data(100, 0xFF);
  storage.read((std::uint64_t{8} << 30) - 100, data.data(), data.size());
  EXPECT_EQ(data, std::vector<unsigned char>(100, 0));
  EXPECT_EQ(storage.resident_bytes(), 0U);
}

TEST(sparse_storage, writes_across_pages) {
  sparse_storage storage(1 << 20);
  std::vector<unsigned char> data(200'000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<unsigned char>(i * 7);
  storage.write(65'530, data.data(), data.size());
  std::vector<unsigned char> back(data.size());
  storage.read(65'530, back.data(), back.size());
  EXPECT_EQ(back, data);
  EXPECT_EQ(storage.resident_bytes(), 5U * sparse_storage::page_bytes);
}

TEST(sparse_storage, keeps_its_bounds) {
  sparse_storage storage(4096);
  unsigned char byte = 0;
  EXPECT_THROW(storage.read(4096, &byte, 1), std::out_of_range);
  EXPECT_THROW(storage.write(4095, &byte, 2), std::out_of_range);
  EXPECT_THROW(storage.read(~std::uint64_t{0}, &byte, 2), std::out_of_range);
  EXPECT_NO_THROW(storage.read(4095, &byte, 1));
}

}  // namespace
}  // namespace cimbalom::dram
