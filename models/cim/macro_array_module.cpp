#include "models/cim/macro_array_module.hpp"

#include <algorithm>

namespace cimbalom::cim {

const char* to_string(bank_state state) {
  switch (state) {
    case bank_state::idle:
      return "idle";
    case bank_state::compute:
      return "compute";
    case bank_state::program:
      return "program";
    case bank_state::compute_and_program:
      return "compute_and_program";
  }
  return "";
}

const char* to_string(converter_state state) {
  return state == converter_state::idle ? "idle" : "converting";
}

bank_module::bank_module(const sc_core::sc_module_name& name)
    : sc_core::sc_module(name),
      state_("state"),
      adc_("adc"),
      output_row_("output_row"),
      written_position_("written_position"),
      layer_("layer", energy::no_layer) {}

void bank_module::set_compute(bool on, std::uint32_t first_output_row, std::int32_t layer) {
  computing_ = on;
  output_row_ = first_output_row;
  layer_ = layer;
  update();
}

void bank_module::set_program(bool on, std::uint32_t first_position) {
  programming_ = on;
  written_position_ = first_position;
  update();
}

void bank_module::update() {
  adc_ = computing_ ? converter_state::converting : converter_state::idle;
  if (computing_) {
    state_ = programming_ ? bank_state::compute_and_program : bank_state::compute;
  } else {
    state_ = programming_ ? bank_state::program : bank_state::idle;
  }
}

macro_array_module::macro::macro(const sc_core::sc_module_name& name, int bank_count) : sc_core::sc_module(name) {
  for (int bank = 0; bank < bank_count; ++bank) {
    banks.push_back(std::make_unique<bank_module>(("bank" + std::to_string(bank)).c_str()));
  }
}

macro_array_module::macro_array_module(const sc_core::sc_module_name& name, engine_context& context)
    : sc_core::sc_module(name),
      context_(context),
      schedule_(static_cast<std::size_t>(context.accelerator.macros * context.macro.banks)) {
  for (int number = 0; number < context.accelerator.macros; ++number) {
    macros_.push_back(std::make_unique<macro>(("macro" + std::to_string(number)).c_str(), context.macro.banks));
    for (const auto& bank : macros_.back()->banks) banks_.push_back(bank.get());
  }
}

void macro_array_module::compute(const std::vector<std::uint64_t>& bank_ps, std::uint32_t output_row,
                                 std::int32_t layer) {
  const std::uint64_t started = engine_context::now_ps();
  std::vector<std::size_t> open;
  for (std::size_t bank = 0; bank < bank_ps.size(); ++bank) {
    if (bank_ps[bank] == 0) continue;
    open.push_back(bank);
    schedule_.start_compute(bank, started, bank_ps[bank]);
    banks_[bank]->set_compute(true, output_row, layer);
    context_.statistics.bank_busy_ps[bank] += bank_ps[bank];
  }
  const auto ended = [&](std::size_t bank) {
    if (schedule_.compute_end(bank) > engine_context::now_ps() && !context_.resetting) return false;
    banks_[bank]->set_compute(false, 0, energy::no_layer);
    return true;
  };
  for (;;) {
    open.erase(std::remove_if(open.begin(), open.end(), ended), open.end());
    if (open.empty()) return;
    std::uint64_t next = schedule_.compute_end(open.front());
    for (const std::size_t bank : open) next = std::min(next, schedule_.compute_end(bank));
    context_.wait_until(next);
  }
}

void macro_array_module::start_program(std::size_t first, std::size_t count, std::uint32_t first_position,
                                       std::uint64_t duration_ps, std::uint64_t write_ps) {
  for (std::size_t bank = first; bank < first + count; ++bank) {
    schedule_.start_program(bank, engine_context::now_ps(), duration_ps, write_ps);
    banks_[bank]->set_program(true, first_position);
    context_.statistics.bank_program_ps[bank] += std::min(write_ps, duration_ps);
  }
}

void macro_array_module::end_program(std::size_t first, std::size_t count) {
  for (std::size_t bank = first; bank < first + count; ++bank) banks_[bank]->set_program(false, 0);
}

void macro_array_module::reset() {
  schedule_ = bank_schedule(banks_.size());
}

std::string macro_array_module::describe() const {
  std::string text = std::string(name()) + ": banks";
  for (std::size_t bank = 0; bank < banks_.size(); ++bank) {
    if (banks_[bank]->state() == bank_state::idle) continue;
    text += ' ' + std::to_string(bank) + '=' + to_string(banks_[bank]->state());
  }
  return text;
}

}  // namespace cimbalom::cim
