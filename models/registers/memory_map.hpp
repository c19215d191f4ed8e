#pragma once

#include <cstdint>

namespace cimbalom::registers {

// Control fabric: device registers.
inline constexpr std::uint64_t dma_base = 0x1000'0000;
inline constexpr std::uint64_t accelerator_base = 0x1001'0000;
inline constexpr std::uint64_t register_window_bytes = 0x1'0000;  ///< of every device

// Data fabric: memory and the buffer apertures of the accelerators.
inline constexpr std::uint64_t aperture_base = 0x2000'0000;
inline constexpr std::uint64_t aperture_window_bytes = 0x100'0000;
inline constexpr std::uint64_t dram_base = 0x8000'0000;

inline constexpr int max_accelerators = 16;

/// First register of accelerator k.
constexpr std::uint64_t accelerator_registers_at(int k) {
  return accelerator_base + static_cast<std::uint64_t>(k) * register_window_bytes;
}

/// First byte of the buffer aperture of accelerator k, on the data fabric.
constexpr std::uint64_t aperture_at(int k) {
  return aperture_base + static_cast<std::uint64_t>(k) * aperture_window_bytes;
}

// Lines of wait_interrupt(): bit 0 is the DMA, bit 1 + k accelerator k.
inline constexpr std::uint32_t dma_interrupt_line = 1U << 0;
constexpr std::uint32_t accelerator_interrupt_line(int k) {
  return 1U << (1 + k);
}

}  // namespace cimbalom::registers
