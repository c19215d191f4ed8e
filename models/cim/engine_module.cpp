#include "models/cim/engine_module.hpp"

namespace cimbalom::cim {

namespace {
constexpr std::size_t stack_bytes = 1U << 20;  // the function of a command runs on it
}  // namespace

const char* to_string(engine_state state) {
  switch (state) {
    case engine_state::idle:
      return "idle";
    case engine_state::waiting:
      return "waiting";
    case engine_state::active:
      return "active";
  }
  return "";
}

engine_module::engine_module(const sc_core::sc_module_name& name, engine_context& context, registers::engine which,
                             const engine_table& engines)
    : sc_core::sc_module(name),
      context_(context),
      which_(which),
      engines_(engines),
      depth_(static_cast<std::size_t>(context.accelerator.command_queue_depth)),
      statistics_(context.statistics.engines[static_cast<std::size_t>(which)]),
      state_("state"),
      layer_("layer", energy::no_layer),
      queued_("queued") {
  SC_HAS_PROCESS(engine_module);
  SC_THREAD(run);
  set_stack_size(stack_bytes);
}

void engine_module::push(const queued_command& value) {
  queue_.push_back(value);
  queued_ = static_cast<std::uint32_t>(queue_.size());
  if (state_ == engine_state::idle) state_ = engine_state::waiting;
  context_.note();
}

void engine_module::clear() {
  queue_.clear();
  queued_ = 0;
  state_ = engine_state::idle;
  layer_ = energy::no_layer;
}

void engine_module::run() {
  for (;;) {
    start_when_ready();
    const std::uint64_t started = engine_context::now_ps();
    const queued_command current = queue_.front();
    state_ = engine_state::active;
    layer_ = current.command.layer;
    context_.note();
    finish(current, execute(current.command), started);
  }
}

void engine_module::start_when_ready() {
  std::uint64_t waiting_since = engine_context::now_ps();
  bool waiting = false;
  for (;;) {
    if (!context_.stopped() && !queue_.empty()) {
      if (!waiting) waiting_since = engine_context::now_ps();
      waiting = true;
      if (context_.order.ready(queue_.front().needed)) {
        context_.wait_edge();
        if (!context_.stopped()) break;
        continue;
      }
    } else {
      waiting = false;
    }
    wait(context_.changed);
  }
  statistics_.waiting_ps += engine_context::now_ps() - waiting_since;
}

void engine_module::finish(const queued_command& value, const outcome& result, std::uint64_t started_ps) {
  const std::uint64_t now = engine_context::now_ps();
  statistics_.busy_ps += now - started_ps;
  if (context_.resetting) {  // the queue is cleared when everything has drained
    state_ = engine_state::idle;
    context_.note();
    return;
  }
  queue_.pop_front();
  queued_ = static_cast<std::uint32_t>(queue_.size());
  state_ = queue_.empty() ? engine_state::idle : engine_state::waiting;
  if (queue_.empty()) layer_ = energy::no_layer;
  if (result.code != registers::error_code::none) {
    context_.fail(result.code, value.index, result.address);
    context_.note();
    return;
  }
  ++statistics_.commands;
  layer_statistics& layer = context_.layer(value.command.layer);
  if (layer.commands++ == 0 || started_ps < layer.first_command_ps) layer.first_command_ps = started_ps;
  layer.last_command_ps = now;
  context_.order.complete(which_);
  const accelerator_hooks& hooks = context_.options.hooks;
  if (which_ == registers::engine::compute && hooks.layer_done) hooks.layer_done(value.command);
  if (hooks.command_done) hooks.command_done(value.command, started_ps, now);
  if (context_.on_complete) context_.on_complete();
  context_.note();
}

stall_cause engine_module::bottleneck() const {
  if (active()) return active_bottleneck();
  if (queue_.empty()) return stall_cause::dependency;
  for (std::size_t e = 0; e < engines_.size(); ++e) {
    const auto other = static_cast<registers::engine>(e);
    if (other == registers::engine::compute || other == which_) continue;
    // Ends: the command that is waited for stands before this one in the stream.
    if (!context_.order.holds(queue_.front().needed, other)) return engines_[e]->bottleneck();
  }
  return stall_cause::dependency;
}

std::string engine_module::describe() const {
  std::string text = std::string(name()) + ": " + to_string(state_.get());
  if (queue_.empty()) return text;
  text += ", " + std::to_string(queue_.size()) + " commands, first: ring index " +
          std::to_string(queue_.front().index) + ' ' + registers::describe(queue_.front().command);
  for (std::size_t e = 0; e < engines_.size() && !active(); ++e) {
    const auto other = static_cast<registers::engine>(e);
    if (context_.order.holds(queue_.front().needed, other)) continue;
    text += ", waits for command " + std::to_string(queue_.front().needed[e]) + " of " + engines_[e]->basename() +
            " (" + std::to_string(context_.order.completed(other)) + " complete)";
  }
  return text;
}

}  // namespace cimbalom::cim
