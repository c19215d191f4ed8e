#include "sw/graph/graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sw/graph/build.hpp"
#include "sw/graph/operators.hpp"
#include "tests/sw/graph/expect_refused.hpp"

namespace cimbalom::graph {
namespace {

using tests::expect_refused;

graph two_relus() {
  graph g;
  const value_id x = add_input(g, "x", data_type::float32, {1, 4});
  const value_id a = add_node(g, op::relu, "a", {x});
  g.outputs = {add_node(g, op::relu, "b", {a})};
  return g;
}

TEST(Graph, NamesAreMadeUnique) {
  graph g = two_relus();
  EXPECT_EQ(g.info(g.add_value("a", data_type::int8, {})).name, "a_1");
  EXPECT_EQ(g.info(g.add_value("a", data_type::int8, {})).name, "a_2");
  EXPECT_EQ(g.find("nothing"), no_value);
}

TEST(Graph, ProducersAndConsumers) {
  graph g = two_relus();
  const auto made_by = producers(g);
  const auto read_by = consumers(g);
  EXPECT_EQ(made_by[static_cast<std::size_t>(g.find("x"))], -1);
  EXPECT_EQ(made_by[static_cast<std::size_t>(g.find("b"))], 1);
  EXPECT_EQ(read_by[static_cast<std::size_t>(g.find("a"))], std::vector<int>{1});
  replace_uses(g, g.find("a"), g.find("x"));
  EXPECT_EQ(g.nodes[1].inputs[0], g.find("x"));
}

TEST(Graph, CheckFindsBrokenStructure) {
  check(two_relus());
  graph swapped = two_relus();
  std::swap(swapped.nodes[0], swapped.nodes[1]);
  expect_refused([&] { check(swapped); }, {"node b (Relu)", "a", "not defined before its use"});
  graph twice = two_relus();
  twice.nodes[1].outputs = twice.nodes[0].outputs;
  expect_refused([&] { check(twice); }, {"defined twice"});
  graph untyped = two_relus();
  untyped.info(untyped.find("b")).type = data_type::undefined;
  expect_refused([&] { check(untyped); }, {"value has no type"});
  graph unmade = two_relus();
  unmade.outputs.push_back(unmade.add_value("z", data_type::int8, {}));
  expect_refused([&] { check(unmade); }, {"graph output = z", "nothing computes it"});
  graph stray = two_relus();
  stray.nodes[0].inputs[0] = 99;
  expect_refused([&] { check(stray); }, {"99"});
}

TEST(Graph, AttributesAreTyped) {
  node n;
  n.name = "n";
  n.attributes = {{"i", std::int64_t{3}}, {"f", 0.5F}, {"s", std::string("x")}, {"v", std::vector<std::int64_t>{1, 2}}};
  EXPECT_EQ(n.int_or("i", 0), 3);
  EXPECT_EQ(n.int_or("absent", 7), 7);
  EXPECT_EQ(n.float_or("f", 0), 0.5F);
  EXPECT_EQ(n.string_or("s", ""), "x");
  EXPECT_EQ(n.ints_or("v", {}), (std::vector<std::int64_t>{1, 2}));
  expect_refused([&] { n.int_or("f", 0); }, {"attribute f", "must be an integer"});
  expect_refused([&] { n.ints_or("i", {}); }, {"attribute i", "must be a list of integers"});
}

TEST(Operators, EveryKindHasOneRowAndIsFoundByName) {
  std::set<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(op::where); ++kind) {
    const operator_row& row = row_of(static_cast<op>(kind));
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(find_operator(row.name), &row);
  }
  EXPECT_EQ(names.size(), operator_table().size());
  EXPECT_EQ(find_operator("ConvTranspose"), nullptr);
}

TEST(Operators, TextHasALineAnOperator) {
  const std::string text = operators_text();
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), operator_table().size() + 1);
  EXPECT_NE(text.find("\nConv  "), std::string::npos);
}

}  // namespace
}  // namespace cimbalom::graph
