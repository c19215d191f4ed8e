#include "sw/validate/dram_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "models/dram/dram_cost.hpp"

namespace cimbalom::validate {

namespace {

using report::json_value;

json_value latency_json(const latency_figures& f) {
  json_value value;
  value["requests"] = json_value::integer(f.requests);
  value["mean_ns"] = json_value::real(f.mean_ns);
  value["p50_ns"] = json_value::real(f.p50_ns);
  value["p95_ns"] = json_value::real(f.p95_ns);
  value["p99_ns"] = json_value::real(f.p99_ns);
  value["max_ns"] = json_value::real(f.max_ns);
  return value;
}

json_value energy_json(const dram_energy_parts& e) {
  json_value value;
  value["activate_pj"] = json_value::real(e.activate_pj);
  value["read_pj"] = json_value::real(e.read_pj);
  value["write_pj"] = json_value::real(e.write_pj);
  value["refresh_pj"] = json_value::real(e.refresh_pj);
  value["active_standby_pj"] = json_value::real(e.active_standby_pj);
  value["precharge_standby_pj"] = json_value::real(e.precharge_standby_pj);
  value["total_pj"] = json_value::real(e.total_pj);
  return value;
}

json_value replay_json(const replay_result& r) {
  json_value value;
  value["requests"] = json_value::integer(r.requests);
  value["bytes"] = json_value::integer(r.bytes);
  value["duration_us"] = json_value::real(r.duration_us);
  value["bandwidth_gb_s"] = json_value::real(r.bandwidth_gb_s);
  value["bus_utilization"] = json_value::real(r.bus_utilization);
  value["mean_outstanding"] = json_value::real(r.mean_outstanding);
  value["read_latency"] = latency_json(r.read);
  value["write_latency"] = latency_json(r.write);
  value["row_hits"] = json_value::integer(r.commands.row_hits);
  value["row_misses"] = json_value::integer(r.commands.row_misses());
  json_value& commands = value["commands"];
  commands["activate"] = json_value::integer(r.commands.activates);
  commands["precharge"] = json_value::integer(r.commands.precharges);
  commands["auto_precharge"] = json_value::integer(r.commands.auto_precharges);
  commands["precharge_all"] = json_value::integer(r.commands.all_bank_precharges);
  commands["read"] = json_value::integer(r.commands.read_bursts);
  commands["write"] = json_value::integer(r.commands.write_bursts);
  commands["refresh"] = json_value::integer(r.commands.refreshes);
  if (!r.has_energy) return value;
  value["energy"] = energy_json(r.energy);
  value["power_mw"] = json_value::real(r.power_mw);
  return value;
}

void compare_figure(reference_result& result, const char* name, const std::optional<double>& reference, double here,
                    bool bound) {
  if (reference) result.figures.push_back({name, *reference, here, bound});
}

std::string latency_text(const char* name, const latency_figures& f) {
  if (f.requests == 0) return "";
  return fmt::format("  {} latency mean {:.1f}, median {:.1f}, 95 % {:.1f}, 99 % {:.1f}, longest {:.1f} ns\n", name,
                     f.mean_ns, f.p50_ns, f.p95_ns, f.p99_ns, f.max_ns);
}

std::string trace_text(const trace_result& one) {
  const replay_result& r = one.here;
  std::string text =
      fmt::format("{}: {} requests, {:.2f} GB/s, bus {:.1f} % busy, {} row hits, {} misses\n", one.name, r.requests,
                  r.bandwidth_gb_s, 100 * r.bus_utilization, r.commands.row_hits, r.commands.row_misses());
  text += latency_text("read", r.read) + latency_text("write", r.write);
  if (!r.has_energy) return text + "  energy: the configuration has no currents\n";
  const double total = r.energy.total_pj;
  const auto percent = [total](double part) { return total > 0 ? 100 * part / total : 0; };
  return text + fmt::format(
                    "  energy {:.3f} uJ, {:.1f} pJ/bit, {:.0f} mW: activate {:.0f} %, read {:.0f} %, write "
                    "{:.0f} %, refresh {:.0f} %, standby {:.0f} %\n",
                    total * 1e-6, total / static_cast<double>(r.bytes * 8), r.power_mw, percent(r.energy.activate_pj),
                    percent(r.energy.read_pj), percent(r.energy.write_pj), percent(r.energy.refresh_pj),
                    percent(r.energy.active_standby_pj + r.energy.precharge_standby_pj));
}

std::string reference_text(const reference_result& one) {
  std::string text = fmt::format("{}, {}: {}\n", one.row->simulator, one.row->device, one.row->trace.name);
  for (const compared_figure& f : one.figures) {
    text += fmt::format("  {:<16} {:>9.2f} there {:>9.2f} here {:>+6.1f} %\n", f.name, f.reference, f.here,
                        f.error_percent());
  }
  if (!one.row->not_compared.empty()) text += "  not compared: " + one.row->not_compared + "\n";
  return text;
}

}  // namespace

reference_result compare(const dram_reference& row) {
  reference_result result;
  result.row = &row;
  result.here = replay(row.config, make_trace(row.trace));
  const replay_result& r = result.here;
  compare_figure(result, "bandwidth_gb_s", row.bandwidth_gb_s, r.bandwidth_gb_s, true);
  compare_figure(result, "read_latency_ns", row.read_latency_ns, r.read.mean_ns, true);
  compare_figure(result, "power_mw", row.power_mw, r.power_mw, false);
  compare_figure(result, "energy_mj", row.energy_mj, r.energy.total_pj * 1e-9, false);
  return result;
}

std::vector<reference_result> compare_with_references() {
  std::vector<reference_result> results;
  for (const dram_reference& row : dram_references()) results.push_back(compare(row));
  return results;
}

std::vector<std::string> beyond_tolerance(const std::vector<reference_result>& results) {
  std::vector<std::string> lines;
  for (const reference_result& one : results) {
    for (const compared_figure& f : one.figures) {
      if (!f.bound || std::abs(f.error_percent()) <= tolerance_percent) continue;
      lines.push_back(fmt::format("{}, {}, {}: {} is off by {:+.1f} %", one.row->simulator, one.row->device,
                                  one.row->trace.name, f.name, f.error_percent()));
    }
  }
  return lines;
}

std::string dram_text(const dram_validation& all) {
  std::string text;
  if (!all.references.empty()) text += "Other simulators, same organisation, mapping and policy\n";
  for (const reference_result& one : all.references) text += reference_text(one);
  text +=
      fmt::format("{}Traces on {} ({} channels, {}): peak {:.1f} GB/s\n", text.empty() ? "" : "\n", all.memory.preset,
                  all.memory.channels, all.memory.mapping, dram::peak_bytes_per_second(all.memory) * 1e-9);
  for (const trace_result& one : all.traces) text += trace_text(one);
  return text;
}

report::json_value dram_json(const dram_validation& all) {
  json_value document;
  document["schema_version"] = json_value::integer(1);
  document["tolerance_percent"] = json_value::real(tolerance_percent);
  document["memory"]["preset"] = json_value::text(all.memory.preset);
  document["memory"]["channels"] = json_value::integer(static_cast<std::uint64_t>(all.memory.channels));
  document["memory"]["mapping"] = json_value::text(all.memory.mapping);
  document["memory"]["source"] = json_value::text(all.memory.source);
  json_value& references = document["references"].as_array();
  for (const reference_result& one : all.references) {
    json_value row;
    row["simulator"] = json_value::text(one.row->simulator);
    row["device"] = json_value::text(one.row->device);
    row["trace"] = json_value::text(one.row->trace.name);
    row["note"] = json_value::text(one.row->note);
    row["device_source"] = json_value::text(one.row->config.source);
    if (!one.row->not_compared.empty()) row["not_compared"] = json_value::text(one.row->not_compared);
    row["here"] = replay_json(one.here);
    for (const compared_figure& f : one.figures) {
      json_value& figure = row["figures"][f.name];
      figure["reference"] = json_value::real(f.reference);
      figure["here"] = json_value::real(f.here);
      figure["error_percent"] = json_value::real(f.error_percent());
      figure["bound"] = json_value::boolean(f.bound);
    }
    references.push_back(std::move(row));
  }
  json_value& traces = document["traces"].as_array();
  for (const trace_result& one : all.traces) {
    json_value row = replay_json(one.here);
    row["name"] = json_value::text(one.name);
    traces.push_back(std::move(row));
  }
  return document;
}

}  // namespace cimbalom::validate
