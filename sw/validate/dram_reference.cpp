// Figures: runs of DRAMsim3 (umd-memsys/DRAMsim3 @29817593, MIT) and DRAMSys 5.1 (tukl-msd/DRAMSys @6b014671,
// BSD-3-Clause) on the configurations that stand beside them. Facts, cited; the traces are made by the rule again.
#include "sw/validate/dram_reference.hpp"

namespace cimbalom::validate {

namespace {

constexpr std::uint64_t range = std::uint64_t{4} << 30;
constexpr std::uint64_t million = 1'000'000;

// DRAMsim3: a queue of 32 before queues of 8 a bank, served in turn, without a limit of patience.
void queue_like_dramsim3(dram::dram_config& config) {
  config.mapping = "ro-ch-ra-ba-bg-co";
  config.queue_depth = 32;
  config.queue_counts = dram::queue_rule::before_bank_queues;
  config.bank_queue_depth = 8;
  config.arbitration = dram::bank_arbitration::round_robin;
  config.patience = 0;
}

dram::dram_config dramsim3_ddr4() {
  dram::dram_config config = dram::make_dram_config("ddr4-2400");
  queue_like_dramsim3(config);
  config.timing.clock_ps = 830;
  config.organisation.ranks = 2;
  return config;
}

dram::dram_config dramsim3_lpddr4() {
  dram::dram_config config;
  config.preset = "lpddr4-2400";
  config.source = "umd-memsys/DRAMsim3 configs/LPDDR4_8Gb_x16_2400.ini @29817593b338 (MIT)";
  queue_like_dramsim3(config);
  dram::dram_timing& t = config.timing;
  t.clock_ps = 830;
  t.burst_length = 16;
  t.read_latency = 17;
  t.write_latency = 14;
  t.rcd = t.rp = t.rp_all = 15;
  t.ras = 32;
  t.rc = 47;
  t.wr = 30;
  t.wtr_short = 8;
  t.wtr_long = 16;
  t.rtp = 12;
  t.rrd_short = t.rrd_long = 8;
  t.faw = 32;
  t.ccd_short = 4;
  t.ccd_long = 6;
  t.rfc = 392;
  t.refi = 8660;
  t.ppd = 2;
  t.read_to_write_extra = 1;
  t.rank_switch = 1;
  config.organisation = {2, 2, 4, 65536, 1024, 16, 2, false};
  return config;
}

dram::dram_config dramsys_ddr4() {
  dram::dram_config config;
  config.preset = "ddr4-2400 4 Gb";
  config.source = "tukl-msd/DRAMSys configs/memspec/JEDEC_4Gb_DDR4-2400_8bit_A.json @3ff9a995d96b (BSD-3-Clause)";
  config.mapping = "ro-ba-bg-co-ra";  // one rank: its place does not matter
  config.queue_depth = 1;
  config.queue_counts = dram::queue_rule::before_bank_queues;
  config.bank_queue_depth = 8;
  dram::dram_timing& t = config.timing;
  t.clock_ps = 833;
  t.burst_length = 8;
  t.read_latency = t.write_latency = 16;
  t.rcd = t.rp = t.rp_all = 16;
  t.ras = 39;
  t.rc = 55;
  t.wr = 18;
  t.wtr_short = 3;
  t.wtr_long = 9;
  t.rtp = 12;
  t.rrd_short = 4;
  t.rrd_long = 6;
  t.faw = 26;
  t.ccd_short = 4;
  t.ccd_long = 6;
  t.rfc = 312;
  t.refi = 9360;
  t.read_to_write_extra = 2;
  t.rank_switch = 1;
  config.organisation = {1, 4, 4, 32768, 1024, 8, 8, false};
  config.rails = {{1.2, 60.75, 38.25, 44.0, 184.5, 168.75, 118.0}, {2.5, 4.05, 0, 0, 0, 0, 0}};
  return config;
}

std::vector<dram_reference> make() {
  const trace_rule sequential = {"sequential read, saturating", false, million, range, 0, 0};
  const trace_rule random = {"uniform random read over 4 GiB, saturating", true, million, range, 0, 0};
  const trace_rule unloaded = {"random read, one every 150 clocks", true, 20000, range, 0, 150};
  const std::string sim3 = "DRAMsim3 @29817593", sys = "DRAMSys 5.1 @6b014671";
  const std::string ddr4 = "DDR4_8Gb_x8_2400", micron = "JEDEC_4Gb_DDR4-2400_8bit_A";
  const std::string sim3_note = "64 bit, 2 ranks, rochrababgco, open page, queues 32 and 8 a bank";
  const std::string sys_note =
      "64 bit, 1 rank, row-bank-bankgroup-column, open page; assumed: queues of 8 a bank and one request before them";
  return {
      {sim3, ddr4, sequential, 14.96, 203, 1646.7, 7.05, dramsim3_ddr4(), sim3_note, ""},
      {sim3, ddr4, random, 16.87, 431, 2683.8, 10.18, dramsim3_ddr4(), sim3_note, ""},
      {sim3, ddr4, unloaded, std::nullopt, 50.9, std::nullopt, std::nullopt, dramsim3_ddr4(), sim3_note, ""},
      {sys, micron, sequential, 12.67, std::nullopt, 1355.6, 6.85, dramsys_ddr4(), sys_note, ""},
      {sys, micron, random, 11.34, std::nullopt, 3338.9, 18.84, dramsys_ddr4(), sys_note, ""},
      {sim3, "LPDDR4_8Gb_x16_2400", sequential, 9.12, 363, std::nullopt, std::nullopt, dramsim3_lpddr4(),
       "32 bit, 2 ranks (4 GiB), rochrababgco, open page, queues 32 and 8 a bank",
       "energy: the source reuses the currents of DDR4 for this device"},
  };
}

}  // namespace

const std::vector<dram_reference>& dram_references() {
  static const std::vector<dram_reference> all = make();
  return all;
}

}  // namespace cimbalom::validate
