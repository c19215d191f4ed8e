#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "sw/report/figures.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::report {
namespace {

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string escaped = "\"";
  for (const char c : text) escaped += c == '"' ? "\"\"" : std::string(1, c);
  return escaped + "\"";
}

}  // namespace

// Of one image throughout; what was not measured stays empty.
std::string layers_csv(const report_input& input) {
  check(input);
  const figures f(input);
  std::string text =
      "name,kind,macs,executed_macs,latency_ns,compute_bound_ns,bank_busy_ns,energy_pj,macro_utilization,conversions,"
      "clipped,sqnr_db,adc_step,group_rows,weight_writes_bits\n";
  const auto timed = [&](const std::string& value) { return input.timed ? value : std::string(); };
  for (std::size_t i = 0; i < input.result.layers.size(); ++i) {
    const runtime::layer_result& l = input.result.layers[i];
    const energy::wide energy = f.an_image(f.energy.of_layer(static_cast<std::int32_t>(i)));
    const bool mvm = l.kind == "mvm";
    const std::vector<std::string> cells = {
        cell(l.name),
        cell(l.kind),
        std::to_string(l.macs),
        timed(std::to_string(l.executed_macs)),
        timed(nanoseconds(l.latency_ps)),
        timed(nanoseconds(l.compute_bound_ps)),
        timed(nanoseconds(l.bank_busy_ps)),
        timed(energy::to_picojoules(energy)),
        timed(fmt::format("{}", ratio(static_cast<double>(l.used_cell_bits), static_cast<double>(l.driven_cell_bits)))),
        std::to_string(l.conversions),
        input.result.activity_measured ? fmt::format("{}", f.clipped_an_image(l)) : "",
        std::isnan(l.sqnr_db) ? "" : fmt::format("{}", l.sqnr_db),
        mvm ? fmt::format("{}", l.adc_step_sixteenths / 16.0) : "",
        mvm ? std::to_string(f.group_rows(l)) : "",
        timed(std::to_string(l.weight_writes_bits)),
    };
    text += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return text;
}

}  // namespace cimbalom::report
