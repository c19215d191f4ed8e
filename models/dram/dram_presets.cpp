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
  t.ras = 39;
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
  config.organisation = {1, 4, 4, 65536, 1024, 8, 8};
  config.rails = {{1.2, 48, 34, 43, 135, 123, 250}};
  return config;
}

dram_config lpddr4_3200() {
  dram_config config;
  config.preset = "lpddr4-3200";
  // One 8 Gb x16 channel, 1 GiB. read_latency is RL 28 + tDQSCK 6; write_latency is WL 14 + tDQSS 1; the gap from read
  // to write data makes RD to WR = RL + tDQSCK + BL/2 - WL + tWPRE 2 = 30 clocks. rp is the per-bank value.
  config.source = "tukl-msd/DRAMSys configs/memspec/JEDEC_8Gb_LPDDR4-3200_16bit.json @210796612853 (BSD-3-Clause)";
  dram_timing& t = config.timing;
  t.clock_ps = 625;
  t.burst_length = 16;
  t.read_latency = 34;
  t.write_latency = 15;
  t.rcd = 29;
  t.rp = 29;
  t.ras = 68;
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
  t.read_to_write_extra = 3;
  t.rank_switch = 1;
  config.organisation = {1, 1, 8, 65536, 1024, 16, 1};
  config.rails = {{1.8, 3.5, 2.0, 2.25, 2.25, 2.25, 10.0},
                  {1.1, 45.0, 27.0, 30.0, 275.0, 210.0, 90.0},
                  {1.1, 0.75, 0.75, 0.75, 150.0, 55.0, 0.75}};
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
  static const std::vector<std::string> names = {"ddr4-2400", "lpddr4-3200", "ideal"};
  return names;
}

dram_config make_dram_config(const std::string& preset) {
  if (preset == "ddr4-2400") return ddr4_2400();
  if (preset == "lpddr4-3200") return lpddr4_3200();
  if (preset == "ideal") return ideal();
  std::string allowed = "must be one of";
  for (const std::string& name : preset_names()) allowed += " " + name;
  throw bad_input({}, "dram.preset", preset, allowed);
}

}  // namespace cimbalom::dram
