#include "models/registers/dma_registers.hpp"

#include <stdexcept>

namespace cimbalom::registers {

namespace {

constexpr auto ro = access_mode::read_only;
constexpr auto rw = access_mode::read_write;
constexpr auto w1c = access_mode::write_one_to_clear;

void put(std::uint8_t* bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t get(const std::uint8_t* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

void append_channel(std::uint32_t base, std::vector<register_row>& rows) {
  constexpr std::uint32_t every_bit = 0xFFFF'FFFF;
  const register_row channel[] = {
      {"CHANNEL_CONTROL", 0x00, rw, 0, 0x3, true, "bit 0 start, bit 1 reset; reads 0"},
      {"CHANNEL_STATUS", 0x04, ro, 0, 0, false, "bit 0 busy, bit 1 done, bit 2 error (sticky), bit 3 resetting"},
      {"DESCRIPTOR_LOW", 0x08, rw, 0, 0xFFFF'FFE0, false, "first descriptor of the chain, 32-byte aligned"},
      {"DESCRIPTOR_HIGH", 0x0C, rw, 0, every_bit, false, ""},
      {"ERROR_CODE", 0x10, ro, 0, 0, false, "dma_error of the first error; sticky until reset"},
      {"ERROR_ADDRESS_LOW", 0x14, ro, 0, 0, false, "address of the access or descriptor in error"},
      {"ERROR_ADDRESS_HIGH", 0x18, ro, 0, 0, false, ""},
      {"BYTES_DONE_LOW", 0x1C, ro, 0, 0, false, "bytes written to destinations since reset"},
      {"BYTES_DONE_HIGH", 0x20, ro, 0, 0, false, ""},
      {"DESCRIPTORS_DONE", 0x24, ro, 0, 0, false, "descriptors completed since reset"},
  };
  for (register_row row : channel) {
    row.offset += base;
    rows.push_back(row);
  }
}

}  // namespace

std::array<std::uint8_t, dma_descriptor_bytes> encode(const dma_descriptor& descriptor) {
  std::array<std::uint8_t, dma_descriptor_bytes> bytes{};
  put(&bytes[0], descriptor.source, 8);
  put(&bytes[8], descriptor.destination, 8);
  put(&bytes[16], descriptor.next, 8);
  put(&bytes[24], descriptor.length, 4);
  put(&bytes[28], descriptor.flags, 2);
  put(&bytes[30], static_cast<std::uint16_t>(descriptor.layer), 2);
  return bytes;
}

dma_error decode(const std::uint8_t* bytes, dma_descriptor& descriptor) {
  descriptor.source = get(bytes, 8);
  descriptor.destination = get(bytes + 8, 8);
  descriptor.next = get(bytes + 16, 8);
  descriptor.length = static_cast<std::uint32_t>(get(bytes + 24, 4));
  descriptor.flags = static_cast<std::uint16_t>(get(bytes + 28, 2));
  descriptor.layer = static_cast<std::int16_t>(static_cast<std::uint16_t>(get(bytes + 30, 2)));
  const bool last = (descriptor.flags & dma_descriptor::flag_last) != 0;
  const bool unknown_flags = (descriptor.flags & ~dma_descriptor::known_flags) != 0;
  const bool misaligned = !last && descriptor.next % dma_descriptor_bytes != 0;
  const bool wraps =
      descriptor.length > 0 && (descriptor.source + (descriptor.length - 1) < descriptor.source ||
                                descriptor.destination + (descriptor.length - 1) < descriptor.destination);
  if (descriptor.length == 0 || descriptor.layer < -1 || unknown_flags || misaligned || wraps) {
    return dma_error::bad_descriptor;
  }
  return dma_error::none;
}

register_table make_dma_table(int channels, std::vector<register_row>& rows) {
  if (channels < 1 || channels > dma_max_channels) throw std::logic_error("a DMA has 1 to 8 channels");
  std::uint32_t events = 0;
  for (int c = 0; c < channels; ++c) events |= dma_event::of_channel(dma_event::all, c);
  rows = {
      {"ID", dma_register::id, ro, dma_id, 0, false, "\"CDMA\""},
      {"CHANNELS", dma_register::channels, ro, static_cast<std::uint32_t>(channels), 0, false, "channels present"},
      {"STATUS", dma_register::status, w1c, 0, events, true,
       "RAW & ENABLE, four bits a channel: bit 0 done, bit 1 error, bit 2 reset done"},
      {"INTERRUPT_ENABLE", dma_register::interrupt_enable, rw, 0, events, true, "events that raise the line"},
      {"INTERRUPT_RAW", dma_register::interrupt_raw, ro, 0, 0, false, "events, enabled or not"},
  };
  for (int c = 0; c < channels; ++c) append_channel(dma_channel_at(c), rows);
  return {"dma", rows.data(), rows.size()};
}

}  // namespace cimbalom::registers
