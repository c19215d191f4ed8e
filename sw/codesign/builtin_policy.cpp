#include "sw/codesign/builtin_policy.hpp"

namespace cimbalom::codesign {

std::string_view builtin_policy() {
  return R"(# Co-design of the embedded network: about a minute on two cores.
seed: 1
threads: 2
batch: 32
learning_rate: 0.005
training_images: 2560
validation_images: 500
epochs: {pruning: 1, mixed: 2}
budget: {mean_bits: 6}
activation_bits: 6
pruning: {target_density: 0.8}
distillation: {weight: 0.5}
)";
}

}  // namespace cimbalom::codesign
