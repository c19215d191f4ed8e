#include "sw/torch/trainer.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>

#include "platform/configuration/error.hpp"
#include "sw/graph/parameters.hpp"
#include "sw/torch/plan.hpp"
#include "sw/torch/plugin.hpp"
#include "sw/torch/training_parts.hpp"

namespace cimbalom::torch {
namespace {

using at::Tensor;
using graph::op;
using graph::value_id;

/// Feature maps come and go at every step: the heap keeps them rather than ask the system for cleared pages each time.
void keep_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

constexpr double curvature_memory = 0.98;  // of the running mean of squared gradients, a step
constexpr double smallest_step = 0.02;     // a learned scale stays above this part of where it began
constexpr double largest_change = 0.01;    // of a learned scale in one update

std::size_t at_index(value_id id) {
  return static_cast<std::size_t>(id);
}

std::vector<float> floats_of(const Tensor& t) {
  const Tensor dense = t.contiguous();
  return {dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel()};
}

/// A tensor that the optimiser moves.
struct parameter {
  std::string name;
  Tensor value, velocity;
  bool decays = false;
  bool positive = false;  ///< a scale: kept above `floor`
  Tensor floor;
};

class network_trainer : public trainer {
 public:
  explicit network_trainer(const trainer_setup& setup) : graph_(setup.graph), value_specs_(setup.values) {
    find_parameters();
    for (const trained_product& spec : setup.products) add_product(spec);
    for (const trained_value& spec : setup.values) add_value(spec);
    logits_ = id_of(graph_, setup.logits);
    plan_ = std::make_unique<plan>(graph_, [this](const graph::node& n, kernel usual) { return wrapped(n, usual); });
    if (!plan_->batch().ok)
      throw input_error(graph_.file + ": " + plan_->batch().why +
                        ": images of a batch are mixed: it cannot be trained");
    if (setup.teacher) {
      teacher_logits_ = id_of(*setup.teacher, setup.logits);
      teacher_ = std::make_unique<plan>(*setup.teacher);
    }
  }

  step_result step(const graph::tensor& images, const std::vector<int>& labels, const step_settings& how) override {
    how_ = how;
    training_ = true;
    const Tensor x = to_torch(images);
    const Tensor wanted = to_torch(graph::tensor::of({static_cast<std::int64_t>(labels.size())},
                                                     std::vector<std::int64_t>(labels.begin(), labels.end())));
    const Tensor answer = forward(x);
    Tensor loss = at::cross_entropy_loss(answer, wanted);
    if (teacher_ != nullptr && how.distillation > 0) loss = distilled(loss, answer, x);
    if (how.group_lasso > 0)
      for (const auto& p : products_) loss = loss + p->lasso() * how.group_lasso;
    const double value = loss.item<double>();
    if (!std::isfinite(value))
      throw run_error(graph_.file + ": training diverged (the loss is not finite): a smaller learning_rate is needed");
    loss.backward();
    const at::NoGradGuard quiet;
    update(how.observe);
    return {value, answer.argmax(1).eq(wanted).sum().item<std::int64_t>()};
  }

  graph::tensor infer(const graph::tensor& images) override {
    const at::NoGradGuard quiet;
    training_ = false;
    return from_torch(forward(to_torch(images)), graph::data_type::float32);
  }

  void set_mask(std::size_t product, const std::vector<std::uint8_t>& units) override {
    product_state& p = *products_.at(product);
    require(static_cast<std::int64_t>(units.size()) == p.spec.units, p.spec.node, "mask");
    p.set_mask(at::tensor(std::vector<float>(units.begin(), units.end())));
  }

  void set_widths(std::size_t product, const std::vector<std::uint8_t>& bits, const std::vector<float>& step) override {
    product_state& p = *products_.at(product);
    const auto filters = static_cast<std::size_t>(p.spec.filters);
    require(bits.size() == filters && step.size() == filters, p.spec.node, "widths");
    const at::NoGradGuard quiet;
    p.set_bits(at::tensor(std::vector<float>(bits.begin(), bits.end())).reshape({-1, 1}));
    const Tensor now = at::tensor(step).reshape({-1, 1});
    parameter& moved = parameters_.at(step_parameter_.at(product));
    moved.velocity.mul_(now.eq(p.step));  // a step that was set anew starts at rest
    p.step.copy_(now);
    moved.floor = now * smallest_step;
  }

