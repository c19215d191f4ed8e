#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "platform/configuration/error.hpp"
#include "sw/cli/arguments.hpp"
#include "sw/cli/commands.hpp"
#include "sw/cli/inspect.hpp"
#include "sw/datasets/dataset.hpp"
#include "sw/datasets/preprocess.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantization/quantize.hpp"
#include "sw/quantization/reference_executor.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/sw/package/embedded_package.hpp"

namespace cimbalom::cli {
namespace {

using ::testing::HasSubstr;

const std::string root = testing_support::process_folder().path();

nlohmann::json report_of(const std::string& out) {
  std::ifstream stream(out + "/report.json");
  return nlohmann::json::parse(stream);
}

evaluate_arguments evaluation(const std::string& out) {
  evaluate_arguments arguments;
  arguments.source.images = 60;
  arguments.source.out = root + "/" + out;
  return arguments;
}

TEST(package_commands, evaluate_gives_what_the_model_gives_in_fewer_operations) {
  const std::string folder = make_embedded_package(root);
  evaluate_arguments model = evaluation("model"), packed = evaluation("package");
  model.source.settings = {"quantization.weight_bits=4"};
  packed.source.package = folder;
  evaluate(model);
  evaluate(packed);
  nlohmann::json a = report_of(model.source.out), b = report_of(packed.source.out);
  EXPECT_EQ(a.at("accuracy"), b.at("accuracy"));
  EXPECT_EQ(b.at("command").at("input_sha256").dump().find("model"), std::string::npos);
  EXPECT_LT(b.at("memory").at("weight_storage_bits").get<double>(),
            a.at("memory").at("weight_storage_bits").get<double>());
}

TEST(package_commands, inspect_shows_the_slots) {
  inspect_arguments arguments;
  arguments.file = make_embedded_package(root);
  const std::string text = inspect(arguments);
  EXPECT_THAT(text, HasSubstr("slots are shared"));
  EXPECT_THAT(text, HasSubstr("4.00"));
}

TEST(package_commands, exported_network_gives_the_same_integer_outputs) {
  const std::string folder = make_embedded_package(root), file = root + "/exported.onnx";
  codesign_arguments arguments;
  arguments.source.package = folder;
  arguments.export_to = file;
  codesign(arguments);
  const package::package held = package::read(folder);
  const quantization::network back = quantization::quantize(quantization::prepare(onnx::import_file(file)), {}, {});
  quantization::reference_executor one(held.network), two(back);
  const auto images = datasets::open_dataset("builtin");
  const datasets::preprocess steps = datasets::find_preprocess("", file);  // exported.yaml, beside it
  EXPECT_EQ(steps.file, root + "/exported.yaml");
  const datasets::input_pipeline inputs(*images, "builtin", steps, held.network.tensors.at(0).shape, "x");
  for (std::size_t i = 0; i < images->size(); i += 20) {
    const std::vector<float> x = inputs.fetch(i);
    ASSERT_EQ(two.run(x.data()), one.run(x.data())) << "image " << i;
    ASSERT_EQ(two.codes(back.outputs.at(0)), one.codes(held.network.outputs.at(0))) << "image " << i;
  }
  evaluate_arguments packed = evaluation("packed"), exported = evaluation("exported");
  packed.source.package = folder;
  exported.source.model = file;
  exported.source.dataset = "builtin";
  evaluate(packed);
  evaluate(exported);
  EXPECT_EQ(report_of(exported.source.out).at("accuracy").at("quantized_top1"),
            report_of(packed.source.out).at("accuracy").at("quantized_top1"));
}

TEST(package_commands, an_export_that_cannot_be_written_is_one_line) {
  codesign_arguments arguments;
  arguments.source.package = make_embedded_package(root);
  for (const std::string& path : {root, root + "/pkg/none/net.onnx", root + "/net.txt"}) {
    arguments.export_to = path;
    EXPECT_THROW(codesign(arguments), input_error) << path;
  }
}

TEST(package_commands, bad_use_is_one_line) {
  evaluate_arguments arguments = evaluation("bad");
  arguments.source.package = make_embedded_package(root);
  arguments.source.settings = {"quantization.weight_bits=4"};
  EXPECT_THROW(evaluate(arguments), input_error);
  arguments.source.settings = {"platform.macro.slot_bits=6", "platform.macro.cols=96"};
  EXPECT_THROW(evaluate(arguments), input_error);
  arguments.source.package = root + "/nothing";
  EXPECT_THROW(evaluate(arguments), input_error);
  const char* both[] = {"cimbalom", "evaluate", "--model", "a.onnx", "--package", "b"};
  EXPECT_THROW(parse_arguments(6, both), input_error);
}

}  // namespace
}  // namespace cimbalom::cli
