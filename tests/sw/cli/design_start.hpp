#pragma once

#include "tests/sw/cli/program_start.hpp"

namespace cimbalom::cli {

/// A co-design of the embedded network on a few images.
inline const std::string quick =
    " --set policy.training_images=96 --set policy.validation_images=32 --set policy.epochs.mixed=1 "
    "--set policy.threads=1 ";

inline std::string design_command(const std::string& name, const std::string& more = "") {
  return "codesign --policy builtin --out " + folder(name) + quick + more;
}

inline outcome design(const std::string& name, const std::string& more = "") {
  return start(design_command(name, more));
}

inline std::string manifest(const std::string& name) {
  return text_of(folder(name) + "/MANIFEST.json");
}

inline std::string checkpoint_of(const std::string& name) {
  return folder(name) + ".checkpoint";
}

}  // namespace cimbalom::cli
