#include "models/processor/processor.hpp"

#include <map>
#include <stdexcept>

#include "models/dma/dma.hpp"
#include "models/dram/dram.hpp"
#include "models/interconnect/control_fabric.hpp"
#include "models/interconnect/data_fabric.hpp"
#include "models/registers/dma_registers.hpp"
#include "models/registers/memory_map.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/simulation_test.hpp"

namespace cimbalom::processor {
namespace {

using registers::access_status;
using registers::host_port;
using transport::protocol_checker;

struct bench_config {
  processor_config processor;
  std::string preset = "lpddr4-3200";
};

/// Processor, both fabrics, DRAM and DMA, with a checker on every link.
struct bench : sc_core::sc_module {
  bench(const sc_core::sc_module_name& name, const bench_config& config, processor::program software)
      : sc_core::sc_module(name),
        memory_config(dram::make_dram_config(config.preset)),
        host("processor", config.processor, sink, std::move(software)),
        copier("dma", copier_config(), sink),
        memory("dram", memory_config, sink),
        data("data", data_config(memory_config), sink),
        control("control", control_config()),
        links{std::make_unique<protocol_checker>("processor_control"),
              std::make_unique<protocol_checker>("dma_control"),
              std::make_unique<protocol_checker>("processor_memory", data_rules()),
              std::make_unique<protocol_checker>("dma_memory", data_rules()),
              std::make_unique<protocol_checker>("dram_memory", data_rules())},
        dma_line("dma_line"),
        idle_line("idle_line") {
    host.control.bind(links[0]->from_initiator);
    links[0]->to_target.bind(control.from(0));
    control.to(0).bind(links[1]->from_initiator);
    links[1]->to_target.bind(copier.control);
    host.memory.bind(links[2]->from_initiator);
    links[2]->to_target.bind(data.from(0));
    copier.memory.bind(links[3]->from_initiator);
    links[3]->to_target.bind(data.from(1));
    data.to(0).bind(links[4]->from_initiator);
    links[4]->to_target.bind(memory.memory);
    copier.interrupt.bind(dma_line);
    host.interrupts[0].bind(dma_line);
    host.interrupts[1].bind(idle_line);
  }

  static protocol_checker::rules data_rules() { return {true, true, true}; }
  static dma::dma_config copier_config() {
    dma::dma_config config;
    config.initiator = 1;
    return config;
  }
  static interconnect::interconnect_config data_config(const dram::dram_config& memory) {
    interconnect::interconnect_config config;
    config.initiators = {"processor", "dma"};
    config.targets = {{"dram", registers::dram_base, memory.size_bytes()}};
    return config;
  }
  static interconnect::control_fabric_config control_config() {
    interconnect::control_fabric_config config;
    config.initiators = {"processor"};
    config.targets = {{"dma", registers::dma_base, registers::register_window_bytes}};
    return config;
  }

