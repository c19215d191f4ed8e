#include "sw/driver/dma_driver.hpp"

#include <algorithm>

#include "models/registers/memory_map.hpp"
#include "sw/driver/access.hpp"

namespace cimbalom::driver {

namespace {

namespace reg = registers::dma_register;
namespace event = registers::dma_event;

// Host instructions for one descriptor: eight stores and the loop around them.
constexpr std::uint64_t instructions_a_descriptor = 16;

}  // namespace

dma_driver::dma_driver(registers::host_port& port, std::uint64_t descriptors, std::uint64_t descriptor_bytes,
                       int channel)
    : port_(port),
      descriptors_(descriptors),
      capacity_(static_cast<std::size_t>(descriptor_bytes) / registers::dma_descriptor_bytes),
      channel_(channel) {}

std::uint32_t dma_driver::read(std::uint32_t offset) {
  return read_register(port_, registers::dma_base + offset);
}

void dma_driver::write(std::uint32_t offset, std::uint32_t value) {
  write_register(port_, registers::dma_base + offset, value);
}

void dma_driver::start() {
  if (read(reg::id) != registers::dma_id) throw run_error("driver: no DMA at " + hex(registers::dma_base));
  write(reg::interrupt_enable, read(reg::interrupt_enable) | event::of_channel(event::all, channel_));
  write(channel_register(reg::channel_control), registers::dma_control::reset);
  wait_event(event::reset_done);
}

// Waits for one of the channel's events and takes it back; an error is left for fail().
std::uint32_t dma_driver::wait_event(std::uint32_t events) {
  for (;;) {
    const std::uint32_t status = read(reg::status) >> (4 * channel_) & event::all;
    if ((status & event::error) != 0 && (events & event::reset_done) == 0) return status;
    if ((status & events) != 0) {
      write(reg::status, event::of_channel(status, channel_));
      return status;
    }
    port_.wait_interrupt(registers::dma_interrupt_line);
  }
}

void dma_driver::copy(const std::vector<transfer>& list) {
  for (std::size_t first = 0; first < list.size(); first += capacity_) {
    run_chain(&list[first], std::min(capacity_, list.size() - first));
  }
}

void dma_driver::run_chain(const transfer* first, std::size_t count) {
  std::vector<std::uint8_t> chain;
  for (std::size_t i = 0; i < count; ++i) {
    registers::dma_descriptor one;
    one.source = first[i].source;
    one.destination = first[i].destination;
    one.length = first[i].bytes;
    one.next = descriptors_ + (i + 1) * registers::dma_descriptor_bytes;
    one.flags = i + 1 == count ? registers::dma_descriptor::flag_last : std::uint16_t{0};
    const auto bytes = registers::encode(one);
    chain.insert(chain.end(), bytes.begin(), bytes.end());
  }
  port_.instructions(count * instructions_a_descriptor);
  expect_ok(port_.write_memory(descriptors_, chain.data(), chain.size()), "write of descriptors", descriptors_);
  write(channel_register(reg::descriptor_low), low_half(descriptors_));
  write(channel_register(reg::descriptor_high), high_half(descriptors_));
  write(channel_register(reg::channel_control), registers::dma_control::start);
  if ((wait_event(event::done) & event::error) != 0) fail();
}

void dma_driver::fail() {
  const auto code = static_cast<registers::dma_error>(read(channel_register(reg::error_code)));
  const std::uint64_t address = read(channel_register(reg::error_address_low)) |
                                std::uint64_t{read(channel_register(reg::error_address_high))} << 32;
  throw run_error("DMA channel " + std::to_string(channel_) + ": " + registers::to_string(code) + " at " +
                  hex(address));
}

}  // namespace cimbalom::driver
