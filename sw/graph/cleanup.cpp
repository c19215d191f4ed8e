#include <algorithm>
#include <numeric>

#include "sw/graph/messages.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/graph/passes.hpp"

namespace cimbalom::graph {
namespace {

bool all_zero(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

/// Whether output 0 equals input 0, whatever the data.
bool changes_nothing(const graph& g, const node& n) {
  if (n.inputs.empty() || !n.has_input(0) || n.output() == no_value) return false;
  const value_info& in = g.info(n.inputs[0]);
  const value_info& out = g.info(n.output());
  if (in.type != out.type || in.shape != out.shape) return false;
  switch (n.kind) {
    case op::identity:
    case op::cast:
    case op::reshape:
    case op::flatten:
    case op::squeeze:
    case op::unsqueeze:
    case op::expand:
      return true;
    case op::dropout:
      return n.output(1) == no_value ||
             (consumers(g)[static_cast<std::size_t>(n.output(1))].empty() && !is_output(g, n.output(1)));
    case op::pad: {
      const pad_parameters p = pad_of(g, n);
      return all_zero(p.begin) && all_zero(p.end);
    }
    case op::slice: {
      const std::vector<slice_axis> axes = slice_of(g, n);
      return std::all_of(axes.begin(), axes.end(), [](const slice_axis& s) { return s.count <= 1 || s.step == 1; });
    }
    case op::transpose: {
      const std::vector<std::int64_t> perm = permutation_of(g, n);
      return std::is_sorted(perm.begin(), perm.end());
    }
    case op::concat:
    case op::sum:
    case op::max:
    case op::min:
      return n.inputs.size() == 1;
    default:
      return false;
  }
}

/// Takes node `index` out of the flow. Outputs of the graph keep their value (and name): the producer then makes it.
/// False when that is impossible (a graph input or constant returned as it is).
bool bypass(graph& g, std::size_t index, const std::vector<int>& made_by) {
  const value_id in = g.nodes[index].inputs[0];
  const value_id out = g.nodes[index].output();
  if (!is_output(g, out)) {
    replace_uses(g, out, in);
    return true;
  }
  const int producer = made_by[static_cast<std::size_t>(in)];
  if (producer < 0 || is_output(g, in)) return false;
  replace_uses(g, in, out);
  std::vector<value_id>& outputs = g.nodes[static_cast<std::size_t>(producer)].outputs;
  std::replace(outputs.begin(), outputs.end(), in, out);
  return true;
}

/// New number of every value that stays; no_value for the others.
std::vector<value_id> numbering(const graph& g, const std::vector<bool>& live) {
  std::vector<value_id> number(g.values.size(), no_value);
  value_id next = 0;
  for (std::size_t i = 0; i < live.size(); ++i)
    if (live[i]) number[i] = next++;
  return number;
}

void renumber(graph& g, const std::vector<bool>& live) {
  const std::vector<value_id> number = numbering(g, live);
  const auto map = [&](value_id id) { return id == no_value ? no_value : number[static_cast<std::size_t>(id)]; };
  const auto map_all = [&](std::vector<value_id>& ids) { std::transform(ids.begin(), ids.end(), ids.begin(), map); };
  for (node& n : g.nodes) {
    map_all(n.inputs);
    map_all(n.outputs);
  }
  map_all(g.inputs);
  map_all(g.outputs);
  std::map<value_id, tensor> kept;
  for (auto& [id, data] : g.initializers)
    if (map(id) != no_value) kept.emplace(map(id), std::move(data));
  g.initializers = std::move(kept);
  std::vector<value_info> values;
  for (std::size_t i = 0; i < live.size(); ++i)
    if (live[i]) values.push_back(std::move(g.values[i]));
  g.values = std::move(values);
}

}  // namespace

int remove_identities(graph& g) {
  std::vector<int> made_by = producers(g);
  std::vector<bool> gone(g.nodes.size(), false);
  int removed = 0;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (!changes_nothing(g, g.nodes[i]) || !bypass(g, i, made_by)) continue;
    const value_id out = g.nodes[i].output();
    g.nodes[i].inputs.clear();
    g.nodes[i].outputs.clear();
    gone[i] = true;
    ++removed;
    if (is_output(g, out)) made_by = producers(g);
  }
  std::vector<node> kept;
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    if (!gone[i]) kept.push_back(std::move(g.nodes[i]));
  g.nodes = std::move(kept);
  return removed;
}

int remove_dead(graph& g) {
  std::vector<bool> live(g.values.size(), false);
  const auto mark = [&](value_id id) {
    if (id != no_value) live[static_cast<std::size_t>(id)] = true;
  };
  for (value_id id : g.outputs) mark(id);
  for (value_id id : g.inputs) mark(id);
  std::vector<node> kept;
  for (auto n = g.nodes.rbegin(); n != g.nodes.rend(); ++n) {
    const bool needed = std::any_of(n->outputs.begin(), n->outputs.end(), [&](value_id out) {
      return out != no_value && live[static_cast<std::size_t>(out)];
    });
    if (!needed) continue;
    for (value_id in : n->inputs) mark(in);
    for (value_id out : n->outputs) mark(out);
    kept.push_back(std::move(*n));
  }
  const int removed = static_cast<int>(g.nodes.size() - kept.size());
  g.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  renumber(g, live);
  return removed;
}

void canonicalize(graph& g) {
  resolve_padding(g);
  while (fold_constants(g) + remove_identities(g) > 0) {
  }
  remove_dead(g);
  check(g);
}

void simplify(graph& g) {
  canonicalize(g);
  merge_padding(g);
  fold_batch_norm(g);
  remove_dead(g);
  check(g);
}

}  // namespace cimbalom::graph
