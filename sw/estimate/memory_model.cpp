#include "sw/estimate/memory_model.hpp"

#include <algorithm>
#include <cmath>

#include "models/cim/cim_cost.hpp"
#include "models/interconnect/interconnect_cost.hpp"
#include "models/registers/memory_map.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::estimate {

namespace {

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
  return (a + b - 1) / b;
}

std::uint64_t blocks_touched(std::uint64_t address, std::uint64_t bytes, std::uint64_t block) {
  return (address + bytes - 1) / block - address / block + 1;
}

// Sum of ceil(length / unit) over the pieces that [address, address + bytes) falls into at multiples of `span`.
std::uint64_t units_of_pieces(std::uint64_t address, std::uint64_t bytes, std::uint64_t span, std::uint64_t unit) {
  const std::uint64_t first = std::min(bytes, span - address % span);
  const std::uint64_t rest = bytes - first;
  return divide_up(first, unit) + rest / span * divide_up(span, unit) + divide_up(rest % span, unit);
}

/// The closed form follows open rows, and neighbours through columns, bank groups and channels only.
const platform::platform_config& followed(const platform::platform_config& platform) {
  const dram::dram_config& d = platform.dram;
  if (d.page_policy != dram::row_policy::open) {
    throw bad_input({}, "dram.page_policy", "", "estimate follows open rows only; run simulates the others");
  }
  const dram::address_map map(d.mapping);
  const std::size_t column = map.position(dram::address_field::column);
  for (const dram::address_field high :
       {dram::address_field::row, dram::address_field::rank, dram::address_field::bank}) {
    if (map.position(high) > column) {
      throw bad_input({}, "dram.mapping", d.mapping, "estimate follows mappings with ro, ra and ba above co only");
    }
  }
  if (d.channels > 1 && map.has(dram::address_field::channel) && map.position(dram::address_field::channel) < column) {
    throw bad_input({}, "dram.mapping", d.mapping, "estimate follows mappings with ch below co only");
  }
  return platform;
}

}  // namespace

memory_model::memory_model(const platform::platform_config& platform)
    : platform_(followed(platform)),
      geometry_(cim::path_geometry::of(platform.accelerator)),
      decoder_(platform.dram),
      fabric_ps_(1e6 / platform.interconnect.clock_mhz),
      accelerator_ps_(static_cast<double>(cim::clock_ps(platform.accelerator))),
      memory_clock_ps_(platform.dram.timing.clock_ps) {
  const dram::dram_config& d = platform.dram;
  const dram::dram_timing& t = d.timing;
  const dram::dram_organisation& o = d.organisation;
  const dram::address_map map(d.mapping);
  const bool turns = map.position(dram::address_field::bank_group) > map.position(dram::address_field::column);
  const auto channels = static_cast<std::uint64_t>(d.channels);
  neighbours_ = channels * static_cast<std::uint64_t>(turns ? o.bank_groups : 1);
  bank_sets_ = static_cast<std::uint64_t>(o.ranks) * static_cast<std::uint64_t>(o.banks());
  row_span_bytes_ = static_cast<std::uint64_t>(o.columns) * d.bus_bits() / 8 * neighbours_;
  if (d.ideal) return;
  const int gap = turns && o.bank_groups > 1 ? t.ccd_short : t.ccd_long;
  burst_ps_ = std::max(gap, d.burst_clocks()) * memory_clock_ps_ / d.channels;
  closed_row_ps_ = t.rcd * memory_clock_ps_;
  other_row_ps_ = (t.rcd + t.rp) * memory_clock_ps_;
  conflict_ps_ = (t.rp + std::max(t.rcd + t.rtp + t.rp, t.rc) + t.rcd) * memory_clock_ps_;
  if (t.refi > 0) {
    refresh_interval_ps_ = static_cast<std::uint64_t>(t.refi) * static_cast<std::uint64_t>(t.clock_ps);
    refresh_ps_ = static_cast<std::uint64_t>(t.rfc + t.rp_all) * static_cast<std::uint64_t>(t.clock_ps);
    stalled_ps_ = (t.rfc + t.rp_all + t.rcd) * memory_clock_ps_;
    available_ = 1.0 - stalled_ps_ / static_cast<double>(refresh_interval_ps_);
  }
}

memory_model::port memory_model::port_of(path who) const {
  const double fabric = platform_.interconnect.max_outstanding;
  if (who == path::host) {
    const processor::processor_config& p = platform_.processor;
    return {std::min<double>(fabric, p.max_outstanding), static_cast<std::uint64_t>(p.burst_bytes)};
  }
  const cim::accelerator_config& a = platform_.accelerator;
  return {std::min<double>(fabric, a.max_outstanding), static_cast<std::uint64_t>(a.burst_bytes)};
}

// From the request at the port to the response there: both ways of the fabric, the row being open, and on the average
// half a clock to cross into the memory's clock and back.
double memory_model::round_trip_ps(double bytes, double bursts, bool write) const {
  const auto length = static_cast<std::uint64_t>(std::llround(bytes));
  const double fabric = fabric_ps_ * static_cast<double>(interconnect::unloaded_cycles(platform_.interconnect, length));
  if (platform_.dram.ideal) return fabric;
  const dram::dram_timing& t = platform_.dram.timing;
  const double clocks = (write ? t.write_latency : t.read_latency) + platform_.dram.burst_clocks() + 0.5;
  return fabric + clocks * memory_clock_ps_ + std::max(0.0, bursts - 1) * burst_ps_ + fabric_ps_ / 2;
}

