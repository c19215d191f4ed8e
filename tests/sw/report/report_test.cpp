#include "sw/report/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "platform/configuration/technology.hpp"
#include "sw/report/figures.hpp"
#include "sw/report/sha256.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::report {
namespace {

runtime::layer_result layer(const std::string& name, std::uint64_t macs) {
  runtime::layer_result l;
  l.name = name;
  l.kind = "mvm";
  l.macs = l.executed_macs = macs;
  l.conversions = 500;
  l.compute_bound_ps = 5000000;
  l.stall_ps = {{"memory", 1250}};
  l.end_ps = l.latency_ps = 5000000;
  l.used_cell_bits = 90;
  l.driven_cell_bits = 100;
  l.adc_step_sixteenths = 17;
  l.sqnr_db = std::numeric_limits<double>::quiet_NaN();
  l.activity.conversions = 1000;
  l.activity.clipped = 3;  // in two images
  return l;
}

report_input sample() {
  report_input input;
  input.platform = platform::read_platform("");
  input.input_sha256["model"] = sha256("model");
  input.options["batch"] = json_value::integer(16);
  input.model = {"tiny", sha256("model"), 3000, 120};
  input.costs = platform::load_costs(input.platform);
  runtime::run_result& r = input.result;
  r.layers = {layer("conv, \"first\"", 1000), layer("fc", 2000)};
  r.accuracy = {10, 10, 9, 8, 7, true, true, true};
  r.latency_ps = 12000500;
  r.batch = 16;
  r.batch_ps = 160000000;
  r.compute_bound_ps = 10000000;
  r.banks = 16;
  r.bank_busy_ps = 96000000;
  r.end_to_end_latency_ps = 13000000;
  r.phase_ps = {100000000, 20000000, 160000500, 10000000, 109999500};
  r.total_ps = 400000000;
  r.stalls_complete = true;
  r.stall_ps = {{"memory", 2500}, {"host", 1998000}};  // with the bound: the latency
  r.timed_images = 2;
  r.counted_ps = 160000500;
  r.initiators.push_back({"dma", 4, 256, 10, 9, 12.5, 13, 0.5, 100});
  r.dram.commands = {{"activate", 3}, {"read", 8}};
  r.dram.read_bytes = 512;
  input.happened.count(energy::event::adc_conversion, 0, 1000);
  input.happened.count(energy::event::dram_read_burst, 1, 8);
  input.happened.count(energy::event::processor_instruction, energy::no_layer, 5);
  input.happened.elapse(0, 7000001);
  input.happened.elapse(1, 5000499);
  return input;
}

nlohmann::json parsed(const report_input& input) {
  return nlohmann::json::parse(report_json(input).to_text());
}

std::string failure(const report_input& input) {
  try {
    report_json(input);
  } catch (const run_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(json_value, keeps_digits_and_sorts_keys) {
  json_value v;
  v["b"] = json_value::decimal("12345678901234561234567890.000001");
  v["a"].push_back(json_value::text("x\"\n\xff"));
  v["c"].as_object();
  v["d"] = json_value::real(0.1);
  EXPECT_EQ(v.to_text(),
            "{\n  \"a\": [\n    \"x\\\"\\n\xEF\xBF\xBD\"\n  ],\n  \"b\": 12345678901234561234567890.000001,\n"
            "  \"c\": {},\n  \"d\": 0.1\n}\n");
  EXPECT_THROW(json_value::real(std::nan("")), run_error);
}

TEST(sha256, known_answers) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_THROW(sha256_of_file("/no/such/file"), input_error);
}

TEST(report, has_the_keys_of_the_contract) {
  nlohmann::json report = parsed(sample());
  for (const char* key : {"schema_version", "tool", "seed", "command", "config", "model", "accuracy", "performance",
                          "interconnect", "dram", "energy", "area", "memory", "adc", "layers"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
  for (const char* key : {"latency_ns", "throughput_fps", "batch", "effective_gops", "executed_gops", "peak_gops",
                          "macro_utilization", "bank_busy_fraction", "compute_bound_ns", "by_phase", "stall_ns"}) {
    EXPECT_TRUE(report["performance"].contains(key)) << key;
  }
  for (const char* key : {"total_pj", "tops_per_w", "macro_tops_per_w", "edp_pj_ns", "by_component", "by_layer"}) {
    EXPECT_TRUE(report["energy"].contains(key)) << key;
  }
  EXPECT_EQ(report["performance"]["latency_ns"], 12000.5);
  EXPECT_EQ(report["performance"]["throughput_fps"], 100000);
  EXPECT_NEAR(report["performance"]["peak_gops"].get<double>(), 853.3, 0.1);
  EXPECT_EQ(report["accuracy"]["hardware_top1"], 70);
  EXPECT_EQ(report["adc"]["clipped"], 6);
  EXPECT_EQ(report["adc"]["images"], 2);
  EXPECT_EQ(report["adc"]["by_layer"][1]["clipped"], 3);
  EXPECT_EQ(report["config"]["platform"]["macro"]["adc_range"], "calibrated");
  EXPECT_EQ(report["config"]["platform"]["macro"]["adc_bits"], 5);
  EXPECT_EQ(report["config"]["run"]["batch"], 16);
  EXPECT_EQ(report["layers"][0]["adc_step"], 1.0625);
  EXPECT_EQ(report["layers"][0]["group_rows"], 16);
  EXPECT_FALSE(report["layers"][0].contains("sqnr_db"));
  EXPECT_EQ(report["interconnect"]["by_initiator"]["dma"]["latency_ns"]["p99"], 12.5);
}

TEST(report, exact_energies_add_up) {
  const report_input input = sample();
  const figures f(input);
  const std::string text = report_json(input).to_text();
  EXPECT_NE(text.find("\"total_pj\": " + energy::to_picojoules(f.energy.total())), std::string::npos);
  nlohmann::json report = nlohmann::json::parse(text);
  EXPECT_EQ(report["energy"]["by_layer"].size(), 3U);
  EXPECT_EQ(report["energy"]["by_layer"][0]["name"], "(no layer)");
}

TEST(report, layers_are_of_one_image) {
  const report_input input = sample();
  const figures f(input);
  nlohmann::json report = parsed(input);
  const nlohmann::json& first = report["layers"][0];
  EXPECT_EQ(first["executed_macs"], 1000);
  EXPECT_EQ(first["conversions"], 500);
  EXPECT_EQ(first["clipped"], 1.5);
  EXPECT_EQ(first["compute_bound_ns"], 5000);
  EXPECT_DOUBLE_EQ(first["energy_pj"].get<double>(), energy::to_double(f.energy.of_layer(0)) / 2e6);
  EXPECT_EQ(report["performance"]["executed_gops"], 2.0 * 3000 * 100000 / 1e9);
}

TEST(report, phases_are_the_whole_simulation) {
  report_input input = sample();
  input.by_phase.resize(runtime::phase_count);
  input.by_phase[0].elapse(energy::no_layer, 1000000);
  input.by_phase[2] = input.happened;
  nlohmann::json report = parsed(input);
  double time_ns = 0, energy_pj = 0;
  for (const auto& [name, value] : report["performance"]["by_phase"].items()) time_ns += value.get<double>();
  for (const auto& [name, value] : report["energy"]["by_phase"].items()) energy_pj += value.get<double>();
  EXPECT_DOUBLE_EQ(time_ns, report["performance"]["simulated_ns"].get<double>());
  EXPECT_NEAR(energy_pj, report["energy"]["simulation_pj"].get<double>(), 1e-6);
  EXPECT_EQ(report["energy"]["by_phase"]["inference_pj"], report["energy"]["total_pj"]);
  EXPECT_NEAR(report["performance"]["end_to_end_fps"].get<double>(), 16e12 / 190000500, 1e-6);
  input.by_phase[2].elapse(0, 1000000000);
  EXPECT_THAT(failure(input), testing::HasSubstr("the phase inference is not the total"));
}

TEST(report, a_co_design_is_priced_apart_from_inference) {
  report_input input = sample();
  const nlohmann::json without = parsed(input);
  EXPECT_FALSE(without.contains("codesign"));
  input.design = {{"pruning", 1000}, {"mixed", 3000}};
  nlohmann::json report = parsed(input);
  EXPECT_EQ(report["codesign"]["host_instructions"], 4000);
  EXPECT_DOUBLE_EQ(report["codesign"]["host_time_ns"].get<double>(), 4000 * 1.3 * 2);  // 500 MHz
  EXPECT_DOUBLE_EQ(report["codesign"]["host_energy_pj"].get<double>(), 4000 * 11.6);
  EXPECT_EQ(report["codesign"]["by_stage"]["mixed"]["host_instructions"], 3000);
  report.erase("codesign");
  EXPECT_EQ(report, without);
}

TEST(report, same_input_same_bytes) {
  EXPECT_EQ(report_json(sample()).to_text(), report_json(sample()).to_text());
  EXPECT_EQ(layers_csv(sample()), layers_csv(sample()));
}

TEST(report, evaluate_leaves_time_and_energy_out) {
  report_input input = sample();
  input.timed = false;
  input.result.latency_ps = 0;
  nlohmann::json report = parsed(input);
  EXPECT_FALSE(report.contains("performance"));
  EXPECT_FALSE(report.contains("energy"));
  EXPECT_TRUE(report.contains("accuracy"));
  EXPECT_FALSE(report["layers"][0].contains("latency_ns"));
}

TEST(report, without_labels_there_is_no_accuracy) {
  report_input input = sample();
  input.result.accuracy = {};
  input.result.accuracy.images = 2;
  EXPECT_EQ(parsed(input)["accuracy"], (nlohmann::json{{"images", 2}}));
}

TEST(report, no_host_path_gets_in) {
  report_input input = sample();
  input.platform.technology = "/elsewhere/mine.yaml";
  EXPECT_EQ(parsed(input)["config"]["platform"]["technology"], "mine.yaml");
}

TEST(report, dram_rates_are_of_the_window_that_was_counted) {
  report_input input = sample();
  nlohmann::json once = parsed(input)["dram"];
  EXPECT_NEAR(once["bandwidth_gb_s"].get<double>(), 512.0 / 160000.5, 1e-12);
  input.result.total_ps += 7000;  // more images after the batch change nothing
  input.result[runtime::phase::other_images] += 7000;
  EXPECT_EQ(parsed(input)["dram"], once);
}

TEST(report, timing_only_assumes_activity_and_has_no_clips) {
  report_input input = sample();
  EXPECT_EQ(parsed(input)["energy"]["activity"], "measured");
  input.result.activity_measured = false;
  nlohmann::json report = parsed(input);
  EXPECT_EQ(report["energy"]["activity"], "assumed");
  EXPECT_FALSE(report["adc"].contains("clipped"));
  EXPECT_FALSE(report["layers"][0].contains("clipped"));
  EXPECT_EQ(report["adc"]["conversions"], 2000);
}

TEST(check, stalls_and_bound_are_the_latency) {
  report_input input = sample();
  input.result.stall_ps["host"] += 1;
  EXPECT_THAT(failure(input),
              testing::HasSubstr("compute bound and stalls sum to 12000.501 ns, the latency is 12000.5"));
  input = sample();
  input.result.layers[0].stall_ps["memory"] += 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("stall memory of the layers does not sum to the network's"));
  input = sample();
  input.result.layers[0].compute_bound_ps += 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("the compute bounds of the layers do not sum"));
}

TEST(check, windows_hold_together) {
  report_input input = sample();
  input.result.total_ps += 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("the phases sum to 400000 ns, the simulation took 400000.001 ns"));
  input = sample();
  input.result.batch_ps = input.result.counted_ps + 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("a batch took 160000.501 ns of a window of 160000.5 ns"));
  input = sample();
  input.result.timed_images = 0;
  for (runtime::layer_result& l : input.result.layers) l.conversions = l.activity.conversions;
  EXPECT_THAT(failure(input), testing::HasSubstr("DRAM moved bytes in no time, or for no image"));
  input = sample();
  input.result.counted_ps += 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("the counts are not those of the phase inference"));
  input = sample();
  input.result.dram.data_bus_busy_ps = input.result.counted_ps + 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("bus_utilization"));
  input = sample();
  input.result.layers[0].conversions = 499;
  EXPECT_THAT(failure(input), testing::HasSubstr("converts 1000 times in 2 images and 499 times in one"));
  input = sample();
  input.result.end_to_end_latency_ps = input.result.latency_ps - 1;
  EXPECT_THAT(failure(input), testing::HasSubstr("end_to_end_latency is below the latency"));
}

