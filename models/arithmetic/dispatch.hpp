#pragma once

#include <string>
#include <vector>

namespace cimbalom::arithmetic {

/// Forces the instruction set of the kernels: scalar, sse4, avx2, avx512bw (AVX-512 without its bit counting), avx512
/// (with it, else avx512bw), or auto (the best this machine has). Results do not depend on it. Call it before kernels
/// run, not while they do. Throws std::invalid_argument for an unknown name or one this machine lacks. Without a call,
/// the environment variable CIMBALOM_SIMD has the same values.
void force_target(const std::string& name);

/// Name of the instruction set in use, as force_target takes it.
std::string current_target();

/// Names this machine can run, slowest first.
std::vector<std::string> available_targets();

}  // namespace cimbalom::arithmetic
