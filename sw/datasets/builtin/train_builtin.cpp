// Trains the embedded default network on the data set `builtin` and writes builtin.onnx:
//   cimbalom_train_builtin FOLDER [--epochs N] [--images N] [--seed N]
// One thread: the same libtorch on the same CPU repeats the same weights.

#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "platform/configuration/error.hpp"
#include "sw/datasets/builtin/onnx_writer.hpp"
#include "sw/datasets/builtin_images.hpp"

namespace cimbalom::datasets {
namespace {

constexpr int batch_images = 64;
constexpr float pixel_scale = 1.0F / 255, pixel_mean = 0.5F, pixel_std = 0.25F;  // as in builtin.yaml

struct options {
  std::string folder;
  int epochs = 6;
  int images = 40000;
  int seed = 1;
};

struct convolution : torch::nn::Module {
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  convolution(int from, int to, int kernel, int stride) {
    conv = register_module(
        "conv",
        torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, kernel).stride(stride).padding(kernel / 2).bias(false)));
    norm = register_module("norm", torch::nn::BatchNorm2d(to));
    torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
  }
  torch::Tensor forward(const torch::Tensor& x) { return norm(conv(x)); }
};

struct block : torch::nn::Module {
  std::shared_ptr<convolution> first, second, skip;
  block(int from, int to, int stride) {
    first = register_module("first", std::make_shared<convolution>(from, to, 3, stride));
    second = register_module("second", std::make_shared<convolution>(to, to, 3, 1));
    if (from != to) skip = register_module("skip", std::make_shared<convolution>(from, to, 1, stride));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor shortcut = skip ? skip->forward(x) : x;
    return torch::relu(second->forward(torch::relu(first->forward(x))) + shortcut);
  }
};

struct network : torch::nn::Module {
  std::shared_ptr<convolution> stem;
  std::vector<std::shared_ptr<block>> blocks;
  torch::nn::Linear head{nullptr};
  network() {
    stem = register_module("stem", std::make_shared<convolution>(3, 16, 3, 1));
    const int widths[] = {16, 16, 32, 64};
    for (int k = 1; k < 4; ++k)
      blocks.push_back(register_module("block" + std::to_string(k),
                                       std::make_shared<block>(widths[k - 1], widths[k], k == 1 ? 1 : 2)));
    head = register_module("head", torch::nn::Linear(64, builtin_images::classes));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(stem->forward(x));
    for (const auto& b : blocks) x = b->forward(x);
    return head(x.mean({2, 3}));
  }
};

torch::Tensor batch_of(const builtin_images& data, const std::vector<std::int64_t>& records, torch::Tensor& labels) {
  const auto count = static_cast<std::int64_t>(records.size());
  torch::Tensor x = torch::empty({count, 3, builtin_images::extent, builtin_images::extent});
  labels = torch::empty({count}, torch::kInt64);
  auto* to = x.data_ptr<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto record = static_cast<std::size_t>(records[static_cast<std::size_t>(i)]);
    data.pixels(record, to + static_cast<std::size_t>(i) * builtin_images::image_bytes);
    labels.data_ptr<std::int64_t>()[i] = *data.label(record);
  }
  return x.mul_(pixel_scale).sub_(pixel_mean).div_(pixel_std);
}

double top1(network& net, split part, int images) {
  torch::NoGradGuard no_gradient;
  net.eval();
  const builtin_images data(part);
  std::int64_t right = 0;
  for (int first = 0; first < images; first += batch_images) {
    std::vector<std::int64_t> records;
    for (int i = first; i < std::min(first + batch_images, images); ++i) records.push_back(i);
    torch::Tensor labels;
    const torch::Tensor x = batch_of(data, records, labels);
    right += net.forward(x).argmax(1).eq(labels).sum().item<std::int64_t>();
  }
  return 100.0 * static_cast<double>(right) / images;
}

void train(network& net, const options& chosen) {
  const builtin_images data(split::train);
  torch::optim::SGD optimizer(net.parameters(), torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(5e-4));
  const int steps_an_epoch = chosen.images / batch_images;
  const int total = chosen.epochs * steps_an_epoch;
  int step = 0;
  for (int epoch = 0; epoch < chosen.epochs; ++epoch) {
    net.train();
    const torch::Tensor order = torch::randperm(chosen.images, torch::kInt64);
    double loss_sum = 0;
    for (int s = 0; s < steps_an_epoch; ++s, ++step) {
      // Warm up over a tenth, then a half cosine down to zero.
      const double progress = static_cast<double>(step) / total;
      const double rate = progress < 0.1 ? progress : 0.05 * (1 + std::cos(M_PI * (progress - 0.1) / 0.9));
      static_cast<torch::optim::SGDOptions&>(optimizer.param_groups()[0].options()).lr(rate + 1e-4);
      const auto* first = order.data_ptr<std::int64_t>() + s * batch_images;
      torch::Tensor labels;
      const torch::Tensor x = batch_of(data, {first, first + batch_images}, labels);
      optimizer.zero_grad();
      torch::Tensor loss = torch::nn::functional::cross_entropy(net.forward(x), labels);
      loss.backward();
      optimizer.step();
      loss_sum += loss.item<double>();
      if (s % 50 == 49) std::fprintf(stderr, "epoch %d step %d loss %.4f\n", epoch + 1, s + 1, loss.item<double>());
    }
    std::printf("epoch %d: loss %.4f, validation top-1 %.2f %%\n", epoch + 1, loss_sum / steps_an_epoch,
                top1(net, split::validation, 2000));
    std::fflush(stdout);
  }
}

