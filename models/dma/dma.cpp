#include "models/dma/dma.hpp"

#include <array>
#include <deque>

#include "models/tlm/process.hpp"

namespace cimbalom::dma {

using registers::dma_descriptor;
using registers::dma_error;
using transport::memory_result;

const char* to_string(channel_state state) {
  switch (state) {
    case channel_state::idle:
      return "idle";
    case channel_state::fetching:
      return "fetching";
    case channel_state::copying:
      return "copying";
    case channel_state::draining:
      return "draining";
    case channel_state::failed:
      return "failed";
  }
  return "unknown";
}

/// A place of the FIFO: one burst.
struct dma::slot {
  std::vector<unsigned char> data;
  std::size_t length = 0;
  std::uint64_t destination = 0;
  std::int32_t layer = energy::no_layer;
};

struct dma::channel {
  explicit channel(int number, const dma_config& config)
      : index(number),
        base(registers::dma_channel_at(number)),
        state(("channel" + std::to_string(number) + "_state").c_str(), channel_state::idle),
        fifo(("channel" + std::to_string(number) + "_fifo").c_str()) {
    slots.resize(static_cast<std::size_t>(config.fifo_bytes / config.burst_bytes));
    for (slot& place : slots) {
      place.data.resize(static_cast<std::size_t>(config.burst_bytes));
      free.push_back(&place);
    }
  }

  bool drained() const { return free.size() == slots.size(); }
  bool stopped() const { return reset || error != dma_error::none; }

