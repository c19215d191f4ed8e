#include <cmath>

#include "platform/configuration/keys.hpp"
#include "sw/report/figures.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::report {
namespace {

using value = json_value;

value picojoules(energy::wide attojoules) {
  return value::decimal(energy::to_picojoules(attojoules));
}
value in_ns(std::uint64_t picoseconds) {
  return value::decimal(nanoseconds(picoseconds));
}
value percent_of(std::uint64_t part, std::uint64_t whole) {
  return value::real(ratio(100 * static_cast<double>(part), static_cast<double>(whole)));
}

value stalls(const std::map<std::string, std::uint64_t>& by_cause) {
  value stall;
  stall.as_object();
  for (const auto& [cause, ps] : by_cause) stall[cause] = in_ns(ps);
  return stall;
}

value config_json(const report_input& input) {
  value config;
  platform::platform_config copy = input.platform;
  for (const platform::key& k : platform::keys(copy)) {
    const bool word =
        std::holds_alternative<std::string*>(k.value) || std::holds_alternative<platform::choice>(k.value);
    std::string text = platform::value_text(k);
    if (k.path == "technology") text = text.substr(text.find_last_of('/') + 1);  // no host paths in reports
    value made = word ? value::text(text) : value::decimal(text);
    const std::size_t dot = k.path.find('.');
    value& root = config["platform"];
    (dot == std::string::npos ? root[k.path] : root[k.path.substr(0, dot)][k.path.substr(dot + 1)]) = std::move(made);
  }
  config["run"].as_object();
  for (const auto& [name, option] : input.options) config["run"][name] = option;
  return config;
}

value model_json(const report_input& input) {
  value model;
  model["name"] = value::text(input.model.name);
  model["sha256"] = value::text(input.model.sha256);
  model["macs"] = value::integer(input.model.macs);
  model["parameters"] = value::integer(input.model.parameters);
  model["layers"] = value::integer(input.result.layers.size());
  return model;
}

value accuracy_json(const runtime::accuracy_result& a) {
  value accuracy;
  accuracy["images"] = value::integer(a.images);
  if (a.labelled == 0) return accuracy;
  if (a.has_float) accuracy["float_top1"] = percent_of(a.float_correct, a.labelled);
  if (a.has_quantized) accuracy["quantized_top1"] = percent_of(a.quantized_correct, a.labelled);
  if (a.has_hardware) accuracy["hardware_top1"] = percent_of(a.hardware_correct, a.labelled);
  return accuracy;
}

value performance_json(const runtime::run_result& r, const figures& f) {
  value p;
  p["latency_ns"] = in_ns(r.latency_ps);
  p["end_to_end_latency_ns"] = in_ns(r.end_to_end_latency_ps);
  p["batch_ns"] = in_ns(r.batch_ps);
  p["end_to_end_fps"] = value::real(f.end_to_end_fps);
  p["throughput_fps"] = value::real(f.throughput_fps);
  p["batch"] = value::integer(r.batch);
  p["effective_gops"] = value::real(f.effective_gops);
  p["executed_gops"] = value::real(f.executed_gops);
  p["peak_gops"] = value::real(f.peak_gops);
  p["macro_utilization"] = value::real(f.macro_utilization);
  p["bank_busy_fraction"] = value::real(f.bank_busy_fraction);
  p["compute_bound_ns"] = in_ns(r.compute_bound_ps);
  for (std::size_t i = 0; i < runtime::phase_count; ++i) {
    p["by_phase"][std::string(to_string(static_cast<runtime::phase>(i))) + "_ns"] = in_ns(r.phase_ps[i]);
  }
  p["simulated_ns"] = in_ns(r.total_ps);
  p["stall_ns"] = stalls(r.stall_ps);
  return p;
}

value interconnect_json(const runtime::run_result& r) {
  value by_initiator;
  by_initiator.as_object();
  for (const runtime::initiator_result& i : r.initiators) {
    value& one = by_initiator[i.name];
    one["requests"] = value::integer(i.requests);
    one["bytes"] = value::integer(i.bytes);
    one["latency_ns"]["mean"] = value::real(i.latency_mean_ns);
    one["latency_ns"]["p50"] = value::real(i.latency_p50_ns);
    one["latency_ns"]["p99"] = value::real(i.latency_p99_ns);
    one["latency_ns"]["max"] = value::real(i.latency_max_ns);
    one["mean_outstanding"] = value::real(i.mean_outstanding);
    one["stall_ns"] = in_ns(i.stall_ps);
  }
  value interconnect;
  interconnect["by_initiator"] = std::move(by_initiator);
  interconnect["images"] = value::integer(r.timed_images);
  interconnect["window_ns"] = in_ns(r.counted_ps);
  return interconnect;
}

value dram_json(const runtime::run_result& r, const figures& f) {
  value dram;
  dram["commands"].as_object();
  for (const auto& [command, n] : r.dram.commands) dram["commands"][command] = value::integer(n);
  const double bytes = static_cast<double>(r.dram.read_bytes) + static_cast<double>(r.dram.write_bytes);
  const auto window_ps = static_cast<double>(r.counted_ps);  // of the counts, not of the simulation
  dram["bandwidth_gb_s"] = value::real(1e3 * ratio(bytes, window_ps));
  dram["bus_utilization"] = value::real(f.bus_utilization);
  dram["images"] = value::integer(r.timed_images);
  dram["window_ns"] = in_ns(r.counted_ps);
  dram["row_hits"] = value::integer(r.dram.row_hits);
  dram["row_misses"] = value::integer(r.dram.row_misses);
  return dram;
}

/// Energy of every phase of the simulation; they sum to simulation_pj.
void add_phases(value& e, const report_input& input, const figures& f) {
  energy::wide simulation = 0;
  for (std::size_t i = 0; i < input.by_phase.size(); ++i) {
    const energy::wide one = energy::breakdown(input.costs, input.by_phase[i], f.energy.layers()).total();
    e["by_phase"][std::string(to_string(static_cast<runtime::phase>(i))) + "_pj"] = picojoules(one);
    simulation += one;
  }
  if (!input.by_phase.empty()) e["simulation_pj"] = picojoules(simulation);
}

value energy_json(const report_input& input, const figures& f) {
  value e;
  e["total_pj"] = picojoules(f.energy.total());
  e["image_pj"] = picojoules(f.an_image(f.energy.total()));
  e["window_ns"] = in_ns(input.result.counted_ps);
  add_phases(e, input, f);
  e["activity"] = value::text(input.result.activity_measured ? "measured" : "assumed");
  e["images"] = value::integer(f.images);
  e["tops_per_w"] = value::real(f.tops_per_w);
  e["macro_tops_per_w"] = value::real(f.macro_tops_per_w);
  e["edp_pj_ns"] = value::real(f.edp_pj_ns);
  for (energy::component_id c = 0; c < energy::components().size(); ++c) {
    e["by_component"][std::string(energy::components()[c]) + "_pj"] = picojoules(f.energy.of_component(c));
  }
  e["by_layer"].as_array();
  for (std::int32_t layer = energy::no_layer; layer < f.energy.layers(); ++layer) {
    const auto index = static_cast<std::size_t>(layer);
    value row;
    row["name"] = value::text(layer == energy::no_layer            ? "(no layer)"
                              : index < input.result.layers.size() ? input.result.layers[index].name
                                                                   : "(layer " + std::to_string(layer) + ")");
    row["energy_pj"] = picojoules(f.energy.of_layer(layer));
    e["by_layer"].push_back(std::move(row));
  }
  return e;
}

value area_json(const energy::component_table& costs) {
  constexpr int milli_um2_digits_of_mm2 = 9;
  const auto mm2 = [](energy::wide milli_um2) {
    return value::decimal(energy::to_decimal(milli_um2, milli_um2_digits_of_mm2));
  };
  value area;
  area["total_mm2"] = mm2(energy::total_area_milli_um2(costs));
  area["by_component"].as_object();
  for (const energy::part_area& part : costs.areas()) area["by_component"][part.part + "_mm2"] = mm2(part.milli_um2);
  return area;
}

value adc_json(const report_input& input, const figures& f) {
  const bool measured = input.result.activity_measured;
  value adc;
  adc["images"] = value::integer(f.images);
  adc["conversions"] = value::integer(f.conversions);
  if (measured) adc["clipped"] = value::integer(f.clipped);
  adc["by_layer"].as_array();
  for (const runtime::layer_result& l : input.result.layers) {
    value row;
    row["name"] = value::text(l.name);
    row["conversions"] = value::integer(l.activity.conversions);
    if (measured) row["clipped"] = value::integer(l.activity.clipped);
    adc["by_layer"].push_back(std::move(row));
  }
  return adc;
}

value layer_json(const report_input& input, const figures& f, std::size_t index) {
  const runtime::layer_result& l = input.result.layers[index];
  value row;
  row["name"] = value::text(l.name);
  row["kind"] = value::text(l.kind);
  row["macs"] = value::integer(l.macs);
  row["conversions"] = value::integer(l.conversions);
  if (input.result.activity_measured) row["clipped"] = value::real(f.clipped_an_image(l));
  if (!std::isnan(l.sqnr_db)) row["sqnr_db"] = value::real(l.sqnr_db);
  row["adc_step"] = value::real(l.adc_step_sixteenths / 16.0);
  if (l.kind == "mvm") row["group_rows"] = value::integer(f.group_rows(l));
  if (!input.timed) return row;
  row["macro_utilization"] =
      value::real(ratio(static_cast<double>(l.used_cell_bits), static_cast<double>(l.driven_cell_bits)));
  row["weight_writes_bits"] = value::integer(l.weight_writes_bits);
  row["executed_macs"] = value::integer(l.executed_macs);
  row["start_ns"] = in_ns(l.start_ps);
  row["end_ns"] = in_ns(l.end_ps);
  row["latency_ns"] = in_ns(l.latency_ps);
  row["compute_bound_ns"] = in_ns(l.compute_bound_ps);
  row["bank_busy_ns"] = in_ns(l.bank_busy_ps);
  row["stall_ns"] = stalls(l.stall_ps);
  row["energy_pj"] = picojoules(f.an_image(f.energy.of_layer(static_cast<std::int32_t>(index))));
  return row;
}

/// The flow on the simulated processor, apart from inference: instructions, their time at its clock, their energy.
value codesign_json(const report_input& input) {
  const processor::processor_config& host = input.platform.processor;
  const auto cost = [&](std::uint64_t instructions) {
    value one;
    one["host_instructions"] = value::integer(instructions);
    const auto cycles = static_cast<double>(processor::instruction_cycles(host, instructions));
    one["host_time_ns"] = value::real(cycles * 1e3 / host.clock_mhz);
    energy::ledger spent;
    spent.count(energy::event::processor_instruction, energy::no_layer, instructions);
    one["host_energy_pj"] = picojoules(energy::breakdown(input.costs, spent, 0).total());
    return one;
  };
  std::uint64_t sum = 0;
  for (const design_stage& s : input.design) sum += s.instructions;
  value made = cost(sum);
  for (const design_stage& s : input.design) made["by_stage"][s.stage] = cost(s.instructions);
  return made;
}

}  // namespace