  void learn_widths(std::size_t product, const std::vector<float>& widths, const std::vector<std::int64_t>& group,
                    double least, double most) override {
    product_state& p = *products_.at(product);
    p.widths = {};
    if (widths.empty()) return;
    require(static_cast<std::int64_t>(widths.size()) == p.spec.filters && group.size() == widths.size() && least >= 1 &&
                most > least,
            p.spec.node, "learned widths");
    p.widths.least = least;
    p.widths.most = most;
    p.widths.start(widths, group);
  }

  std::vector<float> learned_widths(std::size_t product) const override {
    const torch::learned_widths& widths = products_.at(product)->widths;
    return widths.active() ? floats_of(widths.width.detach()) : std::vector<float>{};
  }

  void use_hardware(const hardware_function& compute) override {
    for (const auto& p : products_)
      require(!compute || value_at_.count(graph_.find(p->spec.input)) != 0, p->spec.node, "hardware: input codes");
    hardware_ = compute;
  }

  void set_value(std::size_t value, const trained_value& as) override {
    trained_value& spec = value_specs_.at(value);
    spec.zero_point = as.zero_point;
    spec.low = as.low;
    spec.high = as.high;
    const at::NoGradGuard quiet;
    parameter& moved = parameters_.at(scale_parameter_.at(value));
    moved.value.fill_(as.scale);
    moved.velocity.zero_();
    moved.floor = moved.value * smallest_step;
  }

  product_weights weights(std::size_t product) const override {
    const at::NoGradGuard quiet;
    product_state p = *products_.at(product);
    const Tensor real = p.matrix().contiguous();
    product_weights made;
    made.real = floats_of(real);
    made.curvature = floats_of(p.curvature);
    for (const float code : floats_of(p.codes(real))) made.codes.push_back(static_cast<std::int16_t>(code));
    made.step = floats_of(p.step.detach());
    for (const float width : floats_of(p.bits)) made.bits.push_back(static_cast<std::uint8_t>(width));
    return made;
  }

  std::vector<double> value_scales() const override {
    std::vector<double> made;
    for (const Tensor& scale : scales_) made.push_back(scale.item<double>());
    return made;
  }

  graph::graph trained_graph() const override {
    graph::graph made = graph_;
    for (const auto& [id, tensor] : leaves_) made.initializers[id] = from_torch(tensor, graph::data_type::float32);
    return made;
  }

  tensors state() const override {
    tensors made;
    for (const auto& [name, tensor] : everything()) made.emplace(name, from_torch(tensor, graph::data_type::float32));
    return made;
  }

  void restore(const tensors& from) override {
    const at::NoGradGuard quiet;
    for (auto& [name, tensor] : everything()) {
      const auto found = from.find(name);
      if (found == from.end() || found->second.shape() != tensor.sizes().vec())
        throw input_error(graph_.file + ": checkpoint: " + name + ": is missing or of another shape");
      tensor.copy_(to_torch(found->second));
    }
    for (const auto& p : products_) {
      p->set_mask(p->mask);
      p->set_bits(p->bits);
    }
  }

 private:
  void require(bool fits, const std::string& node, const std::string& what) const {
    if (!fits) throw input_error(graph_.file + ": node " + node + ": " + what + " do not fit its weights");
  }

  static value_id id_of(const graph::graph& g, const std::string& name) {
    const value_id id = g.find(name);
    if (id == graph::no_value) throw input_error(g.file + ": value " + name + ": is not in the graph");
    return id;
  }

  const graph::node& node_of(const std::string& name) const {
    for (const graph::node& n : graph_.nodes)
      if (n.name == name) return n;
    throw input_error(graph_.file + ": node " + name + ": is not in the graph");
  }

