#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>

#include "models/arithmetic/macro_shape.hpp"
#include "sw/cli/inspect.hpp"
#include "sw/compiler/pass_formation.hpp"
#include "sw/package/package.hpp"

namespace cimbalom::cli {
namespace {

/// What the slots of a layer hold.
struct layer_summary {
  std::array<int, 17> widths{};  ///< filters of each width
  double mean_bits = 0;
  std::uint64_t groups = 0, stored_groups = 0;  ///< of all passes
  std::size_t passes = 0, slots = 0, shared_slots = 0;
  double weight_columns = 0, columns = 0;  ///< of the stored groups
};

layer_summary summarize(const quantization::layer& l, const cim::macro_config& macro) {
  layer_summary sum;
  for (const std::uint8_t bits : l.mvm.weight_bits) {
    ++sum.widths.at(bits);
    sum.mean_bits += bits;
  }
  sum.mean_bits /= static_cast<double>(l.mvm.weight_bits.size());
  const auto dense = compiler::form_passes(l, macro, false), kept = compiler::form_passes(l, macro, true);
  sum.passes = kept.size();
  for (std::size_t p = 0; p < kept.size(); ++p) {
    const auto groups = static_cast<double>(kept[p].record.groups.size());
    sum.groups += dense[p].record.groups.size();
    sum.stored_groups += kept[p].record.groups.size();
    sum.columns += groups * macro.columns_driven();
    std::vector<int> filters_of_slot(static_cast<std::size_t>(macro.slots()));
    for (const registers::filter_record& f : kept[p].record.filters) {
      sum.weight_columns += groups * arithmetic::weight_columns(macro.shape(), f.bits);
      ++filters_of_slot.at(static_cast<std::size_t>(f.first_column / macro.slot_bits));
    }
    for (const int filters : filters_of_slot) {
      if (filters > 0) ++sum.slots;
      if (filters > 1) ++sum.shared_slots;
    }
  }
  return sum;
}

std::string widths_text(const layer_summary& sum) {
  std::string text;
  for (std::size_t bits = 1; bits < sum.widths.size(); ++bits) {
    if (sum.widths[bits] > 0) text += fmt::format("{}{}x{}", text.empty() ? "" : " ", sum.widths[bits], bits);
  }
  return text;
}

double percent(double part, double whole) {
  return whole > 0 ? 100.0 * part / whole : 0.0;
}

}  // namespace

std::string inspect_package(const std::string& folder) {
  const package::package held = package::read(folder);
  std::string text = fmt::format("{} (package)\n", held.network.name);
  text += fmt::format("  {:<12} {}\n  {:<12} {}\n", "identity", package::identity(folder), "seed", held.seed);
  text += fmt::format("  {:<12} {} slots of {} columns, {} rows active\n", "made for", held.macro.slots(),
                      held.macro.slot_bits, held.macro.rows_active);
  for (const auto& [key, value] : held.provenance) text += fmt::format("  {:<12} {}\n", key, value);
  text += fmt::format("\n  {:<28} {:>7} {:>5} {:>8} {:>6} {:>6} {:>8}  {}\n", "layer", "filters", "bits", "density",
                      "passes", "shared", "filled", "filters x bits");
  layer_summary all;
  for (const quantization::layer& l : held.network.layers) {
    if (l.kind != quantization::layer_kind::mvm) continue;
    const layer_summary sum = summarize(l, held.macro);
    text += fmt::format("  {:<28} {:>7} {:>5.2f} {:>6.1f} % {:>6} {:>6} {:>6.1f} %  {}\n", l.name.substr(0, 28),
                        l.mvm.filters, sum.mean_bits,
                        percent(static_cast<double>(sum.stored_groups), static_cast<double>(sum.groups)), sum.passes,
                        sum.shared_slots, percent(sum.weight_columns, sum.columns), widths_text(sum));
    all.groups += sum.groups;
    all.stored_groups += sum.stored_groups;
    all.weight_columns += sum.weight_columns;
    all.columns += sum.columns;
    all.slots += sum.slots;
    all.shared_slots += sum.shared_slots;
  }
  text +=
      fmt::format("\n  {} positions of {}, {:.1f} % of their columns hold weights; {} of {} slots are shared\n",
                  all.stored_groups, all.groups, percent(all.weight_columns, all.columns), all.shared_slots, all.slots);
  return text + "  density: row groups stored; filled: columns of the stored positions that hold weights\n";
}

}  // namespace cimbalom::cli
