#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cimbalom::registers {

enum class access_mode : std::uint8_t {
  read_only,           ///< ro: writes are refused
  read_write,          ///< rw
  write_one_to_clear,  ///< w1c: bits written 1 become 0
  write_only,          ///< wo: reads are refused
};

constexpr std::string_view to_string(access_mode mode) {
  switch (mode) {
    case access_mode::read_only:
      return "ro";
    case access_mode::read_write:
      return "rw";
    case access_mode::write_one_to_clear:
      return "w1c";
    case access_mode::write_only:
      return "wo";
  }
  return "";
}

/// One 32-bit register of a device: the model, the driver and the documentation read this row.
struct register_row {
  std::string_view name;
  std::uint32_t offset;  ///< bytes from the device's base, a multiple of 4
  access_mode mode;
  std::uint32_t reset;
  std::uint32_t mask;  ///< bits that a write can change (rw, wo) or clear (w1c)
  bool side_effect;    ///< a read or a write does more than store the value
  std::string_view description;
};

/// A device's register table: rows in ascending offset order.
struct register_table {
  std::string_view device;
  const register_row* rows;
  std::size_t count;

  constexpr const register_row* begin() const { return rows; }
  constexpr const register_row* end() const { return rows + count; }
};

/// Ascending, aligned, no two rows at one offset, no writable bits in a read-only row.
constexpr bool is_valid(const register_table& table) {
  for (std::size_t i = 0; i < table.count; ++i) {
    const register_row& row = table.rows[i];
    if (row.offset % 4 != 0 || row.name.empty()) return false;
    if (i > 0 && table.rows[i - 1].offset >= row.offset) return false;
    if (row.mode == access_mode::read_only && row.mask != 0) return false;
  }
  return true;
}

/// The table as a Markdown table, for the documentation (and the test that holds them together).
std::string to_markdown(const register_table& table);

}  // namespace cimbalom::registers
