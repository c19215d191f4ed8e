#pragma once

#include <string>

#include "sw/cli/preparation.hpp"
#include "sw/codesign/pairing/pairing.hpp"
#include "sw/datasets/builtin_network.hpp"
#include "sw/package/package.hpp"

namespace cimbalom::cli {

/// The embedded network at four bits, paired, as a package below `root`.
inline std::string make_embedded_package(const std::string& root) {
  source_arguments source;
  source.settings = {"quantization.weight_bits=4"};
  source.images = 1;
  source.out = root + "/prepare";
  preparation made = prepare(source, "evaluate", 0);
  package::package value;
  codesign::pairing_options options;
  options.rule = codesign::pattern_rule::shared;
  codesign::pair_network(made.network, made.platform.macro, options);
  value.network = made.network;
  value.macro = made.platform.macro;
  value.preprocess = std::string(datasets::builtin_preprocess());
  value.provenance["dataset"] = "builtin";
  package::write(value, root + "/pkg");
  return root + "/pkg";
}

}  // namespace cimbalom::cli
