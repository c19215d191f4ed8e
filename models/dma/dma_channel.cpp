#include "models/dma/dma_channel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/tlm/process.hpp"

namespace cimbalom::dma {

const char* to_string(channel_state state) {
  switch (state) {
    case channel_state::idle:
      return "idle";
    case channel_state::descriptor:
      return "descriptor";
    case channel_state::copy:
      return "copy";
    case channel_state::resetting:
      return "resetting";
  }
  return "unknown";
}

dma_channel::dma_channel(const sc_core::sc_module_name& name, const dma_config& config, energy::event_sink& events,
                         std::uint32_t initiator, listener tell)
    : sc_core::sc_module(name),
      memory("memory", {config.burst_bytes, config.max_outstanding, config.max_outstanding}, initiator),
      config_(config),
      events_(events),
      tell_(std::move(tell)),
      clock_(transport::clock_of_mhz(config.clock_mhz)),
      fifo_(static_cast<std::size_t>(config.fifo_bursts)) {
  for (burst& b : fifo_) b.bytes.resize(static_cast<std::size_t>(config.burst_bytes));
  transport::spawn_thread("run", [this] { run(); });
}

void dma_channel::start(std::uint64_t descriptor) {
  first_descriptor_ = descriptor;
  started_ = true;
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void dma_channel::reset() {
  if (resetting_) return;
  resetting_ = true;
  memory.abort();
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void dma_channel::run() {
  for (;;) {
    while (!started_ && !resetting_) sc_core::wait(wake_);
    if (started_ && !resetting_) {
      const sc_core::sc_time begun = sc_core::sc_time_stamp();
      run_chain();
      statistics_.busy_ps += (sc_core::sc_time_stamp() - begun).value();
    }
    started_ = false;
    if (resetting_) finish_reset();
    state_ = channel_state::idle;
  }
}

void dma_channel::run_chain() {
  ++statistics_.chains;
  error_ = registers::dma_error::none;
  std::uint64_t address = first_descriptor_;
  step last = step::next;
  while (last == step::next) last = run_descriptor(address);
  started_ = false;  // before the listener: it may read busy()
  if (last == step::ended) tell_.completed(true);
  if (last == step::failed) tell_.failed(error_, error_address_);
}

dma_channel::step dma_channel::run_descriptor(std::uint64_t& address) {
  state_ = channel_state::descriptor;
  // The chain is walked on the channel's clock: one edge from one descriptor to the next.
  sc_core::wait(clock_.at(clock_.after(sc_core::sc_time_stamp())) - sc_core::sc_time_stamp());
  if (resetting_) return step::aborted;
  if (address % registers::dma_descriptor_bytes != 0) return fail(registers::dma_error::bad_descriptor, address);
  std::array<std::uint8_t, registers::dma_descriptor_bytes> bytes{};
  const transport::memory_result read = memory.read(address, bytes.data(), bytes.size());
  if (resetting_) return step::aborted;
  if (!read.ok()) return fail(registers::dma_error::descriptor_read, address);
  registers::dma_descriptor descriptor;
  if (decode(bytes.data(), descriptor) != registers::dma_error::none) {
    return fail(registers::dma_error::bad_descriptor, address);
  }
  events_.count(energy::event::dma_descriptor, descriptor.layer, 1);
  const step copied = copy(descriptor);
  if (copied != step::next) return copied;
  ++statistics_.descriptors;
  tell_.progress();
  if ((descriptor.flags & registers::dma_descriptor::flag_last) != 0) return step::ended;
  if ((descriptor.flags & registers::dma_descriptor::flag_interrupt) != 0) tell_.completed(false);
  address = descriptor.next;
  return step::next;
}

dma_channel::step dma_channel::copy(const registers::dma_descriptor& descriptor) {
  state_ = channel_state::copy;
  std::uint32_t offset = 0;
  while (offset < descriptor.length || in_flight_ > 0) {
    const bool stop = resetting_ || error_ != registers::dma_error::none;
    const auto free = std::find_if(fifo_.begin(), fifo_.end(), [](const burst& b) { return !b.in_use; });
    if (!stop && offset < descriptor.length && free != fifo_.end()) {
      const auto slot = static_cast<std::size_t>(free - fifo_.begin());
      issue_read(slot, descriptor, offset);
      offset += fifo_[slot].length;
      continue;
    }
    if (stop && in_flight_ == 0) break;
    sc_core::wait(wake_);
  }
  if (resetting_) return step::aborted;
  return error_ == registers::dma_error::none ? step::next : step::failed;
}

void dma_channel::issue_read(std::size_t slot, const registers::dma_descriptor& descriptor, std::uint32_t offset) {
  burst& b = fifo_[slot];
  b.length = static_cast<std::uint32_t>(transport::next_burst_bytes(
      descriptor.source + offset, descriptor.length - offset, static_cast<std::uint64_t>(config_.burst_bytes)));
  b.destination = descriptor.destination + offset;
  b.in_use = true;
  fifo_level_ = static_cast<std::uint32_t>(++in_flight_);
  transport::memory_request request;
  request.command = ::tlm::TLM_READ_COMMAND;
  request.address = descriptor.source + offset;
  request.data = b.bytes.data();
  request.length = b.length;
  request.layer = descriptor.layer;
  request.done = [this, slot, layer = request.layer](const transport::memory_result& r) { read_done(slot, layer, r); };
  memory.submit(std::move(request));
}

void dma_channel::read_done(std::size_t slot, std::int32_t layer, const transport::memory_result& result) {
  burst& b = fifo_[slot];
  if (!result.ok()) note_error(registers::dma_error::source_read, result.error_address);
  if (!result.ok() || resetting_ || error_ != registers::dma_error::none) {
    write_done(slot, {});  // discarded: only its place in the FIFO is given back
    return;
  }
  events_.count(energy::event::dma_byte, layer, b.length);
  transport::memory_request request;
  request.command = ::tlm::TLM_WRITE_COMMAND;
  request.address = b.destination;
  request.data = b.bytes.data();
  request.length = b.length;
  request.layer = layer;
  request.done = [this, slot](const transport::memory_result& r) {
    if (r.ok()) statistics_.bytes += fifo_[slot].length;
    write_done(slot, r);
  };
  memory.submit(std::move(request));
}

void dma_channel::write_done(std::size_t slot, const transport::memory_result& result) {
  if (!result.ok()) note_error(registers::dma_error::destination_write, result.error_address);
  fifo_[slot].in_use = false;
  fifo_level_ = static_cast<std::uint32_t>(--in_flight_);
  wake_.notify(sc_core::SC_ZERO_TIME);
}

void dma_channel::note_error(registers::dma_error error, std::uint64_t address) {
  if (resetting_ || error_ != registers::dma_error::none) return;  // the first error counts; a reset is none
  error_ = error;
  error_address_ = address;
}

dma_channel::step dma_channel::fail(registers::dma_error error, std::uint64_t address) {
  note_error(error, address);
  return step::failed;
}

void dma_channel::finish_reset() {
  state_ = channel_state::resetting;
  while (!memory.idle()) sc_core::wait(memory.idle_event());
  error_ = registers::dma_error::none;
  error_address_ = 0;
  statistics_ = {};
  resetting_ = false;
  tell_.reset_done();
}

std::string dma_channel::describe() const {
  return fmt::format("{}: {}, {} bursts in the FIFO, {} descriptors and {} bytes done, port: {}", name(),
                     to_string(state_.get()), in_flight_, statistics_.descriptors, statistics_.bytes,
                     memory.describe());
}

}  // namespace cimbalom::dma
