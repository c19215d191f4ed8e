#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::interconnect {

enum class arbitration_policy : std::uint8_t {
  round_robin,  ///< by port index, starting after the port served last
  priority,     ///< the lowest port index first
};
constexpr const char* to_string(arbitration_policy policy) {
  return policy == arbitration_policy::priority ? "priority" : "round_robin";
}

/// Addresses that lead to one target; the target sees them from 0.
struct address_window {
  std::string name;
  std::uint64_t base = 0;
  std::uint64_t size_bytes = 0;
};

/// The data fabric: a crossbar with a request channel to every target and a response channel to every initiator.
struct interconnect_config {
  int clock_mhz = 500;             ///< 1..10000
  int data_bits = 128;             ///< 8..4096, a power of two: width of every channel
  int max_outstanding = 8;         ///< 1..1024, transactions of one initiator between grant and response
  int request_latency_cycles = 1;  ///< 1..64, from the grant to the target, transfer apart
  int response_latency_cycles = 1;
  arbitration_policy arbitration = arbitration_policy::round_robin;

  // What is connected, in port order; filled by the platform.
  std::vector<std::string> initiators;
  std::vector<address_window> targets;

  /// Throws input_error, with keys below "interconnect".
  void validate() const;
};

/// The control fabric: decodes register accesses.
struct control_fabric_config {
  int clock_mhz = 500;     ///< 1..10000
  int latency_cycles = 4;  ///< 0..1024, of one access, both ways together
  std::vector<std::string> initiators;
  std::vector<address_window> targets;

  void validate() const;
};

/// Index of the window that holds all of [address, address + length); targets.size() if none does.
std::size_t decode(const std::vector<address_window>& targets, std::uint64_t address, std::uint64_t length);

}  // namespace cimbalom::interconnect
