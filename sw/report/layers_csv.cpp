#include <fmt/format.h>

#include <cmath>

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

std::string layers_csv(const report_input& input) {
  check(input);
  const figures f(input);
  std::string text =
      "name,kind,macs,executed_macs,latency_ns,bank_busy_ns,energy_pj,macro_utilization,conversions,clipped,sqnr_db,"
      "adc_step,weight_writes_bits\n";
  for (std::size_t i = 0; i < input.result.layers.size(); ++i) {
    const runtime::layer_result& l = input.result.layers[i];
    const energy::wide energy = f.energy.of_layer(static_cast<std::int32_t>(i));
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", cell(l.name), cell(l.kind), l.macs, l.executed_macs,
                        input.timed ? nanoseconds(l.latency_ps) : "", input.timed ? nanoseconds(l.bank_busy_ps) : "",
                        input.timed ? energy::to_picojoules(energy) : "",
                        ratio(static_cast<double>(l.used_cell_bits), static_cast<double>(l.driven_cell_bits)),
                        l.activity.conversions, l.activity.clipped,
                        std::isnan(l.sqnr_db) ? "" : fmt::format("{}", l.sqnr_db), l.adc_step_sixteenths / 16.0,
                        l.weight_writes_bits);
  }
  return text;
}

}  // namespace cimbalom::report
