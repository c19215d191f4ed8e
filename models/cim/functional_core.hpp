#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/arithmetic/nonideality.hpp"
#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/registers/descriptor.hpp"

namespace cimbalom::cim {

/// What a command occupies in time; found from the descriptor alone, so that timing needs no data.
struct tile_work {
  std::uint64_t pixels = 0;                ///< output pixels of the tile
  std::uint64_t outputs = 0;               ///< pixels x filters
  std::uint64_t input_slices = 0;
  std::vector<std::uint64_t> bank_operations;  ///< by global bank number; 0: bank idle
  std::uint64_t input_vector_bytes = 0;    ///< bytes of one input vector (one row group)
  std::uint64_t input_vectors = 0;         ///< vectors read from the buffer, all banks
  std::uint64_t post_operations = 0;       ///< outputs (mvm), or elements and window samples (vector_op)
  std::uint64_t dense_macs = 0;            ///< of the stored weights: pixels x filters x rows that hold weights
  std::uint64_t used_cell_bits = 0;        ///< stored non-padding weight bits in conversions (macro_utilization numerator)
  std::uint64_t driven_cell_bits = 0;      ///< driven columns x rows_active of the banks driven (denominator)
  std::uint64_t conversions = 0;           ///< ADC conversions (idle columns gated as configured)
  std::uint64_t program_rows = 0;          ///< program: rows written a bank (banks in parallel)
  std::uint64_t program_banks = 0;
  std::uint64_t program_bits = 0;          ///< cell bits written, all copies
  std::uint64_t read_bytes[4] = {};        ///< by buffer (aperture order): bytes read
  std::uint64_t write_bytes[4] = {};
};

/// Function of one accelerator: buffers, array state, and what each command does to them. The sequencer calls it on the
/// bytes that really arrived; evaluate calls it on a memory image. It knows neither time nor bus.
class functional_core {
 public:
  functional_core(const accelerator_config& accelerator, const macro_config& macro,
                  const arithmetic::nonideality_config& nonideality);
  ~functional_core();
  functional_core(const functional_core&) = delete;
  functional_core& operator=(const functional_core&) = delete;

  /// Bytes [offset, offset + length) of the aperture, or null where they leave one buffer.
  std::uint8_t* bytes(std::uint32_t aperture_offset, std::uint64_t length);

  /// What `value` will occupy. Descriptors are read from the parameter buffer.
  registers::error_code plan(const registers::command& value, tile_work& work);
  /// Does program, compute, vector_op, and load_vector from a buffer. Counts what happened in `counted`.
  registers::error_code execute(const registers::command& value, arithmetic::activity& counted);
  /// Number of the image that noise is drawn for; the host sets it by the order of images.
  void set_image(std::uint64_t image);
  /// Reset: buffers and arrays lose their contents.
  void reset();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Memory as commands see it; addresses as on the bus. Both return false where the range is unmapped.
struct memory_view {
  std::function<bool(std::uint64_t address, void* to, std::uint64_t length)> read;
  std::function<bool(std::uint64_t address, const void* from, std::uint64_t length)> write;
};

/// Executes one command of any kind in program order without time (evaluate). fence and nop do nothing.
registers::error_code execute_untimed(functional_core& core, const registers::command& value, const memory_view& memory,
                                      arithmetic::activity& counted);

}  // namespace cimbalom::cim
