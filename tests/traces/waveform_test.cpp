#include "traces/waveform.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "platform/configuration/error.hpp"
#include "tests/models/cim/accelerator_bench.hpp"
#include "tests/traces/scratch.hpp"
#include "tests/traces/vcd_reader.hpp"
#include "traces/transaction_recorder.hpp"

namespace cimbalom::traces {
namespace {

namespace reg = registers::accelerator_register;
using ::testing::HasSubstr;
using testing_support::accelerator_bench;
using testing_support::read_vcd;
using testing_support::scratch;
using testing_support::text_of;
using testing_support::tiny_layer;
using testing_support::vcd_change;

TEST(glob, stars_stay_in_a_level_unless_doubled) {
  EXPECT_TRUE(matches("a.*.state", "a.b.state"));
  EXPECT_FALSE(matches("a.*.state", "a.b.c.state"));
  EXPECT_TRUE(matches("a.**.state", "a.b.c.state"));
  EXPECT_TRUE(matches("**", "a.b.c"));
  EXPECT_TRUE(matches("**.bank?.state", "a.macro0.bank3.state"));
  EXPECT_FALSE(matches("**.bank?.state", "a.bank10.state"));
  EXPECT_FALSE(matches("a?b", "a.b"));
  EXPECT_FALSE(matches("a", "ab"));
  EXPECT_TRUE(matches("", ""));
}

class waveform_test : public testing_support::simulation_test {
 protected:
  void run_tiny(accelerator_bench& bench) {
    tiny_layer layer;
    layer.rows = 4;
    layer.place(bench.memory.bytes, {}, 1);
    run([&] {
      bench.set_up_ring(16);
      auto commands = layer.commands();
      commands.push_back(testing_support::fence(1));
      bench.submit(commands);
      bench.wait_interrupt();
    });
  }
};

// To record anew after a change that is meant: CIMBALOM_UPDATE_GOLDEN=1.
TEST_F(waveform_test, a_tiny_run_looks_as_it_always_did) {
  const std::string path = scratch("tiny.vcd");
  accelerator_bench bench("bench", {});
  {
    waveform wave({path, {"**"}, {}});
    run_tiny(bench);
  }
  const std::string golden = std::string(CIMBALOM_GOLDEN_DIR) + "/tiny.vcd";
  if (std::getenv("CIMBALOM_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << text_of(path);
  const std::vector<vcd_change> expected = read_vcd(golden), got = read_vcd(path);
  ASSERT_GT(expected.size(), 100U);
  const auto [mine, theirs] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  if (mine != got.end() || theirs != expected.end()) {
    FAIL() << "first difference: now " << (mine == got.end() ? vcd_change{} : *mine) << ", golden "
           << (theirs == expected.end() ? vcd_change{} : *theirs);
  }
  EXPECT_LT(text_of(golden).size(), 200'000U);
}

TEST_F(waveform_test, gtkwave_reads_the_file) {
  if (std::system("command -v vcd2fst > /dev/null 2>&1") != 0) GTEST_SKIP() << "no vcd2fst (package gtkwave)";
  const std::string path = scratch("gtkwave.vcd"), fst = scratch("gtkwave.fst"), log = scratch("gtkwave.log");
  accelerator_bench bench("bench", {});
  {
    waveform wave({path, {"**"}, {}});
    run_tiny(bench);
  }
  EXPECT_EQ(std::system(("vcd2fst " + path + ' ' + fst + " > " + log + " 2>&1").c_str()), 0);
  EXPECT_GT(text_of(fst).size(), 100U);
  EXPECT_EQ(text_of(log).find("Unknown"), std::string::npos) << text_of(log);
  if (std::system("command -v fst2vcd > /dev/null 2>&1") != 0) return;
  const std::string back = scratch("back.vcd");
  ASSERT_EQ(std::system(("fst2vcd " + fst + " -o " + back + " > " + log + " 2>&1").c_str()), 0);
  EXPECT_THAT(text_of(back), HasSubstr("sstreaming")) << "states survive as text";
}

TEST_F(waveform_test, only_what_is_chosen_is_recorded) {
  const std::string path = scratch("chosen.vcd");
  accelerator_bench bench("bench", {});
  {
    waveform wave({path, {"**.macro0.bank?.state", "**.sequencer.*"}, {}});
    EXPECT_THAT(wave.names(), ::testing::ElementsAre(
                                  "bench.accelerator.macro_array.macro0.bank0.state",
                                  "bench.accelerator.macro_array.macro0.bank1.state",
                                  "bench.accelerator.macro_array.macro0.bank2.state",
                                  "bench.accelerator.macro_array.macro0.bank3.state", "bench.accelerator.sequencer.job",
                                  "bench.accelerator.sequencer.fetch", "bench.accelerator.sequencer.dispatch",
                                  "bench.accelerator.sequencer.head", "bench.accelerator.sequencer.tail"));
    run_tiny(bench);
  }
  std::vector<std::string> bank_states;
  for (const vcd_change& each : read_vcd(path)) {
    if (each.name == "bench.accelerator.macro_array.macro0.bank0.state") bank_states.push_back(each.value);
  }
  EXPECT_EQ(bank_states,
            (std::vector<std::string>{"sidle", "sprogram", "sidle", "scompute", "sidle", "scompute", "sidle"}));
}

TEST_F(waveform_test, recording_changes_no_time) {
  accelerator_bench watched("watched", {}), alone("alone", {});
  waveform wave({scratch("same.vcd"), {"watched.**"}, {}});
  std::vector<std::uint64_t> took;
  run([&] {
    for (accelerator_bench* bench : {&watched, &alone}) {
      const tiny_layer layer;
      layer.place(bench->memory.bytes, {}, 1);
      bench->set_up_ring(16);
      auto commands = layer.commands();
      commands.push_back(testing_support::fence(1));
      bench->put(commands);
      const std::uint64_t now = sc_core::sc_time_stamp().value();
      sc_core::wait(sc_core::sc_time::from_value((now / 1'000'000 + 1) * 1'000'000 - now));  // the same clock phase
      bench->submit({});
      bench->wait_interrupt();
      took.push_back(bench->accelerator.statistics().job_ps);
    }
  });
  EXPECT_EQ(took.at(0), took.at(1));
}

TEST_F(waveform_test, a_pattern_without_signals_is_refused) {
  accelerator_bench bench("bench", {});
  try {
    waveform wave({scratch("none.vcd"), {"**.statte"}, {}});
    FAIL() << "accepted";
  } catch (const input_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("vcd signals = **.statte"));
  }
}

TEST_F(waveform_test, the_layout_lists_every_signal_in_groups) {
  accelerator_bench bench("bench", {});
  const std::string layout = scratch("layout.gtkw");
  {
    waveform wave({scratch("layout.vcd"), {"**.sequencer.*", "**.registers"}, {}});
    wave.write_layout(layout, "waves.vcd");
  }
  const std::string text = text_of(layout);
  EXPECT_THAT(text, HasSubstr("[dumpfile] \"waves.vcd\"\n"));
  EXPECT_THAT(text, HasSubstr("@800200\n-bench.accelerator.sequencer\n@28\nbench.accelerator.sequencer.job\n"));
  EXPECT_THAT(text, HasSubstr("@420\nbench.accelerator.sequencer.head[31:0]\n"));
  EXPECT_THAT(text, HasSubstr("@1000200\n-bench.accelerator.sequencer\n"));
}

// The layout that is delivered: every signal in it exists, with its width.
TEST_F(waveform_test, the_delivered_layout_names_signals_that_exist) {
  accelerator_bench bench("bench", {});
  std::map<std::string, int> widths;
  for (const transport::observed_base* source : transport::observed_values()) {
    const bool vector = source->type() == transport::value_kind::integer && source->width_bits() > 1;
    widths[source->name()] = vector ? source->width_bits() : 1;
  }
  const std::string prefix = "system.accelerator0.";
  std::istringstream layout(text_of(CIMBALOM_LAYOUT));
  std::string line;
  int found = 0;
  while (std::getline(layout, line)) {
    if (line.rfind(prefix, 0) != 0) continue;
    ++found;
    std::string name = "bench.accelerator." + line.substr(prefix.size());
    int width = 1;
    const std::size_t bracket = name.find('[');
    if (bracket != std::string::npos) {
      width = std::stoi(name.substr(bracket + 1)) + 1;
      name.resize(bracket);
    }
    ASSERT_EQ(widths.count(name), 1U) << line;
    EXPECT_EQ(widths[name], width) << line;
  }
  EXPECT_GT(found, 40);
}

// The recorder between an initiator and a memory.
TEST_F(waveform_test, the_recorder_writes_every_transaction_with_its_times) {
  const std::string path = scratch("recorded.csv");
  transaction_log log(path);
  transaction_recorder recorder("recorder", log);
  testing_support::test_initiator initiator("initiator", 6);
  testing_support::port_memory memory("memory", 1, 0x8000'0000, 4096);
  initiator.layer = 2;
  initiator.socket.bind(recorder.from_initiator);
  recorder.to_target.bind(*memory.ports[0]);
  run([&] {
    EXPECT_EQ(initiator.write(0x8000'0010, {1, 2, 3, 4}).status, ::tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(initiator.read(0x9000'0000, 8).status, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
    ::tlm::tlm_generic_payload blocking;
    std::uint8_t data[2] = {};
    blocking.set_command(::tlm::TLM_READ_COMMAND);
    blocking.set_address(0x8000'0010);
    blocking.set_data_ptr(data);
    blocking.set_data_length(2);
    blocking.set_streaming_width(2);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    initiator.blocking(blocking, delay);
    EXPECT_EQ(data[1], 2);
  });
  log.flush();
  EXPECT_EQ(text_of(path), std::string(transaction_log::header) +
                               "0,2000,42000,42000,recorder,6,2,write,0x80000010,4,ok\n"
                               "42000,44000,84000,84000,recorder,6,2,read,0x90000000,8,address error\n"
                               "84000,126000,126000,126000,recorder,0,-1,read,0x80000010,2,ok\n");
}

}  // namespace
}  // namespace cimbalom::traces
