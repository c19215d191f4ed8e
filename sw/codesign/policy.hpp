#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cimbalom::codesign {

/// How the widths of the filters are chosen.
enum class allocation_method {
  sensitivity,  ///< least second-order estimate of the loss increase
  distortion,   ///< least squared error of the weights: needs no gradients
  learned,      ///< trained with the weights, by gradient, in epochs of their own
};
const char* name_of(allocation_method method);

/// POLICY.yaml: how a network is co-designed. Units: epochs are passes over the training images; bits are of codes.
struct policy {
  std::uint64_t seed = 1;
  int threads = 2;                   ///< 1..256, of libtorch; the bits of a training depend on it
  int batch = 128;                   ///< 1..65536 images an update
  double learning_rate = 0.01;       ///< above 0, at most 10; cosine in each stage
  double warm_up = 0.05;             ///< 0..0.5: first part of each stage, in which the rate rises from 0
  double momentum = 0.9;             ///< 0..0.999
  double weight_decay = 1e-4;        ///< 0..1
  int training_images = 0;           ///< 0..1e9, the first ones; 0: all of the data set
  int validation_images = 0;         ///< likewise
  double validation_fraction = 0.1;  ///< 0.01..0.5 of the training images, where the data set has no such split

  struct {
    int pruning = 4;   ///< 0..10000: pruning-quantisation joint training
    int widths = 1;    ///< 1..10000: of learned allocation; the other methods have none
    int mixed = 6;     ///< 0..10000: filter-wise mixed-precision training
    int hardware = 0;  ///< 0..10000: the last of them, forward through the macro's exact arithmetic
  } epochs;
  bool keep_best = true;  ///< mixed training ends with its best epoch on the validation images, not with its last
  struct {
    /// 1..8: one for the network, or one a stage (layers of one map size, from the input on; what follows the last
    /// map belongs to its stage).
    std::vector<double> mean_bits = {8};
    int least_bits = 2;  ///< 1..4, of any filter
    /// 0..1, 0: no such bound. Part of the bank operations, or of the energy of the macros, of the dense network with 8
    /// bits everywhere that may stay after pruning: passes and input slices are shared out over the layers for it.
    double operations = 0, energy = 0;
    /// 2..8 each: widths that such a budget may give what a layer passes on to others; empty: activation_bits.
    std::vector<int> activation_choices;
  } budget;
  int input_bits = 8;                                ///< 2..8, of the network's input
  int activation_bits = 8;                           ///< 2..8
  std::map<std::string, int> layer_activation_bits;  ///< by layer name, of its output: overrides activation_bits
  struct {
    double target_density = 1;   ///< above 0, at most 1: part of the dense bank operations that stays
    double least_density = 0.3;  ///< 0..1: of each layer
    double ramp = 0.6;           ///< above 0, at most 1: part of the pruning epochs in which the density falls
    double group_lasso = 1e-5;   ///< 0..1
  } pruning;
  struct {
    double weight = 0;       ///< 0..1, against the float network's answers
    double temperature = 4;  ///< 0.1..100
  } distillation;
  struct {
    bool flip = true;  ///< left to right, half of the images
    int shift = 4;     ///< 0..64 pixels at most, each way
  } augmentation;
  allocation_method allocation = allocation_method::sensitivity;
  struct {
    int filters_per_slot = 2;  ///< 1..8; 1: no pairing
  } pairing;

  /// Throws input_error naming the key, the value and the range.
  void validate() const;
  /// The file that gives this policy; keys in order.
  std::string to_yaml() const;
};

/// Throws input_error with file and line: unknown key, key twice, wrong type, out of range.
policy read_policy(const std::string& path);
/// The same from text; `name` stands for the file in messages.
policy parse_policy(const std::string& text, const std::string& name);

/// Sets one key from text, as `--set policy.KEY=VALUE` does; validate() is the caller's. Throws input_error, `from`
/// standing for the file.
void set_key(policy& how, const std::string& key, const std::string& text, const std::string& from);

}  // namespace cimbalom::codesign