  /// Leaves of what products and normalisations read; the other constants stay as they are.
  void find_parameters() {
    for (const graph::node& n : graph_.nodes) {
      const bool product = n.kind == op::conv || n.kind == op::gemm || n.kind == op::mat_mul;
      if (!product && n.kind != op::batch_normalization) continue;
      for (std::size_t k = 1; k < n.inputs.size(); ++k) {
        const graph::tensor* data = n.has_input(k) ? graph_.constant(n.inputs[k]) : nullptr;
        if (data == nullptr || data->type() != graph::data_type::float32 || leaves_.count(n.inputs[k]) != 0) continue;
        if (!data->has_data())
          throw input_error(graph::describe(graph_, n) + ": weights without values cannot be trained");
        Tensor leaf = to_torch(*data);
        const bool statistics = n.kind == op::batch_normalization && k >= 3;
        if (!statistics) {
          leaf.requires_grad_(true);
          parameters_.push_back(
              {graph_.info(n.inputs[k]).name, leaf, at::zeros_like(leaf), product && k == 1, false, {}});
        } else {
          buffers_.emplace_back(graph_.info(n.inputs[k]).name, leaf);
        }
        leaves_.emplace(n.inputs[k], leaf);
      }
    }
  }

  Tensor leaf_of(value_id id) const {
    const auto found = leaves_.find(id);
    return found == leaves_.end() ? Tensor() : found->second;
  }

  void add_product(const trained_product& spec) {
    const graph::node& n = node_of(spec.node);
    auto p = std::make_unique<product_state>();
    p->spec = spec;
    p->weight = leaf_of(n.input(1));
    require(p->weight.defined() && spec.filters > 0 && p->weight.numel() % spec.filters == 0 &&
                static_cast<std::int64_t>(spec.order.size()) == p->weight.numel() &&
                spec.unit.size() == spec.order.size(),
            spec.node, "filters");
    if (!spec.norm.empty()) {
      const graph::node& norm = node_of(spec.norm);
      require(norm.kind == op::batch_normalization && norm.input(0) == n.output(), spec.node, "normalisation");
      p->bias = leaf_of(n.input(2));
      p->gamma = leaf_of(norm.input(1));
      p->beta = leaf_of(norm.input(2));
      p->mean = leaf_of(norm.input(3));
      p->variance = leaf_of(norm.input(4));
      p->epsilon = static_cast<double>(norm.float_or("epsilon", 1e-5F));
      if (p->bias.defined() && n.kind == op::gemm) p->bias = p->bias.reshape({-1});
    }
    p->prepare();
    step_parameter_.push_back(parameters_.size());
    parameters_.push_back(
        {"step of " + spec.node, p->step, at::zeros_like(p->step), false, true, at::full_like(p->step, 1e-12F)});
    products_.push_back(std::move(p));
  }

  void add_value(const trained_value& spec) {
    Tensor scale = at::full({1}, static_cast<float>(spec.scale));
    const Tensor floor = scale * smallest_step;
    scale.requires_grad_(true);
    value_at_[id_of(graph_, spec.name)] = scales_.size();
    scales_.push_back(scale);
    scale_parameter_.push_back(parameters_.size());
    parameters_.push_back({"scale of " + spec.name, scale, at::zeros_like(scale), false, true, floor});
  }

  /// The kernel of a node, with the product's or the normalisation's part in training around it.
  kernel wrapped(const graph::node& n, const kernel& usual) {
    for (std::size_t number = 0; number < products_.size(); ++number) {
      product_state* p = products_[number].get();
      if (p->spec.node == n.name)
        return [this, p, number, usual, ends = hardware_place(n), weight = at_index(n.input(1)),
                bias = n.input(2)](workspace& w) {
          // Weights may be shared: the quantised ones stand in only while this node runs.
          const Tensor kept = w.values[weight];
          const bool absorbed = p->gamma.defined() && bias != graph::no_value;
          Tensor kept_bias;
          w.values[weight] = p->quantised(training_ && !how_.freeze_norms);
          if (absorbed) {
            kept_bias = w.values[at_index(bias)];
            w.values[at_index(bias)] = at::zeros_like(kept_bias);
          }
          usual(w);
          if (hardware_) through_hardware(number, ends, w);
          w.values[weight] = kept;
          if (absorbed) w.values[at_index(bias)] = kept_bias;
        };
      if (!p->spec.norm.empty() && p->spec.norm == n.name)
        return [this, p, x = at_index(n.input(0)), y = at_index(n.output())](workspace& w) {
          w.values[y] = p->normalised(w.values[x], training_ && !how_.freeze_norms);
        };
    }
    if (n.kind == op::relu && cuts_at_zero(n.output()))
      return [x = at_index(n.input(0)), y = at_index(n.output())](workspace& w) { w.values[y] = w.values[x]; };
    if (n.kind != op::batch_normalization) return usual;
    const double epsilon = static_cast<double>(n.float_or("epsilon", 1e-5F));
    return [this, epsilon, in = n.inputs, y = at_index(n.output())](workspace& w) {
      const auto value = [&](std::size_t k) { return w.values[at_index(in[k])]; };
      w.values[y] = at::batch_norm(value(0), value(1), value(2), value(3), value(4), training_ && !how_.freeze_norms,
                                   norm_momentum, epsilon, false);
    };
  }

