#include "models/interconnect/data_fabric.hpp"

#include <algorithm>

#include "models/interconnect/interconnect_cost.hpp"
#include "models/tlm/process.hpp"

namespace cimbalom::interconnect {

using transport::payload;

namespace {
// An END_REQ sent at an edge is back as the next BEGIN_REQ two deltas later; the arbiter looks after that.
constexpr int arbitration_deltas = 3;
}  // namespace

/// Travels with the payload through this fabric; belongs to the fabric's pool. `outer` is that of a fabric before.
struct data_fabric::route : ::tlm::tlm_extension<data_fabric::route> {
  route* outer = nullptr;
  std::size_t input = 0;
  std::size_t output = 0;
  std::uint64_t address = 0;  // as the initiator gave it
  std::int32_t layer = energy::no_layer;
  sc_core::sc_time begun;
  std::uint64_t begun_delta = 0;  // of the request, then of the response
  std::uint64_t ready_cycle = 0;  // first edge at which the request, then the response, could be granted
  bool request_over = false;      // END_REQ sent to the initiator

  ::tlm::tlm_extension_base* clone() const override { return nullptr; }
  void copy_from(const ::tlm::tlm_extension_base&) override {}
  void free() override {}
};

data_fabric::data_fabric(const sc_core::sc_module_name& name, const interconnect_config& config,
                         energy::event_sink& sink)
    : sc_core::sc_module(name), config_(config), sink_(sink), clock_(transport::clock_of_mhz(config.clock_mhz)) {
  config_.validate();
  make_ports();
  transport::spawn_method(
      "tick", [this] { tick(); }, tick_event_);
  transport::spawn_method(
      "arbitrate", [this] { count_down(); }, arbitrate_event_);
}

data_fabric::~data_fabric() = default;

void data_fabric::make_ports() {
  transport::target_client& targets = *this;
  transport::initiator_client& initiators = *this;
  inputs_.resize(config_.initiators.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& who = config_.initiators[i];
    input& in = inputs_[i];
    in.port = std::make_unique<transport::target_port>(("from_" + who).c_str(), targets, static_cast<unsigned>(i));
    in.outstanding_now = std::make_unique<transport::observed<std::uint16_t>>((who + "_outstanding").c_str());
    in.waiting = std::make_unique<transport::observed<bool>>((who + "_waiting").c_str());
    in.responding = std::make_unique<transport::observed<bool>>((who + "_response_busy").c_str());
    statistics_.initiators.emplace_back();
    statistics_.initiators.back().name = who;
  }
  outputs_.resize(config_.targets.size() + 1);
  for (std::size_t t = 0; t < config_.targets.size(); ++t) {
    const std::string& who = config_.targets[t].name;
    outputs_[t].port =
        std::make_unique<transport::initiator_port>(("to_" + who).c_str(), initiators, static_cast<unsigned>(t));
    outputs_[t].requesting = std::make_unique<transport::observed<bool>>((who + "_request_busy").c_str());
    statistics_.targets.push_back({who, 0, 0});
  }
}

data_fabric::route& data_fabric::route_of(const payload& transaction) {
  return *transaction.get_extension<route>();
}

data_fabric::route& data_fabric::take_route() {
  if (free_routes_.empty()) {
    routes_.push_back(std::make_unique<route>());
    free_routes_.push_back(routes_.back().get());
  }
  route& taken = *free_routes_.back();
  free_routes_.pop_back();
  return taken;
}

void data_fabric::request_begun(payload& transaction, unsigned port) {
  route& way = take_route();
  way.outer = transaction.set_extension(&way);
  way.input = port;
  way.address = transaction.get_address();
  // Length 0 is decoded like one byte: its target refuses it.
  way.output = decode(config_.targets, way.address, std::max(1U, transaction.get_data_length()));
  way.layer = transport::layer_of(transaction);
  way.begun = sc_core::sc_time_stamp();
  way.begun_delta = sc_core::sc_delta_count();
  way.ready_cycle = clock_.at_or_after(way.begun);
  way.request_over = false;
  inputs_[port].requests.push_back(&transaction);
  inputs_[port].waiting->set(true);
  ++open_;
  want_arbitration();
}

void data_fabric::request_ended(unsigned port) {
  output& out = outputs_[port];
  --out.under_way;
  out.released_delta = sc_core::sc_delta_count();
  forward_next(out);
  want_arbitration();
}

void data_fabric::response_begun(payload& transaction, unsigned port) {
  route& way = route_of(transaction);
  way.begun_delta = sc_core::sc_delta_count();
  way.ready_cycle = clock_.at_or_after(sc_core::sc_time_stamp());
  outputs_[port].responses.push_back(&transaction);
  want_arbitration();
}

void data_fabric::response_ended(payload& transaction, unsigned port) {
  input& in = inputs_[port];
  --in.responses_under_way;
  --in.outstanding;
  in.outstanding_now->set(static_cast<std::uint16_t>(in.outstanding));
  in.released_delta = sc_core::sc_delta_count();
  route& way = route_of(transaction);
  if (way.outer != nullptr) {
    transaction.set_extension(way.outer);
  } else {
    transaction.clear_extension<route>();
  }
  free_routes_.push_back(&way);
  --open_;
  want_arbitration();
}

unsigned data_fabric::debug_access(payload& transaction, unsigned) {
  const std::uint64_t address = transaction.get_address();
  const std::size_t t = decode(config_.targets, address, transaction.get_data_length());
  if (t == config_.targets.size()) return 0;
  transaction.set_address(address - config_.targets[t].base);
  const unsigned moved = (*outputs_[t].port)->transport_dbg(transaction);
  transaction.set_address(address);
  return moved;
}

// --- time: planned actions and the arbitration happen at clock edges only ---

void data_fabric::wake(std::uint64_t cycle) {
  const sc_core::sc_time when = clock_.at(cycle);
  const sc_core::sc_time& now = sc_core::sc_time_stamp();
  tick_event_.notify(when > now ? when - now : sc_core::SC_ZERO_TIME);
}

void data_fabric::want_arbitration() {
  std::uint64_t cycle = clock_.at_or_after(sc_core::sc_time_stamp());
  if (arbitrated_once_ && arbitrated_cycle_ == cycle) ++cycle;
  wake(cycle);
}

void data_fabric::tick() {
  const std::uint64_t cycle = clock_.at_or_after(sc_core::sc_time_stamp());
  while (!actions_.empty() && actions_.begin()->first <= cycle) {
    const action what = actions_.begin()->second;
    actions_.erase(actions_.begin());
    perform(what);
  }
  if (deltas_left_ == 0 && !(arbitrated_once_ && arbitrated_cycle_ == cycle)) {
    deltas_left_ = arbitration_deltas;
    arbitrate_event_.notify(sc_core::SC_ZERO_TIME);
  }
  if (!actions_.empty()) wake(actions_.begin()->first);
}

void data_fabric::count_down() {
  if (--deltas_left_ > 0) {
    arbitrate_event_.notify(sc_core::SC_ZERO_TIME);
  } else {
    arbitrate();
  }
}

void data_fabric::perform(const action& what) {
  payload& transaction = *what.transaction;
  route& way = route_of(transaction);
  input& in = inputs_[way.input];
  output& out = outputs_[way.output];
  switch (what.kind) {
    case action_kind::end_request:
      if (out.requesting) out.requesting->set(false);
      way.request_over = true;
      in.port->end_request(transaction);
      break;
    case action_kind::forward:
      if (out.port) {
        out.forwards.push_back(&transaction);
        forward_next(out);
      } else {
        refuse(transaction);
      }
      break;
    case action_kind::end_response:
      in.responding->set(false);
      if (out.port) out.port->end_response(transaction);
      break;
    case action_kind::deliver: {
      initiator_statistics& who = statistics_.initiators[way.input];
      who.latency.add((sc_core::sc_time_stamp() - way.begun).value());
      if (transaction.is_response_error()) ++who.errors;
      transaction.set_address(way.address);
      in.port->begin_response(transaction);
      break;
    }
  }
}

void data_fabric::forward_next(output& out) {
  if (out.forwards.empty() || out.port->busy()) return;
  payload& transaction = *out.forwards.front();
  out.forwards.pop_front();
  const route& way = route_of(transaction);
  transaction.set_address(way.address - config_.targets[way.output].base);
  out.port->begin_request(transaction);
}

void data_fabric::refuse(payload& transaction) {
  route& way = route_of(transaction);
  output& out = outputs_[way.output];
  --out.under_way;
  ++statistics_.unmapped;
  transaction.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  way.begun_delta = sc_core::sc_delta_count();
  way.ready_cycle = clock_.at_or_after(sc_core::sc_time_stamp());
  out.responses.push_back(&transaction);
  want_arbitration();
}

// --- arbitration ---

// What came in the very delta in which the arbiter runs counts from the next edge on, whoever ran first.
bool data_fabric::before_now(std::uint64_t delta) {
  if (delta < sc_core::sc_delta_count()) return true;
  missed_ = true;
  return false;
}

void data_fabric::arbitrate() {
  const std::uint64_t cycle = clock_.at_or_after(sc_core::sc_time_stamp());
  arbitrated_cycle_ = cycle;
  arbitrated_once_ = true;
  missed_ = false;
  for (std::size_t i = 0; i < inputs_.size(); ++i) arbitrate_responses(i, cycle);
  for (std::size_t t = 0; t < outputs_.size(); ++t) arbitrate_requests(t, cycle);
  if (missed_) wake(cycle + 1);
  if (!actions_.empty()) wake(actions_.begin()->first);
}

std::size_t data_fabric::candidate(std::size_t last, std::size_t step, std::size_t count) const {
  return config_.arbitration == arbitration_policy::priority ? step : (last + 1 + step) % count;
}

bool data_fabric::may_request(input& in, std::size_t output_index, std::uint64_t cycle) {
  if (in.requests.empty()) return false;
  const route& way = route_of(*in.requests.front());
  if (way.output != output_index || !before_now(way.begun_delta)) return false;
  if (in.request_free_cycle > cycle) {
    wake(in.request_free_cycle);
    return false;
  }
  return in.outstanding < config_.max_outstanding && before_now(in.released_delta);
}

void data_fabric::arbitrate_requests(std::size_t output_index, std::uint64_t cycle) {
  output& out = outputs_[output_index];
  for (std::size_t step = 0; step < inputs_.size(); ++step) {
    const std::size_t i = candidate(out.last_input, step, inputs_.size());
    if (!may_request(inputs_[i], output_index, cycle)) continue;
    if (out.free_cycle > cycle) {
      wake(out.free_cycle);
    } else if (out.under_way < config_.request_latency_cycles && before_now(out.released_delta)) {
      grant_request(i, output_index, cycle);
    }
    return;  // one grant a cycle and channel; what waits for the target is woken by its END_REQ
  }
}

void data_fabric::grant_request(std::size_t input_index, std::size_t output_index, std::uint64_t cycle) {
  input& in = inputs_[input_index];
  output& out = outputs_[output_index];
  payload& transaction = *in.requests.front();
  in.requests.pop_front();
  in.waiting->set(!in.requests.empty());
  const route& way = route_of(transaction);
  const std::uint64_t bytes = transaction.get_data_length();
  const std::uint64_t cycles = transfer_cycles(transaction.is_write() ? bytes : 0, config_.data_bits);
  in.request_free_cycle = out.free_cycle = cycle + cycles;
  ++in.outstanding;
  in.outstanding_now->set(static_cast<std::uint16_t>(in.outstanding));
  ++out.under_way;
  out.last_input = input_index;
  if (out.requesting) out.requesting->set(true);
  const auto latency = static_cast<std::uint64_t>(config_.request_latency_cycles);
  actions_.emplace(cycle + cycles, action{action_kind::end_request, &transaction});
  actions_.emplace(cycle + cycles - 1 + latency, action{action_kind::forward, &transaction});

  initiator_statistics& who = statistics_.initiators[input_index];
  const std::uint64_t stall_ps = (cycle - std::min(cycle, way.ready_cycle)) * clock_.period().value();
  ++who.requests;
  (transaction.is_write() ? who.write_bytes : who.read_bytes) += bytes;
  who.request_stall_ps += stall_ps;
  layer_traffic& layer = who.by_layer[way.layer];
  ++layer.requests;
  layer.bytes += bytes;
  layer.stall_ps += stall_ps;
  if (output_index < statistics_.targets.size()) {
    ++statistics_.targets[output_index].requests;
    statistics_.targets[output_index].request_busy_cycles += cycles;
  }
  sink_.count(energy::event::interconnect_transaction, way.layer, 1);
  sink_.count(energy::event::interconnect_byte, way.layer, bytes);
}

void data_fabric::arbitrate_responses(std::size_t input_index, std::uint64_t cycle) {
  input& in = inputs_[input_index];
  for (std::size_t step = 0; step < outputs_.size(); ++step) {
    const std::size_t t = candidate(in.last_output, step, outputs_.size());
    output& out = outputs_[t];
    if (out.responses.empty()) continue;
    const route& way = route_of(*out.responses.front());
    if (way.input != input_index || !before_now(way.begun_delta)) continue;
    if (in.response_free_cycle > cycle) {
      wake(in.response_free_cycle);
    } else if (in.responses_under_way < config_.response_latency_cycles && before_now(in.released_delta)) {
      grant_response(t, input_index, cycle);
    }
    return;
  }
}

void data_fabric::grant_response(std::size_t output_index, std::size_t input_index, std::uint64_t cycle) {
  input& in = inputs_[input_index];
  output& out = outputs_[output_index];
  payload& transaction = *out.responses.front();
  out.responses.pop_front();
  const route& way = route_of(transaction);
  const bool carries_data = transaction.is_read() && transaction.is_response_ok();
  const std::uint64_t bytes = carries_data ? transaction.get_data_length() : 0;
  const std::uint64_t cycles = transfer_cycles(bytes, config_.data_bits);
  in.response_free_cycle = cycle + cycles;
  ++in.responses_under_way;
  in.last_output = output_index;
  in.responding->set(true);
  const auto latency = static_cast<std::uint64_t>(config_.response_latency_cycles);
  actions_.emplace(cycle + cycles, action{action_kind::end_response, &transaction});
  actions_.emplace(cycle + cycles - 1 + latency, action{action_kind::deliver, &transaction});

  const std::uint64_t stall_ps = (cycle - std::min(cycle, way.ready_cycle)) * clock_.period().value();
  statistics_.initiators[input_index].response_stall_ps += stall_ps;
  statistics_.initiators[input_index].by_layer[way.layer].stall_ps += stall_ps;
}

std::vector<std::string> data_fabric::describe() const {
  std::vector<std::string> lines;
  for (const input& in : inputs_) {
    if (in.requests.empty() && in.outstanding == 0) continue;
    lines.push_back(std::string(in.port->name()) + ": " + std::to_string(in.requests.size()) + " requests wait, " +
                    std::to_string(in.outstanding) + " outstanding");
  }
  for (const output& out : outputs_) {
    if (!out.port || (out.under_way == 0 && out.responses.empty())) continue;
    lines.push_back(std::string(out.port->name()) + ": " + std::to_string(out.under_way) + " requests not ended, " +
                    std::to_string(out.responses.size()) + " responses wait");
  }
  return lines;
}

}  // namespace cimbalom::interconnect
