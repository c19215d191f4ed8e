#pragma once
// TLM layer: includes SystemC.

#include <memory>
#include <random>
#include <vector>

#include "models/energy/event_sink.hpp"
#include "models/processor/processor_config.hpp"
#include "models/processor/processor_statistics.hpp"
#include "models/tlm/memory_port.hpp"

namespace cimbalom::processor {

/// Stands in for the processor on the data fabric: a configured stream of requests, with its own statistics.
class traffic_generator : public sc_core::sc_module {
 public:
  traffic_generator(const sc_core::sc_module_name& name, const traffic_config& config, energy::event_sink& sink);
  ~traffic_generator() override;
  traffic_generator(const traffic_generator&) = delete;
  traffic_generator& operator=(const traffic_generator&) = delete;

  transport::memory_port memory;

  bool finished() const { return finished_; }
  const sc_core::sc_event& finished_event() const { return finished_event_; }
  const traffic_statistics& statistics() const { return statistics_; }

 private:
  void run();
  std::uint64_t next_address(std::uint64_t number);
  void issue(std::uint64_t number);

  traffic_config config_;
  energy::event_sink& sink_;
  std::mt19937_64 generator_;  // its sequence is fixed by the language
  std::vector<std::vector<unsigned char>> buffers_;
  std::vector<std::size_t> free_;
  bool finished_ = false;
  sc_core::sc_event answered_;
  sc_core::sc_event finished_event_;
  traffic_statistics statistics_;
};

}  // namespace cimbalom::processor