  int index;
  std::uint32_t base;
  transport::observed<channel_state> state;
  transport::observed<std::uint16_t> fifo;  ///< places in use
  std::vector<slot> slots;
  std::vector<slot*> free;
  std::deque<slot*> filled;  ///< read, and wait for a credit to write
  int reads = 0;             ///< in flight
  int writes = 0;
  sc_core::sc_event event;  ///< start, reset, or a place came free
  bool start = false;
  bool reset = false;
  bool busy = false;
  bool done = false;
  dma_error error = dma_error::none;
  std::uint64_t error_address = 0;
  std::uint64_t bytes_done = 0;
  std::uint32_t descriptors_done = 0;
};

dma::dma(const sc_core::sc_module_name& name, const dma_config& config, energy::event_sink& sink)
    : sc_core::sc_module(name),
      bank_((config.validate(), registers::make_dma_table(config.channels, rows_))),
      register_latency_(
          transport::clock_of_mhz(config.clock_mhz).cycles(static_cast<std::uint64_t>(config.register_latency_cycles))),
      control("control", bank_, register_latency_),
      memory("memory", config.port(), static_cast<std::uint32_t>(config.initiator)),
      interrupt("interrupt"),
      config_(config),
      sink_(sink),
      clock_(transport::clock_of_mhz(config.clock_mhz)),
      interrupts_(
          bank_,
          {registers::dma_register::status, registers::dma_register::interrupt_enable,
           registers::dma_register::interrupt_raw},
          [] { return 0U; },
          [this](bool level) {
            line_ = level;
            line_event_.notify(sc_core::SC_ZERO_TIME);
          }),
      line_("interrupt_level") {
  // One process writes the signal, whoever changed the level.
  transport::spawn_method(
      "drive_line", [this] { interrupt.write(line_.get()); }, line_event_);
  statistics_.channels.resize(static_cast<std::size_t>(config_.channels));
  for (int i = 0; i < config_.channels; ++i) {
    channels_.push_back(std::make_unique<channel>(i, config_));
    channel& c = *channels_.back();
    connect(c);
    transport::spawn_thread(("channel" + std::to_string(i)).c_str(), [this, &c] { run(c); });
  }
}

dma::~dma() = default;

void dma::connect(channel& c) {
  using namespace registers::dma_register;
  bank_.on_write(c.base + channel_control, [this, &c](std::uint32_t& value) { return control_written(c, value); });
  bank_.on_read(c.base + channel_status, [this, &c] { return status_of(c); });
  bank_.on_read(c.base + error_code, [&c] { return static_cast<std::uint32_t>(c.error); });
  bank_.on_read(c.base + error_address_low, [&c] { return static_cast<std::uint32_t>(c.error_address); });
  bank_.on_read(c.base + error_address_high, [&c] { return static_cast<std::uint32_t>(c.error_address >> 32); });
  bank_.on_read(c.base + bytes_done_low, [&c] { return static_cast<std::uint32_t>(c.bytes_done); });
  bank_.on_read(c.base + bytes_done_high, [&c] { return static_cast<std::uint32_t>(c.bytes_done >> 32); });
  bank_.on_read(c.base + descriptors_done, [&c] { return c.descriptors_done; });
}

std::uint32_t dma::status_of(const channel& c) const {
  namespace bit = registers::dma_channel_status;
  return (c.busy ? bit::busy : 0U) | (c.done ? bit::done : 0U) | (c.error != dma_error::none ? bit::error : 0U) |
         (c.reset ? bit::resetting : 0U);
}

bool dma::control_written(channel& c, std::uint32_t& value) {
  const bool reset = (value & registers::dma_control::reset) != 0;
  const bool start = (value & registers::dma_control::start) != 0;
  value = 0;
  if (reset) {
    c.reset = true;
    c.start = false;
  } else if (start) {
    if (c.busy || c.reset || c.error != dma_error::none) return false;
    c.start = c.busy = true;
    c.done = false;
  }
  if (reset || start) c.event.notify(sc_core::SC_ZERO_TIME);
  return true;
}

void dma::raise(const channel& c, std::uint32_t event) {
  interrupts_.raise(registers::dma_event::of_channel(event, c.index));
}

void dma::run(channel& c) {
  channel_statistics& totals = statistics_.channels[static_cast<std::size_t>(c.index)];
  for (;;) {
    while (!c.start && !c.reset) sc_core::wait(c.event);
    if (c.start && !c.reset) {
      c.start = false;
      ++totals.chains;
      const std::uint64_t from_ps = sc_core::sc_time_stamp().value();
      run_chain(c);
      totals.busy_ps += sc_core::sc_time_stamp().value() - from_ps;
    }
    if (c.reset) finish_reset(c);
  }
}

void dma::run_chain(channel& c) {
  using namespace registers::dma_register;
  std::uint64_t address =
      (static_cast<std::uint64_t>(bank_.value(c.base + descriptor_high)) << 32) | bank_.value(c.base + descriptor_low);
  dma_descriptor descriptor;
  do {
    if (!fetch(c, address, descriptor)) break;
    copy(c, descriptor);
    if (c.stopped()) break;
    ++statistics_.channels[static_cast<std::size_t>(c.index)].descriptors;
    ++c.descriptors_done;
    const bool last = (descriptor.flags & dma_descriptor::flag_last) != 0;
    if (!last && (descriptor.flags & dma_descriptor::flag_interrupt) != 0) raise(c, registers::dma_event::done);
    address = descriptor.next;
  } while ((descriptor.flags & dma_descriptor::flag_last) == 0);
  if (c.reset) return;
  c.busy = false;
  c.done = c.error == dma_error::none;
  c.state = c.done ? channel_state::idle : channel_state::failed;
  raise(c, c.done ? registers::dma_event::done : registers::dma_event::error);
}

bool dma::fetch(channel& c, std::uint64_t address, dma_descriptor& descriptor) {
  c.state = channel_state::fetching;
  std::array<std::uint8_t, registers::dma_descriptor_bytes> bytes{};
  const memory_result result = memory.read(address, bytes.data(), bytes.size());
  if (c.reset) return false;
  if (!result.ok()) {
    fail(c, dma_error::descriptor_read, address);
    return false;
  }
  sc_core::wait(clock_.cycles(static_cast<std::uint64_t>(config_.descriptor_cycles)));
  if (c.reset) return false;
  const dma_error verdict = registers::decode(bytes.data(), descriptor);
  if (verdict != dma_error::none) {
    fail(c, verdict, address);
    return false;
  }
  sink_.count(energy::event::dma_descriptor, descriptor.layer, 1);
  return true;
}

void dma::copy(channel& c, const dma_descriptor& descriptor) {
  c.state = channel_state::copying;
  std::uint64_t offset = 0;
  while (offset < descriptor.length && !c.stopped()) {
    if (c.free.empty() || c.reads == config_.max_outstanding) {
      sc_core::wait(c.event);
      continue;
    }
    const std::uint64_t length = transport::next_burst_bytes(descriptor.source + offset, descriptor.length - offset,
                                                             static_cast<std::uint64_t>(config_.burst_bytes));
    read_next(c, descriptor, offset, static_cast<std::size_t>(length));
    offset += length;
  }
  if (c.stopped()) c.state = channel_state::draining;
  while (!c.drained()) sc_core::wait(c.event);
}

void dma::read_next(channel& c, const dma_descriptor& descriptor, std::uint64_t offset, std::size_t length) {
  slot& place = *c.free.back();
  c.free.pop_back();
  c.fifo = static_cast<std::uint16_t>(c.slots.size() - c.free.size());
  place.length = length;
  place.destination = descriptor.destination + offset;
  place.layer = descriptor.layer;
  ++c.reads;
  memory.submit({::tlm::TLM_READ_COMMAND, descriptor.source + offset, place.data.data(), length, place.layer,
                 [this, &c, &place](const memory_result& result) {
                   --c.reads;
                   if (!result.ok()) fail(c, dma_error::source_read, result.error_address);
                   c.filled.push_back(&place);
                   write_back(c);
                   c.event.notify(sc_core::SC_ZERO_TIME);
                 }});
}

/// Writes what was read as far as credits go; of a stopped channel the data is discarded.
void dma::write_back(channel& c) {
  while (!c.filled.empty() && (c.stopped() || c.writes < config_.max_outstanding)) {
    slot& place = *c.filled.front();
    c.filled.pop_front();
    if (c.stopped()) {
      give_back(c, place);
      continue;
    }
    ++c.writes;
    memory.submit({::tlm::TLM_WRITE_COMMAND, place.destination, place.data.data(), place.length, place.layer,
                   [this, &c, &place](const memory_result& result) {
                     --c.writes;
                     written(c, place, result);
                     write_back(c);
                   }});
  }
}

void dma::written(channel& c, slot& place, const memory_result& result) {
  if (result.ok()) {
    channel_statistics& totals = statistics_.channels[static_cast<std::size_t>(c.index)];
    totals.bytes += place.length;
    c.bytes_done += place.length;
    totals.bytes_by_layer[place.layer] += place.length;
    sink_.count(energy::event::dma_byte, place.layer, place.length);
  } else {
    fail(c, dma_error::destination_write, result.error_address);
  }
  give_back(c, place);
}

void dma::give_back(channel& c, slot& place) {
  c.free.push_back(&place);
  c.fifo = static_cast<std::uint16_t>(c.slots.size() - c.free.size());
  c.event.notify(sc_core::SC_ZERO_TIME);
}

/// The first error of a channel stays until its reset.
void dma::fail(channel& c, dma_error error, std::uint64_t address) {
  if (c.error != dma_error::none || c.reset) return;
  c.error = error;
  c.error_address = address;
  ++statistics_.channels[static_cast<std::size_t>(c.index)].errors;
  c.event.notify(sc_core::SC_ZERO_TIME);
}

void dma::finish_reset(channel& c) {
  using namespace registers::dma_register;
  channel_statistics& totals = statistics_.channels[static_cast<std::size_t>(c.index)];
  ++totals.resets;
  bank_.set(c.base + descriptor_low, 0);
  bank_.set(c.base + descriptor_high, 0);
  c.start = c.reset = c.busy = c.done = false;
  c.error = dma_error::none;
  c.error_address = 0;
  c.bytes_done = 0;
  c.descriptors_done = 0;
  c.fifo = static_cast<std::uint16_t>(0);
  c.state = channel_state::idle;
  raise(c, registers::dma_event::reset_done);
}

bool dma::busy() const {
  for (const std::unique_ptr<channel>& c : channels_) {
    if (c->busy || c->reset) return true;
  }
  return false;
}

std::string dma::describe() const {
  std::string text = std::string(name()) + ":";
  for (const std::unique_ptr<channel>& c : channels_) {
    text += " channel " + std::to_string(c->index) + " " + to_string(c->state.get()) + " (" +
            std::to_string(c->slots.size() - c->free.size()) + " places in use)";
  }
  return text + ", " + memory.describe();
}

}  // namespace cimbalom::dma
