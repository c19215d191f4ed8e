#include "models/processor/processor.hpp"

#include <fmt/format.h>

#include <cmath>

#include "models/tlm/process.hpp"

namespace cimbalom::processor {

namespace {

// Host software runs libraries' code (parsers, training): far beyond the kernel's 256 KiB.
constexpr std::size_t software_stack_bytes = std::size_t{16} << 20;
constexpr std::size_t most_interrupt_lines = 32;

}  // namespace

const char* to_string(processor_state state) {
  switch (state) {
    case processor_state::idle:
      return "idle";
    case processor_state::running:
      return "running";
    case processor_state::register_access:
      return "register_access";
    case processor_state::memory_access:
      return "memory_access";
    case processor_state::waiting:
      return "waiting";
    case processor_state::done:
      return "done";
  }
  return "unknown";
}

processor::processor(const sc_core::sc_module_name& name, const processor_config& config, energy::event_sink& events,
                     std::uint32_t initiator, std::size_t interrupt_lines, software run)
    : sc_core::sc_module(name),
      control("control"),
      memory("memory", config.memory, initiator),
      interrupts("interrupts", interrupt_lines),
      config_(config),
      events_(events),
      software_(std::move(run)),
      quantum_(config.quantum_ns, sc_core::SC_NS),
      period_ps_((1'000'000U + static_cast<std::uint64_t>(config.clock_mhz) / 2) /
                 static_cast<std::uint64_t>(config.clock_mhz)) {
  config_.validate();
  sc_assert(interrupt_lines >= 1 && interrupt_lines <= most_interrupt_lines);
  keeper_.reset();
  transport::spawn_thread(
      "software", [this] { run_software(); }, software_stack_bytes);
}

void processor::run_software() {
  state_ = processor_state::running;
  try {
    software_(*this);
  } catch (...) {
    failure_ = std::current_exception();
  }
  keeper_.sync();
  finished_ = true;
  state_ = processor_state::done;
  sc_core::sc_stop();
}

void processor::advance(const sc_core::sc_time& by) {
  keeper_.inc(by);
  if (keeper_.get_local_time() >= quantum_) keeper_.sync();
}

registers::access_status processor::access_register(tlm::tlm_command command, std::uint64_t address,
                                                    std::uint32_t& value) {
  state_ = processor_state::register_access;
  transport::payload& p = register_payload_;
  p.set_command(command);
  p.set_address(address);
  p.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
  p.set_data_length(sizeof value);
  p.set_streaming_width(sizeof value);
  p.set_byte_enable_ptr(nullptr);
  p.set_byte_enable_length(0);
  p.set_dmi_allowed(false);
  p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = keeper_.get_local_time();
  control->b_transport(p, delay);
  keeper_.set(delay);
  if (keeper_.get_local_time() >= quantum_) keeper_.sync();
  state_ = processor_state::running;
  const registers::access_status status = transport::to_access_status(p.get_response_status());
  if (status != registers::access_status::ok) ++statistics_.register_errors;
  return status;
}

registers::register_value processor::read_register(std::uint64_t address) {
  ++statistics_.register_reads;
  events_.count(energy::event::processor_memory_access, layer_, 1);
  registers::register_value result;
  result.status = access_register(tlm::TLM_READ_COMMAND, address, result.value);
  return result;
}

registers::access_status processor::write_register(std::uint64_t address, std::uint32_t value) {
  ++statistics_.register_writes;
  events_.count(energy::event::processor_memory_access, layer_, 1);
  return access_register(tlm::TLM_WRITE_COMMAND, address, value);
}

registers::access_status processor::access_memory(bool write, std::uint64_t address, void* data, std::size_t length) {
  keeper_.sync();
  state_ = processor_state::memory_access;
  const sc_core::sc_time start = sc_core::sc_time_stamp();
  const transport::memory_result result =
      write ? memory.write(address, data, length, layer_) : memory.read(address, data, length, layer_);
  statistics_.memory_wait_ps += (sc_core::sc_time_stamp() - start).value();
  // One access is what one burst moves: the unit of the cost row.
  const auto burst = static_cast<std::size_t>(config_.memory.burst_bytes);
  events_.count(energy::event::processor_memory_access, layer_, (length + burst - 1) / burst);
  state_ = processor_state::running;
  return transport::to_access_status(result.status);
}

registers::access_status processor::read_memory(std::uint64_t address, void* data, std::size_t length) {
  ++statistics_.memory_reads;
  return access_memory(false, address, data, length);
}

registers::access_status processor::write_memory(std::uint64_t address, const void* data, std::size_t length) {
  ++statistics_.memory_writes;
  // The port only reads the bytes of a write (memory_request::data).
  return access_memory(true, address, const_cast<void*>(data), length);
}

std::uint32_t processor::lines_high(std::uint32_t line_mask) const {
  std::uint32_t high = 0;
  for (std::size_t line = 0; line < interrupts.size(); ++line) {
    if (((line_mask >> line) & 1U) != 0 && interrupts[line].read()) high |= 1U << line;
  }
  return high;
}

std::uint32_t processor::wait_interrupt(std::uint32_t line_mask) {
  keeper_.sync();
  const std::uint32_t lines = static_cast<std::uint32_t>((std::uint64_t{1} << interrupts.size()) - 1);
  if ((line_mask & lines) == 0) return 0;  // no such line: waiting would never end
  state_ = processor_state::waiting;
  const sc_core::sc_time start = sc_core::sc_time_stamp();
  sc_core::sc_event_or_list any;
  for (std::size_t line = 0; line < interrupts.size(); ++line) {
    if (((line_mask >> line) & 1U) != 0) any |= interrupts[line].posedge_event();
  }
  while (lines_high(line_mask) == 0) sc_core::wait(any);
  statistics_.interrupt_wait_ps += (sc_core::sc_time_stamp() - start).value();
  state_ = processor_state::running;
  return lines_high(line_mask);
}

void processor::instructions(std::uint64_t count) {
  statistics_.instructions += count;
  events_.count(energy::event::processor_instruction, layer_, count);
  const double cycles = std::ceil(static_cast<double>(count) * config_.cycles_per_instruction);
  advance(sc_core::sc_time::from_value(static_cast<std::uint64_t>(cycles) * period_ps_));
}

std::uint64_t processor::now_ps() const {
  return keeper_.get_current_time().value();
}

std::string processor::describe() const {
  return fmt::format("{}: {}, {} instructions, {} register accesses, memory port: {}", name(), to_string(state_.get()),
                     statistics_.instructions, statistics_.register_reads + statistics_.register_writes,
                     memory.describe());
}

}  // namespace cimbalom::processor
