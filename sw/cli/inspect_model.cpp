#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sw/cli/inspect.hpp"
#include "sw/graph/operators.hpp"
#include "sw/onnx/import.hpp"
#include "sw/report/sha256.hpp"

namespace cimbalom::cli {
namespace {

std::string shape_text(const graph::shape_t& shape) {
  std::string text;
  for (const std::int64_t extent : shape) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

std::uint64_t elements(const graph::shape_t& shape) {
  std::uint64_t product = 1;
  for (const std::int64_t extent : shape) product *= static_cast<std::uint64_t>(std::max<std::int64_t>(extent, 0));
  return product;
}

std::string values_text(const graph::graph& g, const std::string& title, const std::vector<graph::value_id>& ids) {
  std::string text;
  for (const graph::value_id id : ids) {
    text += fmt::format("  {:<8} {} ({})\n", title, g.info(id).name, shape_text(g.shape_of(id)));
  }
  return text;
}

}  // namespace

std::string inspect_model(const std::string& path) {
  const graph::graph g = onnx::import_topology(path);
  std::uint64_t constants = 0;
  for (const auto& initializer : g.initializers) constants += elements(g.shape_of(initializer.first));
  std::map<std::string, int> kinds;
  std::size_t width = 4;
  for (const graph::node& n : g.nodes) {
    ++kinds[graph::name_of(n.kind)];
    width = std::max(width, std::min<std::size_t>(n.name.size(), 48));
  }
  std::string text = fmt::format("{} (opset {})\n", g.name, g.opset);
  text += fmt::format("  {:<8} {}\n", "sha256", report::sha256_of_file(path));
  text += values_text(g, "input", g.inputs) + values_text(g, "output", g.outputs);
  text += fmt::format("  {:<8} {} in {} tensors\n  {:<8} {}:", "values", constants, g.initializers.size(), "nodes",
                      g.nodes.size());
  for (const auto& [kind, count] : kinds) text += fmt::format(" {} {}", count, kind);
  text += fmt::format("\n\n  {:<{}} {:<20} {:<16} {}\n", "node", width, "operator", "output", "runs on");
  for (const graph::node& n : g.nodes) {
    const graph::value_id out = n.output();
    text += fmt::format("  {:<{}} {:<20} {:<16} {}\n", n.name.substr(0, 48), width, graph::name_of(n.kind),
                        out == graph::no_value ? "" : shape_text(g.shape_of(out)),
                        graph::name_of(graph::row_of(n.kind).where));
  }
  return text;
}

}  // namespace cimbalom::cli
