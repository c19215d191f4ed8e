#include <algorithm>

#include "sw/graph/parameters.hpp"
#include "sw/graph/passes.hpp"
#include "sw/graph/shape_inference.hpp"

namespace cimbalom::graph {
namespace {

bool has_window(op kind) {
  return kind == op::conv || kind == op::conv_integer || kind == op::qlinear_conv || kind == op::max_pool ||
         kind == op::average_pool;
}

std::vector<std::int64_t> joined(const std::vector<std::int64_t>& begin, const std::vector<std::int64_t>& end) {
  std::vector<std::int64_t> pads = begin;
  pads.insert(pads.end(), end.begin(), end.end());
  return pads;
}

bool all_zero(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

/// The value that a window's own padding stands for; false when it takes none that a Pad could give.
bool own_padding(const graph& g, const node& n, double& value) {
  value = 0;
  switch (n.kind) {
    case op::conv:
      return true;
    case op::conv_integer:
    case op::qlinear_conv: {
      if (!n.has_input(2)) return n.kind == op::conv_integer;
      const tensor* zero = g.constant(n.inputs[2]);
      if (zero == nullptr || !zero->has_data() || zero->size() != 1) return false;
      value = zero->as_doubles()[0];
      return true;
    }
    case op::average_pool: {
      const window w = window_of(g, n);
      return !w.ceil_mode && (w.count_include_pad || (all_zero(w.pad_begin) && all_zero(w.pad_end)));
    }
    default:
      return false;
  }
}

bool merge(graph& g, const node& pad, node& reader) {
  const pad_parameters p = pad_of(g, pad);
  double value = 0;
  if (p.mode != "constant" || !own_padding(g, reader, value) || p.value != value) return false;
  if (p.begin.size() < 3 || p.begin[0] != 0 || p.begin[1] != 0 || p.end[0] != 0 || p.end[1] != 0) return false;
  for (std::size_t i = 2; i < p.begin.size(); ++i)
    if (p.begin[i] < 0 || p.end[i] < 0) return false;
  window w = window_of(g, reader);
  for (std::size_t i = 0; i < w.kernel.size(); ++i) {
    w.pad_begin[i] += p.begin[i + 2];
    w.pad_end[i] += p.end[i + 2];
  }
  reader.attributes.erase("auto_pad");
  reader.attributes["pads"] = joined(w.pad_begin, w.pad_end);
  if (reader.kind == op::average_pool) reader.attributes["count_include_pad"] = std::int64_t{1};
  reader.inputs[0] = pad.inputs[0];
  infer_node(g, reader);
  return true;
}

}  // namespace

int resolve_padding(graph& g) {
  int changed = 0;
  for (node& n : g.nodes) {
    if (!has_window(n.kind) || !n.has("auto_pad")) continue;
    const window w = window_of(g, n);
    n.attributes.erase("auto_pad");
    n.attributes["pads"] = joined(w.pad_begin, w.pad_end);
    ++changed;
  }
  return changed;
}

int merge_padding(graph& g) {
  const std::vector<int> made_by = producers(g);
  const std::vector<std::vector<int>> read_by = consumers(g);
  int merged = 0;
  for (node& n : g.nodes) {
    if (!has_window(n.kind)) continue;
    const value_id in = n.inputs[0];
    const int producer = made_by[static_cast<std::size_t>(in)];
    if (producer < 0 || g.nodes[static_cast<std::size_t>(producer)].kind != op::pad) continue;
    if (read_by[static_cast<std::size_t>(in)].size() != 1 || is_output(g, in)) continue;
    if (merge(g, g.nodes[static_cast<std::size_t>(producer)], n)) ++merged;
  }
  if (merged > 0) remove_dead(g);
  return merged;
}

}  // namespace cimbalom::graph
