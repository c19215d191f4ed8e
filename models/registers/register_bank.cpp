#include "models/registers/register_bank.hpp"

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace cimbalom::registers {

namespace {
std::string hex(std::uint32_t value, int digits) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%0*x", digits, value);
  return text;
}
}  // namespace

std::string to_markdown(const register_table& table) {
  std::string text = "| offset | register | access | reset | writable | meaning |\n|---|---|---|---|---|---|\n";
  for (const register_row& row : table) {
    text += "| " + hex(row.offset, 3) + " | " + std::string(row.name) + " | " + std::string(to_string(row.mode)) +
            (row.side_effect ? "*" : "") + " | " + hex(row.reset, 8) + " | " + hex(row.mask, 8) + " | " +
            std::string(row.description) + " |\n";
  }
  return text;
}

register_bank::register_bank(const register_table& table) : table_(table) {
  if (!is_valid(table)) throw std::logic_error("register table of " + std::string(table.device) + " is not valid");
  if (table.count > 0) slot_of_word_.assign(table.rows[table.count - 1].offset / 4 + 1, absent);
  for (std::size_t i = 0; i < table.count; ++i) slot_of_word_[table.rows[i].offset / 4] = i;
  read_hooks_.resize(table.count);
  write_hooks_.resize(table.count);
  reset();
}

std::size_t register_bank::find(std::uint32_t offset) const {
  if (offset % 4 != 0 || offset / 4 >= slot_of_word_.size()) return absent;
  return slot_of_word_[offset / 4];
}

std::size_t register_bank::index_of(std::uint32_t offset) const {
  const std::size_t index = find(offset);
  if (index == absent) {
    throw std::logic_error(std::string(table_.device) + " has no register at " + hex(offset, 3));
  }
  return index;
}

void register_bank::on_read(std::uint32_t offset, read_hook hook) {
  read_hooks_[index_of(offset)] = std::move(hook);
}

void register_bank::on_write(std::uint32_t offset, write_hook hook) {
  write_hooks_[index_of(offset)] = std::move(hook);
}

register_value register_bank::read(std::uint32_t offset) {
  const std::size_t index = find(offset);
  if (index == absent) return {0, access_status::address_error};
  if (table_.rows[index].mode == access_mode::write_only) return {0, access_status::command_error};
  if (read_hooks_[index]) return {read_hooks_[index](), access_status::ok};
  return {values_[index], access_status::ok};
}

access_status register_bank::write(std::uint32_t offset, std::uint32_t value) {
  const std::size_t index = find(offset);
  if (index == absent) return access_status::address_error;
  const register_row& row = table_.rows[index];
  if (row.mode == access_mode::read_only) return access_status::command_error;
  const bool clears = row.mode == access_mode::write_one_to_clear;
  std::uint32_t offered = value & row.mask;
  if (!clears) offered |= values_[index] & ~row.mask;
  if (write_hooks_[index] && !write_hooks_[index](offered)) return access_status::generic_error;
  values_[index] = clears ? (values_[index] & ~offered) : offered;
  return access_status::ok;
}

register_value register_bank::peek(std::uint32_t offset) const {
  const std::size_t index = find(offset);
  if (index == absent) return {0, access_status::address_error};
  return {values_[index], access_status::ok};
}

void register_bank::reset() {
  values_.clear();
  for (const register_row& row : table_) values_.push_back(row.reset);
}

}  // namespace cimbalom::registers
