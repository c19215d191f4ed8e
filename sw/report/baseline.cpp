#include "sw/report/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "platform/configuration/error.hpp"
#include "sw/report/figures.hpp"

namespace cimbalom::report {
namespace {

using path = std::vector<std::string>;

const json_value& part_of(const json_value& report, const path& at) {
  const json_value* found = report.find(at);
  if (found == nullptr) throw run_error("report: " + at.back() + " is missing from a run to compare with");
  return *found;
}

double number(const json_value& report, const path& at) {
  return part_of(report, at).number();
}

double energy_an_image(const json_value& report) {
  return ratio(number(report, {"energy", "total_pj"}), number(report, {"energy", "images"}));
}

/// What every weight needs at 8 bits.
double dense_storage(const json_value& report) {
  return number(report, {"memory", "dense_weight_bits"});
}

struct gains {
  double latency = 0, throughput = 0, energy = 0, utilization = 0, storage = 0;
  gains(const json_value& base, const json_value& run)
      : latency(ratio(number(base, {"performance", "latency_ns"}), number(run, {"performance", "latency_ns"}))),
        throughput(
            ratio(number(run, {"performance", "throughput_fps"}), number(base, {"performance", "throughput_fps"}))),
        energy(ratio(energy_an_image(base), energy_an_image(run))),
        utilization(ratio(number(run, {"performance", "macro_utilization"}),
                          number(base, {"performance", "macro_utilization"}))),
        storage(ratio(dense_storage(base), number(run, {"memory", "weight_storage_bits"}))) {}
};

json_value gain_json(const gains& g) {
  json_value made;
  made["speedup"]["batch_1"] = json_value::real(g.latency);
  made["speedup"]["batch_n"] = json_value::real(g.throughput);
  made["energy"] = json_value::real(g.energy);
  made["utilization"] = json_value::real(g.utilization);
  made["storage"] = json_value::real(g.storage);
  return made;
}

void copy_part(json_value& to, const json_value& from, const std::string& key) {
  if (const json_value* part = from.find({key})) to[key] = *part;
}

double utilization_of(const json_value& layer) {
  return number(layer, {"macro_utilization"});
}

bool on_macros(const json_value& layer) {
  const json_value* kind = layer.find({"kind"});
  return kind != nullptr && kind->scalar() == "\"mvm\"";
}

/// `macro_utilization` of a layer by name, the same networks having the same layers.
const json_value* layer_named(const json_value& report, const std::string& quoted_name) {
  const json_value* layers = report.find({"layers"});
  if (layers == nullptr) return nullptr;
  for (const json_value& layer : layers->elements())
    if (layer.find({"name"}) != nullptr && layer.find({"name"})->scalar() == quoted_name) return &layer;
  return nullptr;
}

json_value layers_json(const json_value& report) {
  json_value rows;
  rows.as_array();
  for (const json_value& layer : part_of(report, {"layers"}).elements()) {
    json_value row;
    for (const char* key : {"name", "macro_utilization", "latency_ns", "energy_pj"}) copy_part(row, layer, key);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string top1(const json_value& report, const char* key) {
  const json_value* found = report.find({"accuracy", key});
  return found == nullptr ? "-" : fmt::format("{:.2f} %", found->number());
}

std::string row(const std::string& name, const std::string& base, const std::string& run, const std::string& gain) {
  return fmt::format("  {:<24} {:>16} {:>16} {:>10}\n", name, base, run, gain);
}

std::string times(double factor) {
  return fmt::format("{:.2f} x", factor);
}

std::string figures_table(const json_value& base, const json_value& run) {
  const gains g(base, run);
  const auto pair_row = [&](const char* name, const path& at, double scale, const char* form, const std::string& gain) {
    return row(name, fmt::format(fmt::runtime(form), number(base, at) * scale),
               fmt::format(fmt::runtime(form), number(run, at) * scale), gain);
  };
  std::string text = row("", "dense 8b/8b", "co-designed", "gain");
  text += row("top-1, integers", top1(base, "quantized_top1"), top1(run, "quantized_top1"), "");
  text += row("top-1, hardware", top1(base, "hardware_top1"), top1(run, "hardware_top1"), "");
  text += pair_row("latency", {"performance", "latency_ns"}, 1e-3, "{:.2f} us", times(g.latency));
  text += pair_row("compute bound", {"performance", "compute_bound_ns"}, 1e-3, "{:.2f} us", "");
  text += pair_row("throughput", {"performance", "throughput_fps"}, 1, "{:.1f} /s", times(g.throughput));
  text += pair_row("effective GOPS", {"performance", "effective_gops"}, 1, "{:.1f}", "");
  text += row("energy an image", fmt::format("{:.3f} uJ", energy_an_image(base) * 1e-6),
              fmt::format("{:.3f} uJ", energy_an_image(run) * 1e-6), times(g.energy));
  text += pair_row("TOPS/W", {"energy", "tops_per_w"}, 1, "{:.2f}", "");
  text += pair_row("macro utilization", {"performance", "macro_utilization"}, 100, "{:.1f} %", times(g.utilization));
  return text + row("weight storage", fmt::format("{:.1f} KiB", dense_storage(base) / 8192),
                    fmt::format("{:.1f} KiB", number(run, {"memory", "weight_storage_bits"}) / 8192), times(g.storage));
}

std::string layers_table(const json_value& base, const json_value& run) {
  std::string text = "\n" + row("utilization of layer", "dense 8b/8b", "co-designed", "");
  for (const json_value& layer : part_of(run, {"layers"}).elements()) {
    const std::string& name = part_of(layer, {"name"}).scalar();
    const json_value* before = layer_named(base, name);
    if (before == nullptr || !on_macros(layer)) continue;
    text += row(name.substr(1, std::min<std::size_t>(name.size() - 2, 24)),
                fmt::format("{:.1f} %", 100 * utilization_of(*before)),
                fmt::format("{:.1f} %", 100 * utilization_of(layer)), "");
  }
  return text;
}

std::string ablation_line(const std::string& name, const gains& g) {
  return fmt::format("  {:<24} {:>10} {:>10} {:>10} {:>10} {:>10}\n", name, times(g.latency), times(g.throughput),
                     times(g.energy), times(g.utilization), times(g.storage));
}

}  // namespace

void add_baseline(json_value& report, const compared_run& baseline) {
  json_value gain = gain_json(gains(baseline.report, report));  // refuses a report that lacks a figure
  json_value& to = report["baseline"];
  for (const char* key : {"accuracy", "performance", "energy", "memory"}) copy_part(to, baseline.report, key);
  if (const json_value* packed = baseline.report.find({"memory", "weight_storage_bits"}))
    to["memory"]["packed_weight_storage_bits"] = *packed;
  to["memory"]["weight_storage_bits"] = part_of(baseline.report, {"memory", "dense_weight_bits"});
  to["layers"] = layers_json(baseline.report);
  report["gain"] = std::move(gain);
}

void add_ablation(json_value& report, const compared_run& baseline, const std::vector<compared_run>& runs) {
  for (const compared_run& one : runs) {
    json_value& to = report["ablation"][one.name];
    to["gain"] = gain_json(gains(baseline.report, one.report));
    for (const char* key : {"performance", "memory"}) copy_part(to, one.report, key);
    to["energy"]["total_pj"] = part_of(one.report, {"energy", "total_pj"});
    to["energy"]["images"] = part_of(one.report, {"energy", "images"});
  }
  if (!runs.empty()) report["ablation"]["all"]["gain"] = gain_json(gains(baseline.report, report));
}

std::string comparison_text(const json_value& report, const compared_run& baseline,
                            const std::vector<compared_run>& runs) {
  std::string text = figures_table(baseline.report, report) + layers_table(baseline.report, report);
  if (runs.empty()) return text;
  text += fmt::format("\n  {:<24} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "gain of", "latency", "throughput", "energy",
                      "filling", "storage");
  for (const compared_run& one : runs) text += ablation_line(one.name, gains(baseline.report, one.report));
  return text + ablation_line("all", gains(baseline.report, report));
}

}  // namespace cimbalom::report
