#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cimbalom::dram {

/// Timing of a device, in clocks of `clock_ps`; the names are those of the JEDEC parameters.
struct dram_timing {
  int clock_ps = 0;
  int burst_length = 0;         ///< beats
  int beats_per_clock = 2;      ///< of the data pins; 8 where data have a clock of their own (LPDDR5)
  int read_latency = 0;         ///< RD to first data
  int write_latency = 0;        ///< WR to first data
  int rcd = 0;                  ///< ACT to RD or WR
  int rp = 0;                   ///< PRE to ACT
  int rp_all = 0;               ///< PRE of all banks to REF or ACT
  int ras = 0;                  ///< ACT to PRE
  int rc = 0;                   ///< ACT to ACT of one bank
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
  int ppd = 0;                  ///< PRE to PRE of one rank
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
  int device_bits = 16;          ///< data pins of a device
  int devices_per_rank = 1;      ///< devices in parallel
  bool row_command_bus = false;  ///< ACT, PRE and REF have command pins of their own (HBM)

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

enum class scheduling : std::uint8_t {
  first_come,  ///< column commands in order of arrival; rows are opened ahead
  row_hits,    ///< FR-FCFS: hits of open rows first, then the oldest, within `patience`
};
enum class bank_arbitration : std::uint8_t {
  oldest,       ///< of commands that may go at the same clock: column commands, then the oldest
  round_robin,  ///< the next bank in turn, whatever it wants
};
enum class row_policy : std::uint8_t {
  open,             ///< a row stays open until another one, or a refresh, needs the bank
  closed,           ///< every column command precharges
  closed_adaptive,  ///< the last column command that waits for a row precharges
};
enum class queue_rule : std::uint8_t {
  all_transactions,   ///< queue_depth counts every transaction until its response has ended
  before_bank_queues  ///< queue_depth counts bursts that have no place in the queue of their bank yet
};

struct dram_config {
  std::string preset = "lpddr4-3200";
  std::string source;  ///< where the preset's numbers come from
  bool ideal = false;  ///< no latency, no limit of bandwidth: for comparison only
  int channels = 1;    ///< 1..16, a power of two
  int interleave_bytes =
      256;               ///< 64..4096, a power of two: bytes on one channel before the next; unless mapping has ch
  int queue_depth = 32;  ///< 1..256, in the controller (see queue_rule); more wait in the fabric
  queue_rule queue_counts = queue_rule::all_transactions;
  int bank_queue_depth = 8;  ///< 1..256, bursts of one bank that the scheduler sees
  int patience = 16;         ///< 0..1000000, later column commands that may go before an older one; 0: any number
  std::string mapping = "ro-ra-ba-co-bg";  ///< see address_map: neighbours in different bank groups
  scheduling scheduler = scheduling::row_hits;
  bank_arbitration arbitration = bank_arbitration::oldest;
  row_policy page_policy = row_policy::open;
  bool accept_missing = false;       ///< run although figures are missing
  std::vector<std::string> missing;  ///< what the sources of the preset do not tell
  dram_timing timing;
  dram_organisation organisation;
  std::vector<dram_rail> rails;

  /// Throws input_error, with keys below "dram".
  void validate() const;

  std::uint64_t bus_bits() const;     ///< data pins of a channel
  std::uint64_t burst_bytes() const;  ///< of one column command
  std::uint64_t size_bytes() const;   ///< of all channels
  int burst_clocks() const { return timing.burst_length / timing.beats_per_clock; }
  std::uint64_t channel_stretch_bytes() const;  ///< neighbouring bytes on one channel
  /// Address in its channel, which counts from 0, and the channel.
  std::pair<std::uint64_t, int> channel_address(std::uint64_t address) const;
};

/// "ddr4-2400", "ddr4-3200", "lpddr4-3200", "lpddr5-6400", "hbm2", "ideal".
const std::vector<std::string>& preset_names();
/// A whole configuration; throws input_error for an unknown name.
dram_config make_dram_config(const std::string& preset);

}  // namespace cimbalom::dram