  /// Where a product reads and writes, for hardware in the loop.
  struct place {
    std::size_t input = 0, output = 0;
    value_id bias = graph::no_value;
    double bias_factor = 1;  // beta of Gemm
    bool is_conv = false;
    bool transposed = false;  // Gemm: the weight tensor is (filters, length)
  };
  place hardware_place(const graph::node& n) const {
    place made{at_index(n.input(0)), at_index(n.output()), n.input(2), 1, n.kind == op::conv, false};
    if (n.kind != op::gemm) return made;
    const graph::gemm_parameters gemm = graph::gemm_of(graph_, n);
    made.bias_factor = static_cast<double>(gemm.beta);
    made.transposed = gemm.transpose_b;
    return made;
  }

  /// Puts what the hardware computes in the place of a product that libtorch has computed; the gradient stays.
  void through_hardware(std::size_t number, const place& at, workspace& w) {
    product_state& p = *products_[number];
    const std::size_t value = value_at_.at(id_of(graph_, p.spec.input));
    const at::NoGradGuard quiet;
    const Tensor x = hardware_order(p, at, w.values[at.input].detach());
    const Tensor codes =
        (at::round(x / scales_[value].detach()) + value_specs_[value].zero_point).to(at::kInt).contiguous();
    const Tensor weights = p.codes(p.real.detach()).to(at::kShort).contiguous();
    const Tensor bits = p.bits.to(at::kByte).contiguous();
    Tensor& out = w.values[at.output];
    const std::int64_t images = out.size(0);
    Tensor sums = at::empty({images, out.numel() / images / p.spec.filters, p.spec.filters});
    hardware_({number, static_cast<std::size_t>(images), codes.data_ptr<std::int32_t>(),
               weights.data_ptr<std::int16_t>(), bits.data_ptr<std::uint8_t>(), sums.data_ptr<float>()});
    // A filter's bias was added to the product where the node has one of its own.
    sums = sums * (p.step.detach().reshape({-1}) * scales_[value].detach());
    if (at.bias != graph::no_value) sums = sums + w.values[at_index(at.bias)].detach().reshape({-1}) * at.bias_factor;
    const Tensor real = at.is_conv ? sums.transpose(1, 2).reshape(out.sizes()) : sums.reshape(out.sizes());
    const Tensor apart = (real - out.detach()).contiguous(out.suggest_memory_format());
    const at::AutoGradMode loud(training_);
    out = out + apart;
  }

  /// A product's input as the accelerator has it, [image] HWC.
  static Tensor hardware_order(const product_state& p, const place& at, const Tensor& x) {
    if (at.is_conv) return x.permute({0, 2, 3, 1});
    // The first filter's places in the graph's weights say where each element of a vector lies.
    const std::int64_t length = p.order.numel() / p.spec.filters;
    const Tensor first = p.order.narrow(0, 0, length);
    const Tensor places = at.transposed ? first : at::floor_divide(first, p.spec.filters);
    return x.reshape({x.size(0), -1, length}).index_select(2, places);
  }

  /// Quantising this value leaves nothing below zero: a Relu in front of it has nothing to do.
  bool cuts_at_zero(value_id id) const {
    const auto found = value_at_.find(id);
    return found != value_at_.end() && value_specs_[found->second].zero_point == value_specs_[found->second].low;
  }

  /// Maps run channels last, which libtorch's convolutions take as they are.
  static Tensor in_order(const Tensor& x) { return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x; }

  Tensor forward(const Tensor& x) {
    workspace work = plan_->start(x.size(0));
    for (const auto& [id, leaf] : leaves_) work.values[at_index(id)] = leaf;
    Tensor answer;
    const auto see = [&](value_id id) {
      Tensor& value = work.values[at_index(id)];
      const auto found = value_at_.find(id);
      if (found != value_at_.end()) value = quantised_value(value, scales_[found->second], value_specs_[found->second]);
      if (id == logits_) answer = value;
    };
    const value_id input = graph_.inputs.at(0);
    work.values[at_index(input)] = in_order(x);
    see(input);
    plan_->run(work, false, see);
    return answer.reshape({x.size(0), -1});
  }

