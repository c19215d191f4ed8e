#pragma once

#include <chrono>
#include <string>

#include "sw/codesign/policy.hpp"
#include "sw/codesign/training_flow.hpp"

namespace cimbalom::cli {

/// Shows a training on standard error: on a terminal a bar with loss, accuracy, density, mean bits and the time left,
/// else one line an epoch. Ends it with run_error after Ctrl-C.
class training_progress {
 public:
  explicit training_progress(const codesign::policy& how);
  ~training_progress();
  training_progress(const training_progress&) = delete;
  training_progress& operator=(const training_progress&) = delete;

  /// The callbacks, which `this` must outlive.
  void attach(codesign::flow_options& options);

 private:
  void step(const codesign::epoch_report& now, double part);
  void epoch(const codesign::epoch_report& done) const;
  /// Epochs done of both stages.
  double position(const codesign::epoch_report& now, double part) const;

  int pruning_epochs_, all_epochs_;
  bool terminal_;
  bool open_ = false;    // a bar stands on the current line
  double begun_ = -1;    // position at the first step: a resumed training begins late
  double accuracy_ = 0;  // of the epoch before
  std::chrono::steady_clock::time_point start_, drawn_;
};

}  // namespace cimbalom::cli
