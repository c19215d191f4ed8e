// Co-design where something goes wrong, or comes from files, as a user starts it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "sw/datasets/builtin_images.hpp"
#include "sw/graph/build.hpp"
#include "sw/onnx/export.hpp"
#include "tests/sw/cli/design_start.hpp"

namespace cimbalom::cli {
namespace {

// What a design without troubles gives; made once.
const std::string& undisturbed() {
  static const std::string made = [] {
    EXPECT_EQ(design("undisturbed").code, 0);
    return manifest("undisturbed");
  }();
  return made;
}

void expect_one_line(const outcome& result, int code, const std::string& part) {
  EXPECT_EQ(result.code, code) << result.errors;
  const std::string line = result.errors.substr(std::min(result.errors.find("error:"), result.errors.size()));
  EXPECT_NE(line.find(part), std::string::npos) << result.errors;
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << result.errors;
}

// A file may grow to a little more than the checkpoint of the first stage: the next one holds the best epoch too.
TEST(codesign_troubles, a_full_disk_keeps_the_last_good_checkpoint) {
  const std::string& expected = undisturbed();
  ASSERT_EQ(design("full", "--until pruning").code, 0);
  const std::string before = text_of(checkpoint_of("full"));
  const std::size_t blocks = before.size() / 512 + 64;
  ASSERT_GT(before.size(), 100000U);
  const std::string limited = "ulimit -f " + std::to_string(blocks) + "; ";
  expect_one_line(start(design_command("full", "--resume"), "/dev/null", limited), 1,
                  "the checkpoint cannot be written");
  EXPECT_EQ(text_of(checkpoint_of("full")), before);
  EXPECT_FALSE(std::filesystem::exists(checkpoint_of("full") + ".part"));
  ASSERT_EQ(design("full", "--resume").code, 0);
  EXPECT_EQ(manifest("full"), expected);
}

TEST(codesign_troubles, interrupted_training_says_so_and_resumes_to_the_same_package) {
  const std::string& expected = undisturbed();
  const std::string errors = folder("interrupted.txt"), checkpoint = checkpoint_of("interrupted");
  const std::string command = std::string(CIMBALOM_PROGRAM) + " " + design_command("interrupted") + " >/dev/null 2>" +
                              errors + " & pid=$!; until [ -e " + checkpoint +
                              " ] || ! kill -0 $pid; do sleep 0.05; done; kill -INT $pid; wait $pid; exit $?";
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  expect_one_line({WEXITSTATUS(status), text_of(errors)}, 1, "interrupted: the last checkpoint stays");
  EXPECT_FALSE(std::filesystem::exists(folder("interrupted")));
  ASSERT_EQ(design("interrupted", "--resume").code, 0);
  EXPECT_EQ(manifest("interrupted"), expected);
}

TEST(codesign_troubles, a_network_with_nothing_to_prune_is_refused) {
  graph::graph g;
  g.name = "pools";
  graph::value_id x = graph::add_input(g, "x", graph::data_type::float32, {1, 3, 32, 32});
  x = graph::add_node(g, graph::op::relu, "relu", {x});
  x = graph::add_node(g, graph::op::flatten, "flat", {x});
  const auto one = [&](const char* name, std::int64_t value) {
    return g.add_constant(name, graph::tensor::of<std::int64_t>({1}, {value}));
  };
  g.outputs = {graph::add_node(g, graph::op::slice, "classes", {x, one("first", 0), one("last", 10), one("axis", 1)})};
  std::filesystem::create_directories(folder("models"));
  std::ofstream(folder("models") + "/pools.onnx", std::ios::binary) << onnx::export_bytes(g);
  expect_one_line(start("codesign --policy builtin --dataset builtin --model " + folder("models") +
                        "/pools.onnx --out " + folder("pools") + quick),
                  2, "nothing to prune");
  EXPECT_FALSE(std::filesystem::exists(folder("pools")));
}

std::string npy_head(const std::string& shape) {
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n";  // 118 bytes behind the length
}

std::string idx_head(const std::vector<std::uint32_t>& shape) {
  std::string head("\x00\x00\x08", 3);
  head += static_cast<char>(shape.size());
  for (const std::uint32_t extent : shape)
    for (const unsigned shift : {24U, 16U, 8U, 0U}) head += static_cast<char>((extent >> shift) & 255U);
  return head;
}

void write(const std::string& path, const std::string& head, const std::string& body) {
  std::ofstream(path, std::ios::binary) << head << body;
}

// The first images of a part of the embedded data set as IDX and as NumPy files; returns both specs.
std::vector<std::string> write_images(const std::string& name, datasets::split part, std::uint32_t count) {
  const datasets::builtin_images source(part);
  std::string pixels, labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    const datasets::builtin_images::image drawn = source.draw(i);
    pixels.append(drawn.begin(), drawn.end());
    labels += static_cast<char>(*source.label(i));
  }
  const std::string at = folder(name), n = std::to_string(count);
  write(at + ".images.idx", idx_head({count, 3, 32, 32}), pixels);
  write(at + ".labels.idx", idx_head({count}), labels);
  write(at + ".images.npy", npy_head(n + ", 3, 32, 32"), pixels);
  write(at + ".labels.npy", npy_head(n + ","), labels);
  return {"idx:" + at + ".images.idx," + at + ".labels.idx", "npy:" + at + ".images.npy," + at + ".labels.npy"};
}

TEST(codesign_troubles, files_without_splits_train_by_name_and_give_the_same_package) {
  const std::vector<std::string> training = write_images("training", datasets::split::train, 80);
  const std::vector<std::string> test = write_images("test", datasets::split::test, 4);
  const std::string common = "run --policy builtin --images 2 --batch 2 --timing-only" + quick;
  expect_one_line(start(common + "--dataset " + test[0] + " --out " + folder("untold")), 2, "--training");
  for (const std::size_t k : {0U, 1U}) {
    const outcome result = start(common + "--dataset " + test[k] + " --training " + training[k] + " --out " +
                                 folder("files" + std::to_string(k)));
    ASSERT_EQ(result.code, 0) << result.errors;
  }
  // The same images in two formats: the same network. Only the provenance tells them apart.
  for (const char* file : {"network.json", "weights.bin", "constants.bin"})
    EXPECT_EQ(text_of(folder("files0") + "/package/" + file), text_of(folder("files1") + "/package/" + file)) << file;
  EXPECT_NE(text_of(folder("files0") + "/package/provenance.json").find("\"validation_images\": \"8\""),
            std::string::npos);

  const nlohmann::json report = report_of("files0"), &work = report.at("codesign");
  std::uint64_t instructions = 0;
  for (const auto& [stage, cost] : work.at("by_stage").items())
    instructions += cost.at("host_instructions").get<std::uint64_t>();
  EXPECT_EQ(work.at("host_instructions"), instructions);
  EXPECT_GT(work.at("by_stage").at("mixed").at("host_instructions"), 0);
  // 500 MHz, 1.3 cycles an instruction, 11.6 pJ each.
  const auto counted = static_cast<double>(instructions);
  EXPECT_NEAR(work.at("host_time_ns").get<double>() / (counted * 2.6), 1, 1e-6);
  EXPECT_NEAR(work.at("host_energy_pj").get<double>() / (counted * 11.6), 1, 1e-6);
  EXPECT_LT(report.at("performance").at("simulated_ns").get<double>(), work.at("host_time_ns").get<double>());
}

}  // namespace
}  // namespace cimbalom::cli
