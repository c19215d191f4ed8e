#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/transfer.hpp"
#include "models/dram/address_map.hpp"
#include "platform/configuration/platform_config.hpp"

namespace cimbalom::estimate {

/// Who asks memory for something. Each has a port of its own.
enum class path : std::uint8_t { parameter, vector, result, command, host };

/// A part of a transfer that lies in one row of the banks.
struct row_touch {
  std::uint32_t bank = 0;  ///< set of banks that hold neighbours (one of every bank group and channel)
  std::uint32_t row = 0;
  std::uint32_t first = 0, banks = 0;  ///< of the set: the banks that are touched, around its end
};

/// One transfer as the closed form sees it: `pieces` that follow each other at an interval, and a latency. Times in ps.
struct transfer_cost {
  std::uint64_t pieces = 0;
  double interval_ps = 0;  ///< between two pieces that meet no others
  double memory_ps = 0;    ///< time of the memory's bus for one piece
  double request_ps = 0;   ///< of the fabric's channel to the memory
  double response_ps = 0;  ///< of the channel back: the memory gives one answer at a time
  double latency_ps = 0;   ///< from the start to the end of the first piece, its row being open
  double credits = 1;      ///< pieces that may be under way at a time
  double trip_ps = 0;      ///< of a piece that meets no others: how long it takes its credit
  std::uint64_t transactions = 0;
  std::uint64_t bytes = 0;
  std::uint64_t device_bursts = 0;
  std::uint64_t memory_words = 0, lane_words = 0;  ///< through the width converter
  bool write = false;
  std::vector<row_touch> rows;
};

/// Speed of fabric and memory in closed form, from the configuration of both.
class memory_model {
 public:
  explicit memory_model(const platform::platform_config& platform);

  /// A load or a store of the accelerator.
  transfer_cost cost(path who, const cim::transfer& what, bool write) const;
  /// A contiguous access without width converter: command fetch, host.
  transfer_cost plain(path who, std::uint64_t address, std::uint64_t bytes, bool write) const;

  double closed_row_ps() const { return closed_row_ps_; }  ///< more than the latency with the row open
  double other_row_ps() const { return other_row_ps_; }
  double conflict_ps() const { return conflict_ps_; }  ///< that a row loses when it gives way to another and comes back
  std::uint64_t bank_sets() const { return bank_sets_; }
  std::uint64_t banks_a_set() const { return neighbours_; }
  std::uint64_t refresh_interval_ps() const { return refresh_interval_ps_; }  ///< 0: never
  std::uint64_t refresh_ps() const { return refresh_ps_; }

 private:
  struct port {
    double credits = 8;
    std::uint64_t burst_bytes = 64;
  };
  port port_of(path who) const;
  double round_trip_ps(double bytes, double bursts, bool write) const;
  void add_rows(transfer_cost& cost, std::uint64_t address, std::uint64_t bytes) const;
  void finish(transfer_cost& cost, path who, double converter_cycles, double pieces_in_flight) const;

  platform::platform_config platform_;
  cim::path_geometry geometry_;
  dram::address_decoder decoder_;
  double fabric_ps_, accelerator_ps_, memory_clock_ps_;
  double burst_ps_ = 0;    // of a device burst on the bus, all channels together
  double available_ = 1;   // part of the time that refresh leaves
  double stalled_ps_ = 0;  // by a refresh
  double closed_row_ps_ = 0, other_row_ps_ = 0, conflict_ps_ = 0;
  std::uint64_t bank_sets_ = 1, row_span_bytes_ = 0, neighbours_ = 1;
  std::uint64_t refresh_interval_ps_ = 0, refresh_ps_ = 0;
};

}  // namespace cimbalom::estimate