  energy::null_sink sink;
  dram::dram_config memory_config;
  processor host;
  dma::dma copier;
  dram::dram memory;
  interconnect::data_fabric data;
  interconnect::control_fabric control;
  std::unique_ptr<protocol_checker> links[5];
  sc_core::sc_signal<bool> dma_line, idle_line;
};

void copy_by_dma(host_port& port) {
  std::vector<unsigned char> data(5000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<unsigned char>(i * 31);
  ASSERT_EQ(port.write_memory(registers::dram_base + 0x123, data.data(), data.size()), access_status::ok);
  registers::dma_descriptor descriptor;
  descriptor.source = registers::dram_base + 0x123;
  descriptor.destination = registers::dram_base + 0x10'0000;
  descriptor.length = 5000;
  descriptor.flags = registers::dma_descriptor::flag_last;
  const auto bytes = registers::encode(descriptor);
  ASSERT_EQ(port.write_memory(registers::dram_base, bytes.data(), bytes.size()), access_status::ok);
  const std::uint64_t channel = registers::dma_base + registers::dma_channel_at(0);
  namespace reg = registers::dma_register;
  ASSERT_EQ(port.write_register(registers::dma_base + reg::interrupt_enable, registers::dma_event::all),
            access_status::ok);
  ASSERT_EQ(port.write_register(channel + reg::descriptor_low, static_cast<std::uint32_t>(registers::dram_base)),
            access_status::ok);
  port.instructions(100);
  ASSERT_EQ(port.write_register(channel + reg::channel_control, registers::dma_control::start), access_status::ok);
  ASSERT_EQ(port.wait_interrupt(3), registers::dma_interrupt_line);
  ASSERT_EQ(port.read_register(registers::dma_base + reg::status).value, registers::dma_event::done);
  ASSERT_EQ(port.write_register(registers::dma_base + reg::status, registers::dma_event::done), access_status::ok);
  std::vector<unsigned char> back(5000);
  ASSERT_EQ(port.read_memory(registers::dram_base + 0x10'0000, back.data(), back.size()), access_status::ok);
  EXPECT_EQ(back, data);
}

class processor_test : public testing_support::simulation_test {};

TEST_F(processor_test, host_software_drives_the_dma) {
  bench b("bench", {}, copy_by_dma);
  run();
  EXPECT_TRUE(b.host.finished());
  EXPECT_EQ(b.host.failure(), nullptr);
  EXPECT_FALSE(b.copier.busy());
  EXPECT_EQ(b.memory.open() + b.data.open(), 0U);
  b.memory.settle();
  const dram::dram_statistics dram = b.memory.statistics();
  EXPECT_EQ(dram.write_bytes, 5000U + 32 + 5000);
  EXPECT_EQ(dram.read_bytes, 32U + 5000 + 5000);
  EXPECT_EQ(b.data.statistics().initiators[1].read_bytes, 5032U);
  EXPECT_EQ(b.host.statistics().interrupt_waits, 1U);
}

TEST_F(processor_test, a_larger_quantum_keeps_the_order_of_accesses) {
  bench_config config;
  config.processor.quantum_ns = 10'000;
  bench b("bench", config, copy_by_dma);
  run();
  EXPECT_TRUE(b.host.finished());
  EXPECT_EQ(b.host.failure(), nullptr);
}

TEST_F(processor_test, time_and_energy_of_instructions_and_registers) {
  bench_config config;
  config.processor.cycles_per_instruction = 2;
  std::vector<std::uint64_t> times;
  bench b("bench", config, [&](host_port& port) {
    port.instructions(50);
    times.push_back(port.now_ps());
    EXPECT_EQ(port.read_register(registers::dma_base).value, registers::dma_id);
    times.push_back(port.now_ps());
  });
  run();
  EXPECT_EQ(times[0], 50U * 2 * 2000);
  EXPECT_EQ(times[1] - times[0], 4U * 2000 + 1 * 2000) << "control fabric 4 cycles, DMA 1 cycle";
  EXPECT_EQ(b.host.statistics().instructions, 50U);
  EXPECT_EQ(b.host.statistics().instruction_ps, 200'000U);
  EXPECT_EQ(b.host.statistics().register_ps, 10'000U);
}

TEST_F(processor_test, bad_accesses_come_back_as_errors) {
  bench b("bench", {}, [](host_port& port) {
    EXPECT_EQ(port.read_register(0x1234'5678).status, access_status::address_error);
    EXPECT_EQ(port.write_register(registers::dma_base, 1), access_status::command_error);
    EXPECT_EQ(port.write_register(registers::dma_base + 0x104, 1), access_status::command_error);
    char byte = 0;
    EXPECT_EQ(port.read_memory(0x10, &byte, 1), access_status::address_error);
    EXPECT_EQ(port.write_memory(registers::dram_base + (std::uint64_t{1} << 30) - 1, &byte, 1), access_status::ok);
    EXPECT_EQ(port.write_memory(registers::dram_base + (std::uint64_t{1} << 30), &byte, 1),
              access_status::address_error);
    EXPECT_EQ(port.wait_interrupt(0), 0U) << "no line: it does not wait";
  });
  run();
  EXPECT_TRUE(b.host.finished());
  EXPECT_EQ(b.host.statistics().errors, 5U);
}

TEST_F(processor_test, an_exception_of_the_program_ends_it) {
  bench b("bench", {}, [](host_port& port) {
    port.instructions(1);
    throw std::runtime_error("driver error");
  });
  run();
  EXPECT_TRUE(b.host.finished());
  EXPECT_THROW(std::rethrow_exception(b.host.failure()), std::runtime_error);
}

/// The history of every value, by its name below the bench. (The order of different values at one time is the
/// kernel's affair.)
struct recorder : transport::observer {
  void changed(const transport::observed_base& source, const sc_core::sc_time& when) override {
    histories[std::string(source.name()).substr(1)] +=
        std::to_string(when.value()) + '=' + std::to_string(source.bits()) + ' ';
  }
  std::map<std::string, std::string> histories;
};

// The two share a kernel, so their processes are interleaved differently: nothing may depend on that.
TEST_F(processor_test, two_runs_are_identical) {
  recorder first, second;
  std::vector<std::uint64_t> ends(2);
  bench a("a", {}, [&](host_port& port) { copy_by_dma(port), ends[0] = port.now_ps(); });
  bench b("b", {}, [&](host_port& port) { copy_by_dma(port), ends[1] = port.now_ps(); });
  for (transport::observed_base* value : transport::observed_values(&a)) value->attach(first);
  for (transport::observed_base* value : transport::observed_values(&b)) value->attach(second);
  run();
  EXPECT_GT(ends[0], 0U);
  EXPECT_EQ(ends[0], ends[1]);
  EXPECT_GT(first.histories.size(), 10U);
  EXPECT_EQ(first.histories, second.histories);
}

}  // namespace
}  // namespace cimbalom::processor
