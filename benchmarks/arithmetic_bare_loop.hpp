#pragma once

#include <cstddef>
#include <cstdint>

namespace cimbalom::benchmarks {

/// The floor under any kernel that computes every conversion: AND, count bits, clip and add, on the best instruction
/// set allowed. 96 columns of 16 * words rows; `inputs`: operations * planes * words doubled words
/// (input_planes); dac_bits of the planes make a conversion. Returns the sum of all codes modulo 2^16 a lane, folded.
std::uint64_t bare_loop(const std::uint16_t* cells, const std::uint32_t* inputs, std::size_t operations,
                        std::size_t planes, std::size_t words, std::size_t dac_bits, unsigned top);

/// Before its first call: keeps bare_loop to the instruction set of that name (models/arithmetic/dispatch.hpp), SSE4 at
/// least.
void limit_bare_loop(const char* target);

}  // namespace cimbalom::benchmarks
