#pragma once

#include <string>
#include <vector>

#include "models/arithmetic/nonideality.hpp"
#include "models/cim/accelerator_config.hpp"
#include "models/cim/macro_config.hpp"
#include "models/dma/dma_config.hpp"
#include "models/dram/dram_config.hpp"
#include "models/interconnect/interconnect_config.hpp"
#include "models/processor/processor_config.hpp"

namespace cimbalom::platform {

/// The whole platform file, validated. Each member is the plain struct of its module.
struct platform_config {
  std::string name = "nthu-28nm";
  std::string technology = "28nm";  ///< platform/technology/NAME.yaml
  processor::processor_config processor;
  interconnect::interconnect_config interconnect;
  dram::dram_config dram;
  dma::dma_config dma;
  cim::accelerator_config accelerator;
  cim::macro_config macro;
  arithmetic::nonideality_config nonideality;
  /// A line each: what the file and the settings say that may not be what is meant. No part of the platform.
  std::vector<std::string> warnings;
};

}  // namespace cimbalom::platform
