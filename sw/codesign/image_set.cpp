#include "sw/codesign/image_set.hpp"

#include <algorithm>
#include <numeric>

#include "platform/configuration/error.hpp"

namespace cimbalom::codesign {
namespace {

/// Counter-based: the same number for the same key, whatever was asked before.
std::uint64_t mixed(std::uint64_t key) {
  std::uint64_t z = key + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

std::uint64_t random_of(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) {
  return mixed(mixed(mixed(seed) ^ a) ^ b);
}

/// Copies one image, moved by (down, right) and mirrored; what comes from outside is zero.
void copy_moved(const float* from, float* to, const graph::shape_t& shape, bool channels_last, int down, int right,
                bool mirror) {
  const std::int64_t channels = shape[channels_last ? 3 : 1];
  const std::int64_t height = shape[channels_last ? 1 : 2];
  const std::int64_t width = shape[channels_last ? 2 : 3];
  const auto place = [&](std::int64_t c, std::int64_t y, std::int64_t x) {
    return channels_last ? (y * width + x) * channels + c : (c * height + y) * width + x;
  };
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t source_y = y - down;
        const std::int64_t moved_x = x - right;
        const std::int64_t source_x = mirror ? width - 1 - moved_x : moved_x;
        const bool inside = source_y >= 0 && source_y < height && source_x >= 0 && source_x < width;
        to[place(c, y, x)] = inside ? from[place(c, source_y, source_x)] : 0.0F;
      }
}

}  // namespace

image_set load_images(const datasets::input_pipeline& from, const std::string& spec, const graph::shape_t& shape,
                      const std::vector<std::size_t>& chosen) {
  image_set made;
  made.shape = shape;
  made.pixels.resize(chosen.size() * from.input_size());
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    const auto label = from.data().label(chosen[k]);
    if (!label) throw input_error(spec + ": has no labels: training needs them");
    made.labels.push_back(*label);
    from.fetch(chosen[k], made.pixels.data() + k * from.input_size());
  }
  return made;
}

std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = count; k > 1; --k) std::swap(order[k - 1], order[random_of(seed, k) % k]);
  return order;
}

index_split cut_validation(std::size_t count, double fraction, std::uint64_t seed) {
  const std::vector<std::size_t> order = shuffled(count, seed);
  const auto wanted = static_cast<std::size_t>(fraction * static_cast<double>(count));
  const std::size_t taken = std::min(count, std::max<std::size_t>(1, wanted));
  const auto cut = order.begin() + static_cast<std::ptrdiff_t>(taken);
  index_split made{{cut, order.end()}, {order.begin(), cut}};
  std::sort(made.train.begin(), made.train.end());
  std::sort(made.validation.begin(), made.validation.end());
  return made;
}

image_batch make_batch(const image_set& from, const std::vector<std::size_t>& order, std::size_t first,
                       std::size_t count, const augmentation& how, std::uint64_t seed) {
  graph::shape_t shape = from.shape;
  shape.at(0) = static_cast<std::int64_t>(count);
  image_batch made{graph::tensor(graph::data_type::float32, shape), {}};
  const std::size_t values = from.values();
  const bool moves = seed != 0 && shape.size() == 4 && (how.flip || how.shift > 0);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t image = order.at(first + k);
    const float* source = from.pixels.data() + image * values;
    float* to = made.images.data<float>() + k * values;
    made.labels.push_back(from.labels[image]);
    if (!moves) {
      std::copy(source, source + values, to);
      continue;
    }
    const auto span = 2 * static_cast<std::uint64_t>(how.shift) + 1;
    const auto offset = [&](std::uint64_t axis) {
      return static_cast<int>(random_of(seed, image, axis) % span) - how.shift;
    };
    const bool mirror = how.flip && (random_of(seed, image, 3) & 1U) != 0;
    copy_moved(source, to, from.shape, how.channels_last, offset(1), offset(2), mirror);
  }
  return made;
}

}  // namespace cimbalom::codesign
