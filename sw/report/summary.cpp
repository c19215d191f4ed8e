#include <fmt/format.h>

#include <algorithm>

#include "sw/report/figures.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::report {
namespace {

std::string row(const std::string& name, const std::string& text) {
  return fmt::format("  {:<22} {}\n", name, text);
}

double microseconds(std::uint64_t picoseconds) {
  return static_cast<double>(picoseconds) / 1e6;
}

std::string accuracy_rows(const runtime::accuracy_result& a) {
  std::string text = row("images", std::to_string(a.images));
  if (a.labelled == 0) return text;
  const auto top1 = [&](bool has, std::uint64_t correct) {
    return has ? fmt::format("{:.2f} %", 100 * ratio(static_cast<double>(correct), static_cast<double>(a.labelled)))
               : std::string("-");
  };
  return text + row("top-1",
                    fmt::format("float {}, quantized {}, hardware {}", top1(a.has_float, a.float_correct),
                                top1(a.has_quantized, a.quantized_correct), top1(a.has_hardware, a.hardware_correct)));
}

std::string time_rows(const report_input& input, const figures& f) {
  const runtime::run_result& r = input.result;
  std::string text;
  text += row("latency", fmt::format("{:.2f} us an image (compute bound {:.2f} us)", microseconds(r.latency_ps),
                                     microseconds(r.compute_bound_ps)));
  text += row("throughput", fmt::format("{:.1f} images/s at batch {}", f.throughput_fps, r.batch));
  text += row("compute", fmt::format("{:.1f} GOPS effective of {:.1f} peak", f.effective_gops, f.peak_gops));
  text += row("macro utilization", fmt::format("{:.1f} %, banks busy {:.1f} % of the latency",
                                               100 * f.macro_utilization, 100 * f.bank_busy_fraction));
  for (const auto& [cause, ps] : r.stall_ps) text += row("stall: " + cause, fmt::format("{:.2f} us", microseconds(ps)));
  text += row("DRAM traffic", fmt::format("{:.1f} KiB read, {:.1f} KiB written", double(r.dram.read_bytes) / 1024,
                                          double(r.dram.write_bytes) / 1024));
  return text;
}

std::string energy_rows(const figures& f) {
  const double images = static_cast<double>(f.images);
  const double total_uj = energy::to_double(f.energy.total()) / 1e12 / images;
  std::string text = row("energy", fmt::format("{:.3f} uJ an image, {:.2f} TOPS/W (macros {:.2f})", total_uj,
                                               f.tops_per_w, f.macro_tops_per_w));
  std::vector<std::pair<double, std::string>> parts;
  for (energy::component_id c = 0; c < energy::components().size(); ++c) {
    parts.emplace_back(energy::to_double(f.energy.of_component(c)) / 1e12 / images, energy::components()[c]);
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [part_uj, name] : parts) {
    if (part_uj <= 0) break;
    text += row("  " + name, fmt::format("{:10.4f} uJ {:5.1f} %", part_uj, 100 * ratio(part_uj, total_uj)));
  }
  return text;
}

std::string layer_rows(const report_input& input, const figures& f) {
  std::size_t width = 5;
  for (const runtime::layer_result& l : input.result.layers)
    width = std::max(width, std::min<std::size_t>(l.name.size(), 32));
  std::string text =
      fmt::format("  {:<{}} {:>12} {:>9} {:>10}{}\n", "layer", width, "MACs", "ADC step", "clipped",
                  input.timed ? fmt::format(" {:>7} {:>12} {:>12}", "util %", "latency us", "energy uJ") : "");
  for (std::size_t i = 0; i < input.result.layers.size(); ++i) {
    const runtime::layer_result& l = input.result.layers[i];
    text += fmt::format("  {:<{}} {:>12} {:>9} {:>10}", l.name.substr(0, 32), width, l.macs,
                        l.adc_step_sixteenths / 16.0, l.activity.clipped);
    if (input.timed) {
      const double used = 100 * ratio(static_cast<double>(l.used_cell_bits), static_cast<double>(l.driven_cell_bits));
      const double uj = energy::to_double(f.energy.of_layer(static_cast<std::int32_t>(i))) / 1e12 / double(f.images);
      text += fmt::format(" {:>7.1f} {:>12.2f} {:>12.4f}", used, microseconds(l.latency_ps), uj);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string summary(const report_input& input) {
  check(input);
  const figures f(input);
  std::string text = fmt::format("{} on {}\n", input.model.name, input.platform.name);
  text += accuracy_rows(input.result.accuracy);
  if (input.timed) text += time_rows(input, f) + energy_rows(f);
  const double area = energy::to_double(energy::total_area_milli_um2(input.costs)) / 1e9;
  text += row("area", fmt::format("{:.3f} mm2 without DRAM", area));
  const double clip_rate = ratio(static_cast<double>(f.clipped), static_cast<double>(f.conversions));
  text += row("ADC", fmt::format("{} conversions, {:.2g} % clipped", f.conversions, 100 * clip_rate));
  return text + "\n" + layer_rows(input, f);
}

}  // namespace cimbalom::report
