#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

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
  if (a.images == 0) return "";  // estimate sees none
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

std::vector<std::pair<std::string, std::uint64_t>> largest_first(const std::map<std::string, std::uint64_t>& by_name) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(by_name.begin(), by_name.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string time_rows(const report_input& input, const figures& f) {
  const runtime::run_result& r = input.result;
  std::string text;
  text += row("latency", fmt::format("{:.2f} us an image (compute bound {:.2f} us)", microseconds(r.latency_ps),
                                     microseconds(r.compute_bound_ps)));
  text +=
      row("  end to end", fmt::format("{:.2f} us with copy-in and read-back", microseconds(r.end_to_end_latency_ps)));
  for (const auto& [cause, ps] : largest_first(r.stall_ps)) {
    if (ps >= 5000) text += row("  lost: " + cause, fmt::format("{:.2f} us", microseconds(ps)));
  }
  text += row("throughput", fmt::format("{:.1f} images/s at batch {} ({:.1f} with copy-in and read-back)",
                                        f.throughput_fps, r.batch, f.end_to_end_fps));
  text += row("compute", fmt::format("{:.1f} GOPS effective of {:.1f} peak", f.effective_gops, f.peak_gops));
  text += row("macro utilization", fmt::format("{:.1f} %, banks busy {:.1f} % of the latency",
                                               100 * f.macro_utilization, 100 * f.bank_busy_fraction));
  const double image_kib = 1024.0 * static_cast<double>(f.images);
  text += row("DRAM traffic", fmt::format("{:.1f} KiB read, {:.1f} KiB written an image (mean of the batch)",
                                          static_cast<double>(r.dram.read_bytes) / image_kib,
                                          static_cast<double>(r.dram.write_bytes) / image_kib));
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
  std::size_t width = 15;
  for (const runtime::layer_result& l : input.result.layers)
    width = std::max(width, std::min<std::size_t>(l.name.size(), 32));
  std::string text =
      fmt::format("  {:<{}} {:>12} {:>9} {:>12}", "layer, an image", width, "MACs", "ADC step", "clipped");
  if (input.timed) text += fmt::format(" {:>7} {:>12} {:>12}", "util %", "latency us", "energy uJ");
  text += "\n";
  for (std::size_t i = 0; i < input.result.layers.size(); ++i) {
    const runtime::layer_result& l = input.result.layers[i];
    const std::string step = l.kind == "mvm" ? fmt::format("{}", l.adc_step_sixteenths / 16.0) : "-";
    const std::string clipped = input.result.activity_measured ? fmt::format("{:.3f}", f.clipped_an_image(l)) : "-";
    text += fmt::format("  {:<{}} {:>12} {:>9} {:>12}", l.name.substr(0, 32), width, l.macs, step,
                        l.kind == "mvm" ? clipped : "-");
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
  std::string clips;
  if (input.result.activity_measured) {
    clips = fmt::format(", {:.2g} % clipped",
                        100 * ratio(static_cast<double>(f.clipped), static_cast<double>(f.conversions)));
  }
  text += row("ADC", fmt::format("{} conversions an image{}", f.conversions / f.images, clips));
  return text + "\n" + layer_rows(input, f);
}

std::string comparison_text(const report_input& input) {
  if (!input.baseline) return {};
  return comparison_text(report_json(input), *input.baseline, input.ablation) + "\n";
}

}  // namespace cimbalom::report
