#include "sw/datasets/builtin_network.hpp"

#include <cstddef>

// The assembler puts the files into the read-only data; CMake gives their paths.
// clang-format off
asm(".section .rodata\n"
    ".balign 16\n"
    ".global cimbalom_builtin_onnx_begin\n"
    "cimbalom_builtin_onnx_begin:\n"
    ".incbin \"" CIMBALOM_BUILTIN_ONNX "\"\n"
    ".global cimbalom_builtin_onnx_end\n"
    "cimbalom_builtin_onnx_end:\n"
    ".global cimbalom_builtin_yaml_begin\n"
    "cimbalom_builtin_yaml_begin:\n"
    ".incbin \"" CIMBALOM_BUILTIN_YAML "\"\n"
    ".global cimbalom_builtin_yaml_end\n"
    "cimbalom_builtin_yaml_end:\n"
    ".byte 0\n"
    ".text\n");
// clang-format on

extern "C" {
extern const char cimbalom_builtin_onnx_begin[];
extern const char cimbalom_builtin_onnx_end[];
extern const char cimbalom_builtin_yaml_begin[];
extern const char cimbalom_builtin_yaml_end[];
}

namespace cimbalom::datasets {

std::string_view builtin_onnx() {
  return {cimbalom_builtin_onnx_begin,
          static_cast<std::size_t>(cimbalom_builtin_onnx_end - cimbalom_builtin_onnx_begin)};
}

std::string_view builtin_preprocess() {
  return {cimbalom_builtin_yaml_begin,
          static_cast<std::size_t>(cimbalom_builtin_yaml_end - cimbalom_builtin_yaml_begin)};
}

}  // namespace cimbalom::datasets