void memory_model::add_rows(transfer_cost& cost, std::uint64_t address, std::uint64_t bytes) const {
  const auto channels = static_cast<std::uint64_t>(platform_.dram.channels);
  const std::uint64_t burst = platform_.dram.burst_bytes();
  std::uint64_t at = address - registers::dram_base;
  while (bytes > 0) {
    const std::uint64_t part = std::min(bytes, row_span_bytes_ - at % row_span_bytes_);
    const dram::dram_location where = decoder_.locate(at / channels);
    const auto groups = static_cast<int>(neighbours_ / channels);
    const int in_set = groups > 1 ? where.bank % platform_.dram.organisation.banks_per_group : where.bank;
    const auto bank = static_cast<std::uint32_t>(where.rank * platform_.dram.organisation.banks() + in_set);
    const auto row = static_cast<std::uint32_t>(where.row);
    const auto banks = static_cast<std::uint32_t>(std::min(neighbours_, blocks_touched(at, part, burst)));
    const auto first = static_cast<std::uint32_t>(at / burst % neighbours_);
    const bool again = !cost.rows.empty() && cost.rows.back().bank == bank && cost.rows.back().row == row &&
                       cost.rows.back().first == first && cost.rows.back().banks >= banks;
    if (!again) cost.rows.push_back({bank, row, first, banks});
    at += part;
    bytes -= part;
  }
}

void memory_model::finish(transfer_cost& cost, path who, double converter_cycles, double pieces_in_flight) const {
  const auto pieces = static_cast<double>(cost.pieces);
  const double transactions = static_cast<double>(cost.transactions) / pieces;
  const double bytes = static_cast<double>(cost.bytes) / static_cast<double>(cost.transactions);
  const double bursts = static_cast<double>(cost.device_bursts) / static_cast<double>(cost.transactions);
  const auto length = static_cast<std::uint64_t>(std::llround(bytes));
  const double channel =
      fabric_ps_ * static_cast<double>(interconnect::transfer_cycles(length, platform_.interconnect.data_bits));
  const double trip = round_trip_ps(bytes, bursts, cost.write);
  const double converter = converter_cycles / pieces * accelerator_ps_;
  const port from = port_of(who);
  cost.request_ps = (cost.write ? channel : fabric_ps_) * transactions;
  cost.response_ps = (cost.write ? fabric_ps_ : channel) * transactions;
  cost.memory_ps = bursts * transactions * burst_ps_ / available_;
  const double credit = std::max(trip / from.credits * transactions, trip / pieces_in_flight);
  cost.credits = trip / credit;
  cost.trip_ps = trip;
  // While the memory refreshes, a path lives on the pieces that wait for their way back.
  double way = std::max({channel * transactions, credit, converter});
  if (refresh_interval_ps_ > 0) {
    const double lost = std::max(0.0, stalled_ps_ - (cost.credits * way - trip));
    way /= 1 - lost / static_cast<double>(refresh_interval_ps_);
  }
  cost.interval_ps = std::max(way, cost.memory_ps);
  cost.latency_ps = trip + (transactions - 1) * channel + converter;
}

transfer_cost memory_model::cost(path who, const cim::transfer& what, bool write) const {
  transfer_cost cost;
  cost.write = write;
  if (what.empty()) return cost;
  const bool joined = what.memory_stride == what.row_bytes && what.buffer_stride == what.row_bytes;
  const std::uint64_t rows = joined ? 1 : what.rows;
  const std::uint64_t row_bytes = joined ? what.bytes() : what.row_bytes;
  const std::uint64_t burst = port_of(who).burst_bytes;
  const std::uint64_t span = geometry_.span_bytes;
  double converter_cycles = 0;
  for (std::uint64_t row = 0; row < rows; ++row) {
    const std::uint64_t address = what.memory_address + row * what.memory_stride;
    cost.pieces += blocks_touched(address, row_bytes, span);
    cost.transactions += blocks_touched(address, row_bytes, std::min(burst, span));
    cost.device_bursts += blocks_touched(address, row_bytes, platform_.dram.burst_bytes());
    cost.memory_words += blocks_touched(address, row_bytes, geometry_.word_bytes);
    cost.lane_words += units_of_pieces(address, row_bytes, span, geometry_.lane_bytes);
    converter_cycles += static_cast<double>(units_of_pieces(address, row_bytes, span, geometry_.compute_bytes));
    add_rows(cost, address, row_bytes);
  }
  cost.bytes = what.bytes();
  const double words = static_cast<double>(cost.memory_words) / static_cast<double>(cost.pieces);
  const double in_fifo = std::max(1.0, static_cast<double>(geometry_.fifo_words) / words);
  finish(cost, who, converter_cycles, std::min(in_fifo, static_cast<double>(geometry_.pieces_in_flight)));
  return cost;
}

transfer_cost memory_model::plain(path who, std::uint64_t address, std::uint64_t bytes, bool write) const {
  transfer_cost cost;
  cost.write = write;
  if (bytes == 0) return cost;
  cost.bytes = bytes;
  cost.pieces = cost.transactions = blocks_touched(address, bytes, port_of(who).burst_bytes);
  cost.device_bursts = blocks_touched(address, bytes, platform_.dram.burst_bytes());
  add_rows(cost, address, bytes);
  finish(cost, who, 0, static_cast<double>(cost.pieces));
  return cost;
}

}  // namespace cimbalom::estimate
