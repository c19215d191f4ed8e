#include <gtest/gtest.h>

#include <algorithm>

#include "platform/configuration/error.hpp"
#include "sw/graph/batch.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/graph/passes.hpp"
#include "sw/onnx/import.hpp"
#include "tests/conformance/shared_data.hpp"

namespace cimbalom {
namespace {

std::int64_t macs(const graph::graph& g) {
  std::int64_t sum = 0;
  for (const graph::node& n : g.nodes) sum += graph::macs_of(g, n);
  return sum;
}

int count(const graph::graph& g, graph::op kind) {
  return static_cast<int>(
      std::count_if(g.nodes.begin(), g.nodes.end(), [&](const graph::node& n) { return n.kind == kind; }));
}

TEST(Networks, AllImportInBatches) {
  CIMBALOM_NEEDS("networks");
  for (const auto& entry : std::filesystem::directory_iterator(tests::shared_data() + "/networks")) {
    if (entry.path().extension() != ".onnx") continue;
    graph::graph g = onnx::import_file(entry.path().string());
    EXPECT_TRUE(graph::find_batch(g).ok) << entry.path() << graph::find_batch(g).why;
    graph::simplify(g);
    EXPECT_EQ(count(g, graph::op::batch_normalization), 0) << entry.path();
    EXPECT_EQ(count(g, graph::op::identity), 0) << entry.path();
  }
}

TEST(Networks, KnownSizes) {
  CIMBALOM_NEEDS("networks");
  const std::string folder = tests::shared_data() + "/networks/";
  EXPECT_EQ(macs(onnx::import_file(folder + "resnet20_bn.onnx")), 40551040);
  EXPECT_EQ(macs(onnx::import_file(folder + "fcae_ad01_float.onnx")), 264192);
}

TEST(Networks, TopologiesImportWithoutWeights) {
  CIMBALOM_NEEDS("topologies");
  const std::string folder = tests::shared_data() + "/topologies/";
  for (const char* name :
       {"light_resnet50", "light_squeezenet", "light_vgg19", "mobilenetv2_imagenet", "resnet18_imagenet"}) {
    graph::graph g = onnx::import_topology(folder + name + ".onnx");
    graph::simplify(g);
    EXPECT_GT(macs(g), 100'000'000) << name;
    EXPECT_EQ(count(g, graph::op::batch_normalization), 0) << name;
  }
  EXPECT_THROW(onnx::import_file(folder + "resnet18_imagenet.onnx"), input_error);
}

}  // namespace
}  // namespace cimbalom
