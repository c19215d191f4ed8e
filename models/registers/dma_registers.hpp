#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/registers/register_table.hpp"

namespace cimbalom::registers {

/// Registers of the DMA, at dma_base. Channel c has its own block at dma_channel_at(c).
namespace dma_register {
inline constexpr std::uint32_t id = 0x000;
inline constexpr std::uint32_t channels = 0x004;
inline constexpr std::uint32_t status = 0x008;
inline constexpr std::uint32_t interrupt_enable = 0x00C;
inline constexpr std::uint32_t interrupt_raw = 0x010;
// Offsets inside a channel's block.
inline constexpr std::uint32_t channel_control = 0x00;
inline constexpr std::uint32_t channel_status = 0x04;
inline constexpr std::uint32_t descriptor_low = 0x08;
inline constexpr std::uint32_t descriptor_high = 0x0C;
inline constexpr std::uint32_t error_code = 0x10;
inline constexpr std::uint32_t error_address_low = 0x14;
inline constexpr std::uint32_t error_address_high = 0x18;
inline constexpr std::uint32_t bytes_done_low = 0x1C;
inline constexpr std::uint32_t bytes_done_high = 0x20;
inline constexpr std::uint32_t descriptors_done = 0x24;
}  // namespace dma_register

inline constexpr std::uint32_t dma_id = 0x414D'4443;  ///< "CDMA", little-endian
inline constexpr int dma_max_channels = 8;
constexpr std::uint32_t dma_channel_at(int channel) {
  return 0x100 + static_cast<std::uint32_t>(channel) * 0x40;
}

/// CONTROL of a DMA channel; both bits read 0.
namespace dma_control {
inline constexpr std::uint32_t start = 1U << 0;  ///< run the chain at DESCRIPTOR; refused (generic error) while busy
inline constexpr std::uint32_t reset = 1U << 1;  ///< stop issue, drain, discard, then reset_done
}  // namespace dma_control

/// STATUS of a DMA channel.
namespace dma_channel_status {
inline constexpr std::uint32_t busy = 1U << 0;
inline constexpr std::uint32_t done = 1U << 1;   ///< last chain ended well; cleared by start
inline constexpr std::uint32_t error = 1U << 2;  ///< sticky until reset; the channel refuses to start
inline constexpr std::uint32_t resetting = 1U << 3;
}  // namespace dma_channel_status

/// STATUS, INTERRUPT_ENABLE and INTERRUPT_RAW: four bits a channel.
namespace dma_event {
inline constexpr std::uint32_t done = 1U << 0;
inline constexpr std::uint32_t error = 1U << 1;
inline constexpr std::uint32_t reset_done = 1U << 2;
inline constexpr std::uint32_t all = done | error | reset_done;
constexpr std::uint32_t of_channel(std::uint32_t events, int channel) {
  return events << (4 * channel);
}
}  // namespace dma_event

enum class dma_error : std::uint32_t {
  none = 0,
  descriptor_read = 1,   ///< error response while fetching a descriptor
  bad_descriptor = 2,    ///< unknown flags, zero length, or a descriptor address that is not 32-byte aligned
  source_read = 3,       ///< error response from the source
  destination_write = 4  ///< error response from the destination
};

constexpr const char* to_string(dma_error error) {
  switch (error) {
    case dma_error::none:
      return "none";
    case dma_error::descriptor_read:
      return "error response while fetching a descriptor";
    case dma_error::bad_descriptor:
      return "malformed descriptor";
    case dma_error::source_read:
      return "error response from the source";
    case dma_error::destination_write:
      return "error response from the destination";
  }
  return "unknown";
}

/// One element of a scatter-gather chain in DRAM: 32 bytes, little-endian, 32-byte aligned:
/// source u64, destination u64, next u64, length u32, flags u16, layer i16.
struct dma_descriptor {
  std::uint64_t source = 0;
  std::uint64_t destination = 0;
  std::uint64_t next = 0;    ///< address of the next descriptor; not used with flag_last
  std::uint32_t length = 0;  ///< bytes, at least 1
  std::uint16_t flags = 0;
  std::int16_t layer = -1;  ///< layer that time and energy are booked to

  static constexpr std::uint16_t flag_last = 1U << 0;  ///< end of the chain
  static constexpr std::uint16_t flag_interrupt =
      1U << 1;  ///< raise `done` after this descriptor, not only after the last
  static constexpr std::uint16_t known_flags = flag_last | flag_interrupt;
};

inline constexpr std::size_t dma_descriptor_bytes = 32;

std::array<std::uint8_t, dma_descriptor_bytes> encode(const dma_descriptor& descriptor);
/// Returns bad_descriptor (and the fields as they are) where it contradicts the rules above, else none.
dma_error decode(const std::uint8_t* bytes, dma_descriptor& descriptor);

/// The table of a DMA with that many channels (1..dma_max_channels); `rows` holds its storage.
/// Throws std::logic_error for another number.
register_table make_dma_table(int channels, std::vector<register_row>& rows);

}  // namespace cimbalom::registers
