#include "models/dram/dram_config.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::dram {

namespace {

dram_config ddr4_2400() {
  dram_config config;
  config.preset = "ddr4-2400";
  // 8 Gb x8 devices, eight of them in one rank: 64 bit, 8 GiB. Turnaround: JEDEC JESD79-4, RL + BL/2 - WL + 2.
  // The source rounds the clock to 0.83 ns; 2400 MT/s is 0.833 ns.
  config.source = "umd-memsys/DRAMsim3 configs/DDR4_8Gb_x8_2400.ini @29817593b338 (MIT), IPP excluded";
  dram_timing& t = config.timing;
  t.clock_ps = 833;
  t.burst_length = 8;
  t.read_latency = 17;
  t.write_latency = 12;
  t.rcd = 17;
  t.rp = 17;
  t.rp_all = 17;
  t.ras = 39;
  t.rc = 56;
  t.wr = 18;
  t.wtr_short = 3;
  t.wtr_long = 9;
  t.rtp = 9;
  t.rrd_short = 4;
  t.rrd_long = 6;
  t.faw = 26;
  t.ccd_short = 4;
  t.ccd_long = 6;
  t.rfc = 420;
  t.refi = 9360;
  t.read_to_write_extra = 2;
  t.rank_switch = 1;
  config.organisation = {1, 4, 4, 65536, 1024, 8, 8, false};
  config.rails = {{1.2, 48, 34, 43, 135, 123, 250}};
  return config;
}

dram_config ddr4_3200() {
  dram_config config;
  config.preset = "ddr4-3200";
  // As ddr4-2400; the source rounds the clock to 0.63 ns, 3200 MT/s is 0.625 ns.
  config.source = "umd-memsys/DRAMsim3 configs/DDR4_8Gb_x8_3200.ini @29817593b338 (MIT), IPP excluded";
  dram_timing& t = config.timing;
  t.clock_ps = 625;
  t.burst_length = 8;
  t.read_latency = 22;
  t.write_latency = 16;
  t.rcd = 22;
  t.rp = 22;
  t.rp_all = 22;
  t.ras = 52;
  t.rc = 74;
  t.wr = 24;
  t.wtr_short = 4;
  t.wtr_long = 12;
  t.rtp = 12;
  t.rrd_short = 4;
  t.rrd_long = 8;
  t.faw = 34;
  t.ccd_short = 4;
  t.ccd_long = 8;
  t.rfc = 560;
  t.refi = 12480;
  t.read_to_write_extra = 2;
  t.rank_switch = 1;
  config.organisation = {1, 4, 4, 65536, 1024, 8, 8, false};
  config.rails = {{1.2, 57, 37, 52, 168, 150, 250}};
  return config;
}

dram_config lpddr4_3200() {
  dram_config config;
  config.preset = "lpddr4-3200";
  // One 8 Gb x16 channel, 1 GiB. read_latency is RL 28 + tDQSCK 6; write_latency is WL 14 + tDQSS 1; the gap from read
  // to write data makes RD to WR = RL + tDQSCK + BL/2 - WL + tWPRE 2 = 30 clocks. rp is tRPpb, rp_all tRPab.
  config.source = "tukl-msd/DRAMSys configs/memspec/JEDEC_8Gb_LPDDR4-3200_16bit.json @210796612853 (BSD-3-Clause)";
  dram_timing& t = config.timing;
  t.clock_ps = 625;
  t.burst_length = 16;
  t.read_latency = 34;
  t.write_latency = 15;
  t.rcd = 29;
  t.rp = 29;
  t.rp_all = 34;
  t.ras = 68;
  t.rc = 97;
  t.wr = 29;
  t.wtr_short = 16;
  t.wtr_long = 16;
  t.rtp = 12;
  t.rrd_short = 16;
  t.rrd_long = 16;
  t.faw = 64;
  t.ccd_short = 8;
  t.ccd_long = 8;
  t.rfc = 448;
  t.refi = 6246;
  t.ppd = 4;
  t.read_to_write_extra = 3;
  t.rank_switch = 1;
  config.organisation = {1, 1, 8, 65536, 1024, 16, 1, false};
  config.rails = {{1.8, 3.5, 2.0, 2.25, 2.25, 2.25, 10.0},
                  {1.1, 45.0, 27.0, 30.0, 275.0, 210.0, 90.0},
                  {1.1, 0.75, 0.75, 0.75, 150.0, 55.0, 0.75}};
  return config;
}

dram_config lpddr5_6400() {
  dram_config config;
  config.preset = "lpddr5-6400";
  // One 8 Gb x16 channel in bank-group mode, bursts of 16: 1 GiB, 12.8 GB/s. Clocks are of CK (800 MHz); data run at
  // four times that, both edges. From ns, rounded up: tRRD 5, tFAW 20, tRFCab 210; rounded down: tREFI 3906. The gap
  // from read to write data and the geometry (2 KiB rows, 16 banks) are those of gem5.
  config.source =
      "CMU-SAFARI/ramulator2 python/ramulator/dram/lpddr5.py @c5b1c3a478b6 (MIT; cites JESD209-5B); gem5 "
      "src/mem/DRAMInterface.py LPDDR5_6400_1x16_BG_BL16 @b1a44b89c7ba (BSD-3-Clause)";
  dram_timing& t = config.timing;
  t.clock_ps = 1250;
  t.burst_length = 16;
  t.beats_per_clock = 8;
  t.read_latency = 17;
  t.write_latency = 9;
  t.rcd = 15;
  t.rp = 15;
  t.rp_all = 17;
  t.ras = 34;
  t.rc = 49;
  t.wr = 28;
  t.wtr_short = 5;
  t.wtr_long = 10;
  t.rtp = 8;
  t.rrd_short = 4;
  t.rrd_long = 4;
  t.faw = 16;
  t.ccd_short = 2;
  t.ccd_long = 4;
  t.rfc = 168;
  t.refi = 3124;
  t.ppd = 2;
  t.read_to_write_extra = 1;
  t.rank_switch = 2;
  config.organisation = {1, 4, 4, 32768, 1024, 16, 1, false};
  config.missing = {"supply currents (its energy is told as 0)"};
  return config;
}

dram_config hbm2() {
  dram_config config;
  config.preset = "hbm2";
  // A stack of four 8 Gb dies, 2 Gb/s a pin: eight channels of 128 bit, 4 GiB, 256 GB/s. The source's tRTP and tWTR of
  // the same bank group; its gap from read to write data is tRPRE. It tells no gap between ranks: one rank a channel.
  // Its currents give 1.6 pJ/bit for a read, array alone; published totals are 3.9 (MICRO 2017) and more.
  config.source = "umd-memsys/DRAMsim3 configs/HBM2_8Gb_x128.ini @29817593b338 (MIT)";
  config.channels = 8;
  config.queue_depth = 256;  // 32 a channel
  dram_timing& t = config.timing;
  t.clock_ps = 1000;
  t.burst_length = 4;
  t.read_latency = 14;
  t.write_latency = 4;
  t.rcd = 14;
  t.rp = 14;
  t.rp_all = 14;
  t.ras = 34;
  t.rc = 48;
  t.wr = 16;
  t.wtr_short = 6;
  t.wtr_long = 8;
  t.rtp = 6;
  t.rrd_short = 4;
  t.rrd_long = 6;
  t.faw = 30;
  t.ccd_short = 1;
  t.ccd_long = 2;
  t.rfc = 260;
  t.refi = 3900;
  t.read_to_write_extra = 1;
  config.organisation = {1, 4, 4, 32768, 64, 128, 1, true};
  config.rails = {{1.2, 65, 40, 55, 390, 500, 250}};
  return config;
}

dram_config ideal() {
  dram_config config = lpddr4_3200();
  config.preset = "ideal";
  config.source = "no device: answers at once, at any rate; for comparison only";
  config.ideal = true;
  config.timing.refi = 0;
  config.rails.clear();
  return config;
}

}  // namespace

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = {"ddr4-2400",   "ddr4-3200", "lpddr4-3200",
                                                 "lpddr5-6400", "hbm2",      "ideal"};
  return names;
}

dram_config make_dram_config(const std::string& preset) {
  if (preset == "ddr4-2400") return ddr4_2400();
  if (preset == "ddr4-3200") return ddr4_3200();
  if (preset == "lpddr4-3200") return lpddr4_3200();
  if (preset == "lpddr5-6400") return lpddr5_6400();
  if (preset == "hbm2") return hbm2();
  if (preset == "ideal") return ideal();
  std::string allowed = "must be one of";
  for (const std::string& name : preset_names()) allowed += " " + name;
  throw bad_input({}, "dram.preset", preset, allowed);
}

}  // namespace cimbalom::dram
