#include <fmt/format.h>

#include <iostream>

#include "models/dram/dram.hpp"
#include "models/dram/dram_cost.hpp"
#include "models/interconnect/data_fabric.hpp"
#include "tests/models/dma/dma_bench.hpp"

namespace cimbalom::dma {
namespace {

using registers::dma_descriptor;

interconnect::interconnect_config one_to_one() {
  interconnect::interconnect_config config;
  config.initiators = {"dma"};
  config.targets = {{"dram", 0, std::uint64_t{1} << 30}};
  return config;
}

/// The DMA of the default platform with its fabric and memory.
struct memory_bench : testing_support::dma_bench {
  memory_bench(const sc_core::sc_module_name& name, const dma_config& config)
      : dma_bench(name, config),
        fabric("fabric", one_to_one(), sink),
        memory("dram", dram::make_dram_config("lpddr4-3200"), sink),
        dma_link("dma_link", {false, true, true}),
        dram_link("dram_link", {false, true, true}) {
    unit.memory.bind(dma_link.from_initiator);
    dma_link.to_target.bind(fabric.from(0));
    fabric.to(0).bind(dram_link.from_initiator);
    dram_link.to_target.bind(memory.memory);
  }

  interconnect::data_fabric fabric;
  dram::dram memory;
  transport::protocol_checker dma_link, dram_link;
};

class dma_copy_rate : public testing_support::simulation_test {
 protected:
  // GB/s of one descriptor from memory to memory, start to interrupt.
  double copy(memory_bench& bench, std::uint32_t bytes) {
    const auto chain = registers::encode(dma_descriptor{0x10'0000, 0x20'0000, 0, bytes, dma_descriptor::flag_last, -1});
    bench.memory.storage().write(0x8000, chain.data(), chain.size());
    std::vector<std::uint8_t> content(bytes), copied(bytes);
    for (std::size_t i = 0; i < bytes; ++i) content[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    bench.memory.storage().write(0x10'0000, content.data(), bytes);
    sc_core::sc_time took;
    run([&] {
      bench.write(registers::dma_register::interrupt_enable, registers::dma_event::done);
      const sc_core::sc_time start = sc_core::sc_time_stamp();
      bench.start(0, 0x8000);
      bench.wait_line();
      took = sc_core::sc_time_stamp() - start;
    });
    bench.memory.storage().read(0x20'0000, copied.data(), bytes);
    EXPECT_EQ(copied, content);
    return bytes / took.to_seconds() * 1e-9;
  }

  // Every byte crosses the memory's bus twice.
  static double bound(const memory_bench& bench) { return dram::peak_bytes_per_second(bench.memory.config()) * 0.5e-9; }
};

TEST_F(dma_copy_rate, is_near_what_the_memorys_bus_allows) {
  memory_bench bench("bench", {});
  const double rate = copy(bench, 1 << 18);
  std::cout << fmt::format("{:.2f} GB/s of {:.2f}\n", rate, bound(bench));
  EXPECT_GT(rate, 0.8 * bound(bench));
  EXPECT_LE(rate, bound(bench));
}

TEST_F(dma_copy_rate, falls_with_short_bursts_and_few_credits) {
  dma_config config;
  config.burst_bytes = 64;
  config.max_outstanding = 2;
  memory_bench bench("bench", config);
  const double rate = copy(bench, 1 << 16);
  std::cout << fmt::format("{:.2f} GB/s of {:.2f}\n", rate, bound(bench));
  EXPECT_LT(rate, 0.5 * bound(bench));
}

}  // namespace
}  // namespace cimbalom::dma
