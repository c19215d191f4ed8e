#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/registers/host_port.hpp"
#include "models/registers/register_table.hpp"

namespace cimbalom::registers {

/// The registers of one device: storage and access rules of its table, without time.
/// Guest accesses (read, write) obey the modes; the device itself uses value() and set().
class register_bank {
 public:
  using read_hook = std::function<std::uint32_t()>;
  /// Gets the value that will be stored (w1c: the bits that will be cleared) and may change it, as for bits that read
  /// 0; returns false to refuse the write (generic error, register unchanged).
  using write_hook = std::function<bool(std::uint32_t& value)>;

  /// The table must outlive the bank. Throws std::logic_error for an invalid table.
  explicit register_bank(const register_table& table);

  /// Replaces what a guest read of `offset` returns. Throws std::logic_error if there is no such register.
  void on_read(std::uint32_t offset, read_hook hook);
  /// Called before a guest write is stored. Throws as above.
  void on_write(std::uint32_t offset, write_hook hook);

  register_value read(std::uint32_t offset);
  access_status write(std::uint32_t offset, std::uint32_t value);
  /// Reads as a debugger does: no side effect, write-only registers too. address_error outside the table.
  register_value peek(std::uint32_t offset) const;

  /// Device side. Throws std::logic_error if there is no such register.
  std::uint32_t value(std::uint32_t offset) const { return values_[index_of(offset)]; }
  void set(std::uint32_t offset, std::uint32_t value) { values_[index_of(offset)] = value; }

  /// Restores every reset value; hooks stay.
  void reset();

  const register_table& table() const { return table_; }

 private:
  static constexpr std::size_t absent = static_cast<std::size_t>(-1);
  std::size_t find(std::uint32_t offset) const;
  std::size_t index_of(std::uint32_t offset) const;

  register_table table_;
  std::vector<std::size_t> slot_of_word_;  // word offset -> row; absent where there is a hole
  std::vector<std::uint32_t> values_;
  std::vector<read_hook> read_hooks_;
  std::vector<write_hook> write_hooks_;
};

}  // namespace cimbalom::registers
