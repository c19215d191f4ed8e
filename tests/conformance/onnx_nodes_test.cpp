#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "platform/configuration/error.hpp"
#include "sw/graph/operators.hpp"
#include "sw/onnx/import.hpp"
#include "sw/torch/float_executor.hpp"
#include "tests/conformance/shared_data.hpp"

namespace cimbalom {
namespace {

namespace fs = std::filesystem;

/// Tests of supported operators that are refused on purpose: a form that inference on this hardware never has.
const std::set<std::string> refused_forms = {
    "test_batchnorm_example_training_mode",          // training
    "test_training_dropout_default",                 //
    "test_training_dropout_mask",                    //
    "test_cast_BFLOAT16_to_FLOAT",                   // half precision and strings
    "test_cast_DOUBLE_to_FLOAT16",                   //
    "test_cast_FLOAT16_to_DOUBLE",                   //
    "test_cast_FLOAT16_to_FLOAT",                    //
    "test_cast_FLOAT_to_FLOAT16",                    //
    "test_cast_FLOAT_to_STRING",                     //
    "test_cast_STRING_to_FLOAT",                     //
    "test_castlike_BFLOAT16_to_FLOAT_expanded",      //
    "test_castlike_FLOAT16_to_DOUBLE_expanded",      //
    "test_castlike_FLOAT_to_BFLOAT16_expanded",      //
    "test_castlike_STRING_to_FLOAT_expanded",        //
    "test_max_float16",                              //
    "test_min_float16",                              //
    "test_identity_sequence",                        // a sequence, no tensor
    "test_maxpool_with_argmax_2d_precomputed_pads",  // the Indices output
};

const std::set<std::string> integer_operators = {"ConvInteger",   "MatMulInteger",  "QLinearConv",
                                                 "QLinearMatMul", "QuantizeLinear", "DequantizeLinear"};

struct verdict {
  enum { passed, refused, failed } result = failed;
  std::string line;
};

std::string compare(const graph::tensor& got, const graph::tensor& wanted, bool exact) {
  if (got.type() != wanted.type()) return std::string("type ") + graph::name_of(got.type());
  if (got.shape() != wanted.shape())
    return "shape " + graph::to_text(got.shape()) + ", not " + graph::to_text(wanted.shape());
  if (!graph::is_floating(got.type()) || exact) return got == wanted ? "" : "values differ";
  const std::vector<double> a = got.as_doubles();
  const std::vector<double> b = wanted.as_doubles();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (a[i] == b[i]) continue;
    if (!(std::abs(a[i] - b[i]) <= 1e-7 + 1e-3 * std::abs(b[i])))
      return "element " + std::to_string(i) + ": " + std::to_string(a[i]) + ", not " + std::to_string(b[i]);
  }
  return "";
}

std::vector<graph::tensor> tensors_in(const fs::path& folder, const std::string& prefix) {
  std::vector<graph::tensor> made;
  for (int k = 0; fs::exists(folder / (prefix + std::to_string(k) + ".pb")); ++k)
    made.push_back(onnx::import_tensor((folder / (prefix + std::to_string(k) + ".pb")).string()));
  return made;
}

std::string read(const fs::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  std::string bytes(fs::file_size(path), '\0');
  const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  bytes.resize(got);
  return bytes;
}

verdict run_test(const fs::path& folder) {
  const std::string model = (folder / "model.onnx").string();
  const onnx::model_summary summary = onnx::summarize_file(model);
  bool exact = false;
  for (const std::string& name : summary.operators) exact = exact || integer_operators.count(name) != 0;
  try {
    const bool readable = refused_forms.count(folder.filename().string()) == 0;
    std::map<std::string, graph::tensor> bind;
    std::vector<graph::tensor> inputs;
    if (readable) inputs = tensors_in(folder / "test_data_set_0", "input_");
    std::vector<graph::tensor> fed;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::string& name = summary.inputs.at(k);
      if (std::count(summary.parameters.begin(), summary.parameters.end(), name) != 0)
        bind.emplace(name, inputs[k]);
      else
        fed.push_back(inputs[k]);
    }
    const graph::graph g = onnx::import_bytes(read(folder / "model.onnx"), model, bind);
    const auto outputs = torch::load_float_executor(g)->run(fed);
    const auto wanted = tensors_in(folder / "test_data_set_0", "output_");
    if (outputs.size() != wanted.size()) return {verdict::failed, "number of outputs"};
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const std::string difference = compare(outputs[k], wanted[k], exact);
      if (!difference.empty()) return {verdict::failed, "output " + std::to_string(k) + ": " + difference};
    }
    return {verdict::passed, ""};
  } catch (const input_error& error) {
    return {verdict::refused, error.what()};
  } catch (const std::exception& error) {
    return {verdict::failed, error.what()};
  }
}

bool may_refuse(const fs::path& folder) {
  if (refused_forms.count(folder.filename().string()) != 0) return true;
  const auto operators = onnx::summarize_file((folder / "model.onnx").string()).operators;
  return std::any_of(operators.begin(), operators.end(),
                     [](const std::string& name) { return graph::find_operator(name) == nullptr; });
}

TEST(OnnxConformance, EveryNodeTestPassesOrIsRefusedInOneLine) {
  CIMBALOM_NEEDS("onnx_conformance/node");
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(tests::shared_data() + "/onnx_conformance/node"))
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  ASSERT_FALSE(folders.empty());
  int passed = 0;
  int refused = 0;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    const verdict v = run_test(folder);
    if (v.result == verdict::failed) ADD_FAILURE() << name << ": " << v.line;
    if (v.result == verdict::passed) {
      ++passed;
      EXPECT_EQ(refused_forms.count(name), 0U) << name << " passes, but is listed as refused";
    }
    if (v.result != verdict::refused) continue;
    ++refused;
    EXPECT_TRUE(may_refuse(folder)) << name << " is refused, but its operators are supported: " << v.line;
    EXPECT_EQ(v.line.find('\n'), std::string::npos) << name << ": " << v.line;
    EXPECT_EQ(v.line.rfind(folder.string(), 0), 0U) << name << ": the line must start with the file: " << v.line;
    std::printf("refused %s: %s\n", name.c_str(), v.line.substr(folder.string().size() + 1).c_str());
  }
  std::printf("ONNX node tests: %zu, passed %d, refused %d, failed %zu\n", folders.size(), passed, refused,
              folders.size() - static_cast<std::size_t>(passed + refused));
}

}  // namespace
}  // namespace cimbalom
