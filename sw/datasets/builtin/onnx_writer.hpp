#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cimbalom::datasets {

/// Builds an ONNX model (opset 13) node by node. Keeps protobuf out of the headers.
class onnx_writer {
 public:
  using shape = std::vector<std::int64_t>;
  using int_attributes = std::vector<std::pair<std::string, shape>>;  ///< `group` and `axis` scalar, the rest lists

  explicit onnx_writer(const std::string& name);
  ~onnx_writer();

  /// float32 value with a symbolic first extent "N"; `extents` are the others.
  void input(const std::string& name, const shape& extents);
  void output(const std::string& name, const shape& extents);
  void weights(const std::string& name, const shape& extents, const std::vector<float>& values);
  void node(const std::string& operation, const std::vector<std::string>& inputs, const std::string& result,
            const int_attributes& attributes = {});
  /// Throws run_error when the file cannot be written.
  void save(const std::string& path) const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace cimbalom::datasets
