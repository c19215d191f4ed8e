#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/arithmetic/macro_shape.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/quantization/requantization.hpp"

namespace cimbalom::quantization {

/// Executes a network on one image with plain loops: slow, and independent of the accelerator's code and of the
/// kernels, so that both can be checked against it.
class reference_executor {
 public:
  /// Plain integers: what an accelerator with lossless conversion computes.
  explicit reference_executor(const network& net);
  /// Through the row groups, input slices, columns and ADC of a macro, with each layer's own ADC step. Partial sums and
  /// accumulators do not saturate here (the compiler proves that they do not).
  reference_executor(const network& net, const arithmetic::macro_shape& shape);

  /// `input`: float32 values in the order of the input tensor's shape. Returns the outputs, float32, likewise.
  std::vector<std::vector<float>> run(const float* input);

  /// Layer by layer: set_codes() or set_values() its inputs, run_layer(), read its output.
  void set_codes(int tensor, std::vector<std::int32_t> codes);
  void set_values(int tensor, std::vector<float> values);
  void run_layer(std::size_t index);

  /// After run(): codes of a tensor in HWC; empty for tensors of the host.
  const std::vector<std::int32_t>& codes(int tensor) const { return codes_.at(static_cast<std::size_t>(tensor)); }
  /// After run(): float32 values of any tensor, in the order of its shape.
  std::vector<float> values(int tensor) const;
  /// Conversions of the last run that the ADC's range cut.
  std::uint64_t clipped() const { return clipped_; }

 private:
  struct prepared_filter {
    // [row group][chunk of weight bits][row]: what the cells of the chunk's columns are worth together.
    std::vector<std::int16_t> cells;
    int chunks = 0;  // the sign column last
    int bits = 0;
  };
  struct prepared_layer {
    std::vector<constants> filters;  // mvm
    vector_constants vector;         // vector layers
    std::vector<prepared_filter> cells;
  };

  void prepare();
  void prepare_cells(const layer& l, prepared_layer& to) const;
  void run_mvm(const layer& l, const prepared_layer& made);
  std::int64_t plain_sum(const layer& l, int filter, int row, int column) const;
  void drive(const layer& l, int group, int row, int column, std::vector<std::int32_t>& u) const;
  std::int64_t converted_sum(const layer& l, const prepared_filter& filter, const std::vector<std::int32_t>& u);
  std::int64_t convert(std::int64_t s, int step_sixteenths);
  void run_add(const layer& l, const prepared_layer& made);
  void run_pool(const layer& l, const prepared_layer& made);
  void run_slice_pad(const layer& l, const prepared_layer& made);
  void run_affine(const layer& l, const prepared_layer& made);
  void run_host(const layer& l);
  std::int32_t code_at(int tensor, int row, int column, int channel) const;
  std::int32_t& code_at(int tensor, int row, int column, int channel);
  const tensor& tensor_at(int number) const { return net_.tensors[static_cast<std::size_t>(number)]; }

  const network& net_;
  std::optional<arithmetic::macro_shape> shape_;
  std::vector<prepared_layer> prepared_;
  std::vector<std::vector<std::int32_t>> codes_;  // by tensor
  std::vector<std::vector<float>> host_values_;   // by tensor
  std::uint64_t clipped_ = 0;
};

}  // namespace cimbalom::quantization
