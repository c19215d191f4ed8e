#pragma once

#include "sw/torch/float_executor.hpp"
#include "sw/torch/trainer.hpp"

// What the plug-in exports. Symbols are looked up by name; the version guards against a library of another build.

#define CIMBALOM_TORCH_PLUGIN_VERSION 2

extern "C" {
int cimbalom_torch_version();
/// A new executor, owned by the caller; throws as load_float_executor does.
cimbalom::torch::float_executor* cimbalom_make_float_executor(const cimbalom::graph::graph& g, int threads);
/// A new trainer, owned by the caller; throws as load_trainer does.
cimbalom::torch::trainer* cimbalom_make_trainer(const cimbalom::torch::trainer_setup& setup);
}
