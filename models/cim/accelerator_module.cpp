#include "models/cim/accelerator_module.hpp"

#include <stdexcept>

namespace cimbalom::cim {

namespace reg = registers::accelerator_register;
namespace event = registers::accelerator_event;

namespace {

// Validates before anything is built from the numbers.
std::unique_ptr<engine_context> make_context(const accelerator_config& accelerator, const macro_config& macro,
                                             const arithmetic::nonideality_config& nonideality,
                                             energy::event_sink& energy, const accelerator_options& options) {
  accelerator.validate();
  macro.validate();
  return std::make_unique<engine_context>(accelerator, macro, nonideality, energy, options);
}

std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
std::uint32_t high(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace

accelerator_module::accelerator_module(const sc_core::sc_module_name& name, const accelerator_config& accelerator,
                                       const macro_config& macro, const arithmetic::nonideality_config& nonideality,
                                       energy::event_sink& energy, const accelerator_options& options)
    : sc_core::sc_module(name),
      context_(make_context(accelerator, macro, nonideality, energy, options)),
      bank_(registers::accelerator_table),
      registers("registers", bank_,
                context_->clock.cycles(static_cast<std::uint64_t>(options.register_latency_cycles))),
      aperture("aperture"),
      parameter_port("parameter_port"),
      vector_port("vector_port"),
      result_port("result_port"),
      command_port("command_port"),
      interrupt("interrupt"),
      buffers_("buffers", *context_),
      access_manager_("access_manager", *context_),
      macro_array_("macro_array", *context_),
      accumulator_("accumulator"),
      post_processing_("post_processing"),
      parameter_engine_("parameter_engine", *context_, engines_, access_manager_.parameter),
      vector_engine_("vector_engine", *context_, engines_, access_manager_.vector),
      program_engine_("program_engine", *context_, engines_, macro_array_),
      compute_engine_("compute_engine", *context_, engines_, macro_array_, accumulator_, post_processing_),
      store_engine_("store_engine", *context_, engines_, access_manager_.result),
      sequencer_("sequencer", *context_, engines_),
      line_level_("interrupt_level"),
      events_(
          bank_, {reg::status, reg::interrupt_enable, reg::interrupt_raw}, [this] { return busy() ? event::busy : 0U; },
          [this](bool level) {
            line_level_ = level;
            line_.notify(sc_core::SC_ZERO_TIME);
          }) {
  engines_ = {&parameter_engine_, &vector_engine_, &program_engine_, &compute_engine_, &store_engine_};
  bind_ports();
  context_->cause = [this] { return sequencer_.cause(); };
  context_->on_halted = [this] { sequencer_.close_when_done(); };
  context_->on_complete = [this] {
    bank_.set(reg::commands_done, ++commands_done_);
    sequencer_.close_when_done();
  };
  context_->on_error = [this](registers::error_code code, std::uint32_t index, std::uint64_t address) {
    show_error(code, index, address);
  };
  sequencer_.on_head = [this](std::uint32_t head) { bank_.set(reg::ring_head, head); };
  sequencer_.on_fence = [this](std::uint32_t sequence) {
    bank_.set(reg::fence_sequence, sequence);
    events_.raise(event::fence);
  };
  set_up_registers();
  SC_HAS_PROCESS(accelerator_module);
  SC_METHOD(drive_interrupt);
  sensitive << line_;
  SC_THREAD(reset_when_drained);
}

accelerator_module::~accelerator_module() = default;

// The children's sockets are seen through those of the device. The casts choose between socket and interface.
void accelerator_module::bind_ports() {
  using target_base = ::tlm::tlm_base_target_socket_b<transport::bus_width>;
  aperture.bind(static_cast<target_base&>(buffers_.aperture));
  using initiator = ::tlm::tlm_initiator_socket<transport::bus_width>;
  const auto join = [](transport::memory_port& inner, initiator& outer) {
    static_cast<initiator&>(inner).bind(static_cast<initiator::base_type&>(outer));
  };
  join(access_manager_.parameter.memory, parameter_port);
  join(access_manager_.vector.memory, vector_port);
  join(access_manager_.result.memory, result_port);
  join(sequencer_.memory, command_port);
}

void accelerator_module::set_up_registers() {
  show_capabilities();
  bank_.on_write(reg::control, [this](std::uint32_t& value) { return write_control(value); });
  bank_.on_write(reg::ring_tail, [this](std::uint32_t& value) {
    ring_doorbell(value);
    return true;
  });
  // The ring cannot move under the sequencer; a new ring starts empty.
  for (const std::uint32_t offset : {reg::ring_base_low, reg::ring_base_high, reg::ring_size}) {
    bank_.on_write(offset, [this](std::uint32_t&) {
      if (busy()) return false;
      sequencer_.clear();
      bank_.set(reg::ring_head, 0);
      bank_.set(reg::ring_tail, 0);
      return true;
    });
  }
}

void accelerator_module::show_capabilities() {
  const accelerator_config& accelerator = context_->accelerator;
  const macro_config& macro = context_->macro;
  const auto show = [this](std::uint32_t offset, std::int64_t value) {
    bank_.set(offset, static_cast<std::uint32_t>(value));
  };
  show(reg::macros, accelerator.macros);
  show(reg::banks, macro.banks);
  show(reg::rows, macro.rows);
  show(reg::columns, macro.cols);
  show(reg::rows_active, macro.rows_active);
  show(reg::column_mux, macro.col_mux);
  show(reg::bits_per_cell, macro.bits_per_cell);
  show(reg::slot_bits, macro.slot_bits);
  show(reg::dac_bits, macro.dac_bits);
  show(reg::adc_bits, macro.kind == arithmetic::macro_kind::digital ? 0 : macro.adc_bits);
  show(reg::lanes, accelerator.lanes);
  show(reg::input_buffer_bytes, accelerator.input_buffer_bytes);
  show(reg::output_buffer_bytes, accelerator.output_buffer_bytes);
  show(reg::weight_buffer_bytes, accelerator.weight_buffer_bytes);
  show(reg::parameter_buffer_bytes, accelerator.parameter_buffer_bytes);
  show(reg::accumulator_bytes, accelerator.accumulator_bytes);
}

bool accelerator_module::write_control(std::uint32_t& value) {
  const bool reset = (value & registers::accelerator_control::reset) != 0;
  value &= ~registers::accelerator_control::reset;
  if (reset) {
    value = 0;
    if (!context_->resetting) reset_requested_.notify(sc_core::SC_ZERO_TIME);
    context_->resetting = true;
  } else if ((value & registers::accelerator_control::enable) != 0) {
    bank_.set(reg::control, value);
    ring_doorbell(bank_.value(reg::ring_tail));
  }
  return true;
}

void accelerator_module::ring_doorbell(std::uint32_t tail) {
  const bool enabled = (bank_.value(reg::control) & registers::accelerator_control::enable) != 0;
  const std::uint32_t size = bank_.value(reg::ring_size);
  if (!enabled || (size == 0 && tail == 0)) return;  // not set up yet
  const std::uint64_t base = (std::uint64_t{bank_.value(reg::ring_base_high)} << 32) | bank_.value(reg::ring_base_low);
  sequencer_.ring(base, size, tail);
}

void accelerator_module::show_error(registers::error_code code, std::uint32_t index, std::uint64_t address) {
  bank_.set(reg::error_code, static_cast<std::uint32_t>(code));
  bank_.set(reg::error_index, index);
  bank_.set(reg::error_address_low, low(address));
  bank_.set(reg::error_address_high, high(address));
  events_.raise(event::error);
}

void accelerator_module::drive_interrupt() {
  interrupt.write(line_level_);
}

bool accelerator_module::drained() const {
  for (const engine_module* engine : engines_) {
    if (engine->active()) return false;
  }
  return access_manager_.idle() && sequencer_.idle();
}

// Stops issue, lets what is outstanding come back, discards it, clears everything, and says so.
void accelerator_module::reset_when_drained() {
  for (;;) {
    wait(reset_requested_);
    context_->reset_begun.notify(sc_core::SC_ZERO_TIME);
    access_manager_.abort();
    sequencer_.abort();
    context_->note();
    do {
      context_->wait_edge();
      wait(context_->clock.period());
    } while (!drained());
    sequencer_.end_job();
    for (engine_module* engine : engines_) engine->clear();
    sequencer_.clear();
    macro_array_.reset();
    context_->core.reset();
    context_->order.reset();
    context_->halted = false;
    ++context_->statistics.resets;
    clear_registers();
    context_->resetting = false;
    events_.raise(event::reset_done);
    context_->note();
  }
}

// INTERRUPT_ENABLE stays: the host is waiting for reset_done.
void accelerator_module::clear_registers() {
  const std::uint32_t enabled = bank_.value(reg::interrupt_enable);
  events_.clear();
  bank_.reset();
  bank_.set(reg::interrupt_enable, enabled);
  commands_done_ = 0;
  show_capabilities();
}

void accelerator_module::reset_statistics() {
  if (busy()) throw std::logic_error(std::string(name()) + ": statistics reset while busy");
  accelerator_statistics fresh;
  fresh.bank_busy_ps.assign(macro_array_.banks(), 0);
  fresh.bank_program_ps.assign(macro_array_.banks(), 0);
  context_->statistics = fresh;
}

std::string accelerator_module::dump_state() const {
  std::string text = std::string(name()) + ": " + (busy() ? "busy" : "idle");
  if (context_->halted) text += ", halted by an error";
  if (context_->resetting) text += ", resetting";
  text += '\n' + sequencer_.describe() + '\n';
  for (const engine_module* engine : engines_) text += engine->describe() + '\n';
  return text + access_manager_.describe() + '\n' + buffers_.describe() + '\n' + macro_array_.describe() + '\n';
}

}  // namespace cimbalom::cim
