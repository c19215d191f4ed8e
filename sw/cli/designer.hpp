#pragma once

#include <memory>
#include <string>

#include "platform/configuration/platform_config.hpp"
#include "sw/cli/arguments.hpp"
#include "sw/cli/inputs.hpp"
#include "sw/cli/model_source.hpp"
#include "sw/codesign/co_design.hpp"
#include "sw/package/package.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::cli {

/// A co-design as the command line asks for it. Making one reads and checks every input, before any work.
class designer {
 public:
  /// Throws input_error: a policy, data set or platform that does not suit, a target that is no package.
  explicit designer(const codesign_arguments& arguments);

  /// All of the work: trains (with a package in place of a model: pairs again), writes the package and prints what came
  /// out. Throws run_error when interrupted or when the disk is full.
  package::package make();

  /// Instructions of the flow on the platform's processor, by stage; before make(), or when it only paired: none.
  std::vector<report::design_stage> stages() const;

  const platform::platform_config& platform() const { return platform_; }

 private:
  struct image_sets {
    codesign::image_set train, validation;
  };

  void read_policy();
  void open_images();
  image_sets load_images() const;
  package::package trained();
  package::package paired_again();
  std::string checkpoint() const;
  void add_provenance(package::package& to) const;

  codesign_arguments arguments_;
  platform::platform_config platform_;
  loaded_model model_;
  codesign::policy how_;
  std::vector<codesign::stage_work> work_;
  codesign::training_stage until_ = codesign::training_stage::mixed;
  std::unique_ptr<inputs> train_, validation_;  // validation_ null: cut from the training images
};

/// Where `run --policy` keeps its package.
std::string package_of(const run_arguments& arguments);
/// Its co-design. Throws input_error for a data set that does not say which images train.
codesign_arguments design_of(const run_arguments& arguments);

}  // namespace cimbalom::cli