  Tensor taught(const Tensor& x) const {
    const c10::InferenceMode quiet;
    workspace work = teacher_->start(x.size(0));
    Tensor answer;
    work.values[at_index(teacher_->source().inputs.at(0))] = in_order(x);
    teacher_->run(work, false, [&](value_id id) {
      if (id == teacher_logits_) answer = work.values[at_index(id)];
    });
    return answer.reshape({x.size(0), -1});
  }

  Tensor distilled(const Tensor& loss, const Tensor& answer, const Tensor& x) {
    const Tensor soft = at::softmax(taught(x).clone() / how_.temperature, 1);
    const Tensor far = -(soft * at::log_softmax(answer / how_.temperature, 1)).sum(1).mean();
    return loss * (1 - how_.distillation) + far * (how_.distillation * how_.temperature * how_.temperature);
  }

  void update(bool only_observe) {
    for (const auto& p : products_)
      if (p->real.grad().defined())
        p->curvature.mul_(curvature_memory).add_(p->real.grad().square(), 1 - curvature_memory);
    for (const auto& p : products_)
      if (p->widths.active() && !only_observe) p->widths.update(how_.width_rate);
    for (parameter& p : parameters_) {
      Tensor gradient = p.value.grad();
      if (!gradient.defined()) continue;
      p.value.mutable_grad() = Tensor();
      if (only_observe) continue;
      if (p.decays && how_.weight_decay > 0) gradient = gradient + p.value * how_.weight_decay;
      p.velocity.mul_(how_.momentum).add_(gradient);
      Tensor change = p.velocity * how_.learning_rate;
      if (p.positive) change = at::minimum(at::maximum(change, p.value * -largest_change), p.value * largest_change);
      p.value.sub_(change);
      if (p.positive) p.value.copy_(at::maximum(p.value, p.floor));
    }
  }

  std::map<std::string, Tensor> everything() const {
    std::map<std::string, Tensor> made;
    for (const parameter& p : parameters_) {
      made.emplace("parameter " + p.name, p.value);
      made.emplace("velocity " + p.name, p.velocity);
      if (p.positive) made.emplace("floor " + p.name, p.floor);
    }
    for (const auto& [name, tensor] : buffers_) made.emplace("statistics " + name, tensor);
    for (const auto& p : products_) {
      made.emplace("mask of " + p->spec.node, p->mask);
      made.emplace("bits of " + p->spec.node, p->bits);
      made.emplace("curvature of " + p->spec.node, p->curvature);
      if (!p->widths.active()) continue;
      made.emplace("width of " + p->spec.node, p->widths.width);
      made.emplace("mean gradient of the width of " + p->spec.node, p->widths.mean);
      made.emplace("mean square of the width of " + p->spec.node, p->widths.square);
    }
    return made;
  }

  graph::graph graph_;
  std::vector<trained_value> value_specs_;
  std::map<value_id, Tensor> leaves_;  // of the graph: parameters and statistics
  std::vector<parameter> parameters_;
  std::vector<std::pair<std::string, Tensor>> buffers_;
  std::vector<std::unique_ptr<product_state>> products_;
  std::vector<std::size_t> step_parameter_;  // by product
  std::vector<Tensor> scales_;               // by value
  std::vector<std::size_t> scale_parameter_;
  std::map<value_id, std::size_t> value_at_;
  value_id logits_ = graph::no_value, teacher_logits_ = graph::no_value;
  std::unique_ptr<plan> plan_, teacher_;
  step_settings how_;
  hardware_function hardware_;
  bool training_ = false;
};

}  // namespace
}  // namespace cimbalom::torch

extern "C" __attribute__((visibility("default"))) cimbalom::torch::trainer* cimbalom_make_trainer(
    const cimbalom::torch::trainer_setup& setup) {
  if (setup.threads > 0) at::set_num_threads(setup.threads);
  cimbalom::torch::keep_memory();
  try {
    return new cimbalom::torch::network_trainer(setup);
  } catch (const c10::Error& error) {
    const std::string line = error.what_without_backtrace();
    throw cimbalom::run_error(setup.graph.file + ": " + line.substr(0, line.find('\n')));
  }
}