std::vector<float> values_of(const torch::Tensor& t) {
  const torch::Tensor flat = t.detach().contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

std::string write_convolution(onnx_writer& file, convolution& part, const std::string& name, const std::string& input) {
  const auto extents = part.conv->weight.sizes().vec();
  const std::int64_t kernel = extents[2], stride = part.conv->options.stride()->at(0);
  file.weights(name + ".weight", extents, values_of(part.conv->weight));
  file.node("Conv", {input, name + ".weight"}, name,
            {{"kernel_shape", {kernel, kernel}},
             {"strides", {stride, stride}},
             {"pads", std::vector<std::int64_t>(4, kernel / 2)},
             {"dilations", {1, 1}},
             {"group", {1}}});
  const std::vector<std::pair<std::string, torch::Tensor>> parts = {{"scale", part.norm->weight},
                                                                    {"shift", part.norm->bias},
                                                                    {"mean", part.norm->running_mean},
                                                                    {"variance", part.norm->running_var}};
  std::vector<std::string> inputs = {name};
  for (const auto& [key, tensor] : parts) {
    file.weights(name + ".norm." + key, {tensor.size(0)}, values_of(tensor));
    inputs.push_back(name + ".norm." + key);
  }
  file.node("BatchNormalization", inputs, name + ".norm");
  return name + ".norm";
}

void write_network(network& net, const std::string& path) {
  onnx_writer file("builtin");
  file.input("input", {3, builtin_images::extent, builtin_images::extent});
  file.node("Relu", {write_convolution(file, *net.stem, "stem", "input")}, "stem.relu");
  std::string x = "stem.relu";
  for (std::size_t k = 0; k < net.blocks.size(); ++k) {
    block& b = *net.blocks[k];
    const std::string name = "block" + std::to_string(k + 1);
    const std::string shortcut = b.skip ? write_convolution(file, *b.skip, name + ".skip", x) : x;
    file.node("Relu", {write_convolution(file, *b.first, name + ".first", x)}, name + ".relu");
    const std::string second = write_convolution(file, *b.second, name + ".second", name + ".relu");
    file.node("Add", {second, shortcut}, name + ".add");
    file.node("Relu", {name + ".add"}, name);
    x = name;
  }
  file.node("GlobalAveragePool", {x}, "pool");
  file.node("Flatten", {"pool"}, "flat", {{"axis", {1}}});
  file.weights("head.weight", net.head->weight.sizes().vec(), values_of(net.head->weight));
  file.weights("head.bias", {builtin_images::classes}, values_of(net.head->bias));
  file.node("Gemm", {"flat", "head.weight", "head.bias"}, "logits", {{"transB", {1}}});
  file.output("logits", {builtin_images::classes});
  file.save(path);
}

options parse(int argc, char** argv) {
  options chosen;
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    int* number = word == "--epochs"   ? &chosen.epochs
                  : word == "--images" ? &chosen.images
                  : word == "--seed"   ? &chosen.seed
                                       : nullptr;
    if (number == nullptr)
      chosen.folder = word;
    else if (++k < argc)
      *number = std::atoi(argv[k]);
  }
  const int available = static_cast<int>(builtin_images(split::train).size());
  if (chosen.folder.empty() || chosen.epochs < 1 || chosen.images < batch_images || chosen.images > available)
    throw bad_input({}, "usage", "", "cimbalom_train_builtin FOLDER [--epochs N] [--images 64..60000] [--seed N]");
  return chosen;
}

int run(int argc, char** argv) {
  const options chosen = parse(argc, argv);
  torch::set_num_threads(1);
  torch::manual_seed(static_cast<std::uint64_t>(chosen.seed));
  network net;
  train(net, chosen);
  const double accuracy = top1(net, split::test, static_cast<int>(builtin_images(split::test).size()));
  std::printf("test top-1 %.2f %%\n", accuracy);
  write_network(net, chosen.folder + "/builtin.onnx");
  return 0;
}

}  // namespace
}  // namespace cimbalom::datasets

int main(int argc, char** argv) {
  try {
    return cimbalom::datasets::run(argc, argv);
  } catch (const cimbalom::input_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
