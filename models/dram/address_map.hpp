#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "models/dram/dram_location.hpp"

namespace cimbalom::dram {

struct dram_config;

/// Fields of an address, named as in memory controllers' address mappings.
enum class address_field : std::uint8_t { row, rank, bank_group, bank, column, channel };
inline constexpr std::size_t address_fields = 6;

/// The order of the fields, from the highest bits down: "ro-ra-ba-co-bg" (dashes and case do not matter). Row ro, rank
/// ra, bank group bg, bank in its group ba and column co stand once each; channel ch once or not at all.
class address_map {
 public:
  /// Throws input_error naming `dram.mapping`.
  explicit address_map(const std::string& text);

  bool has(address_field field) const;
  /// Fields below `field`, highest first, end with count() fields; position counts from the highest.
  std::size_t position(address_field field) const;
  std::size_t count() const { return count_; }
  address_field at(std::size_t position) const { return order_[position]; }
  /// With dashes, in lower case.
  std::string text() const;

 private:
  std::array<address_field, address_fields> order_{};
  std::size_t count_ = 0;
};

/// Finds the cell of an address in a channel: shifts and masks of one configuration, whose sizes are powers of two.
class address_decoder {
 public:
  explicit address_decoder(const dram_config& config);
  /// `address` in bytes from 0 in the channel; beyond its end it wraps.
  dram_location locate(std::uint64_t address) const {
    dram_location where;
    where.row = part(address, address_field::row);
    where.rank = part(address, address_field::rank);
    where.bank_group = part(address, address_field::bank_group);
    where.bank = where.bank_group * banks_per_group_ + part(address, address_field::bank);
    where.column = part(address, address_field::column);
    return where;
  }

 private:
  struct bits {
    unsigned shift = 0;
    std::uint64_t mask = 0;
  };
  int part(std::uint64_t address, address_field field) const {
    const bits& b = bits_[static_cast<std::size_t>(field)];
    return static_cast<int>((address >> b.shift) & b.mask);
  }

  std::array<bits, address_fields> bits_{};
  int banks_per_group_ = 1;
};

}  // namespace cimbalom::dram
