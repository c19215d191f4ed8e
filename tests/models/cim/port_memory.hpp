#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/tlm/process.hpp"
#include "models/tlm/target_port.hpp"

namespace cimbalom::testing_support {

/// A memory with several ports for tests: each port takes a request every `request_time` and answers `latency` later,
/// in order; bytes cost nothing more. Whatever lies in [fail_from, fail_from + fail_length) is answered with an error.
class port_memory : public sc_core::sc_module, private transport::target_client {
 public:
  port_memory(const sc_core::sc_module_name& name, std::size_t port_count, std::uint64_t base_address, std::size_t size)
      : sc_core::sc_module(name), base(base_address), bytes(size), lanes_(port_count) {
    for (std::size_t i = 0; i < port_count; ++i) {
      ports.emplace_back(
          new transport::target_port(("port" + std::to_string(i)).c_str(), *this, static_cast<unsigned>(i)));
      lanes_[i].arrived = std::make_unique<sc_core::sc_event>();
      lanes_[i].accepted = std::make_unique<sc_core::sc_event>();
    }
    for (std::size_t i = 0; i < port_count; ++i) {
      transport::spawn_thread(("accept" + std::to_string(i)).c_str(), [this, i] { accept(i); });
      transport::spawn_thread(("answer" + std::to_string(i)).c_str(), [this, i] { answer(i); });
    }
  }

  std::uint64_t base;
  std::vector<std::uint8_t> bytes;
  std::vector<std::unique_ptr<transport::target_port>> ports;
  sc_core::sc_time request_time = sc_core::sc_time(2, sc_core::SC_NS);
  sc_core::sc_time latency = sc_core::sc_time(40, sc_core::SC_NS);
  std::uint64_t fail_from = 0, fail_length = 0;
  std::vector<std::int32_t> layers_seen;  ///< tag of every request, in order
  std::uint64_t requests = 0;

 private:
  struct lane {
    std::deque<transport::payload*> waiting;
    std::deque<std::pair<transport::payload*, sc_core::sc_time>> accepted_requests;
    std::unique_ptr<sc_core::sc_event> arrived, accepted;
  };

  void request_begun(transport::payload& transaction, unsigned port) override {
    ++requests;
    layers_seen.push_back(transport::layer_of(transaction));
    lanes_[port].waiting.push_back(&transaction);
    lanes_[port].arrived->notify(sc_core::SC_ZERO_TIME);
  }
  void response_ended(transport::payload&, unsigned) override {}
  unsigned debug_access(transport::payload&, unsigned) override { return 0; }

  void accept(std::size_t port) {
    lane& here = lanes_[port];
    for (;;) {
      while (here.waiting.empty()) wait(*here.arrived);
      transport::payload* transaction = here.waiting.front();
      here.waiting.pop_front();
      wait(request_time);
      here.accepted_requests.emplace_back(transaction, sc_core::sc_time_stamp() + latency);
      here.accepted->notify(sc_core::SC_ZERO_TIME);
      ports[port]->end_request(*transaction);
    }
  }

  void answer(std::size_t port) {
    lane& here = lanes_[port];
    for (;;) {
      while (here.accepted_requests.empty()) wait(*here.accepted);
      const auto [transaction, due] = here.accepted_requests.front();
      here.accepted_requests.pop_front();
      if (due > sc_core::sc_time_stamp()) wait(due - sc_core::sc_time_stamp());
      access(*transaction);
      ports[port]->begin_response(*transaction);
    }
  }

  void access(transport::payload& transaction) {
    const std::uint64_t address = transaction.get_address(), length = transaction.get_data_length();
    const bool failing = fail_length > 0 && address < fail_from + fail_length && fail_from < address + length;
    if (failing || !transport::inside(address, length, base, bytes.size())) {
      transaction.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
      return;
    }
    std::uint8_t* here = bytes.data() + (address - base);
    if (transaction.is_write()) {
      std::copy_n(transaction.get_data_ptr(), length, here);
    } else {
      std::copy_n(here, length, transaction.get_data_ptr());
    }
    transaction.set_response_status(::tlm::TLM_OK_RESPONSE);
  }

  std::vector<lane> lanes_;
};

}  // namespace cimbalom::testing_support
