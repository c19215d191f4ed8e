#pragma once

#include <string_view>

namespace cimbalom::datasets {

/// The embedded default network (ONNX bytes), trained on `builtin` by cimbalom_train_builtin.
std::string_view builtin_onnx();
/// Its preprocessing (YAML text).
std::string_view builtin_preprocess();

}  // namespace cimbalom::datasets
