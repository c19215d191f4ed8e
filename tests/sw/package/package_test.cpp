#include "sw/package/package.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/configuration/error.hpp"
#include "sw/codesign/pairing/pairing.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/package/network_json.hpp"
#include "sw/report/sha256.hpp"
#include "tests/system/synthetic_networks.hpp"

namespace cimbalom::package {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class package_test : public ::testing::Test {
 protected:
  package_test() {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = (fs::temp_directory_path() / ("cimbalom_package_" + name)).string();
    fs::remove_all(folder_);
  }
  ~package_test() override { fs::remove_all(folder_); }

  static std::string content(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  static void replace(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  // Edits a file and corrects its hash: what the hashes cannot tell.
  void forge(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = content(folder_ + "/" + name), manifest = content(folder_ + "/MANIFEST.json");
    const std::string old_hash = report::sha256(text);
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    manifest.replace(manifest.find(old_hash), old_hash.size(), report::sha256(text));
    replace(folder_ + "/" + name, text);
    replace(folder_ + "/MANIFEST.json", manifest);
  }

  std::string refusal() const {
    try {
      read(folder_);
    } catch (const input_error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "no input_error";
    return "";
  }

  std::string folder_;
};

package small_package() {
  package value;
  value.network = test::residual_network(1, 8, 16);
  test::network_builder draw(4);
  for (quantization::layer& l : value.network.layers) {
    quantization::mvm_parameters& p = l.mvm;
    const std::size_t size = p.filters > 0 ? p.weights.size() / static_cast<std::size_t>(p.filters) : 0;
    for (std::size_t f = 0; f < p.weight_bits.size(); ++f) {
      const int bits = 2 + draw.random(7);
      p.weight_bits[f] = static_cast<std::uint8_t>(bits);
      p.weight_scale[f] = std::sqrt(2.0) / (1 + static_cast<double>(f));
      for (std::size_t k = 0; k < size; ++k) {
        std::int16_t& w = p.weights[f * size + k];
        w = static_cast<std::int16_t>(k / 16 % 3 == 0 ? 0 : w >> (8 - bits));
      }
    }
  }
  codesign::pairing_options options;
  options.filters_per_slot = 3;
  options.rule = codesign::pattern_rule::shared;
  codesign::pair_network(value.network, value.macro, options);
  value.policy = "budget: {mean_bits: 4}\n";
  value.preprocess = "input: {scale: 0.5}\n";
  value.seed = 0xfedcba9876543210ULL;
  value.provenance = {{"model_sha256", "abc"}, {"capability", "AVX2"}};
  return value;
}

void expect_same(const package& a, const package& b) {
  EXPECT_EQ(a.policy, b.policy);
  EXPECT_EQ(a.preprocess, b.preprocess);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.provenance, b.provenance);
  ASSERT_EQ(a.network.layers.size(), b.network.layers.size());
  for (std::size_t i = 0; i < a.network.layers.size(); ++i) {
    const quantization::mvm_parameters &one = a.network.layers[i].mvm, &other = b.network.layers[i].mvm;
    EXPECT_EQ(one.weights, other.weights);
    EXPECT_EQ(one.weight_bits, other.weight_bits);
    EXPECT_EQ(one.weight_scale, other.weight_scale);
    EXPECT_EQ(one.bias, other.bias);
    EXPECT_EQ(one.slot_assignment, other.slot_assignment);
  }
  for (const bool skip : {false, true}) {
    compiler::compile_options options;
    options.skip_zero_groups = skip;
    const compiler::program before = compiler::compile(a.network, compiler::target(), options);
    const compiler::program after = compiler::compile(b.network, compiler::target(), options);
    EXPECT_EQ(before.memory_image, after.memory_image);
    EXPECT_EQ(before.weight_storage_bits, after.weight_storage_bits);
  }
}

TEST_F(package_test, reloads_to_the_same_program) {
  const package made = small_package();
  write(made, folder_);
  expect_same(made, read(folder_));
  EXPECT_FALSE(fs::exists(folder_ + ".partial"));
}

TEST_F(package_test, same_package_same_bytes) {
  write(small_package(), folder_);
  const std::string first = identity(folder_);
  write(read(folder_), folder_ + "/");  // over the old one
  EXPECT_EQ(identity(folder_), first);
}

TEST_F(package_test, keeps_the_float_graph) {
  package made = small_package();
  graph::graph& g = made.network.host_graph;
  g.name = "float";
  g.file = "/elsewhere/model.onnx";
  const graph::value_id x = g.add_value("x", graph::data_type::float32, {1, 2});
  g.inputs = {x};
  const graph::value_id low =
      g.add_constant("low", graph::tensor::of<float>({2}, {-std::numeric_limits<float>::infinity(), 0.1F}));
  graph::node n;
  n.kind = graph::op::add;
  n.name = "sum";
  n.inputs = {x, low};
  n.outputs = {g.add_value("y", graph::data_type::float32, {1, 2})};
  n.attributes = {{"a", std::int64_t{-3}},
                  {"b", 0.1F},
                  {"c", std::string("text")},
                  {"d", std::vector<std::int64_t>{1, 2}},
                  {"e", std::vector<float>{0.3F}},
                  {"f", std::vector<std::string>{"p"}},
                  {"g", graph::tensor::of<std::int64_t>({1}, {7})}};
  g.outputs = n.outputs;
  g.nodes = {n};
  write(made, folder_);
  const graph::graph again = read(folder_).network.host_graph;
  EXPECT_EQ(again.file, "model.onnx");
  ASSERT_EQ(again.nodes.size(), 1U);
  EXPECT_EQ(again.nodes[0].kind, graph::op::add);
  EXPECT_EQ(again.nodes[0].inputs, n.inputs);
  EXPECT_TRUE(again.nodes[0].attributes == n.attributes);
  EXPECT_TRUE(again.initializers == g.initializers);
  EXPECT_EQ(again.info(x).shape, g.info(x).shape);
}

TEST_F(package_test, refuses_a_broken_hash) {
  write(small_package(), folder_);
  std::string words = content(folder_ + "/weights.bin");
  words[10] = static_cast<char>(words[10] ^ 1);
  replace(folder_ + "/weights.bin", words);
  EXPECT_THAT(refusal(), HasSubstr("weights.bin: sha256"));
}

TEST_F(package_test, refuses_missing_files) {
  write(small_package(), folder_);
  fs::remove(folder_ + "/constants.bin");
  EXPECT_THAT(refusal(), HasSubstr("constants.bin: is missing"));
  fs::remove(folder_ + "/MANIFEST.json");
  EXPECT_THAT(refusal(), HasSubstr("no package"));
}

TEST_F(package_test, refuses_another_schema_version) {
  write(small_package(), folder_);
  std::string manifest = content(folder_ + "/MANIFEST.json");
  manifest.replace(manifest.find("\"schema_version\": 1"), 19, "\"schema_version\": 2");
  replace(folder_ + "/MANIFEST.json", manifest);
  EXPECT_THAT(refusal(), HasSubstr("schema_version = 2: 1 to 1"));
}

TEST_F(package_test, refuses_contradictions) {
  const std::vector<std::array<std::string, 3>> edits = {
      {"\"filters\": 16", "\"filters\": 15", "weight_bits = 16 entries: 15"},
      {"\"groups\": 1", "\"groups\": 0", "groups = 0"},
      {"\"kind\": \"mvm\"", "\"kind\": \"mmm\"", "one of mvm"},
      {"\"slot_bits\": 8", "\"slot_bits\": 6", "slot"},
      {"\"output\": ", "\"output\": 1000", "output"},
      {"\"scale\": \"0x", "\"scale\": \"zz", "hexadecimal"},
      {"\"input\": ", "\"input\": \"x\", \"other\": ", "input"},
      {"\"network\"", "\"netwerk\"", "network: is missing"}};
  for (const auto& [from, to, message] : edits) {
    write(small_package(), folder_);
    forge("network.json", from, to);
    EXPECT_THAT(refusal(), HasSubstr(message)) << from;
  }
}

TEST_F(package_test, refuses_words_that_do_not_belong) {
  write(small_package(), folder_);
  forge("weights.bin", content(folder_ + "/weights.bin").substr(0, 40), "");
  EXPECT_THAT(refusal(), HasSubstr("weights.bin"));
  write(small_package(), folder_);
  forge("weights.bin", content(folder_ + "/weights.bin"), content(folder_ + "/weights.bin") + "x");
  EXPECT_THAT(refusal(), HasSubstr("weights.bin: size"));
}

// Damage under a correct hash: refused in one line, or harmless; nothing else.
TEST_F(package_test, any_damage_is_refused_or_harmless) {
  const package made = small_package();
  const network_files whole = network_to_files(made);
  test::network_builder draw(11);
  const std::string letters = "0123456789-,:\"[]{}xe.ntrue";
  int refused = 0;
  for (int round = 0; round < 1500; ++round) {
    network_files files = whole;
    for (int edit = draw.random(3); edit >= 0; --edit) {
      const auto at = static_cast<std::size_t>(draw.random(static_cast<int>(files.network_json.size())));
      files.network_json[at] = letters[static_cast<std::size_t>(draw.random(static_cast<int>(letters.size())))];
    }
    if (draw.random(4) == 0) files.weights[static_cast<std::size_t>(draw.random(2000))] ^= 0x55;
    package value;
    try {
      network_from_files(files, "PKG", value);
    } catch (const input_error& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      continue;
    }
    try {
      compiler::compile(value.network, compiler::target());
    } catch (const input_error&) {
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST_F(package_test, never_replaces_anything_else) {
  fs::create_directories(folder_);
  replace(folder_ + "/thesis.txt", "text");
  EXPECT_THROW(write(small_package(), folder_), input_error);
  EXPECT_EQ(content(folder_ + "/thesis.txt"), "text");
}

TEST_F(package_test, failed_write_keeps_the_old_one) {
  write(small_package(), folder_);
  const std::string before = identity(folder_);
  package unsuitable = small_package();
  unsuitable.macro.slot_bits = 4;
  EXPECT_THROW(write(unsuitable, folder_), input_error);
  EXPECT_EQ(identity(folder_), before);
}

}  // namespace
}  // namespace cimbalom::package
