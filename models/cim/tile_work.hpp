#pragma once

#include <cstdint>
#include <vector>

namespace cimbalom::cim {

/// What a command occupies in time and counts in energy; found from the descriptor alone, so that timing needs no data.
/// Fields that do not concern the command are 0.
struct tile_work {
  std::uint64_t pixels = 0;   ///< output pixels of the tile
  std::uint64_t outputs = 0;  ///< pixels x filters
  std::uint64_t input_slices = 0;
  std::vector<std::uint64_t> bank_operations;  ///< by global bank number; 0: bank idle
  std::vector<std::uint64_t> bank_positions;   ///< compute, as long: positions that the bank walks for every pixel
  std::uint64_t first_position = 0;            ///< compute: of those, in every bank
  std::uint64_t input_vector_bytes = 0;        ///< bytes of one input vector (one row group)
  std::uint64_t input_vectors = 0;             ///< vectors read from the buffer, all banks: one an operation
  std::uint64_t post_operations = 0;           ///< outputs (mvm; 0 with keep), or elements x window samples (vector_op)
  std::uint64_t dense_macs = 0;                ///< of the stored weights: pixels x filters x rows that hold weights
  std::uint64_t used_cell_bits = 0;    ///< stored non-padding weight bits in conversions (macro_utilization numerator)
  std::uint64_t driven_cell_bits = 0;  ///< driven columns x rows_active of the banks driven (denominator)
  std::uint64_t conversions = 0;       ///< column conversions (idle columns gated as configured); a digital macro's
                                       ///< column sums
  std::uint64_t program_rows = 0;      ///< program: rows written a bank (banks in parallel)
  std::uint64_t program_banks = 0;
  std::uint64_t program_bits = 0;    ///< cell bits written, all copies
  std::uint64_t read_bytes[4] = {};  ///< by buffer (aperture order): bytes read
  std::uint64_t write_bytes[4] = {};

  std::uint64_t input_bits = 0;       ///< of one driven code
  std::uint64_t operations = 0;       ///< sum of bank_operations
  std::uint64_t partial_sums = 0;     ///< additions of one operation's result to an accumulator
  std::uint64_t final_outputs = 0;    ///< outputs that appear with the last operation: filters x copies that work
  std::uint64_t row_writes = 0;       ///< program: rows written, all banks
  std::uint64_t stream_bytes = 0;     ///< program: weight bytes that cross the converter; copies between buffers: bytes
  std::uint64_t requantizations = 0;  ///< outputs of post-processing
  std::uint64_t additions = 0;        ///< residual additions
  std::uint64_t comparisons = 0;      ///< window samples compared or added
};

}  // namespace cimbalom::cim
