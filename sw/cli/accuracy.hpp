#pragma once

#include <string>

#include "sw/cli/preparation.hpp"
#include "sw/runtime/evaluate.hpp"

namespace cimbalom::cli {

/// Evaluates the first p.count images, without time, on a macro other than the platform's where one is given.
/// Throws run_error when interrupted.
runtime::evaluation evaluate_on(const preparation& p, const quantization::network& network,
                                const cim::macro_config& macro, const arithmetic::nonideality_config& nonideality,
                                const std::string& what, unsigned threads);

/// Where the report has labelled images: how many of them the plain integer network gets right, and the float network
/// where libtorch is there.
void add_software_accuracy(preparation& p, unsigned threads);

}  // namespace cimbalom::cli
