#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "models/cim/macro_config.hpp"
#include "sw/quantization/quantized_network.hpp"

namespace cimbalom::package {

/// Of the folder's layout and of the files in it. Another version is refused.
inline constexpr int schema_version = 1;

/// A co-designed network: what training, pairing and mixing made, with what is needed to make it again.
struct package {
  quantization::network network;  ///< widths, scales, weights, ADC steps, slot assignments
  cim::macro_config macro;        ///< for which it was paired; the words have its geometry
  std::string policy;             ///< text of the policy file
  std::string preprocess;         ///< text of the preprocessing file; empty: raw pixel values
  std::uint64_t seed = 0;
  std::map<std::string, std::string> provenance;  ///< tool, model hash, data set, capability, ...: anything that is one
                                                  ///< line
};

/// Throws input_error unless FOLDER may be written: it is not there, is empty or holds a package.
void check_target(const std::string& folder);

/// Writes the folder (docs/package.md): network.json, weights.bin (packed words of the weight groups that are not zero,
/// pass by pass), constants.bin (of the float graph), provenance.json, policy.yaml, preprocess.yaml and MANIFEST.json
/// with the SHA-256 of each. The same package gives the same bytes. Everything is written to FOLDER.partial, which then
/// takes the place of FOLDER: an interrupted or failed write leaves what was there. Throws input_error when FOLDER is
/// something other than a package or an empty folder, or when the network does not suit the macro; run_error when it
/// cannot be written (disk full).
void write(const package& value, const std::string& folder);

/// Reads what write() made; weights, codes and every real number have the same bits. Throws input_error, one line, for
/// a missing or changed file, another schema version, or content that contradicts itself.
package read(const std::string& folder);

/// SHA-256 of the manifest: one number for the whole content.
std::string identity(const std::string& folder);

/// Whether the folder has a manifest.
bool is_package(const std::string& folder);

}  // namespace cimbalom::package
