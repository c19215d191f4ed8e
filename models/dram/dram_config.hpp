#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::dram {

/// Timing of a device, in clocks of `clock_ps`; the names are those of the JEDEC parameters.
struct dram_timing {
  int clock_ps = 0;
  int burst_length = 0;         ///< beats; two a clock
  int read_latency = 0;         ///< RD to first data
  int write_latency = 0;        ///< WR to first data
  int rcd = 0;                  ///< ACT to RD or WR
  int rp = 0;                   ///< PRE to ACT
  int ras = 0;                  ///< ACT to PRE
  int wr = 0;                   ///< end of write data to PRE
  int wtr_short = 0;            ///< end of write data to RD, other bank group
  int wtr_long = 0;             ///< same bank group
  int rtp = 0;                  ///< RD to PRE
  int rrd_short = 0;            ///< ACT to ACT, other bank group
  int rrd_long = 0;             ///< same bank group
  int faw = 0;                  ///< window of four ACT
  int ccd_short = 0;            ///< column to column command, other bank group
  int ccd_long = 0;             ///< same bank group
  int rfc = 0;                  ///< REF to ACT
  int refi = 0;                 ///< refresh interval; 0: never
  int read_to_write_extra = 0;  ///< gap between read data and write data on the bus
  int rank_switch = 0;          ///< gap between data of two ranks
};

/// One channel.
struct dram_organisation {
  int ranks = 1;
  int bank_groups = 1;
  int banks_per_group = 8;
  int rows = 65536;
  int columns = 1024;
  int device_bits = 16;      ///< data pins of a device
  int devices_per_rank = 1;  ///< devices in parallel

  int banks() const { return bank_groups * banks_per_group; }
};

/// Currents of one device from one supply, mA.
struct dram_rail {
  double voltage_v = 0;
  double idd0_ma = 0;   ///< one bank activate-precharge
  double idd2n_ma = 0;  ///< precharge standby
  double idd3n_ma = 0;  ///< active standby
  double idd4r_ma = 0;  ///< burst read
  double idd4w_ma = 0;  ///< burst write
  double idd5_ma = 0;   ///< refresh
};

enum class address_mapping : std::uint8_t {
  row_bank_column,            ///< row, rank, bank group, bank, column, from the highest bits down
  row_bank_column_bankgroup,  ///< row, rank, bank, column, bank group: neighbours in different bank groups
};
enum class scheduling : std::uint8_t {
  first_come,  ///< in order of arrival
  row_hits,    ///< FR-FCFS: what can go first (open rows, free banks, same direction), the oldest of equals, nobody
               ///< passed over more than 16 times
};
constexpr const char* to_string(address_mapping mapping) {
  return mapping == address_mapping::row_bank_column ? "row_bank_column" : "row_bank_column_bankgroup";
}
constexpr const char* to_string(scheduling policy) {
  return policy == scheduling::first_come ? "first_come" : "row_hits";
}

struct dram_config {
  std::string preset = "lpddr4-3200";
  std::string source;          ///< where the preset's numbers come from
  bool ideal = false;          ///< no latency, no limit of bandwidth: for comparison only
  int channels = 1;            ///< 1..16, a power of two
  int interleave_bytes = 256;  ///< 64..4096, a power of two: bytes on one channel before the next one
  int queue_depth = 32;        ///< 1..256, transactions in the controller; more wait in the fabric
  address_mapping mapping = address_mapping::row_bank_column_bankgroup;
  scheduling scheduler = scheduling::row_hits;
  dram_timing timing;
  dram_organisation organisation;
  std::vector<dram_rail> rails;

  /// Throws input_error, with keys below "dram".
  void validate() const;

  std::uint64_t bus_bits() const;     ///< data pins of a channel
  std::uint64_t burst_bytes() const;  ///< of one column command
  std::uint64_t size_bytes() const;   ///< of all channels
  int burst_clocks() const { return timing.burst_length / 2; }
};

/// "ddr4-2400", "lpddr4-3200", "ideal".
const std::vector<std::string>& preset_names();
/// A whole configuration; throws input_error for an unknown name.
dram_config make_dram_config(const std::string& preset);

}  // namespace cimbalom::dram
