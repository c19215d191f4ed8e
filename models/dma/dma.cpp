#include "models/dma/dma.hpp"

namespace cimbalom::dma {

namespace reg = registers::dma_register;
namespace event = registers::dma_event;
namespace status = registers::dma_channel_status;

namespace {

constexpr std::uint64_t register_latency_cycles = 1;

std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

// Validates before anything is built from the numbers.
registers::register_table table_of(const dma_config& config, std::vector<registers::register_row>& rows) {
  config.validate();
  return registers::make_dma_table(config.channels, rows);
}

}  // namespace

dma::dma(const sc_core::sc_module_name& name, const dma_config& config, energy::event_sink& events,
         std::uint32_t initiator)
    : sc_core::sc_module(name),
      bank_(table_of(config, rows_)),
      registers("registers", bank_, transport::clock_of_mhz(config.clock_mhz).cycles(register_latency_cycles)),
      interrupt("interrupt"),
      sticky_(static_cast<std::size_t>(config.channels), 0),
      events_(
          bank_, {reg::status, reg::interrupt_enable, reg::interrupt_raw}, [] { return 0U; },
          [this](bool level) {
            line_level_ = level;
            line_.notify(sc_core::SC_ZERO_TIME);
          }) {
  for (int c = 0; c < config.channels; ++c) add_channel(c, config, events, initiator);
  SC_HAS_PROCESS(dma);
  SC_METHOD(drive_interrupt);
  sensitive << line_;
}

void dma::add_channel(int c, const dma_config& config, energy::event_sink& events, std::uint32_t initiator) {
  channels_.push_back(std::make_unique<dma_channel>(("channel" + std::to_string(c)).c_str(), config, events,
                                                    initiator + static_cast<std::uint32_t>(c), listener_of(c)));
  const std::uint32_t base = registers::dma_channel_at(c);
  bank_.on_write(base + reg::channel_control, [this, c](std::uint32_t& value) {
    const std::uint32_t asked = value;
    value = 0;
    return write_control(c, asked);
  });
  bank_.on_read(base + reg::channel_status, [this, c] { return channel_status(c); });
}

dma_channel::listener dma::listener_of(int c) {
  dma_channel::listener tell;
  const auto index = static_cast<std::size_t>(c);
  tell.completed = [this, c, index](bool chain_ended) {
    if (chain_ended) sticky_[index] |= status::done;
    show_progress(c);
    events_.raise(event::of_channel(event::done, c));
  };
  tell.failed = [this, c](registers::dma_error error, std::uint64_t address) { show_error(c, error, address); };
  tell.reset_done = [this, c, index] {
    sticky_[index] = 0;
    bank_.set(registers::dma_channel_at(c) + reg::error_code, 0);
    bank_.set(registers::dma_channel_at(c) + reg::error_address_low, 0);
    bank_.set(registers::dma_channel_at(c) + reg::error_address_high, 0);
    show_progress(c);
    events_.raise(event::of_channel(event::reset_done, c));
  };
  tell.progress = [this, c] { show_progress(c); };
  return tell;
}

bool dma::write_control(int c, std::uint32_t value) {
  dma_channel& channel = *channels_[static_cast<std::size_t>(c)];
  std::uint32_t& sticky = sticky_[static_cast<std::size_t>(c)];
  if ((value & registers::dma_control::reset) != 0) {
    channel.reset();
    return true;
  }
  if ((value & registers::dma_control::start) == 0) return true;
  if (channel.busy() || (sticky & status::error) != 0) return false;  // an error is cleared by a reset only
  sticky = 0;
  const std::uint32_t base = registers::dma_channel_at(c);
  channel.start((std::uint64_t{bank_.value(base + reg::descriptor_high)} << 32) |
                bank_.value(base + reg::descriptor_low));
  return true;
}

void dma::show_error(int c, registers::dma_error error, std::uint64_t address) {
  const std::uint32_t base = registers::dma_channel_at(c);
  sticky_[static_cast<std::size_t>(c)] |= status::error;
  bank_.set(base + reg::error_code, static_cast<std::uint32_t>(error));
  bank_.set(base + reg::error_address_low, low(address));
  bank_.set(base + reg::error_address_high, high(address));
  show_progress(c);
  events_.raise(event::of_channel(event::error, c));
}

void dma::show_progress(int c) {
  const channel_statistics& done = statistics(c);
  const std::uint32_t base = registers::dma_channel_at(c);
  bank_.set(base + reg::bytes_done_low, low(done.bytes));
  bank_.set(base + reg::bytes_done_high, high(done.bytes));
  bank_.set(base + reg::descriptors_done, low(done.descriptors));
}

std::uint32_t dma::channel_status(int c) const {
  const dma_channel& channel = *channels_[static_cast<std::size_t>(c)];
  std::uint32_t bits = sticky_[static_cast<std::size_t>(c)];
  if (channel.busy()) bits |= status::busy;
  if (channel.resetting()) bits |= status::resetting;
  return bits;
}

std::string dma::describe() const {
  std::string text;
  for (const auto& channel : channels_) text += channel->describe() + "\n";
  return text;
}

}  // namespace cimbalom::dma
