#include "models/dram/dram.hpp"

#include <random>

#include "models/dram/dram_cost.hpp"
#include "models/tlm/memory_port.hpp"
#include "models/tlm/protocol_checker.hpp"
#include "tests/support/simulation_test.hpp"
#include "tests/support/target_conformance.hpp"

namespace cimbalom::dram {
namespace {

using testing_support::test_initiator;

template <typename Initiator>
struct bench : sc_core::sc_module {
  template <typename... Arguments>
  explicit bench(const sc_core::sc_module_name& name, const dram_config& config, const Arguments&... arguments)
      : sc_core::sc_module(name),
        initiator("initiator", arguments..., 0U),
        checker("checker", {false, true, true}),
        target("dram", config, sink) {
    socket_of(initiator).bind(checker.from_initiator);
    checker.to_target.bind(target.memory);
  }
  static ::tlm::tlm_initiator_socket<32>& socket_of(test_initiator& who) { return who.socket; }
  static ::tlm::tlm_initiator_socket<32>& socket_of(transport::memory_port& who) { return who; }

  energy::null_sink sink;
  Initiator initiator;
  transport::protocol_checker checker;
  dram target;
};

class dram_test : public testing_support::simulation_test {};

TEST_F(dram_test, conforms) {
  struct direct : sc_core::sc_module {
    explicit direct(const sc_core::sc_module_name& name)
        : sc_core::sc_module(name), initiator("initiator"), target("dram", make_dram_config("ddr4-2400"), sink) {
      initiator.socket.bind(target.memory);
    }
    energy::null_sink sink;
    test_initiator initiator;
    dram target;
  } d("direct");
  run([&] {
    testing_support::check_target_conformance(d.initiator, {0, d.target.config().size_bytes(), 0x1000, true});
  });
  d.target.settle();
  EXPECT_EQ(d.target.statistics().errors, 7U);
}

TEST_F(dram_test, an_idle_read_takes_the_clocks_of_the_data_sheet) {
  const dram_config config = make_dram_config("ddr4-2400");
  bench<test_initiator> b("bench", config);
  run([&] {
    sc_core::wait(sc_core::sc_time(100 * 833, sc_core::SC_PS));
    const sc_core::sc_time start = sc_core::sc_time_stamp() + sc_core::SC_ZERO_TIME;
    const auto closed = b.initiator.read(0, 64);
    EXPECT_EQ(closed.response_begun - start, sc_core::sc_time(38 * 833, sc_core::SC_PS));
    EXPECT_EQ(closed.request_ended, start) << "the queue has room";
    sc_core::wait(sc_core::sc_time(1000 * 833, sc_core::SC_PS) - sc_core::sc_time_stamp());
    EXPECT_EQ(b.initiator.read(0, 64).response_begun, sc_core::sc_time(1021 * 833, sc_core::SC_PS)) << "row hit";
    sc_core::wait(sc_core::sc_time(2000 * 833, sc_core::SC_PS) - sc_core::sc_time_stamp());
    const std::uint64_t other_row = std::uint64_t{16} * 8192;
    EXPECT_EQ(b.initiator.read(other_row, 64).response_begun, sc_core::sc_time(2055 * 833, sc_core::SC_PS));
  });
}

class dram_channels : public testing_support::simulation_test, public ::testing::WithParamInterface<int> {};

TEST_P(dram_channels, random_traffic_reads_what_was_written) {
  dram_config config = make_dram_config("lpddr4-3200");
  config.channels = GetParam();
  config.queue_depth = 4;
  transport::memory_port_config port;
  port.burst_bytes = 1024;
  bench<transport::memory_port> b("bench", config, port);
  std::vector<unsigned char> model(1 << 16);
  run([&] {
    std::mt19937_64 generator(3);
    for (int i = 0; i < 200; ++i) {
      const std::size_t address = generator() % 60000;
      const std::size_t length = 1 + generator() % 5000;
      std::vector<unsigned char> data(std::min(length, model.size() - address));
      if (generator() % 2 == 0) {
        for (unsigned char& byte : data) byte = static_cast<unsigned char>(generator());
        ASSERT_TRUE(b.initiator.write(address, data.data(), data.size()).ok());
        std::copy(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(address));
      } else {
        ASSERT_TRUE(b.initiator.read(address, data.data(), data.size()).ok());
        ASSERT_TRUE(std::equal(data.begin(), data.end(), model.begin() + static_cast<std::ptrdiff_t>(address)));
      }
    }
  });
  EXPECT_EQ(b.target.open(), 0U);
}

INSTANTIATE_TEST_SUITE_P(counts, dram_channels, ::testing::Values(1, 2, 16));

TEST_F(dram_test, channels_add_up) {
  dram_config config = make_dram_config("lpddr4-3200");
  transport::memory_port_config port;
  port.burst_bytes = 256;
  port.max_outstanding_reads = 32;
  bench<transport::memory_port> one("one", config, port);
  config.channels = 2;
  bench<transport::memory_port> two("two", config, port);
  std::vector<double> took_ns;
  run([&] {
    std::vector<unsigned char> data(1 << 18);
    for (transport::memory_port* initiator : {&one.initiator, &two.initiator}) {
      const sc_core::sc_time start = sc_core::sc_time_stamp() + sc_core::SC_ZERO_TIME;
      EXPECT_TRUE(initiator->read(0, data.data(), data.size()).ok());
      took_ns.push_back((sc_core::sc_time_stamp() - start).to_seconds() * 1e9);
    }
  });
  EXPECT_GT(took_ns[0] / took_ns[1], 1.8);
  const double gb_s = (1 << 18) / took_ns[0];
  EXPECT_GT(gb_s, 5.5);
  EXPECT_LT(gb_s, 6.4);
}

// The most transactions that a read of 4 KiB with eight bursts in flight puts into the queue.
class dram_queue : public dram_test {
 protected:
  std::uint64_t most_queued(const dram_config& config) {
    transport::memory_port_config port;
    port.max_outstanding_reads = 8;
    bench<transport::memory_port> b("bench", config, port);
    struct depth : transport::observer {
      void changed(const transport::observed_base& source, const sc_core::sc_time&) override {
        most = std::max(most, source.bits());
      }
      std::uint64_t most = 0;
    } watch;
    for (transport::observed_base* value : transport::observed_values(&b.target)) {
      if (std::string(value->basename()) == "queue") value->attach(watch);
    }
    run([&] {
      std::vector<unsigned char> data(4096);
      EXPECT_TRUE(b.initiator.read(0, data.data(), data.size()).ok());
    });
    EXPECT_EQ(b.target.open(), 0U);
    return watch.most;
  }
};

TEST_F(dram_queue, holds_the_request_channel_when_it_is_full) {
  dram_config config = make_dram_config("lpddr4-3200");
  config.queue_depth = 1;
  EXPECT_EQ(most_queued(config), 2U) << "one in the controller, one whose END_REQ waits";
}

TEST_F(dram_queue, may_count_only_what_waits_before_the_bank_queues) {
  dram_config config = make_dram_config("lpddr4-3200");
  config.queue_depth = 1;
  config.bank_queue_depth = 2;
  config.queue_counts = queue_rule::before_bank_queues;
  EXPECT_GT(most_queued(config), 2U) << "what has its column command, or a place in its bank's queue, does not count";
}

TEST_F(dram_test, every_preset_answers_after_its_unloaded_clocks) {
  struct system : sc_core::sc_module {
    system(const sc_core::sc_module_name& name, const dram_config& config)
        : sc_core::sc_module(name), initiator("initiator"), target("dram", config, sink) {
      initiator.socket.bind(target.memory);
    }
    energy::null_sink sink;
    test_initiator initiator;
    dram target;
  };
  std::vector<std::unique_ptr<system>> systems;
  for (const char* preset : {"ddr4-2400", "ddr4-3200", "lpddr4-3200", "lpddr5-6400", "hbm2"}) {
    dram_config config = make_dram_config(preset);
    config.accept_missing = true;
    systems.push_back(std::make_unique<system>(sc_core::sc_gen_unique_name("system"), config));
  }
  run([&] {
    for (const std::unique_ptr<system>& one : systems) {
      const dram_config& config = one->target.config();
      const sc_core::sc_time clock(config.timing.clock_ps, sc_core::SC_PS);
      const std::uint64_t past = sc_core::sc_time_stamp().value() / clock.value();
      const sc_core::sc_time start = clock * static_cast<double>(past + 1);
      sc_core::wait(start - sc_core::sc_time_stamp());
      const auto answer = one->initiator.read(0, static_cast<unsigned>(config.burst_bytes()));
      EXPECT_EQ(answer.response_begun - start, clock * unloaded_clocks(config, false).row_closed) << config.preset;
    }
  });
}

TEST_F(dram_test, shows_its_banks) {
  bench<test_initiator> b("bench", make_dram_config("ddr4-2400"));
  struct recorder : transport::observer {
    void changed(const transport::observed_base& source, const sc_core::sc_time& when) override {
      seen.push_back(std::string(source.label()) + "@" + std::to_string(when.value() / 833));
    }
    std::vector<std::string> seen;
  } watch;
  for (transport::observed_base* value : transport::observed_values(&b.target)) {
    if (std::string(value->basename()) == "channel0_bank0") value->attach(watch);
  }
  run([&] { b.initiator.read(0, 64); });
  EXPECT_EQ(watch.seen, (std::vector<std::string>{"open@0", "reading@17", "open@21"}));
}

}  // namespace
}  // namespace cimbalom::dram
