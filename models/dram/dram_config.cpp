#include "models/dram/dram_config.hpp"

#include "models/dram/address_map.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::dram {

namespace {

constexpr bool power_of_two(std::uint64_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

void check_range(const char* key, int value, int low, int high) {
  if (value < low || value > high) {
    throw bad_input({}, key, std::to_string(value), "must be in " + std::to_string(low) + ".." + std::to_string(high));
  }
}

void check_power(const char* key, int value, int low, int high) {
  check_range(key, value, low, high);
  if (!power_of_two(static_cast<std::uint64_t>(value))) {
    throw bad_input({}, key, std::to_string(value), "must be a power of two");
  }
}

void check_timing(const dram_timing& t) {
  check_range("dram.timing.clock_ps", t.clock_ps, 1, 1'000'000);
  check_power("dram.timing.burst_length", t.burst_length, 2, 64);
  check_power("dram.timing.beats_per_clock", t.beats_per_clock, 1, t.burst_length);
  const struct {
    const char* key;
    int value;
  } clocks[] = {
      {"dram.timing.read_latency", t.read_latency},
      {"dram.timing.write_latency", t.write_latency},
      {"dram.timing.rcd", t.rcd},
      {"dram.timing.rp", t.rp},
      {"dram.timing.rp_all", t.rp_all},
      {"dram.timing.ras", t.ras},
      {"dram.timing.rc", t.rc},
      {"dram.timing.wr", t.wr},
      {"dram.timing.wtr_short", t.wtr_short},
      {"dram.timing.wtr_long", t.wtr_long},
      {"dram.timing.rtp", t.rtp},
      {"dram.timing.rrd_short", t.rrd_short},
      {"dram.timing.rrd_long", t.rrd_long},
      {"dram.timing.faw", t.faw},
      {"dram.timing.ccd_short", t.ccd_short},
      {"dram.timing.ccd_long", t.ccd_long},
      {"dram.timing.rfc", t.rfc},
      {"dram.timing.refi", t.refi},
      {"dram.timing.ppd", t.ppd},
      {"dram.timing.read_to_write_extra", t.read_to_write_extra},
      {"dram.timing.rank_switch", t.rank_switch},
  };
  for (const auto& entry : clocks) check_range(entry.key, entry.value, 0, 1'000'000);
  if (t.refi > 0 && t.refi <= t.rfc + t.rp_all) {
    throw bad_input({}, "dram.timing.refi", std::to_string(t.refi), "must be 0 or more than rfc + rp_all");
  }
}

}  // namespace

void dram_config::validate() const {
  check_power("dram.channels", channels, 1, 16);
  check_power("dram.interleave_bytes", interleave_bytes, 64, 4096);
  check_range("dram.queue_depth", queue_depth, 1, 256);
  check_range("dram.bank_queue_depth", bank_queue_depth, 1, 256);
  check_range("dram.patience", patience, 0, 1'000'000);
  check_timing(timing);
  check_power("dram.organisation.ranks", organisation.ranks, 1, 8);
  check_power("dram.organisation.bank_groups", organisation.bank_groups, 1, 16);
  check_power("dram.organisation.banks_per_group", organisation.banks_per_group, 1, 64);
  check_power("dram.organisation.rows", organisation.rows, 1, 1 << 20);
  check_power("dram.organisation.columns", organisation.columns, timing.burst_length, 1 << 16);
  check_power("dram.organisation.device_bits", organisation.device_bits, 4, 1024);
  check_power("dram.organisation.devices_per_rank", organisation.devices_per_rank, 1, 64);
  if (burst_bytes() < 1) throw bad_input({}, "dram.organisation.device_bits", "", "a burst has at least one byte");
  const address_map parsed(mapping);
  if (!missing.empty() && !accept_missing) {
    std::string what;
    for (const std::string& each : missing) what += (what.empty() ? "" : ", ") + each;
    throw bad_input({}, "dram.preset", preset,
                    "the sources do not tell its " + what + "; set dram.accept_missing = true to run without");
  }
}

std::uint64_t dram_config::bus_bits() const {
  return static_cast<std::uint64_t>(organisation.device_bits) *
         static_cast<std::uint64_t>(organisation.devices_per_rank);
}

std::uint64_t dram_config::burst_bytes() const {
  return bus_bits() * static_cast<std::uint64_t>(timing.burst_length) / 8;
}

std::pair<std::uint64_t, int> dram_config::channel_address(std::uint64_t address) const {
  const auto count = static_cast<std::uint64_t>(channels);
  const std::uint64_t stretch = channel_stretch_bytes();
  const std::uint64_t block = address / stretch;
  return {block / count * stretch + address % stretch, static_cast<int>(block % count)};
}

std::uint64_t dram_config::size_bytes() const {
  const std::uint64_t cells =
      static_cast<std::uint64_t>(organisation.ranks) * static_cast<std::uint64_t>(organisation.banks()) *
      static_cast<std::uint64_t>(organisation.rows) * static_cast<std::uint64_t>(organisation.columns);
  return cells * bus_bits() / 8 * static_cast<std::uint64_t>(channels);
}

}  // namespace cimbalom::dram
