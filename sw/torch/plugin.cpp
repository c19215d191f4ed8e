#include "sw/torch/plugin.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "platform/configuration/error.hpp"
#include "sw/torch/plan.hpp"

namespace cimbalom::torch {
namespace {

using graph::value_id;

class executor : public float_executor {
 public:
  explicit executor(const graph::graph& g) : plan_(g) {}

  std::vector<graph::tensor> run(const std::vector<graph::tensor>& inputs) override {
    return run_images(inputs, nullptr);
  }

  std::vector<graph::tensor> run_all(const std::vector<graph::tensor>& inputs, const observer& see) override {
    return run_images(inputs, &see);
  }

 private:
  std::vector<graph::tensor> run_images(const std::vector<graph::tensor>& inputs, const observer* see) {
    const c10::InferenceMode no_gradients;
    const std::int64_t images = count_images(inputs);
    std::vector<at::Tensor> all;
    all.reserve(inputs.size());
    for (const graph::tensor& input : inputs) all.push_back(to_torch(input));
    if (images == 1 || plan_.batch().ok) return to_tensors(run_batch(all, images, see));
    std::vector<std::vector<at::Tensor>> results;
    for (std::int64_t i = 0; i < images; ++i) {
      std::vector<at::Tensor> one;
      for (std::size_t k = 0; k < all.size(); ++k) one.push_back(all[k].narrow(info(k).batch_axis, i, 1));
      results.push_back(run_batch(one, 1, see));
    }
    return to_tensors(joined(results));
  }

  const graph::value_info& info(std::size_t input) const { return plan_.source().info(plan_.source().inputs[input]); }

  /// Checks the inputs; the extent of their batch axes.
  std::int64_t count_images(const std::vector<graph::tensor>& inputs) const {
    const graph::graph& g = plan_.source();
    if (inputs.size() != g.inputs.size())
      throw bad_input({g.file}, "inputs", std::to_string(inputs.size()), "must be " + std::to_string(g.inputs.size()));
    std::int64_t images = -1;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (inputs[k].type() != info(k).type)
        throw bad_input({g.file}, "input " + info(k).name + ": type", graph::name_of(inputs[k].type()),
                        std::string("must be ") + graph::name_of(info(k).type));
      graph::shape_t wanted = info(k).shape;
      const int axis = info(k).batch_axis;
      if (axis >= 0 && inputs[k].shape().size() == wanted.size()) {
        const std::int64_t extent = inputs[k].shape()[static_cast<std::size_t>(axis)];
        wanted[static_cast<std::size_t>(axis)] = images > 0 ? images : extent;
        images = images > 0 ? images : extent;
      }
      if (inputs[k].shape() != wanted || images == 0)
        throw bad_input({g.file}, "input " + info(k).name + ": shape", graph::to_text(inputs[k].shape()),
                        "must be " + graph::to_text(info(k).shape) + (axis >= 0 ? ", or more images" : ""));
    }
    if (images > 1 && !plan_.batch().ok) {
      for (std::size_t k = 0; k < inputs.size(); ++k)
        if (info(k).batch_axis < 0)
          throw bad_input({g.file}, "input " + info(k).name, "", "has no batch axis: run one image at a time");
    }
    return images > 0 ? images : 1;
  }

  std::vector<at::Tensor> run_batch(const std::vector<at::Tensor>& inputs, std::int64_t images, const observer* see) {
    const graph::graph& g = plan_.source();
    workspace work = plan_.start(images);
    const auto show = [&](value_id id) {
      (*see)(id, from_torch(work.values[static_cast<std::size_t>(id)], g.info(id).type));
    };
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      work.values[static_cast<std::size_t>(g.inputs[k])] = inputs[k];
      if (see != nullptr) show(g.inputs[k]);
    }
    plan_.run(work, false, see != nullptr ? show : std::function<void(value_id)>());
    std::vector<at::Tensor> outputs;
    for (value_id id : g.outputs) outputs.push_back(work.values[static_cast<std::size_t>(id)]);
    return outputs;
  }

  std::vector<graph::tensor> to_tensors(const std::vector<at::Tensor>& outputs) const {
    std::vector<graph::tensor> made;
    for (std::size_t k = 0; k < outputs.size(); ++k)
      made.push_back(from_torch(outputs[k], plan_.source().info(plan_.source().outputs[k]).type));
    return made;
  }

  std::vector<at::Tensor> joined(const std::vector<std::vector<at::Tensor>>& results) const {
    std::vector<at::Tensor> made;
    for (std::size_t k = 0; k < plan_.source().outputs.size(); ++k) {
      std::vector<at::Tensor> parts;
      parts.reserve(results.size());
      for (const auto& result : results) parts.push_back(result[k].dim() == 0 ? result[k].reshape({1}) : result[k]);
      made.push_back(at::cat(parts, 0));
    }
    return made;
  }

  plan plan_;
};

}  // namespace
}  // namespace cimbalom::torch

extern "C" {

__attribute__((visibility("default"))) int cimbalom_torch_version() {
  return CIMBALOM_TORCH_PLUGIN_VERSION;
}

__attribute__((visibility("default"))) cimbalom::torch::float_executor* cimbalom_make_float_executor(
    const cimbalom::graph::graph& g, int threads) {
  if (threads > 0) at::set_num_threads(threads);
  try {
    return new cimbalom::torch::executor(g);
  } catch (const c10::Error& error) {
    const std::string line = error.what_without_backtrace();
    throw cimbalom::run_error(g.file + ": " + line.substr(0, line.find('\n')));
  }
}
}
