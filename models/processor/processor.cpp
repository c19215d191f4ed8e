#include "models/processor/processor.hpp"

#include <utility>

#include "models/tlm/process.hpp"

namespace cimbalom::processor {

using registers::access_status;
using transport::payload;

const char* to_string(processor_state state) {
  switch (state) {
    case processor_state::running:
      return "running";
    case processor_state::register_access:
      return "register_access";
    case processor_state::memory_access:
      return "memory_access";
    case processor_state::waiting:
      return "waiting";
    case processor_state::finished:
      return "finished";
  }
  return "unknown";
}

namespace {
constexpr unsigned register_bytes = 4;
}  // namespace

processor::processor(const sc_core::sc_module_name& name, const processor_config& config, energy::event_sink& sink,
                     program software)
    : sc_core::sc_module(name),
      control("control"),
      memory("memory", (config.validate(), config.port()), static_cast<std::uint32_t>(config.initiator)),
      interrupts("interrupt", static_cast<std::size_t>(config.interrupt_lines)),
      config_(config),
      sink_(sink),
      software_(std::move(software)),
      clock_(transport::clock_of_mhz(config.clock_mhz)),
      quantum_(config.quantum_ns, sc_core::SC_NS),
      state_("state", processor_state::running) {
  control.bind(static_cast<::tlm::tlm_bw_transport_if<>&>(*this));
  transport::spawn_thread(
      "program", [this] { run(); }, static_cast<std::size_t>(config_.stack_bytes));
}

processor::~processor() = default;

::tlm::tlm_sync_enum processor::nb_transport_bw(payload&, transport::phase&, sc_core::sc_time&) {
  SC_REPORT_ERROR("/cimbalom/processor", "no target of the control socket may call back");
  return ::tlm::TLM_COMPLETED;
}

void processor::run() {
  try {
    software_(*this);
  } catch (const sc_core::sc_unwind_exception&) {
    throw;  // the kernel takes the thread down
  } catch (...) {
    failure_ = std::current_exception();
  }
  synchronise();
  finished_ = true;
  state_ = processor_state::finished;
  finished_event_.notify(sc_core::SC_ZERO_TIME);
}

// Local time runs ahead of the simulation by at most the quantum, and never across an access to a device, to memory
// or an interrupt: what others can see happens at its own time.
void processor::synchronise() {
  if (local_ == sc_core::SC_ZERO_TIME) return;
  sc_core::wait(local_);
  local_ = sc_core::SC_ZERO_TIME;
}

void processor::spend(const sc_core::sc_time& time) {
  local_ += time;
  if (local_ >= quantum_) synchronise();
}

std::uint64_t processor::now_ps() const {
  return (sc_core::sc_time_stamp() + local_).value();
}

void processor::instructions(std::uint64_t count) {
  if (count == 0) return;
  const sc_core::sc_time time = clock_.cycles(instruction_cycles(config_, count));
  statistics_.instructions += count;
  statistics_.instruction_ps += time.value();
  sink_.count(energy::event::processor_instruction, energy::no_layer, count);
  spend(time);
}

transport::response_status processor::access_register(payload& transaction) {
  synchronise();
  state_ = processor_state::register_access;
  const std::uint64_t from_ps = sc_core::sc_time_stamp().value();
  control->b_transport(transaction, local_);
  statistics_.register_ps += now_ps() - from_ps;
  sink_.count(energy::event::processor_memory_access, energy::no_layer, 1);
  spend(sc_core::SC_ZERO_TIME);
  state_ = processor_state::running;
  const transport::response_status status = transaction.get_response_status();
  if (status != ::tlm::TLM_OK_RESPONSE) ++statistics_.errors;
  return status;
}

registers::register_value processor::read_register(std::uint64_t address) {
  payload& transaction = pool_.take(::tlm::TLM_READ_COMMAND, address, register_bytes,
                                    static_cast<std::uint32_t>(config_.initiator), energy::no_layer);
  registers::register_value result;
  result.status = transport::to_access_status(access_register(transaction));
  if (result.status == access_status::ok) {
    for (unsigned i = 0; i < register_bytes; ++i) {
      result.value |= static_cast<std::uint32_t>(transaction.get_data_ptr()[i]) << (8 * i);
    }
  }
  transaction.release();
  ++statistics_.register_reads;
  return result;
}

access_status processor::write_register(std::uint64_t address, std::uint32_t value) {
  payload& transaction = pool_.take(::tlm::TLM_WRITE_COMMAND, address, register_bytes,
                                    static_cast<std::uint32_t>(config_.initiator), energy::no_layer);
  for (unsigned i = 0; i < register_bytes; ++i) {
    transaction.get_data_ptr()[i] = static_cast<unsigned char>(value >> (8 * i));
  }
  const access_status status = transport::to_access_status(access_register(transaction));
  transaction.release();
  ++statistics_.register_writes;
  return status;
}

access_status processor::read_memory(std::uint64_t address, void* data, std::size_t length) {
  synchronise();
  state_ = processor_state::memory_access;
  const std::uint64_t from_ps = sc_core::sc_time_stamp().value();
  statistics_.memory_read_bytes += length;
  return finish_memory(memory.read(address, data, length), address, length, from_ps);
}

access_status processor::write_memory(std::uint64_t address, const void* data, std::size_t length) {
  synchronise();
  state_ = processor_state::memory_access;
  const std::uint64_t from_ps = sc_core::sc_time_stamp().value();
  statistics_.memory_write_bytes += length;
  return finish_memory(memory.write(address, data, length), address, length, from_ps);
}

access_status processor::finish_memory(const transport::memory_result& result, std::uint64_t address,
                                       std::size_t length, std::uint64_t from_ps) {
  const auto burst = static_cast<std::uint64_t>(config_.burst_bytes);
  if (length > 0) {
    const std::uint64_t bursts = (address % burst + length + burst - 1) / burst;
    sink_.count(energy::event::processor_memory_access, energy::no_layer, bursts);
  }
  statistics_.memory_ps += now_ps() - from_ps;
  if (!result.ok()) ++statistics_.errors;
  state_ = processor_state::running;
  return transport::to_access_status(result.status);
}

std::uint32_t processor::lines_high(std::uint32_t mask) const {
  std::uint32_t lines = 0;
  for (std::size_t i = 0; i < interrupts.size(); ++i) {
    if (((mask >> i) & 1U) != 0 && interrupts[i].read()) lines |= 1U << i;
  }
  return lines;
}

std::uint32_t processor::wait_interrupt(std::uint32_t line_mask) {
  sc_core::sc_event_or_list any;
  bool possible = false;
  for (std::size_t i = 0; i < interrupts.size(); ++i) {
    if (((line_mask >> i) & 1U) == 0) continue;
    any |= interrupts[i].posedge_event();
    possible = true;
  }
  if (!possible) return 0;  // no such line: it would never return
  synchronise();
  state_ = processor_state::waiting;
  const std::uint64_t from_ps = sc_core::sc_time_stamp().value();
  ++statistics_.interrupt_waits;
  std::uint32_t lines = lines_high(line_mask);
  while (lines == 0) {
    sc_core::wait(any);
    lines = lines_high(line_mask);
  }
  statistics_.interrupt_wait_ps += now_ps() - from_ps;
  state_ = processor_state::running;
  spend(clock_.cycles(static_cast<std::uint64_t>(config_.interrupt_latency_cycles)));
  return lines;
}

std::string processor::describe() const {
  return std::string(name()) + ": " + to_string(state_.get()) + ", " + memory.describe();
}

}  // namespace cimbalom::processor
