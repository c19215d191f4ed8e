#include "models/cim/sequencer_module.hpp"

#include <algorithm>

namespace cimbalom::cim {

const char* to_string(fetch_state state) {
  return state == fetch_state::idle ? "idle" : "fetching";
}

const char* to_string(dispatch_state state) {
  switch (state) {
    case dispatch_state::idle:
      return "idle";
    case dispatch_state::decoding:
      return "decoding";
    case dispatch_state::queue_full:
      return "queue_full";
    case dispatch_state::ordering:
      return "ordering";
    case dispatch_state::fencing:
      return "fencing";
    case dispatch_state::halted:
      return "halted";
  }
  return "";
}

sequencer_module::sequencer_module(const sc_core::sc_module_name& name, engine_context& context,
                                   const engine_table& engines)
    : sc_core::sc_module(name),
      memory(
          "memory",
          {context.accelerator.burst_bytes, context.accelerator.max_outstanding, context.accelerator.max_outstanding},
          context.options.first_initiator + static_cast<std::uint32_t>(path_kind::command)),
      context_(context),
      engines_(engines),
      statistics_(context.statistics.paths[static_cast<std::size_t>(path_kind::command)]),
      job_("job"),
      fetch_("fetch"),
      dispatch_("dispatch"),
      head_("head"),
      tail_("tail") {
  SC_HAS_PROCESS(sequencer_module);
  SC_THREAD(fetch_loop);
  SC_THREAD(dispatch_loop);
}

void sequencer_module::ring(std::uint64_t base, std::uint32_t size, std::uint32_t tail) {
  if (context_.stopped()) return;
  const bool power_of_two = size >= 2 && (size & (size - 1)) == 0;
  if (!power_of_two || base % registers::command_bytes != 0 || tail >= size || ring_.head >= size) {
    context_.fail(registers::error_code::bad_ring, tail, base);
    return;
  }
  ring_ = {base, size, ring_.head, tail};
  tail_ = tail;
  if (ring_.head == ring_.tail) return;
  if (!busy() && context_.options.hooks.job_begun) context_.options.hooks.job_begun();
  context_.stalls.open(engine_context::now_ps());
  job_ = true;
  context_.note();
  doorbell_.notify(sc_core::SC_ZERO_TIME);
}

void sequencer_module::fetch_loop() {
  for (;;) {
    while (context_.stopped() || ring_.head == ring_.tail || fetched_.size() >= fetch_entries) {
      wait(doorbell_ | context_.changed);
    }
    context_.wait_edge();
    if (!context_.stopped()) fetch_run();
  }
}

// One read: up to the tail, the end of the ring, or the room here.
void sequencer_module::fetch_run() {
  const std::uint64_t started = engine_context::now_ps();
  const std::uint32_t first = ring_.head;
  const std::uint32_t to_tail = ring_.tail > first ? ring_.tail - first : ring_.size - first;
  const std::uint32_t count = std::min(to_tail, fetch_entries - static_cast<std::uint32_t>(fetched_.size()));
  const std::uint64_t address = ring_.base + std::uint64_t{first} * registers::command_bytes;
  std::vector<std::uint8_t> bytes(count * registers::command_bytes);
  fetching_ = true;
  fetch_ = fetch_state::fetching;
  const transport::memory_result result = memory.read(address, bytes.data(), bytes.size());
  fetching_ = false;
  fetch_ = fetch_state::idle;
  ++statistics_.jobs;
  statistics_.busy_ps += engine_context::now_ps() - started;
  if (context_.stopped()) {
    context_.note();
    return;
  }
  if (!result.ok()) {
    const auto failed = static_cast<std::uint32_t>((result.error_address - ring_.base) / registers::command_bytes);
    context_.fail(registers::error_code::memory_response, failed, result.error_address);
    return;
  }
  statistics_.bytes += bytes.size();
  const std::uint64_t word = static_cast<std::uint64_t>(context_.accelerator.memory_side_bits) / 8;
  const std::uint64_t words = (bytes.size() + word - 1) / word;
  statistics_.words += words;
  context_.energy.count(energy::event::access_manager_memory_word, energy::no_layer, words);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(i * registers::command_bytes);
    fetched_.push_back({{begin, begin + registers::command_bytes}, first + i});
  }
  statistics_.highest_fill = std::max<std::uint64_t>(statistics_.highest_fill, fetched_.size());
  ring_.head = (first + count) % ring_.size;
  head_ = ring_.head;
  if (on_head) on_head(ring_.head);
  arrived_.notify(sc_core::SC_ZERO_TIME);
  context_.note();
}

void sequencer_module::dispatch_loop() {
  for (;;) {
    while (context_.stopped() || fetched_.empty()) {
      dispatch_ = context_.halted ? dispatch_state::halted : dispatch_state::idle;
      wait(arrived_ | context_.changed);
    }
    dispatch_front();
  }
}

