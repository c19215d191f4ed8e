#include "sw/estimate/timeline.hpp"

#include <algorithm>
#include <array>
#include <deque>

#include "models/cim/bank_schedule.hpp"
#include "platform/configuration/error.hpp"
#include "sw/estimate/flow_model.hpp"

namespace cimbalom::estimate {

namespace {

using registers::engine;

constexpr std::size_t engines = registers::engine_count;
constexpr std::uint64_t fetch_entries = 16;  // of the sequencer

constexpr std::size_t index(engine which) {
  return static_cast<std::size_t>(which);
}
constexpr std::size_t index(path which) {
  return static_cast<std::size_t>(which);
}

// The path that an engine's transfers take.
constexpr std::size_t path_of(std::size_t which) {
  return which == index(engine::parameter)
             ? index(path::parameter)
             : (which == index(engine::store) ? index(path::result) : index(path::vector));
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

// Rows that are open in the memory, and its refresh.
class row_model {
 public:
  row_model(const memory_model& memory, timeline_result& result)
      : memory_(memory),
        result_(result),
        open_(memory.bank_sets() * memory.banks_a_set(), none),
        next_refresh_(memory.refresh_interval_ps()) {
    if (next_refresh_ == 0) next_refresh_ = never;
  }

  /// Opens what the transfer touches; the time that its first piece waits for its row.
  double open(path who, const transfer_cost& cost, std::size_t layer, std::uint64_t now, flow_model& flows) {
    if (closed_since_ != never) {
      result_.precharged_ps += now - std::min(now, closed_since_);
      closed_since_ = never;
    }
    double wait = 0;
    for (std::size_t i = 0; i < cost.rows.size(); ++i) {
      const double waited = touch_row(cost.rows[i], layer);
      if (i == 0) wait = waited;
    }
    rows_[index(who)] = &cost.rows;
    layers_[index(who)] = layer;
    for (std::size_t p = 0; p < paths; ++p) {
      if (p == index(who) || !flows.open(p)) continue;
      if (touch_row(current(p, flows), layers_[p]) > 0) flows.delay(p, memory_.conflict_ps());
    }
    return wait;
  }

  /// Refreshes up to `now`. Transfers under way open their rows again.
  void settle(std::uint64_t now, const flow_model& flows) {
    while (next_refresh_ <= now) {
      ++result_.refreshes;
      std::fill(open_.begin(), open_.end(), none);
      if (flows.any()) {
        result_.precharged_ps += memory_.refresh_ps();
        for (std::size_t p = 0; p < paths; ++p) {
          if (flows.open(p)) touch_row(current(p, flows), layers_[p]);
        }
      } else if (closed_since_ == never) {
        closed_since_ = next_refresh_;
      }
      next_refresh_ += memory_.refresh_interval_ps();
    }
  }

  void finish(std::uint64_t now) {
    if (closed_since_ != never) result_.precharged_ps += now - std::min(now, closed_since_);
  }

 private:
  double touch_row(const row_touch& touch, std::size_t layer) {
    double wait = 0;
    const auto banks = static_cast<std::uint32_t>(memory_.banks_a_set());
    for (std::uint32_t b = 0; b < touch.banks; ++b) {
      std::int64_t& row = open_[touch.bank * banks + (touch.first + b) % banks];
      if (row == touch.row) continue;
      if (b == 0) wait = row == none ? memory_.closed_row_ps() : memory_.other_row_ps();
      if (row != none) result_.precharges += 1;
      row = touch.row;
      result_.activates += 1;
      result_.layer_activates[layer] += 1;
    }
    return wait;
  }

  const row_touch& current(std::size_t p, const flow_model& flows) const {
    const std::vector<row_touch>& rows = *rows_[p];
    const double at = std::clamp(flows.progress(p), 0.0, 1.0) * static_cast<double>(rows.size());
    return rows[std::min(rows.size() - 1, static_cast<std::size_t>(at))];
  }

  static constexpr std::int64_t none = -1;
  const memory_model& memory_;
  timeline_result& result_;
  std::vector<std::int64_t> open_;
  std::array<const std::vector<row_touch>*, paths> rows_{};  // of the transfer that each path carries
  std::array<std::size_t, paths> layers_{};
  std::uint64_t next_refresh_ = 0, closed_since_ = 0;
};

class walker {
 public:
  walker(const std::vector<command_cost>& commands, std::uint64_t images, std::size_t layers,
         const platform::platform_config& platform, const memory_model& memory, const compiler::program& program,
         std::uint64_t accelerators)
      : commands_(commands),
        images_(images),
        accelerators_(accelerators),
        platform_(platform),
        memory_(memory),
        program_(program),
        host_(platform),
        clock_(cim::clock_ps(platform.accelerator)),
        depth_(static_cast<std::size_t>(platform.accelerator.command_queue_depth)),
        total_(commands.size() * images),
        banks_(static_cast<std::size_t>(platform.accelerator.macros) * static_cast<std::size_t>(platform.macro.banks)),
        rows_(memory, result_) {
    result_.layers.resize(layers);
    result_.layer_activates.assign(layers + 1, 0);
    result_.image_end_ps.assign(images, 0);
  }

  timeline_result run() {
    start_host();
    for (;;) {
      while (progress()) {
      }
      if (finished_) break;
      const std::uint64_t next = std::max(now_, next_event());
      if (next == never) throw run_error("estimate: the commands wait for each other");
      flows_.advance(now_, next);
      rows_.settle(next, flows_);
      now_ = next;
    }
    rows_.finish(now_);
    return std::move(result_);
  }

 private:
  struct queued {
    const command_cost* cost = nullptr;
    std::array<std::uint64_t, engines> needed{};
    std::uint64_t number = 0;  // in the whole stream
  };
  struct engine_state {
    std::deque<queued> queue;
    bool active = false;
    int phase = 0;
    std::uint64_t started = 0, next = never;  // of the active command: its next step
    std::uint64_t issued = 0, completed = 0, last_end = 0;
    bool moved = false;  // the last command was a transfer
  };

  // --- processor: writes the commands of image after image, then the fence ---

  void start_host() {
    written_ = commands_.size();
    host_image_ = 1;
    if (images_ > 1) {
      tail_ = written_;
      put(commands_.size());
    } else {
      put(1);
    }
  }

  std::uint64_t ring_entry(std::uint64_t number) const {
    return program_.ring_address + number % program_.ring_entries * registers::command_bytes;
  }

  bool fence_is_next() const { return host_image_ >= images_; }

  void put(std::uint64_t commands) {
    host_left_ = commands;
    put_some();
  }

  void put_some() {
    const std::uint64_t room =
        program_.ring_entries - 1 - std::min<std::uint64_t>(program_.ring_entries - 1, written_ - head_);
    if (room == 0) {
      tail_ = written_;
      host_next_ = now_ + 2 * host_.register_ps + host_.instructions_ps(instructions_a_poll);
      return;
    }
    host_part_ = std::min(room, host_left_);
    host_next_ = now_ + host_.instructions_ps(host_part_ * instructions_a_command * accelerators_);
  }

  bool step_host() {
    if (flows_.take_end(index(path::host), now_)) {
      written_ += host_part_;
      host_left_ -= host_part_;
      host_part_ = 0;
      if (host_left_ > 0) {
        put_some();
      } else {
        end_put();
      }
      return true;
    }
    if (host_next_ > now_) return false;
    host_next_ = never;
    if (finishing_) {
      finished_ = true;
      result_.end_ps = now_;
      return false;
    }
    if (host_part_ > 0) {
      ring_write_ =
          memory_.plain(path::host, ring_entry(written_), host_part_ * registers::command_bytes * accelerators_, true);
      begin(path::host, ring_write_, -1);
    } else if (host_left_ > 0) {
      put_some();
    } else {
      next_put();
    }
    return true;
  }

  // The last image's commands go out together with the fence.
  void end_put() {
    const bool fence = written_ > total_;
    if (fence || host_image_ + 1 < images_) {
      if (tail_ == 0) result_.doorbell_ps = now_;
      tail_ = written_;
      host_next_ = fence ? never : now_ + host_.register_ps;
    } else {
      host_next_ = now_;
    }
  }

  void next_put() {
    ++host_image_;
    put(fence_is_next() ? 1 : commands_.size());
  }

  // --- sequencer ---

  bool step_sequencer() {
    bool changed = false;
    if (flows_.take_end(index(path::command), now_)) {
      head_ += fetching_;
      fetched_ += fetching_;
      fetching_ = 0;
      changed = true;
    }
    if (fetching_ == 0 && fetched_ < fetch_entries && head_ < tail_) {
      fetching_ = std::min(tail_ - head_, fetch_entries - fetched_);
      fetch_ = memory_.plain(path::command, ring_entry(head_), fetching_ * registers::command_bytes, false);
      begin(path::command, fetch_, -1);
      changed = true;
    }
    if (decode_ == never && !blocked_ && fetched_ > 0) {
      decode_ = round_up(now_, clock_) + clock_;
    }
    if (decode_ <= now_) {
      decode_ = never;
      --fetched_;
      blocked_ = true;
      changed = true;
    }
    return (blocked_ && dispatch()) || changed;
  }

  bool dispatch() {
    if (dispatched_ == total_) {  // the fence
      for (const engine_state& e : engines_) {
        if (e.issued != e.completed) return false;
      }
      blocked_ = false;
      ++dispatched_;
      finishing_ = true;
      result_.fence_ps = round_up(now_, clock_);
      host_next_ = result_.fence_ps + host_.interrupt_ps + accesses_after_interrupt * host_.register_ps * accelerators_;
      return true;
    }
    const command_cost& cost = commands_[dispatched_ % commands_.size()];
    if (cost.engine == engine::none) {
      ++dispatched_;
      blocked_ = false;
      return true;
    }
    engine_state& target = engines_[index(cost.engine)];
    if (target.queue.size() >= depth_) return false;
    queued next;
    next.cost = &cost;
    next.number = dispatched_;
    for (std::size_t e = 0; e < engines; ++e) {
      const std::uint8_t lag = cost.lag[e];
      if (lag != registers::any_lag && engines_[e].issued > lag) next.needed[e] = engines_[e].issued - lag;
    }
    const bool before_compute = cost.engine != engine::compute && cost.engine != engine::store;
    if (!platform_.accelerator.ping_pong && before_compute) {
      next.needed[index(engine::compute)] = engines_[index(engine::compute)].issued;
    }
    ++target.issued;
    target.queue.push_back(next);
    ++dispatched_;
    blocked_ = false;
    return true;
  }

  // --- engines ---

  bool step_engine(std::size_t which) {
    engine_state& e = engines_[which];
    if (!e.active) {
      if (e.queue.empty() || !ready(e.queue.front())) return false;
      start(which);
      return true;
    }
    const command_cost& cost = *e.queue.front().cost;
    if (cost.moves && cost.transfer.pieces > 0 && e.phase == 0) {
      if (!flows_.take_end(path_of(which), now_)) return false;
      e.phase = 1;
      e.next = round_up(now_, clock_);
      return true;
    }
    if (e.next > now_) return false;
    if (cost.op == registers::opcode::compute && e.phase < 2 && !cost.bank_ps.empty()) {
      step_banks(e, cost);
    } else if (cost.op == registers::opcode::program && e.phase == 0) {
      const std::uint64_t duration = cost.time.total_ps - cost.time.fill_ps;
      for (std::size_t b = 0; b < cost.banks; ++b) {
        banks_.start_program(cost.first_bank + b, now_, duration, cost.time.bank_ps);
      }
      e.phase = 1;
      e.next = e.started + cost.time.total_ps;
    } else {
      end(which);
    }
    return true;
  }

  bool ready(const queued& one) const {
    for (std::size_t e = 0; e < engines; ++e) {
      if (engines_[e].completed < one.needed[e]) return false;
    }
    return true;
  }

  void start(std::size_t which) {
    engine_state& e = engines_[which];
    const command_cost& cost = *e.queue.front().cost;
    e.active = true;
    e.phase = 0;
    e.started = now_;
    e.next = never;
    if (cost.moves) {
      if (cost.transfer.pieces == 0) {
        e.next = now_;
      } else {
        begin(static_cast<path>(path_of(which)), cost.transfer, cost.layer);
      }
      return;
    }
    const bool banks = cost.op == registers::opcode::program || !cost.bank_ps.empty();
    e.next = now_ + (banks ? cost.time.fill_ps : cost.time.total_ps);
    if (which == index(engine::compute)) begin_layer(e.queue.front());
  }

  // Writes into the banks make a computation later, also those that begin while it runs.
  void step_banks(engine_state& e, const command_cost& cost) {
    if (e.phase == 0) {
      for (std::size_t b = 0; b < cost.bank_ps.size(); ++b) {
        if (cost.bank_ps[b] > 0) banks_.start_compute(b, now_, cost.bank_ps[b]);
      }
      banks_from_ = now_;
      e.phase = 1;
    }
    std::uint64_t last = now_;
    for (std::size_t b = 0; b < cost.bank_ps.size(); ++b) {
      if (cost.bank_ps[b] > 0) last = std::max(last, banks_.compute_end(b));
    }
    if (last > now_) {
      e.next = last;
      return;
    }
    const std::uint64_t elapsed = now_ - banks_from_;
    const std::uint64_t late = elapsed > cost.time.bank_ps ? elapsed - cost.time.bank_ps : 0;
    const std::uint64_t macros = cost.time.bank_ps + cost.time.input_stall_ps;
    const std::uint64_t debt = round_up(macros + late, clock_) - macros - cost.time.align_ps;
    stall(cost.layer, "array_busy", debt);
    e.phase = 2;
    e.next = e.started + cost.time.total_ps + debt;
  }

  void end(std::size_t which) {
    engine_state& e = engines_[which];
    const queued done = e.queue.front();
    e.queue.pop_front();
    e.active = false;
    e.next = never;
    ++e.completed;
    e.last_end = now_;
    e.moved = done.cost->moves;
    std::uint64_t& image_end = result_.image_end_ps[done.number / commands_.size()];
    image_end = std::max(image_end, now_);
    if (which == index(engine::compute)) end_layer(done);
  }

  // --- accounts ---

  layer_time* layer(std::int32_t number) {
    if (number < 0 || static_cast<std::size_t>(number) >= result_.layers.size()) return nullptr;
    return &result_.layers[static_cast<std::size_t>(number)];
  }

  void stall(std::int32_t of_layer, const std::string& cause, std::uint64_t ps) {
    if (ps == 0) return;
    result_.stall_ps[cause] += ps;
    if (layer_time* l = layer(of_layer)) l->stall_ps[cause] += ps;
  }

  void begin_layer(const queued& one) {
    const engine_state& compute = engines_[index(engine::compute)];
    // Programming that ended last may itself have waited for its weights.
    const engine_state& program = engines_[index(engine::program)];
    const std::string cause = cause_of_wait(one);
    const bool weights = cause == "array_busy" && program.started > compute.last_end;
    const std::uint64_t programming = weights ? now_ - program.started : now_ - compute.last_end;
    stall(one.cost->layer, "memory", now_ - compute.last_end - programming);
    stall(one.cost->layer, cause, programming);
    stall(one.cost->layer, "port_conflict", one.cost->time.input_stall_ps);
    stall(one.cost->layer, "post_processing", one.cost->time.post_stall_ps);
    layer_time* l = layer(one.cost->layer);
    if (l == nullptr || l->seen) return;
    l->seen = true;
    l->start_ps = now_;
  }

  // What ended last of all that the command waited for.
  const char* cause_of_wait(const queued& one) const {
    const char* cause = "command_fetch";
    std::uint64_t last = engines_[index(engine::compute)].last_end;
    for (std::size_t e = 0; e < engines; ++e) {
      if (e == index(engine::compute) || one.needed[e] == 0 ||
          engines_[e].last_end < std::max<std::uint64_t>(last, 1)) {
        continue;
      }
      last = engines_[e].last_end;
      cause = engines_[e].moved ? "memory" : (e == index(engine::program) ? "array_busy" : "port_conflict");
    }
    return cause;
  }

  void end_layer(const queued& done) {
    layer_time* l = layer(done.cost->layer);
    if (l != nullptr) {
      if (done.number < commands_.size()) l->end_ps = now_;
      l->elapsed_ps += now_ - account_from_;
    }
    account_from_ = now_;
  }

  void begin(path who, const transfer_cost& cost, std::int32_t of_layer) {
    const double opening = rows_.open(who, cost, static_cast<std::size_t>(std::int64_t{of_layer} + 1), now_, flows_);
    const double alike = who == path::host ? 1 : static_cast<double>(accelerators_);
    result_.memory_busy_ps += static_cast<std::uint64_t>(cost.memory_ps * static_cast<double>(cost.pieces) * alike);
    flows_.start(index(who), cost, opening, now_, alike);
  }

  // --- time ---

  bool progress() {
    bool changed = step_host();
    if (finished_) return false;
    changed = step_sequencer() || changed;
    for (std::size_t e = 0; e < engines; ++e) changed = step_engine(e) || changed;
    return changed;
  }

  std::uint64_t next_event() const {
    std::uint64_t next = std::min({host_next_, decode_, flows_.next(now_)});
    for (const engine_state& e : engines_) {
      if (e.active) next = std::min(next, e.next);
    }
    return next;
  }

  const std::vector<command_cost>& commands_;
  std::uint64_t images_, accelerators_;
  const platform::platform_config& platform_;
  const memory_model& memory_;
  const compiler::program& program_;
  host_time host_;
  std::uint64_t clock_;
  std::size_t depth_;
  std::uint64_t total_;
  timeline_result result_;
  flow_model flows_;
  cim::bank_schedule banks_;
  row_model rows_;
  transfer_cost fetch_, ring_write_;  // under way
  std::array<engine_state, engines> engines_;
  std::uint64_t now_ = 0, banks_from_ = 0, account_from_ = 0;
  std::uint64_t written_ = 0, tail_ = 0, head_ = 0;  // commands in the ring, known to the sequencer, fetched
  std::uint64_t host_next_ = never, host_left_ = 0, host_part_ = 0, host_image_ = 0;
  std::uint64_t fetching_ = 0, fetched_ = 0, decode_ = never, dispatched_ = 0;
  bool blocked_ = false, finishing_ = false, finished_ = false;
};

}  // namespace

timeline_result walk(const std::vector<command_cost>& commands, std::uint64_t images, std::size_t layers,
                     const platform::platform_config& platform, const memory_model& memory,
                     const compiler::program& program, std::uint64_t accelerators) {
  return walker(commands, images, layers, platform, memory, program, accelerators).run();
}

}  // namespace cimbalom::estimate
