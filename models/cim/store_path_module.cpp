#include "models/cim/store_path_module.hpp"

#include <algorithm>
#include <cstring>

#include "models/cim/buffer_events.hpp"

namespace cimbalom::cim {

store_path_module::store_path_module(const sc_core::sc_module_name& name, engine_context& context)
    : sc_core::sc_module(name),
      memory(
          "memory",
          {context.accelerator.burst_bytes, context.accelerator.max_outstanding, context.accelerator.max_outstanding},
          context.options.first_initiator + static_cast<std::uint32_t>(path_kind::result)),
      context_(context),
      geometry_(path_geometry::of(context.accelerator)),
      statistics_(context.statistics.paths[static_cast<std::size_t>(path_kind::result)]),
      state_("state"),
      fifo_words_("fifo_words") {}

path_outcome store_path_module::store(const transfer& what) {
  if (what.empty() || context_.resetting) return {false, context_.resetting, 0};
  const std::uint64_t started = engine_context::now_ps();
  transfer_walk walk(what);
  layer_ = what.layer;
  outcome_ = {};
  open_ = true;
  ++statistics_.jobs;
  while (!walk.done() && !stopped()) {
    const transfer_walk::piece next = walk.peek(geometry_.span_bytes);
    walk.advance(next);
    const std::uint64_t words = geometry_.words(next.memory_address, next.length);
    while (fifo_words_ + words > geometry_.fifo_words && !stopped()) wait(answer_);
    if (!stopped()) convert(next);
    if (!stopped()) write(next);
  }
  while (!fifo_.empty()) wait(answer_);
  outcome_.aborted = aborting_;
  aborting_ = false;
  open_ = false;
  statistics_.busy_ps += engine_context::now_ps() - started;
  update_state();
  return outcome_;
}

void store_path_module::abort() {
  if (!open_) return;
  aborting_ = true;
  memory.abort();
  answer_.notify(sc_core::SC_ZERO_TIME);
}

void store_path_module::convert(const transfer_walk::piece& next) {
  streaming_ = true;
  update_state();
  context_.wait_edge();
  const sc_core::sc_time duration = context_.clock.cycles(geometry_.cycles(next.length));
  wait(duration);
  streaming_ = false;
  statistics_.streaming_ps += duration.value();
}

void store_path_module::write(const transfer_walk::piece& next) {
  std::unique_ptr<piece> added;
  if (spare_.empty()) {
    added = std::make_unique<piece>();
  } else {
    added = std::move(spare_.back());
    spare_.pop_back();
  }
  const std::uint8_t* from = context_.core.bytes(next.buffer, next.length);
  added->data.assign(from, from + next.length);  // the range was checked when the command started
  added->words = geometry_.words(next.memory_address, next.length);
  fifo_words_ = fifo_words_ + static_cast<std::uint32_t>(added->words);
  statistics_.highest_fill = std::max<std::uint64_t>(statistics_.highest_fill, fifo_words_);
  statistics_.bytes += next.length;
  statistics_.words += added->words;
  context_.layer(layer_).stored_bytes += next.length;
  context_.energy.count(read_event(next.buffer), layer_, next.length);
  context_.energy.count(energy::event::access_manager_memory_word, layer_, added->words);
  context_.energy.count(energy::event::access_manager_compute_word, layer_, geometry_.lane_words(next.length));
  fifo_.push_back(std::move(added));
  memory.submit({::tlm::TLM_WRITE_COMMAND, next.memory_address, fifo_.back()->data.data(), next.length, layer_,
                 [this](const transport::memory_result& result) { answered(result); }});
  update_state();
}

void store_path_module::answered(const transport::memory_result& result) {
  fifo_words_ = fifo_words_ - static_cast<std::uint32_t>(fifo_.front()->words);
  spare_.push_back(std::move(fifo_.front()));
  fifo_.pop_front();
  if (!result.ok() && !stopped()) {
    outcome_.failed = true;
    outcome_.error_address = result.error_address;
  }
  answer_.notify(sc_core::SC_ZERO_TIME);
  update_state();
}

stall_cause store_path_module::bottleneck() const {
  return fifo_.empty() ? stall_cause::fifo_empty : stall_cause::memory;
}

void store_path_module::update_state() {
  if (!open_) {
    state_ = path_state::idle;
  } else if (stopped()) {
    state_ = path_state::draining;
  } else if (streaming_) {
    state_ = path_state::streaming;
  } else {
    state_ = fifo_words_ >= geometry_.fifo_words ? path_state::blocked : path_state::waiting;
  }
  context_.account();
}

std::string store_path_module::describe() const {
  return std::string(name()) + ": " + to_string(state_.get()) + ", " + std::to_string(fifo_words_.get()) + " of " +
         std::to_string(geometry_.fifo_words) + " words filled, " + std::to_string(fifo_.size()) +
         " pieces in flight; " + memory.describe();
}

}  // namespace cimbalom::cim
