#include "models/cim/load_path_module.hpp"

#include <algorithm>
#include <cstring>

#include "models/cim/buffer_events.hpp"

namespace cimbalom::cim {

const char* to_string(path_state state) {
  switch (state) {
    case path_state::idle:
      return "idle";
    case path_state::waiting:
      return "waiting";
    case path_state::blocked:
      return "blocked";
    case path_state::streaming:
      return "streaming";
    case path_state::draining:
      return "draining";
  }
  return "";
}

load_path_module::load_path_module(const sc_core::sc_module_name& name, engine_context& context, path_kind kind)
    : sc_core::sc_module(name),
      memory(
          "memory",
          {context.accelerator.burst_bytes, context.accelerator.max_outstanding, context.accelerator.max_outstanding},
          context.options.first_initiator + static_cast<std::uint32_t>(kind)),
      context_(context),
      geometry_(path_geometry::of(context.accelerator)),
      statistics_(context.statistics.paths[static_cast<std::size_t>(kind)]),
      state_("state"),
      fifo_words_("fifo_words"),
      reserved_words_("reserved_words") {
  SC_HAS_PROCESS(load_path_module);
  SC_THREAD(convert);
}

path_outcome load_path_module::load(const transfer& what) {
  if (what.empty() || context_.resetting) return {false, context_.resetting, 0};
  const std::uint64_t started = engine_context::now_ps();
  walk_ = transfer_walk(what);
  layer_ = what.layer;
  outcome_ = {};
  open_ = true;
  ++statistics_.jobs;
  issue();
  while (!(walk_.done() || outcome_.failed || aborting_) || in_flight_ > 0 || !fifo_.empty()) wait(finished_);
  outcome_.aborted = aborting_;
  aborting_ = false;
  open_ = false;
  walk_ = {};
  statistics_.busy_ps += engine_context::now_ps() - started;
  update_state();
  return outcome_;
}

void load_path_module::abort() {
  if (!open_) return;
  aborting_ = true;
  memory.abort();
  arrival_.notify(sc_core::SC_ZERO_TIME);
  finished_.notify(sc_core::SC_ZERO_TIME);
}

bool load_path_module::space_for(const transfer_walk::piece& next) const {
  return reserved_words_ + geometry_.words(next.memory_address, next.length) <= geometry_.fifo_words;
}

void load_path_module::issue() {
  while (!walk_.done() && !outcome_.failed && !aborting_ && in_flight_ < geometry_.pieces_in_flight) {
    const transfer_walk::piece next = walk_.peek(geometry_.span_bytes);
    if (!space_for(next)) break;
    walk_.advance(next);
    if (spare_.empty()) spare_.push_back(std::make_unique<piece>());
    fifo_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    piece& added = *fifo_.back();
    added.where = next;
    added.words = geometry_.words(next.memory_address, next.length);
    added.data.resize(next.length);
    added.arrived = false;
    reserved_words_ = reserved_words_ + static_cast<std::uint32_t>(added.words);
    ++in_flight_;
    memory.submit({::tlm::TLM_READ_COMMAND, next.memory_address, added.data.data(), next.length, layer_,
                   [this, &added](const transport::memory_result& result) { arrived(added, result); }});
  }
  update_state();
}

void load_path_module::arrived(piece& which, const transport::memory_result& result) {
  which.arrived = true;
  --in_flight_;
  fifo_words_ = fifo_words_ + static_cast<std::uint32_t>(which.words);
  statistics_.highest_fill = std::max<std::uint64_t>(statistics_.highest_fill, fifo_words_);
  if (!result.ok() && !aborting_ && !outcome_.failed) {
    outcome_.failed = true;
    outcome_.error_address = result.error_address;
  }
  arrival_.notify(sc_core::SC_ZERO_TIME);
  issue();
}

void load_path_module::convert() {
  for (;;) {
    while (fifo_.empty() || !fifo_.front()->arrived) wait(arrival_);
    const piece& head = *fifo_.front();
    if (!outcome_.failed && !aborting_) {
      streaming_ = true;
      update_state();
      context_.wait_edge();
      const sc_core::sc_time duration = context_.clock.cycles(geometry_.cycles(head.where.length));
      wait(duration);
      streaming_ = false;
      statistics_.streaming_ps += duration.value();
      if (!outcome_.failed && !aborting_) deliver(head);
    }
    pop();
  }
}

void load_path_module::deliver(const piece& which) {
  std::uint8_t* to = context_.core.bytes(which.where.buffer, which.where.length);
  std::memcpy(to, which.data.data(), which.where.length);  // the range was checked when the command started
  statistics_.bytes += which.where.length;
  statistics_.words += which.words;
  context_.layer(layer_).loaded_bytes += which.where.length;
  context_.energy.count(energy::event::access_manager_memory_word, layer_, which.words);
  context_.energy.count(energy::event::access_manager_compute_word, layer_, geometry_.lane_words(which.where.length));
  context_.energy.count(write_event(which.where.buffer), layer_, which.where.length);
}

void load_path_module::pop() {
  const auto words = static_cast<std::uint32_t>(fifo_.front()->words);
  fifo_words_ = fifo_words_ - words;
  reserved_words_ = reserved_words_ - words;
  spare_.push_back(std::move(fifo_.front()));
  fifo_.pop_front();
  issue();
  if (fifo_.empty()) finished_.notify(sc_core::SC_ZERO_TIME);
}

stall_cause load_path_module::bottleneck() const {
  const bool waits_for_space =
      !walk_.done() && in_flight_ < geometry_.pieces_in_flight && !space_for(walk_.peek(geometry_.span_bytes));
  return waits_for_space ? stall_cause::fifo_full : stall_cause::memory;
}

void load_path_module::update_state() {
  if (!open_) {
    state_ = path_state::idle;
  } else if (aborting_ || outcome_.failed) {
    state_ = path_state::draining;
  } else if (streaming_) {
    state_ = path_state::streaming;
  } else {
    state_ = bottleneck() == stall_cause::fifo_full ? path_state::blocked : path_state::waiting;
  }
  context_.account();
}

std::string load_path_module::describe() const {
  return std::string(name()) + ": " + to_string(state_.get()) + ", " + std::to_string(fifo_words_.get()) + " of " +
         std::to_string(geometry_.fifo_words) + " words filled, " + std::to_string(in_flight_) + " pieces in flight; " +
         memory.describe();
}

}  // namespace cimbalom::cim