void sequencer_module::dispatch_front() {
  dispatch_ = dispatch_state::decoding;
  context_.wait_edge();
  wait(context_.clock.period());
  if (context_.stopped()) return;
  const fetched_entry entry = std::move(fetched_.front());
  fetched_.pop_front();
  context_.note();  // room for the next fetch
  queued_command next;
  next.index = entry.index;
  const registers::error_code error = registers::decode(entry.bytes.data(), next.command);
  if (error != registers::error_code::none) {
    context_.fail(error, entry.index, ring_.base + std::uint64_t{entry.index} * registers::command_bytes);
    return;
  }
  // A layer below no_layer would be nobody's.
  next.command.layer = std::max<std::int16_t>(next.command.layer, energy::no_layer);
  ++context_.statistics.commands;
  context_.energy.count(energy::event::sequencer_command, next.command.layer, 1);
  const registers::engine target = registers::engine_of(next.command.op);
  const bool after_compute = !context_.accelerator.ping_pong && target != registers::engine::compute &&
                             target != registers::engine::store && target != registers::engine::none;
  next.needed = context_.order.before(next.command, after_compute);
  if (target == registers::engine::none) {
    order_without_engine(next);
  } else {
    issue(next);
  }
}

void sequencer_module::issue(const queued_command& value) {
  const registers::engine target = registers::engine_of(value.command.op);
  engine_module& engine = *engines_[static_cast<std::size_t>(target)];
  if (engine.full()) {
    dispatch_ = dispatch_state::queue_full;
    blocked_on_ = target;
    context_.note();
  }
  while (engine.full() && !context_.stopped()) wait(context_.changed);
  blocked_on_ = registers::engine::none;
  if (context_.stopped()) return;
  context_.order.issue(target);
  engine.push(value);
}

void sequencer_module::order_without_engine(const queued_command& value) {
  const bool fence = value.command.op == registers::opcode::fence;
  const std::uint64_t started = engine_context::now_ps();
  dispatch_ = fence ? dispatch_state::fencing : dispatch_state::ordering;
  context_.note();
  while (!context_.stopped() && !(fence ? context_.order.drained() : context_.order.ready(value.needed))) {
    wait(context_.changed);
  }
  if (context_.stopped()) return;
  dispatch_ = dispatch_state::idle;
  if (context_.on_complete) context_.on_complete();
  if (context_.options.hooks.command_done) {
    context_.options.hooks.command_done(value.command, started, engine_context::now_ps());
  }
  if (fence) {
    ++context_.statistics.fences;
    close_when_done();
    if (context_.options.hooks.fence_reached) context_.options.hooks.fence_reached(value.command.sequence);
    if (on_fence) on_fence(value.command.sequence);
  }
  context_.note();
}

bool sequencer_module::anything_active() const {
  if (fetching_) return true;
  return std::any_of(engines_.begin(), engines_.end(), [](const engine_module* engine) { return engine->active(); });
}

void sequencer_module::close_when_done() {
  if (!busy() || anything_active()) return;
  const bool empty = ring_.head == ring_.tail && fetched_.empty() && context_.order.drained() &&
                     (dispatch_ == dispatch_state::idle || dispatch_ == dispatch_state::decoding);
  if (empty || context_.halted) end_job();
}

void sequencer_module::end_job() {
  if (!busy()) return;
  context_.stalls.close(engine_context::now_ps());
  job_ = false;
  if (context_.options.hooks.job_ended) context_.options.hooks.job_ended();
}

void sequencer_module::abort() {
  memory.abort();
  doorbell_.notify(sc_core::SC_ZERO_TIME);
  arrived_.notify(sc_core::SC_ZERO_TIME);
}

void sequencer_module::clear() {
  fetched_.clear();
  job_ = false;
  ring_ = {};
  head_ = 0;
  tail_ = 0;
  blocked_on_ = registers::engine::none;
}

stall_cause sequencer_module::cause() const {
  const auto compute = static_cast<std::size_t>(registers::engine::compute);
  if (engines_[compute]->has_command()) return engines_[compute]->bottleneck();
  if (blocked_on_ != registers::engine::none) return engines_[static_cast<std::size_t>(blocked_on_)]->bottleneck();
  if (dispatch_ == dispatch_state::fencing || dispatch_ == dispatch_state::ordering) {
    for (const engine_module* engine : engines_) {
      if (engine->active()) return engine->bottleneck();
    }
    return stall_cause::dependency;
  }
  return stall_cause::command_fetch;
}

std::string sequencer_module::describe() const {
  return std::string(name()) + ": ring head " + std::to_string(ring_.head) + " tail " + std::to_string(ring_.tail) +
         " size " + std::to_string(ring_.size) + ", " + std::to_string(fetched_.size()) + " commands fetched, fetch " +
         to_string(fetch_.get()) + ", dispatch " + to_string(dispatch_.get()) + "; " + memory.describe();
}

}  // namespace cimbalom::cim
