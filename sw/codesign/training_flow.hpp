#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sw/codesign/checkpoint.hpp"
#include "sw/codesign/flow_work.hpp"
#include "sw/codesign/hardware_product.hpp"
#include "sw/codesign/image_set.hpp"
#include "sw/codesign/initial_network.hpp"
#include "sw/codesign/layer_table.hpp"
#include "sw/codesign/policy.hpp"
#include "sw/codesign/trained_network.hpp"
#include "sw/pruning/masks.hpp"
#include "sw/torch/trainer.hpp"

namespace cimbalom::codesign {

/// After every epoch.
struct epoch_report {
  std::string stage;  ///< "pruning", "widths" (learned allocation) or "mixed"
  int epoch = 0;      ///< 1 .. epochs
  int epochs = 0;
  double loss = 0;               ///< mean of the epoch
  double training_accuracy = 0;  ///< 0..1, on the augmented images as they came
  double accuracy = 0;           ///< 0..1, on the validation images
  double density = 1;            ///< part of the dense bank operations that stays
  double mean_bits = 8;          ///< over all weights
};

struct flow_options {
  policy how;
  macro_layout macro;
  std::optional<training_hardware> hardware;  ///< what epochs.hardware run through; such epochs need it
  std::string checkpoint;                     ///< written after every epoch; empty: none
  bool resume = false;                        ///< go on from the checkpoint where it is there
  std::function<void(const epoch_report&)> progress;
  /// After every update, with the means of the epoch so far (accuracy: not yet known); `part` of the epoch is done.
  /// What it throws ends the training, the last checkpoint stays.
  std::function<void(const epoch_report&, double part)> step;
};

/// The training stages on one network. The same inputs, threads and machine give the same bits, with or without a stop
/// between epochs. Images are copied from nowhere: they must outlive the flow.
class training_flow {
 public:
  /// Throws input_error: a checkpoint of another policy or network, a label outside the classes, no image.
  training_flow(const initial_network& initial, const image_set& train, const image_set& validation,
                const flow_options& options);

  /// Stage 2: pruning-quantisation joint training at 8 bits, the density falling to its target.
  void joint_training();
  /// Stage 3a: a width for every filter; learned widths take their epochs here.
  void allocate_widths();
  /// Stage 3b: training at these widths, on the weights that are not zero. Ends with the best epoch (policy.keep_best).
  void mixed_training();
  /// All of them.
  trained_network run();

  /// What has been trained so far.
  trained_network result() const;
  /// Part of the images that the fake-quantised network gets right.
  double accuracy(const image_set& images);
  const layer_table& layers() const { return table_; }
  torch::trainer& trainer() { return *trainer_; }
  double density() const;
  double mean_bits() const;
  /// Images that the search of one budget took.
  const image_passes& budget_passes() const { return budget_passes_; }

 private:
  enum class stage { pruning = 0, widths = 1, mixed = 2 };  // the numbers are in checkpoints

  void check_images(const image_set& images) const;
  void start_widths();
  void begin_learning();
  void use_hardware();
  void keep_best(double accuracy);
  double rate_at(double progress) const;
  void train(stage at, int epochs);
  double train_epoch(stage at, int epoch, int epochs, epoch_report& report);
  void prune(double density);
  std::int64_t fingerprint() const;
  void save(stage at, int epochs_done);
  void load();

  const initial_network& initial_;
  const image_set& train_;
  const image_set& validation_;
  flow_options options_;
  layer_table table_;
  std::unique_ptr<torch::trainer> trainer_;
  std::vector<pruning::mask> masks_;             // by layer
  std::vector<std::vector<std::uint8_t>> bits_;  // by layer and filter
  stage done_stage_ = stage::pruning;            // where the training stands
  int done_epochs_ = 0;
  torch::trainer::tensors best_;  // of mixed training; empty: none yet
  double best_accuracy_ = -1;
  quantization::network hardware_network_;  // windows, row groups and ADC steps of hardware_
  std::vector<hardware_product> hardware_;  // by layer; empty: not in the loop
  image_passes budget_passes_;
  std::uint64_t hardware_images_ = 0;  // that have run since an epoch began, for the noise
};

}  // namespace cimbalom::codesign
