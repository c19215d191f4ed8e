#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "platform/configuration/platform_config.hpp"
#include "sw/cli/arguments.hpp"
#include "sw/cli/inputs.hpp"
#include "sw/compiler/compile.hpp"
#include "sw/quantization/quantized_network.hpp"
#include "sw/report/report.hpp"
#include "sw/torch/float_executor.hpp"

namespace cimbalom::cli {

/// What run and evaluate share: everything up to the compiler.
struct preparation {
  platform::platform_config platform;
  graph::graph graph;                             ///< float (or QDQ) graph, simplified
  quantization::network network;                  ///< quantised, ADC steps chosen
  std::unique_ptr<inputs> images;                 ///< of the test split
  std::uint64_t count = 0;                        ///< images to work on
  std::unique_ptr<torch::float_executor> floats;  ///< null: libtorch's plug-in is not there and was not needed
  report::report_input report;                    ///< platform, model, hashes, costs and options are filled in
  bool skip_zero_groups = false;                  ///< a package's: masked groups are neither stored nor computed
  bool residency = true;                          ///< layers may stay in the arrays from image to image
  std::string out;                                ///< folder, proved to be writable
};

/// Checks the output folder first, then reads, calibrates and quantises. `default_images` where --images is not given;
/// 0: all. Notes for the user go to standard error. `timing_only`: the values of the outputs are of no interest, and a
/// model whose weights are absent will do. Throws input_error and run_error.
preparation prepare(const source_arguments& source, const std::string& command, std::uint64_t default_images,
                    bool timing_only = false);

/// How the prepared network is compiled, for batches of `batch` images.
compiler::compile_options compile_options_of(const preparation& prepared, std::uint64_t batch = 1);

/// Images of the first `count` whose largest output is their label, in floating point.
std::uint64_t count_float_correct(const preparation& prepared, std::uint64_t count);

/// Names, kinds, multiply-accumulates and ADC steps of the layers, for the report.
std::vector<runtime::layer_result> layer_rows(const quantization::network& network);

}  // namespace cimbalom::cli
