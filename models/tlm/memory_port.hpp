#pragma once
// TLM layer: includes SystemC.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "models/tlm/initiator_port.hpp"
#include "models/tlm/memory_port_config.hpp"
#include "models/tlm/payload_pool.hpp"

namespace cimbalom::transport {

/// How a request ended. TLM_INCOMPLETE_RESPONSE: it was aborted.
struct memory_result {
  response_status status = ::tlm::TLM_OK_RESPONSE;
  std::uint64_t error_address = 0;  ///< first byte of the lowest burst that failed
  bool ok() const { return status == ::tlm::TLM_OK_RESPONSE; }
};

/// A read or a write of any length.
struct memory_request {
  ::tlm::tlm_command command = ::tlm::TLM_READ_COMMAND;
  std::uint64_t address = 0;
  void* data = nullptr;  ///< stays valid until `done`; a write may only read it
  std::size_t length = 0;
  std::int32_t layer = energy::no_layer;
  std::function<void(const memory_result&)> done;  ///< called once, from a method process; may submit
};

/// An initiator of the data fabric for whole requests: cuts them into bursts of at most burst_bytes that never cross
/// 4 KiB, keeps a bounded number outstanding (reads and writes apart, so that neither waits for the other's credits),
/// and reports each request once, reads in the order of submission and so writes.
class memory_port : public initiator_port, private initiator_client {
 public:
  memory_port(const char* name, const memory_port_config& config, std::uint32_t initiator);

  /// Queues a request. Length 0 completes at once, from the same call.
  void submit(memory_request request);

  /// From a thread process: the same, and waits for it.
  memory_result read(std::uint64_t address, void* data, std::size_t length, std::int32_t layer = energy::no_layer);
  memory_result write(std::uint64_t address, const void* data, std::size_t length,
                      std::int32_t layer = energy::no_layer);

  /// Stops issue. What is outstanding drains and its data is discarded; then every request submitted before ends with
  /// TLM_INCOMPLETE_RESPONSE. Submit nothing until idle().
  void abort();

  /// No request is queued or outstanding.
  bool idle() const { return paths_[0].requests.empty() && paths_[1].requests.empty(); }
  const sc_core::sc_event& idle_event() const { return idle_event_; }
  /// Bursts between BEGIN_REQ and END_RESP.
  std::size_t outstanding() const { return paths_[0].outstanding + paths_[1].outstanding; }
  const memory_port_statistics& statistics() const { return statistics_; }
  /// One line for the dump of a hang.
  std::string describe() const;

 private:
  struct active_request {
    memory_request request;
    std::size_t issued = 0;    // bytes
    std::size_t answered = 0;  // bytes
    memory_result result;
  };
  struct path {
    std::deque<std::unique_ptr<active_request>> requests;
    std::size_t next = 0;  // first request with bytes to issue
    std::size_t outstanding = 0;
    bool aborting = false;
  };

  void request_ended(unsigned port) override;
  void response_begun(payload& transaction, unsigned port) override;
  memory_result wait_for(memory_request request);
  bool can_issue(const path& p) const;
  void issue();
  void issue_burst(path& p);
  void retire(path& p);

  memory_port_config config_;
  std::uint32_t initiator_;
  payload_pool pool_;
  std::array<path, 2> paths_;  // reads, writes
  std::size_t last_path_ = 1;
  sc_core::sc_event idle_event_;
  memory_port_statistics statistics_;
};

}  // namespace cimbalom::transport
