#include "sw/cli/export_network.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "platform/configuration/error.hpp"
#include "sw/onnx/export.hpp"
#include "sw/quantization/qdq_graph.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::cli {

namespace fs = std::filesystem;

void check_export(const std::string& path) {
  std::error_code error;
  if (fs::path(path).extension() != ".onnx") throw bad_input({}, "--export", path, "a file that ends in .onnx");
  const std::string probe = path + ".probe";
  const bool written = !fs::is_directory(path, error) && std::ofstream(probe).put('x').flush().good();
  fs::remove(probe, error);
  if (!written) throw bad_input({}, "--export", path, "a file that can be written");
}

void export_network(const package::package& made, const std::string& path) {
  const std::string bytes = onnx::export_bytes(quantization::qdq_graph(made.network));
  report::write_whole(path, bytes);
  const std::string steps = fs::path(path).replace_extension(".yaml").string();
  if (!made.preprocess.empty()) report::write_whole(steps, made.preprocess);
  fmt::print("  {:<22} {}\n", "ONNX QDQ", path);
}

}  // namespace cimbalom::cli
