#pragma once

#include <string>

#include "sw/cli/preparation.hpp"
#include "sw/compiler/program.hpp"
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

/// Fills in sqnr_db of the report's layers over the first images, where libtorch is there.
void add_layer_quality(preparation& p, const compiler::program& program);

/// Tells the user on standard error which layers of the report clip often, and what to change.
void warn_of_clipping(const preparation& p);

}  // namespace cimbalom::cli
