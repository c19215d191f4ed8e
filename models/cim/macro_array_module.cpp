#include "models/cim/macro_array_module.hpp"

#include <algorithm>

#include "models/cim/cim_cost.hpp"
#include "models/tlm/process.hpp"

namespace cimbalom::cim {

namespace {
constexpr std::int32_t no_row_group = -1;
}

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

bank_module::bank_module(const sc_core::sc_module_name& name, const bank_schedule& schedule, std::size_t index,
                         int col_mux)
    : sc_core::sc_module(name),
      schedule_(schedule),
      index_(index),
      col_mux_(static_cast<std::uint64_t>(col_mux)),
      state_("state"),
      adc_("adc"),
      output_row_("output_row"),
      written_position_("written_position"),
      layer_("layer", energy::no_layer),
      row_group_("row_group", no_row_group) {
  transport::spawn_method(
      "follow", [this] { follow_row_group(); }, step_event_);
}

void bank_module::start_compute(std::uint32_t first_output_row, std::int32_t layer, const position_walk& walk) {
  computing_ = true;
  output_row_ = first_output_row;
  layer_ = layer;
  walk_ = walk;
  operation_ = 0;
  update();
  if (row_group_.watched()) follow_row_group();
}

void bank_module::end_compute() {
  computing_ = false;
  output_row_ = 0;
  layer_ = energy::no_layer;
  row_group_ = no_row_group;
  step_event_.cancel();
  update();
}

// A write into the bank makes operations later: the schedule is asked again at every step.
void bank_module::follow_row_group() {
  if (!computing_) return;
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  const auto ends = [this] { return schedule_.time_of(index_, (operation_ + 1) * walk_.operation_ps); };
  while (ends() <= now) ++operation_;
  row_group_ = static_cast<std::int32_t>((walk_.first + operation_ % walk_.count) / col_mux_);
  step_event_.notify(sc_core::sc_time::from_value(ends() - now));
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

macro_array_module::macro::macro(const sc_core::sc_module_name& name, const bank_schedule& schedule,
                                 std::size_t first_bank, const macro_config& config)
    : sc_core::sc_module(name) {
  for (int bank = 0; bank < config.banks; ++bank) {
    banks.push_back(std::make_unique<bank_module>(("bank" + std::to_string(bank)).c_str(), schedule,
                                                  first_bank + static_cast<std::size_t>(bank), config.col_mux));
  }
}

macro_array_module::macro_array_module(const sc_core::sc_module_name& name, engine_context& context)
    : sc_core::sc_module(name),
      context_(context),
      schedule_(static_cast<std::size_t>(context.accelerator.macros * context.macro.banks)) {
  for (int number = 0; number < context.accelerator.macros; ++number) {
    macros_.push_back(
        std::make_unique<macro>(("macro" + std::to_string(number)).c_str(), schedule_, banks_.size(), context.macro));
    for (const auto& bank : macros_.back()->banks) banks_.push_back(bank.get());
  }
}

void macro_array_module::compute(const tile_work& work, std::uint32_t output_row, std::int32_t layer) {
  const std::uint64_t started = engine_context::now_ps();
  const std::uint64_t operation =
      work.operations > 0 ? operation_ps(context_.macro, static_cast<int>(work.input_bits)) : 0;
  std::vector<std::size_t> open;
  for (std::size_t bank = 0; bank < work.bank_operations.size(); ++bank) {
    if (work.bank_operations[bank] == 0) continue;
    const std::uint64_t bank_ps = work.bank_operations[bank] * operation;
    open.push_back(bank);
    schedule_.start_compute(bank, started, bank_ps);
    banks_[bank]->start_compute(output_row, layer, {work.first_position, work.bank_positions[bank], operation});
    context_.statistics.bank_busy_ps[bank] += bank_ps;
  }
  const auto ended = [&](std::size_t bank) {
    if (schedule_.compute_end(bank) > engine_context::now_ps() && !context_.resetting) return false;
    banks_[bank]->end_compute();
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