json_value report_json(const report_input& input) {
  check(input);
  const figures f(input);
  const runtime::run_result& r = input.result;
  value report;
  report["schema_version"] = value::integer(1);
  report["tool"]["version"] = value::text(CIMBALOM_VERSION);
  report["seed"] = value::integer(input.platform.nonideality.seed);
  report["command"]["name"] = value::text(input.command);
  report["command"]["input_sha256"].as_object();
  for (const auto& [role, sum] : input.input_sha256) report["command"]["input_sha256"][role] = value::text(sum);
  report["config"] = config_json(input);
  report["model"] = model_json(input);
  report["accuracy"] = accuracy_json(r.accuracy);
  report["adc"] = adc_json(input, f);
  report["memory"]["dense_weight_bits"] = value::integer(8 * input.model.weights);
  report["memory"]["weight_storage_bits"] = value::integer(r.weight_storage_bits);
  report["layers"].as_array();
  for (std::size_t i = 0; i < r.layers.size(); ++i) report["layers"].push_back(layer_json(input, f, i));
  report["area"] = area_json(input.costs);
  if (!input.timed) return report;
  report["memory"]["images"] = value::integer(r.timed_images);
  report["memory"]["dram_read_bytes"] = value::integer(r.dram.read_bytes);
  report["memory"]["dram_write_bytes"] = value::integer(r.dram.write_bytes);
  report["performance"] = performance_json(r, f);
  report["interconnect"] = interconnect_json(r);
  report["dram"] = dram_json(r, f);
  report["energy"] = energy_json(input, f);
  if (!input.design.empty()) report["codesign"] = codesign_json(input);
  if (!input.baseline) return report;
  add_baseline(report, *input.baseline);
  add_ablation(report, *input.baseline, input.ablation);
  return report;
}

}  // namespace cimbalom::report
