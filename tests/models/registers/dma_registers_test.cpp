#include "models/registers/dma_registers.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "models/registers/register_bank.hpp"

namespace cimbalom::registers {
namespace {

TEST(dma_descriptor, round_trips_and_has_its_layout) {
  const dma_descriptor original{
      0x1122'3344'5566'7788, 0x8000'0010, 0x8000'0040, 0x0102'0304, dma_descriptor::flag_interrupt, 7};
  const auto bytes = encode(original);
  EXPECT_EQ(bytes[0], 0x88);
  EXPECT_EQ(bytes[7], 0x11);
  EXPECT_EQ(bytes[24], 0x04);
  EXPECT_EQ(bytes[28], 2);
  EXPECT_EQ(bytes[30], 7);
  dma_descriptor decoded;
  EXPECT_EQ(decode(bytes.data(), decoded), dma_error::none);
  EXPECT_EQ(decoded.source, original.source);
  EXPECT_EQ(decoded.destination, original.destination);
  EXPECT_EQ(decoded.next, original.next);
  EXPECT_EQ(decoded.length, original.length);
  EXPECT_EQ(decoded.flags, original.flags);
  EXPECT_EQ(decoded.layer, original.layer);
}

dma_error verdict(const dma_descriptor& descriptor) {
  dma_descriptor decoded;
  return decode(encode(descriptor).data(), decoded);
}

TEST(dma_descriptor, refuses_contradictions) {
  const std::uint16_t last = dma_descriptor::flag_last;
  EXPECT_EQ(verdict({0, 0, 0, 1, last, -1}), dma_error::none);
  EXPECT_EQ(verdict({0, 0, 0, 0, last, -1}), dma_error::bad_descriptor) << "length 0";
  EXPECT_EQ(verdict({0, 0, 0, 1, 4, -1}), dma_error::bad_descriptor) << "unknown flag";
  EXPECT_EQ(verdict({0, 0, 8, 1, 0, -1}), dma_error::bad_descriptor) << "next not aligned";
  EXPECT_EQ(verdict({0, 0, 8, 1, last, -1}), dma_error::none) << "next not used";
  EXPECT_EQ(verdict({0, 0, 0, 1, last, -2}), dma_error::bad_descriptor) << "layer";
  EXPECT_EQ(verdict({~std::uint64_t{0}, 0, 0, 1, last, -1}), dma_error::none);
  EXPECT_EQ(verdict({~std::uint64_t{0}, 0, 0, 2, last, -1}), dma_error::bad_descriptor) << "source wraps";
  EXPECT_EQ(verdict({0, ~std::uint64_t{0}, 0, 2, last, -1}), dma_error::bad_descriptor) << "destination wraps";
}

TEST(dma_table, is_valid_for_every_number_of_channels) {
  for (int channels = 1; channels <= dma_max_channels; ++channels) {
    std::vector<register_row> rows;
    const register_table table = make_dma_table(channels, rows);
    EXPECT_TRUE(is_valid(table)) << channels;
    register_bank bank(table);
    EXPECT_EQ(bank.value(dma_register::channels), static_cast<std::uint32_t>(channels));
    EXPECT_EQ(bank.read(dma_channel_at(channels - 1) + dma_register::channel_status).status, access_status::ok);
    EXPECT_EQ(bank.read(dma_channel_at(channels) + dma_register::channel_status).status, access_status::address_error);
  }
  std::vector<register_row> rows;
  EXPECT_THROW(make_dma_table(0, rows), std::logic_error);
  EXPECT_THROW(make_dma_table(9, rows), std::logic_error);
}

}  // namespace
}  // namespace cimbalom::registers