TEST(check, names_what_cannot_be_right) {
  report_input input = sample();
  input.result.latency_ps = 9000000;
  EXPECT_THAT(failure(input), testing::HasSubstr("latency 9000 ns is below the compute bound 10000 ns"));
  input = sample();
  input.result.layers[1].used_cell_bits = 101;
  EXPECT_THAT(failure(input), testing::HasSubstr("layer fc has macro_utilization above 1"));
  input = sample();
  input.result.bank_busy_ps = 1000000000;
  EXPECT_THAT(failure(input), testing::HasSubstr("bank_busy_fraction"));
  input = sample();
  input.result.initiators[0].latency_p99_ns = std::nan("");
  EXPECT_THAT(failure(input), testing::HasSubstr("dma latency p99"));
  input = sample();
  input.result.initiators[0].mean_outstanding = -1;
  EXPECT_THAT(failure(input), testing::HasSubstr("dma mean outstanding"));
  input = sample();
  input.result.accuracy.hardware_correct = 11;
  EXPECT_THAT(failure(input), testing::HasSubstr("more images are right"));
  input = sample();
  input.result.layers[0].activity.clipped = 1001;
  EXPECT_THAT(failure(input), testing::HasSubstr("clips more often"));
  input = sample();
  input.result.layers[0].start_ps = 6000000;
  EXPECT_THAT(failure(input), testing::HasSubstr("ends before it starts"));
}

