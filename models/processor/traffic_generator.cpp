#include "models/processor/traffic_generator.hpp"

#include "models/tlm/process.hpp"

namespace cimbalom::processor {

namespace {
// Bursts of the requests under way: the requests bound what is outstanding, not the port.
constexpr int port_limit = 256;
}  // namespace

traffic_generator::traffic_generator(const sc_core::sc_module_name& name, const traffic_config& config,
                                     energy::event_sink& sink)
    : sc_core::sc_module(name),
      memory("memory", {(config.validate(), config.burst_bytes), port_limit, port_limit},
             static_cast<std::uint32_t>(config.initiator)),
      config_(config),
      sink_(sink),
      generator_(config.seed) {
  for (int i = 0; i < config_.max_outstanding; ++i) {
    buffers_.emplace_back(static_cast<std::size_t>(config_.request_bytes), static_cast<unsigned char>(i));
    free_.push_back(static_cast<std::size_t>(i));
  }
  transport::spawn_thread("generate", [this] { run(); });
}

traffic_generator::~traffic_generator() = default;

std::uint64_t traffic_generator::next_address(std::uint64_t number) {
  const auto length = static_cast<std::uint64_t>(config_.request_bytes);
  const std::uint64_t places = config_.range_bytes / length;
  switch (config_.pattern) {
    case traffic_pattern::sequential:
      return config_.base + number % places * length;
    case traffic_pattern::strided:
      return config_.base + number * config_.stride_bytes % (config_.range_bytes - length + 1);
    case traffic_pattern::random:
      break;
  }
  return config_.base + generator_() % places * length;
}

void traffic_generator::issue(std::uint64_t number) {
  const std::size_t buffer = free_.back();
  free_.pop_back();
  const bool read = static_cast<int>(generator_() % 100) < config_.read_percent;
  ++(read ? statistics_.reads : statistics_.writes);
  sink_.count(energy::event::processor_memory_access, energy::no_layer, 1);
  const std::uint64_t from = sc_core::sc_time_stamp().value();
  const auto length = static_cast<std::size_t>(config_.request_bytes);
  memory.submit({read ? ::tlm::TLM_READ_COMMAND : ::tlm::TLM_WRITE_COMMAND, next_address(number),
                 buffers_[buffer].data(), length, energy::no_layer,
                 [this, buffer, from, length](const transport::memory_result& result) {
                   statistics_.end_ps = sc_core::sc_time_stamp().value();
                   statistics_.latency.add(statistics_.end_ps - from);
                   if (result.ok()) {
                     statistics_.bytes += length;
                   } else {
                     ++statistics_.errors;
                   }
                   free_.push_back(buffer);
                   answered_.notify(sc_core::SC_ZERO_TIME);
                 }});
}

void traffic_generator::run() {
  statistics_.start_ps = sc_core::sc_time_stamp().value();
  const std::uint64_t interval_ps = static_cast<std::uint64_t>(config_.interval_ns) * 1000;
  for (std::uint64_t number = 0; number < config_.requests; ++number) {
    const sc_core::sc_time due = sc_core::sc_time::from_value(statistics_.start_ps + interval_ps * number);
    if (due > sc_core::sc_time_stamp()) sc_core::wait(due - sc_core::sc_time_stamp());
    while (free_.empty()) sc_core::wait(answered_);
    issue(number);
  }
  while (free_.size() < buffers_.size()) sc_core::wait(answered_);
  finished_ = true;
  finished_event_.notify(sc_core::SC_ZERO_TIME);
}

}  // namespace cimbalom::processor
