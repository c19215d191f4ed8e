#pragma once

#include <cstdint>

#include "models/registers/register_table.hpp"

namespace cimbalom::registers {

/// Registers of a CIM accelerator, at accelerator_registers_at(k).
namespace accelerator_register {
inline constexpr std::uint32_t id = 0x000;
inline constexpr std::uint32_t version = 0x004;
inline constexpr std::uint32_t control = 0x008;
inline constexpr std::uint32_t status = 0x00C;
inline constexpr std::uint32_t interrupt_enable = 0x010;
inline constexpr std::uint32_t interrupt_raw = 0x014;
inline constexpr std::uint32_t ring_base_low = 0x018;
inline constexpr std::uint32_t ring_base_high = 0x01C;
inline constexpr std::uint32_t ring_size = 0x020;
inline constexpr std::uint32_t ring_head = 0x024;
inline constexpr std::uint32_t ring_tail = 0x028;
inline constexpr std::uint32_t fence_sequence = 0x02C;
inline constexpr std::uint32_t error_code = 0x030;
inline constexpr std::uint32_t error_index = 0x034;
inline constexpr std::uint32_t error_address_low = 0x038;
inline constexpr std::uint32_t error_address_high = 0x03C;
inline constexpr std::uint32_t commands_done = 0x040;
inline constexpr std::uint32_t macros = 0x080;
inline constexpr std::uint32_t banks = 0x084;
inline constexpr std::uint32_t rows = 0x088;
inline constexpr std::uint32_t columns = 0x08C;
inline constexpr std::uint32_t rows_active = 0x090;
inline constexpr std::uint32_t column_mux = 0x094;
inline constexpr std::uint32_t bits_per_cell = 0x098;
inline constexpr std::uint32_t slot_bits = 0x09C;
inline constexpr std::uint32_t dac_bits = 0x0A0;
inline constexpr std::uint32_t adc_bits = 0x0A4;
inline constexpr std::uint32_t lanes = 0x0A8;
inline constexpr std::uint32_t input_buffer_bytes = 0x0AC;
inline constexpr std::uint32_t output_buffer_bytes = 0x0B0;
inline constexpr std::uint32_t weight_buffer_bytes = 0x0B4;
inline constexpr std::uint32_t parameter_buffer_bytes = 0x0B8;
inline constexpr std::uint32_t accumulator_bytes = 0x0BC;
}  // namespace accelerator_register

/// CONTROL of an accelerator.
namespace accelerator_control {
inline constexpr std::uint32_t enable = 1U << 0;  ///< fetch commands while HEAD != TAIL
inline constexpr std::uint32_t reset = 1U << 1;   ///< reads 0; drains, clears, then sets reset_done
}  // namespace accelerator_control

/// STATUS, INTERRUPT_ENABLE and INTERRUPT_RAW of an accelerator.
namespace accelerator_event {
inline constexpr std::uint32_t fence = 1U << 0;
inline constexpr std::uint32_t error = 1U << 1;
inline constexpr std::uint32_t reset_done = 1U << 2;
inline constexpr std::uint32_t all = fence | error | reset_done;
inline constexpr std::uint32_t busy = 1U << 31;  ///< STATUS only, live, not an event
}  // namespace accelerator_event

inline constexpr std::uint32_t accelerator_id = 0x424D'4943;  ///< "CIMB", little-endian
inline constexpr std::uint32_t accelerator_version = 0x0001'0000;

namespace detail {
inline constexpr auto ro = access_mode::read_only;
inline constexpr auto rw = access_mode::read_write;
inline constexpr auto w1c = access_mode::write_one_to_clear;
inline constexpr std::uint32_t every_bit = 0xFFFF'FFFF;

inline constexpr register_row accelerator_rows[] = {
    {"ID", 0x000, ro, accelerator_id, 0, false, "\"CIMB\""},
    {"VERSION", 0x004, ro, accelerator_version, 0, false, "major in the high half, minor in the low half"},
    {"CONTROL", 0x008, rw, 0, 0x3, true, "bit 0 enable, bit 1 reset (reads 0)"},
    {"STATUS", 0x00C, w1c, 0, accelerator_event::all, true,
     "RAW & ENABLE: bit 0 fence, bit 1 error, bit 2 reset done; bit 31 busy (live)"},
    {"INTERRUPT_ENABLE", 0x010, rw, 0, accelerator_event::all, true, "events that raise the line"},
    {"INTERRUPT_RAW", 0x014, ro, 0, 0, false, "events, enabled or not"},
    {"RING_BASE_LOW", 0x018, rw, 0, 0xFFFF'FFC0, false, "DRAM address of the command ring, 64-byte aligned"},
    {"RING_BASE_HIGH", 0x01C, rw, 0, every_bit, false, ""},
    {"RING_SIZE", 0x020, rw, 0, every_bit, false, "entries, a power of two; one entry stays unused"},
    {"RING_HEAD", 0x024, ro, 0, 0, false, "next entry the accelerator will fetch"},
    {"RING_TAIL", 0x028, rw, 0, every_bit, true, "doorbell: one past the last entry written by the host"},
    {"FENCE_SEQUENCE", 0x02C, ro, 0, 0, false, "sequence of the last fence reached"},
    {"ERROR_CODE", 0x030, ro, 0, 0, false, "error_code of the first error; sticky until reset"},
    {"ERROR_INDEX", 0x034, ro, 0, 0, false, "ring index of the command in error"},
    {"ERROR_ADDRESS_LOW", 0x038, ro, 0, 0, false, "memory or aperture address of the error"},
    {"ERROR_ADDRESS_HIGH", 0x03C, ro, 0, 0, false, ""},
    {"COMMANDS_DONE", 0x040, ro, 0, 0, false, "commands completed since reset, modulo 2^32"},
    {"MACROS", 0x080, ro, 0, 0, false, "macros of the accelerator"},
    {"BANKS", 0x084, ro, 0, 0, false, "banks of a macro"},
    {"ROWS", 0x088, ro, 0, 0, false, "rows of a bank"},
    {"COLUMNS", 0x08C, ro, 0, 0, false, "bit columns of a bank"},
    {"ROWS_ACTIVE", 0x090, ro, 0, 0, false, "rows of a row group"},
    {"COLUMN_MUX", 0x094, ro, 0, 0, false, "columns that share a sense path"},
    {"BITS_PER_CELL", 0x098, ro, 0, 0, false, ""},
    {"SLOT_BITS", 0x09C, ro, 0, 0, false, "columns of a slot"},
    {"DAC_BITS", 0x0A0, ro, 0, 0, false, "input bits of a slice"},
    {"ADC_BITS", 0x0A4, ro, 0, 0, false, "0: digital macro"},
    {"LANES", 0x0A8, ro, 0, 0, false, ""},
    {"INPUT_BUFFER_BYTES", 0x0AC, ro, 0, 0, false, ""},
    {"OUTPUT_BUFFER_BYTES", 0x0B0, ro, 0, 0, false, ""},
    {"WEIGHT_BUFFER_BYTES", 0x0B4, ro, 0, 0, false, ""},
    {"PARAMETER_BUFFER_BYTES", 0x0B8, ro, 0, 0, false, ""},
    {"ACCUMULATOR_BYTES", 0x0BC, ro, 0, 0, false, ""},
};
}  // namespace detail

inline constexpr register_table accelerator_table{"accelerator", detail::accelerator_rows,
                                                  sizeof detail::accelerator_rows / sizeof(register_row)};
static_assert(is_valid(accelerator_table));

}  // namespace cimbalom::registers
