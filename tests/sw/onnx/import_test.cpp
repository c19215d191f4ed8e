#include "sw/onnx/import.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/sw/onnx/model_maker.hpp"

namespace cimbalom {
namespace {

using tests::model_maker;
namespace fs = std::filesystem;

TEST(Import, SmallNetwork) {
  const graph::graph g = onnx::import_bytes(tests::small_network().bytes(), "m.onnx");
  EXPECT_EQ(g.name, "made");
  ASSERT_EQ(g.nodes.size(), 2U);
  EXPECT_EQ(g.nodes[0].kind, graph::op::conv);
  EXPECT_EQ(g.nodes[0].name, "Conv_of_c");
  ASSERT_EQ(g.inputs.size(), 1U);
  EXPECT_EQ(g.info(g.inputs[0]).shape, (graph::shape_t{1, 3, 8, 8}));
  EXPECT_EQ(g.info(g.inputs[0]).batch_axis, 0);
  EXPECT_EQ(g.shape_of(g.outputs[0]), (graph::shape_t{1, 4, 6, 6}));
  EXPECT_EQ(g.constant(g.find("b"))->as_floats(), std::vector<float>(4, 0.25F));
}

TEST(Import, TheFirstAxisIsTheBatchOnlyWhenItCountsOneImage) {
  for (const std::int64_t first : {std::int64_t{1}, std::int64_t{5}}) {
    model_maker m;
    m.input("x", {first, 3});
    m.node("Relu", {"x"}, {"y"});
    m.output("y", {first, 3});
    const graph::graph g = onnx::import_bytes(m.bytes(), "m.onnx");
    EXPECT_EQ(g.info(g.inputs[0]).batch_axis, first == 1 ? 0 : -1);
    EXPECT_EQ(g.shape_of(g.inputs[0])[0], first);
  }
}

TEST(Import, NamesNodesThatHaveNoneOrShareOne) {
  model_maker m;
  m.input("x", {1, 3});
  m.node("Relu", {"x"}, {"a"}).clear_name();
  m.node("Relu", {"a"}, {"b"}).set_name("same");
  m.node("Relu", {"b"}, {"y"}).set_name("same");
  m.output("y", {1, 3});
  const graph::graph g = onnx::import_bytes(m.bytes(), "m.onnx");
  ASSERT_EQ(g.nodes.size(), 3U);
  EXPECT_EQ(g.nodes[0].name, "Relu_0");
  EXPECT_EQ(g.nodes[1].name, "same");
  EXPECT_EQ(g.nodes[2].name, "same_1");
}

TEST(Import, EveryElementTypeFromRawAndTypedData) {
  const std::vector<std::pair<int, graph::data_type>> types = {
      {::onnx::TensorProto::FLOAT, graph::data_type::float32}, {::onnx::TensorProto::DOUBLE, graph::data_type::float64},
      {::onnx::TensorProto::INT8, graph::data_type::int8},     {::onnx::TensorProto::UINT8, graph::data_type::uint8},
      {::onnx::TensorProto::INT16, graph::data_type::int16},   {::onnx::TensorProto::UINT16, graph::data_type::uint16},
      {::onnx::TensorProto::INT32, graph::data_type::int32},   {::onnx::TensorProto::UINT32, graph::data_type::uint32},
      {::onnx::TensorProto::INT64, graph::data_type::int64},   {::onnx::TensorProto::UINT64, graph::data_type::uint64},
      {::onnx::TensorProto::BOOL, graph::data_type::boolean}};
  for (const auto& [onnx_type, type] : types) {
    for (const bool raw : {false, true}) {
      model_maker m;
      auto* data = m.graph().add_initializer();
      data->set_name("w");
      data->set_data_type(onnx_type);
      data->add_dims(1);
      graph::tensor wanted(type, {1});
      graph::visit_type(type, [&](auto zero) { wanted.data<decltype(zero)>()[0] = static_cast<decltype(zero)>(1); });
      if (raw) {
        data->set_raw_data(wanted.bytes(), wanted.size_bytes());
      } else {
        switch (type) {
          case graph::data_type::float32:
            data->add_float_data(1);
            break;
          case graph::data_type::float64:
            data->add_double_data(1);
            break;
          case graph::data_type::int64:
            data->add_int64_data(1);
            break;
          case graph::data_type::uint32:
          case graph::data_type::uint64:
            data->add_uint64_data(1);
            break;
          default:
            data->add_int32_data(1);
        }
      }
      m.node("Identity", {"w"}, {"y"});
      m.output("y", {1}, onnx_type);
      const graph::graph g = onnx::import_bytes(m.bytes(), "m.onnx");
      EXPECT_EQ(*g.constant(g.outputs[0]), wanted) << graph::name_of(type) << (raw ? " raw" : "");
    }
  }
}

TEST(Import, BindsInputsToConstants) {
  model_maker m;
  m.input("x", {2, 3});
  m.input("shape", {1}, ::onnx::TensorProto::INT64);
  m.node("Reshape", {"x", "shape"}, {"y"});
  m.output("y", {6});
  const graph::graph g =
      onnx::import_bytes(m.bytes(), "m.onnx", {{"shape", graph::tensor::of<std::int64_t>({1}, {6})}});
  EXPECT_EQ(g.inputs.size(), 1U);
  EXPECT_EQ(g.shape_of(g.outputs[0]), (graph::shape_t{6}));
}

TEST(Import, AllFormsOfConstant) {
  model_maker m;
  m.input("x", {2});
  auto& scalar = *m.node("Constant", {}, {"a"}).add_attribute();
  scalar.set_name("value_float");
  scalar.set_type(::onnx::AttributeProto::FLOAT);
  scalar.set_f(2);
  auto& list = *m.node("Constant", {}, {"b"}).add_attribute();
  list.set_name("value_floats");
  list.set_type(::onnx::AttributeProto::FLOATS);
  list.add_floats(3);
  list.add_floats(4);
  m.node("Mul", {"a", "b"}, {"c"});
  m.node("Add", {"x", "c"}, {"y"});
  m.output("y", {2});
  const graph::graph g = onnx::import_bytes(m.bytes(), "m.onnx");
  ASSERT_EQ(g.nodes.size(), 1U);
  EXPECT_EQ(g.constant(g.nodes[0].inputs[1])->as_floats(), (std::vector<float>{6, 8}));
}

/// A folder of this test's own, removed at the end.
class ImportFile : public testing::Test {
 protected:
  ImportFile() : folder_(fs::temp_directory_path() / ("cimbalom_import_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~ImportFile() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }

  fs::path folder_;
};

TEST_F(ImportFile, ReadsExternalData) {
  model_maker m = tests::small_network();
  auto& w = *m.graph().mutable_initializer(0);
  w.clear_float_data();
  w.set_data_location(::onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const std::string& key, const std::string& value) {
    auto* e = w.add_external_data();
    e->set_key(key);
    e->set_value(value);
  };
  entry("location", "weights.bin");
  entry("offset", "8");
  entry("length", "432");
  std::vector<float> values(2 + 108);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  write("weights.bin", {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  const std::string file = write("m.onnx", m.bytes());
  const graph::graph g = onnx::import_file(file);
  const std::vector<float> got = g.constant(g.find("w"))->as_floats();
  EXPECT_EQ(onnx::summarize_file(file).data_files, std::vector<std::string>{"weights.bin"});
  EXPECT_EQ(got, std::vector<float>(values.begin() + 2, values.end()));
}

TEST_F(ImportFile, SummaryNeedsNoSupport) {
  model_maker m = tests::small_network();
  m.graph().mutable_node(1)->set_op_type("ConvTranspose");
  m.node("Gelu", {"y"}, {"z"}).set_domain("com.example");
  const onnx::model_summary summary = onnx::summarize_file(write("m.onnx", m.bytes()));
  EXPECT_EQ(summary.inputs, std::vector<std::string>{"x"});
  EXPECT_EQ(summary.operators, (std::vector<std::string>{"Conv", "ConvTranspose", "com.example.Gelu"}));
}

TEST_F(ImportFile, TwoImportsGiveTheSameGraph) {
  const std::string path = write("m.onnx", tests::small_network().bytes());
  const graph::graph a = onnx::import_file(path);
  const graph::graph b = onnx::import_file(path);
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) EXPECT_EQ(a.values[i].name, b.values[i].name);
}

}  // namespace
}  // namespace cimbalom