TEST(layers_csv, quotes_and_counts) {
  std::istringstream lines(layers_csv(sample()));
  std::string header;
  std::string first;
  std::getline(lines, header);
  std::getline(lines, first);
  EXPECT_EQ(first.rfind("\"conv, \"\"first\"\"\",mvm,1000,1000,5000,", 0), 0U) << first;
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), 14);
  EXPECT_NE(first.find(",500,1.5,,1.0625,16,0"), std::string::npos) << first;
}

TEST(layers_csv, leaves_out_what_was_not_measured) {
  report_input input = sample();
  input.result.activity_measured = false;
  EXPECT_NE(layers_csv(input).find(",500,,,1.0625,"), std::string::npos);
  EXPECT_EQ(summary(input).find("clipped\n"), std::string::npos);
  input.timed = false;
  EXPECT_NE(layers_csv(input).find("fc,mvm,2000,,,,,,,500,"), std::string::npos) << layers_csv(input);
}

TEST(summary, says_what_its_figures_are_of) {
  const std::string text = summary(sample());
  for (const char* part : {"0.2 KiB read, 0.0 KiB written an image", "1000 conversions an image, 0.3 % clipped",
                           "lost: host", "end to end           13.00 us"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(summary, shows_the_main_figures) {
  const std::string text = summary(sample());
  for (const char* part : {"tiny on nthu-28nm", "hardware 70.00 %", "12.00 us", "853.3 peak", "TOPS/W", "mm2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(files, written_whole_and_reread) {
  const std::string folder = testing_support::process_folder() / "report/deep";
  prepare_folder(folder);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  const report_input input = sample();
  write_report(input, folder);
  std::ifstream stream(folder + "/report.json");
  EXPECT_EQ(nlohmann::json::parse(stream), parsed(input));
  const platform::platform_config again = platform::read_platform(folder + "/resolved.yaml");
  EXPECT_EQ(platform::write_platform(again), platform::write_platform(input.platform));
  EXPECT_FALSE(std::filesystem::exists(folder + "/report.json.part"));
}

TEST(files, what_cannot_be_written_leaves_nothing_behind) {
  const std::string folder = testing_support::process_folder() / "occupied";
  std::filesystem::create_directories(folder + "/report.json");
  EXPECT_THROW(write_report(sample(), folder), run_error);
  EXPECT_FALSE(std::filesystem::exists(folder + "/report.json.part"));
  if (std::ofstream("/dev/full")) {
    std::filesystem::create_symlink("/dev/full", folder + "/layers.csv.part");
    EXPECT_THROW(write_whole(folder + "/layers.csv", "text"), run_error);
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(folder + "/layers.csv.part")));
  }
}

TEST(files, unwritable_folder_is_bad_input) {
  EXPECT_THROW(prepare_folder("/proc/cimbalom"), input_error);
  const std::string file = testing_support::process_folder() / "a_file";
  std::ofstream(file) << "x";
  EXPECT_THROW(prepare_folder(file), input_error);
}

}  // namespace
}  // namespace cimbalom::report
