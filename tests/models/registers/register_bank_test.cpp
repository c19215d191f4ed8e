#include "models/registers/register_bank.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "models/registers/accelerator_registers.hpp"
#include "models/registers/interrupt_status.hpp"
#include "models/registers/memory_map.hpp"

namespace cimbalom::registers {
namespace {

constexpr register_row rows[] = {
    {"FIXED", 0x0, access_mode::read_only, 0x1234, 0, false, ""},
    {"FREE", 0x4, access_mode::read_write, 0x10, 0x0000'FFFF, false, ""},
    {"EVENTS", 0x8, access_mode::write_one_to_clear, 0xF, 0x7, false, ""},
    {"ORDER", 0x10, access_mode::write_only, 0, 0xFF, true, ""},
};
constexpr register_table table{"device", rows, 4};
static_assert(is_valid(table));

TEST(register_bank, obeys_access_modes) {
  register_bank bank(table);
  EXPECT_EQ(bank.read(0).value, 0x1234U);
  EXPECT_EQ(bank.write(0, 1), access_status::command_error);
  EXPECT_EQ(bank.read(0).value, 0x1234U);
  EXPECT_EQ(bank.write(4, 0xABCD'EF01), access_status::ok);
  EXPECT_EQ(bank.read(4).value, 0xEF01U) << "bits outside the mask stay";
  EXPECT_EQ(bank.write(8, 0xFFFF'FFFA), access_status::ok);
  EXPECT_EQ(bank.read(8).value, 0xDU) << "bit 1 is cleared, bit 3 is outside the mask";
  EXPECT_EQ(bank.write(0x10, 0x1FF), access_status::ok);
  EXPECT_EQ(bank.value(0x10), 0xFFU);
  EXPECT_EQ(bank.read(0x10).status, access_status::command_error);
  EXPECT_EQ(bank.peek(0x10).value, 0xFFU);
}

TEST(register_bank, refuses_what_is_not_there) {
  register_bank bank(table);
  for (const std::uint32_t offset : {0xCU, 0x2U, 0x14U, 0xFFFF'FFFCU}) {
    EXPECT_EQ(bank.read(offset).status, access_status::address_error) << offset;
    EXPECT_EQ(bank.write(offset, 0), access_status::address_error) << offset;
    EXPECT_EQ(bank.peek(offset).status, access_status::address_error) << offset;
    EXPECT_THROW((void)bank.value(offset), std::logic_error);
  }
}

TEST(register_bank, hooks_see_refuse_and_change_values) {
  register_bank bank(table);
  std::vector<std::uint32_t> seen;
  bank.on_write(4, [&](std::uint32_t& value) {
    seen.push_back(value);
    value &= ~1U;  // reads 0
    return value != 0x66;
  });
  bank.on_write(8, [&](std::uint32_t cleared) {
    seen.push_back(cleared);
    return true;
  });
  EXPECT_EQ(bank.write(4, 0x13), access_status::ok);
  EXPECT_EQ(bank.read(4).value, 0x12U);
  EXPECT_EQ(bank.write(4, 0x66), access_status::generic_error);
  EXPECT_EQ(bank.read(4).value, 0x12U);
  EXPECT_EQ(bank.write(8, 0xFF), access_status::ok);
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{0x13, 0x66, 0x7}));
  bank.on_read(0, [] { return 99U; });
  EXPECT_EQ(bank.read(0).value, 99U);
  EXPECT_EQ(bank.peek(0).value, 0x1234U);
  bank.reset();
  EXPECT_EQ(bank.read(4).value, 0x10U);
}

TEST(register_bank, refuses_invalid_tables) {
  const register_row twice[] = {{"A", 0, access_mode::read_write, 0, 1, false, ""},
                                {"B", 0, access_mode::read_write, 0, 1, false, ""}};
  EXPECT_THROW(register_bank({"device", twice, 2}), std::logic_error);
  const register_row odd[] = {{"A", 2, access_mode::read_write, 0, 1, false, ""}};
  EXPECT_FALSE(is_valid({"device", odd, 1}));
  const register_row writable[] = {{"A", 0, access_mode::read_only, 0, 1, false, ""}};
  EXPECT_FALSE(is_valid({"device", writable, 1}));
}

TEST(register_bank, every_accelerator_register_has_its_reset_value) {
  register_bank bank(accelerator_table);
  for (const register_row& row : accelerator_table) EXPECT_EQ(bank.value(row.offset), row.reset) << row.name;
  EXPECT_EQ(bank.read(accelerator_register::id).value, accelerator_id);
  EXPECT_EQ(bank.write(accelerator_register::ring_base_low, 0xFFFF'FFFF), access_status::ok);
  EXPECT_EQ(bank.read(accelerator_register::ring_base_low).value, 0xFFFF'FFC0U);
  EXPECT_EQ(bank.write(accelerator_register::ring_head, 1), access_status::command_error);
}

TEST(register_table, becomes_a_markdown_table) {
  EXPECT_EQ(to_markdown({"device", rows, 1}),
            "| offset | register | access | reset | writable | meaning |\n|---|---|---|---|---|---|\n"
            "| 0x000 | FIXED | ro | 0x00001234 | 0x00000000 |  |\n");
}

struct interrupt_fixture : ::testing::Test {
  register_bank bank{accelerator_table};
  bool line = false;
  std::uint32_t live = 0;
  interrupt_status interrupts{
      bank,
      {accelerator_register::status, accelerator_register::interrupt_enable, accelerator_register::interrupt_raw},
      [this] { return live; },
      [this](bool level) { line = level; }};
  std::uint32_t status() { return bank.read(accelerator_register::status).value; }
};

TEST_F(interrupt_fixture, level_follows_enable_and_clear) {
  interrupts.raise(accelerator_event::fence);
  EXPECT_FALSE(line);
  EXPECT_EQ(status(), 0U);
  EXPECT_EQ(bank.read(accelerator_register::interrupt_raw).value, accelerator_event::fence);
  bank.write(accelerator_register::interrupt_enable, accelerator_event::fence);
  EXPECT_TRUE(line);
  interrupts.raise(accelerator_event::error);
  EXPECT_EQ(status(), accelerator_event::fence);
  bank.write(accelerator_register::status, accelerator_event::fence);
  EXPECT_FALSE(line);
  EXPECT_EQ(bank.read(accelerator_register::interrupt_raw).value, accelerator_event::error);
  interrupts.clear();
  EXPECT_EQ(bank.read(accelerator_register::interrupt_raw).value, 0U);
}

TEST_F(interrupt_fixture, status_shows_live_bits) {
  live = accelerator_event::busy;
  EXPECT_EQ(status(), accelerator_event::busy);
  bank.write(accelerator_register::status, accelerator_event::busy);
  EXPECT_EQ(status(), accelerator_event::busy) << "live bits cannot be cleared";
}

TEST(memory_map, windows_do_not_overlap) {
  EXPECT_EQ(accelerator_registers_at(0), 0x1001'0000U);
  EXPECT_EQ(accelerator_registers_at(1), 0x1002'0000U);
  EXPECT_LE(accelerator_registers_at(max_accelerators - 1) + register_window_bytes, aperture_base);
  EXPECT_LE(aperture_at(max_accelerators - 1) + aperture_window_bytes, dram_base);
  EXPECT_EQ(accelerator_interrupt_line(0), 2U);
}

}  // namespace
}  // namespace cimbalom::registers
