#pragma once

// Private to sw/package: network.json, weights.bin and constants.bin.

#include <string>

#include "sw/package/package.hpp"

namespace cimbalom::package {

/// Contents of the three files.
struct network_files {
  std::string network_json, weights, constants;
};

/// Throws input_error where the network does not suit the macro.
network_files network_to_files(const package& value);

/// Sets network and macro. `folder` is for messages.
void network_from_files(const network_files& files, const std::string& folder, package& value);

}  // namespace cimbalom::package
