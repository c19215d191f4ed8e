#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <functional>

#include "sw/onnx/import.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/sw/graph/expect_refused.hpp"
#include "tests/sw/onnx/model_maker.hpp"

namespace cimbalom {
namespace {

using tests::expect_refused;
using tests::model_maker;
using tests::small_network;

void refused(const model_maker& m, std::vector<std::string> parts) {
  parts.push_back("dir/m.onnx: ");
  expect_refused([&] { onnx::import_bytes(m.bytes(), "dir/m.onnx"); }, parts);
}

/// The small network after one change.
void refused_after(const std::function<void(model_maker&)>& change, const std::vector<std::string>& parts) {
  model_maker m = small_network();
  change(m);
  refused(m, parts);
}

TEST(Refusal, MissingFile) {
  expect_refused([] { onnx::import_file("no/such.onnx"); }, {"no/such.onnx: cannot be opened"});
  expect_refused([] { onnx::import_tensor("no/such.pb"); }, {"no/such.pb: cannot be opened"});
}

TEST(Refusal, TruncatedAtAnyByte) {
  const std::string whole = small_network().bytes();
  for (std::size_t length = 0; length < whole.size(); length += 7)
    expect_refused([&] { onnx::import_bytes(whole.substr(0, length), "m.onnx"); }, {"m.onnx: "});
  expect_refused([&] { onnx::import_bytes(whole.substr(0, whole.size() / 2), "m.onnx"); },
                 {"is not an ONNX model, or is cut short"});
  expect_refused([&] { onnx::import_bytes("no model at all", "m.onnx"); }, {"is not an ONNX model"});
}

TEST(Refusal, Versions) {
  refused(small_network(18), {"opset = 18", "must be 1 to 17", "export with opset_version=17"});
  refused(small_network(0), {"opset = 0"});
  refused_after([](model_maker& m) { m.model.clear_opset_import(); }, {"opset = 0", "must be 1 to 17"});
  refused_after([](model_maker& m) { m.model.set_ir_version(2); }, {"ir_version = 2", "must be 3 to 10"});
}

TEST(Refusal, UnsupportedOperatorsAreNamedTogether) {
  refused_after(
      [](model_maker& m) {
        m.node("ConvTranspose", {"y", "w"}, {"z"});
        m.node("LSTM", {"z"}, {"l"});
        m.node("Add", {"l", "l"}, {"o"}).set_domain("com.example");
      },
      {"node ConvTranspose_of_z: operator = ConvTranspose: is not supported", "DepthToSpace", "inspect --operators",
       "also not supported: LSTM, com.example.Add"});
}

TEST(Refusal, DynamicShapes) {
  refused_after(
      [](model_maker& m) {
        model_maker::describe(*m.graph().mutable_input(0), "x", {1, 3, -1, 8});
      },
      {"graph input x: extent 2 = N", "must be static"});
  refused_after(
      [](model_maker& m) { m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape(); },
      {"graph input x", "its shape is dynamic"});
  refused_after(
      [](model_maker& m) {
        m.input("to", {2}, ::onnx::TensorProto::INT64);
        m.node("Reshape", {"y", "to"}, {"z"});
      },
      {"node Reshape_of_z (Reshape): input 1 = to: must be a constant"});
}

TEST(Refusal, Types) {
  refused_after(
      [](model_maker& m) {
        model_maker::describe(*m.graph().mutable_input(0), "x", {1, 3, 8, 8}, ::onnx::TensorProto::FLOAT16);
      },
      {"graph input x: type = FLOAT16", "convert the network to float32"});
  refused_after([](model_maker& m) { m.graph().mutable_initializer(0)->set_data_type(::onnx::TensorProto::BFLOAT16); },
                {"initializer w: type = BFLOAT16"});
  refused_after([](model_maker& m) { m.graph().mutable_input(0)->mutable_type()->mutable_sequence_type(); },
                {"graph input = x: must be a dense tensor"});
  refused_after(
      [](model_maker& m) {
        model_maker::describe(*m.graph().mutable_input(0), "x", {1, 3, 8, 8}, ::onnx::TensorProto::INT8);
      },
      {"node Conv_of_c (Conv): input type = int8"});
}

TEST(Refusal, DataOfTheWrongLength) {
  refused_after([](model_maker& m) { m.graph().mutable_initializer(1)->add_float_data(1); },
                {"initializer b: data = 5", "must be 4"});
  refused_after([](model_maker& m) { m.graph().mutable_initializer(1)->set_raw_data("abc"); },
                {"initializer b: data = 3", "must be 16"});
  refused_after([](model_maker& m) { m.graph().mutable_initializer(1)->set_dims(0, -4); },
                {"initializer b: shape = [-4]"});
  refused_after([](model_maker& m) { m.graph().mutable_initializer(1)->set_dims(0, std::int64_t{1} << 40); },
                {"initializer b: shape", "2^33"});
}

TEST(Refusal, ExternalData) {
  const auto external = [](model_maker& m, const std::string& location, const std::string& offset) {
    auto& w = *m.graph().mutable_initializer(0);
    w.clear_float_data();
    w.set_data_location(::onnx::TensorProto::EXTERNAL);
    auto* place = w.add_external_data();
    place->set_key("location");
    place->set_value(location);
    auto* from = w.add_external_data();
    from->set_key("offset");
    from->set_value(offset);
  };
  refused_after([&](model_maker& m) { external(m, "absent.bin", "0"); },
                {"initializer w: external data = dir/absent.bin", "the file is absent"});
  refused_after([&](model_maker& m) { external(m, "../absent.bin", "0"); }, {"must be a file in the model's folder"});
  refused_after([&](model_maker& m) { external(m, "/etc/passwd", "0"); }, {"must be a file in the model's folder"});
  refused_after([&](model_maker& m) { external(m, "absent.bin", "-1"); }, {"external offset = -1", "byte count"});

  const std::filesystem::path folder = testing_support::process_folder().path();
  std::ofstream(folder / "short.bin") << "too short";
  model_maker m = small_network();
  external(m, "short.bin", "4");
  expect_refused([&] { onnx::import_bytes(m.bytes(), (folder / "m.onnx").string()); },
                 {"short.bin", "holds 9 bytes; 432 are needed from offset 4"});
  model_maker absent = small_network();
  external(absent, "absent.bin", "0");
  std::ofstream(folder / "m.onnx", std::ios::binary) << absent.bytes();
  const graph::graph g = onnx::import_topology((folder / "m.onnx").string());
  EXPECT_FALSE(g.constant(g.find("w"))->has_data());
}

TEST(Refusal, BrokenGraphs) {
  refused_after([](model_maker& m) { m.graph().mutable_node(0)->set_input(0, "nowhere"); },
                {"node Conv_of_c (Conv): input = nowhere", "nothing defines it before"});
  refused_after([](model_maker& m) { m.graph().mutable_node()->SwapElements(0, 1); },
                {"node Relu_of_y (Relu): input = c", "nothing defines it before"});
  refused_after([](model_maker& m) { m.graph().mutable_node(1)->set_output(0, "c"); }, {"= c: name is defined twice"});
  refused_after([](model_maker& m) { m.graph().mutable_output(0)->set_name("nothing"); },
                {"graph output = nothing", "nothing computes it"});
  refused_after([](model_maker& m) { m.graph().clear_output(); }, {"graph output: there is none"});
  refused_after(
      [](model_maker& m) {
        model_maker::describe(*m.graph().mutable_output(0), "y", {-1, 5, 6, 6});
      },
      {"graph output y: shape", "[1, 4, 6, 6]"});
  refused_after(
      [](model_maker& m) {
        model_maker::describe(*m.graph().mutable_output(0), "y", {-1, 4, 6, 6}, ::onnx::TensorProto::INT8);
      },
      {"graph output y: type = int8", "the nodes give float32"});
  refused_after([](model_maker& m) { m.graph().clear_node(), m.graph().clear_output(); }, {"it holds no graph"});
}

TEST(Refusal, NamesWithControlCharactersStayOnOneLine) {
  refused_after([](model_maker& m) { m.graph().mutable_node(0)->set_input(0, "now\nhere"); }, {"input = now?here"});
  refused_after([](model_maker& m) { m.graph().mutable_node(0)->clear_op_type(); }, {"operator = (none)"});
}

TEST(Refusal, AttributesOfTheWrongKind) {
  refused_after([](model_maker& m) { model_maker::attribute(*m.graph().mutable_node(0), "strides", std::int64_t{1}); },
                {"node Conv_of_c (Conv): attribute strides", "must be a list of integers"});
  refused_after(
      [](model_maker& m) {
        auto* body = m.graph().mutable_node(0)->add_attribute();
        body->set_name("body");
        body->set_type(::onnx::AttributeProto::GRAPH);
      },
      {"attribute body", "must be a number"});
}

TEST(Refusal, BoundInputOfAnotherType) {
  expect_refused(
      [] {
        onnx::import_bytes(small_network().bytes(), "m.onnx", {{"x", graph::tensor::scalar(std::int8_t{1})}});
      },
      {"graph input x: bound type = int8", "must be float32"});
}

}  // namespace
}  // namespace cimbalom
