#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/tlm/latency_histogram.hpp"

namespace cimbalom::interconnect {

/// What one initiator did for one layer.
struct layer_traffic {
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;
  std::uint64_t stall_ps = 0;  ///< waited for a grant: of requests and of responses
};

struct initiator_statistics {
  std::string name;
  std::uint64_t requests = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t errors = 0;              ///< transactions answered with an error, by a target or by the fabric
  std::uint64_t request_stall_ps = 0;    ///< requests that waited for a channel, a target or a credit
  std::uint64_t response_stall_ps = 0;   ///< responses that waited for the channel to the initiator
  transport::latency_histogram latency;  ///< from BEGIN_REQ to BEGIN_RESP at the initiator
  std::map<std::int32_t, layer_traffic> by_layer;

  /// Mean number of transactions under way over `elapsed_ps`.
  double mean_outstanding(std::uint64_t elapsed_ps) const {
    return elapsed_ps == 0 ? 0.0 : static_cast<double>(latency.sum_ps()) / static_cast<double>(elapsed_ps);
  }
};

struct target_statistics {
  std::string name;
  std::uint64_t requests = 0;
  std::uint64_t request_busy_cycles = 0;  ///< cycles of the fabric's clock that its request channel carried something
};

struct interconnect_statistics {
  std::vector<initiator_statistics> initiators;  ///< in port order
  std::vector<target_statistics> targets;
  std::uint64_t unmapped = 0;  ///< requests that no target took
};

struct control_fabric_statistics {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t errors = 0;
};

}  // namespace cimbalom::interconnect
