#include "sw/runtime/evaluate.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

#include "sw/runtime/untimed_machine.hpp"

namespace cimbalom::runtime {

namespace {

// What the threads share. Every image has its own place in the result: the order of threads changes nothing.
class evaluation_job {
 public:
  evaluation_job(const image_source& images, const evaluate_options& options, std::size_t layers)
      : images_(images), options_(options) {
    result_.predicted.assign(images.count, -1);
    if (options.keep_outputs) result_.outputs.resize(images.count);
    result_.layers.resize(layers);
  }

  template <typename Make>
  void work(const Make& make) {
    try {
      untimed_machine machine = make();
      std::vector<float> image(images_.values);
      for (std::size_t i = next_++; i < images_.count && !stopped(); i = next_++) {
        images_.fetch(i, image.data());
        finish(i, machine.run(image.data(), i));
      }
      const std::lock_guard<std::mutex> hold(mutex_);
      for (std::size_t l = 0; l < result_.layers.size(); ++l) result_.layers[l] += machine.layer_activity()[l];
    } catch (...) {
      const std::lock_guard<std::mutex> hold(mutex_);
      if (!error_) error_ = std::current_exception();
      failed_ = true;
    }
  }

  evaluation take() {
    if (error_) std::rethrow_exception(error_);
    for (std::size_t i = 0; i < images_.count; ++i) {
      if (result_.predicted[i] < 0) continue;
      ++result_.images;
      const auto label = images_.label ? images_.label(i) : std::nullopt;
      if (!label) continue;
      ++result_.labelled;
      if (*label == result_.predicted[i]) ++result_.correct;
    }
    return std::move(result_);
  }

 private:
  bool stopped() const { return failed_ || (options_.stop != nullptr && *options_.stop); }

  void finish(std::size_t image, std::vector<std::vector<float>> outputs) {
    result_.predicted[image] = outputs.empty() ? 0 : std::max(0, top_class(outputs.front()));
    if (options_.keep_outputs) result_.outputs[image] = std::move(outputs);
    if (!options_.progress) return;
    const std::lock_guard<std::mutex> hold(mutex_);
    options_.progress(++done_);
  }

  const image_source& images_;
  const evaluate_options& options_;
  evaluation result_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::exception_ptr error_;
};

}  // namespace

evaluation evaluate(const quantization::network& network, const compiler::program& program,
                    const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                    const arithmetic::nonideality_config& nonideality, const image_source& images,
                    const evaluate_options& options) {
  evaluation_job job(images, options, network.layers.size());
  const auto make = [&] { return untimed_machine(network, program, accelerator, macro, nonideality); };
  std::size_t threads = options.threads > 0 ? static_cast<std::size_t>(options.threads)
                                            : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  threads = std::max<std::size_t>(1, std::min(threads, images.count));
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&] { job.work(make); });
  job.work(make);
  for (std::thread& other : others) other.join();
  return job.take();
}

lossless_form make_lossless(const quantization::network& network, const cim::macro_config& macro) {
  lossless_form form = {network, macro};
  // An adder tree sums exactly; nothing else of the macro changes.
  form.macro.kind = arithmetic::macro_kind::digital;
  form.macro.partial_sum_bits = 48;
  for (quantization::layer& l : form.network.layers) l.mvm.adc_step_sixteenths = arithmetic::unit_step_sixteenths;
  return form;
}

}  // namespace cimbalom::runtime
