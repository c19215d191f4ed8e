#include "sw/datasets/builtin_images.hpp"

#include <algorithm>
#include <cstdlib>

namespace cimbalom::datasets {
namespace {

constexpr int sub = 16;    // positions in sixteenths of a pixel
constexpr int unit = 256;  // radius of a shape in its own coordinates
constexpr int side = builtin_images::extent;

// A stream of numbers that depends on (split, record) only: the mixing function of SplitMix64 over a counter.
class random_stream {
 public:
  random_stream(split part, std::size_t record)
      : state_(mix(0x63696d62616c6f6dULL + static_cast<std::uint64_t>(part)) ^ mix(record + 1)) {}
  /// Uniform in [low, high].
  int between(int low, int high) {
    state_ += 0x9e3779b97f4a7c15ULL;
    const std::uint64_t range = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<int>(((mix(state_) >> 32) * range) >> 32);
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

// round(16384 * sin(k * 90 degrees / 16)).
constexpr std::array<int, 17> quarter_sine = {0,     1606,  3196,  4756,  6270,  7723,  9102,  10394, 11585,
                                              12665, 13623, 14449, 15137, 15679, 16069, 16305, 16384};
constexpr int angles = 64;  // a full turn

int sine(int angle) {
  const int a = ((angle % angles) + angles) % angles;
  const auto at = [](int k) { return quarter_sine[static_cast<std::size_t>(k)]; };
  if (a <= 16) return at(a);
  if (a <= 32) return at(32 - a);
  if (a <= 48) return -at(a - 32);
  return -at(64 - a);
}
int cosine(int angle) {
  return sine(angle + angles / 4);
}

bool in_disc(int u, int v, int radius) {
  return u * u + v * v <= radius * radius;
}
bool in_box(int u, int v, int half_u, int half_v) {
  return std::abs(u) <= half_u && std::abs(v) <= half_v;
}

// Is (u, v), in units of radius / 256, inside the shape of this class?
bool inside(int shape, int u, int v) {
  switch (shape) {
    case 0:
      return in_disc(u, v, 235);
    case 1:
      return in_disc(u, v, 255) && !in_disc(u, v, 145);
    case 2:
      return in_box(u, v, 205, 205);
    case 3:  // 222/256 = sin 60 degrees
      return v >= -135 && 222 * u + 128 * v <= 135 * 256 && -222 * u + 128 * v <= 135 * 256;
    case 4:
      return in_box(u, v, 75, 255) || in_box(u, v, 255, 75);
    case 5:
      return in_box(u, v, 220, 220) && !in_box(u, v, 115, 115);
    case 6:
      return in_disc(u, v, 255) && !in_disc(u - 125, v, 195);
    case 7:
      return std::abs(v) <= 230 && std::abs(u) >= 75 && std::abs(u) <= 200;
    case 8:
      return u <= 110 && in_disc(u - 110, v, 260);
    default:
      return in_box(u, v, 220, 220) && (u <= -80 || v <= -80);
  }
}

std::size_t pixel_index(int channel, int y, int x) {
  constexpr auto extent = static_cast<std::size_t>(side);
  return (static_cast<std::size_t>(channel) * extent + static_cast<std::size_t>(y)) * extent +
         static_cast<std::size_t>(x);
}

using colour = std::array<int, 3>;

colour random_colour(random_stream& random) {
  return {random.between(0, 255), random.between(0, 255), random.between(0, 255)};
}

int distance(const colour& a, const colour& b) {
  return std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]);
}

class canvas {
 public:
  int& at(int channel, int y, int x) { return values_[pixel_index(channel, y, x)]; }

  /// colour + gradient across the image.
  void fill(const colour& base, random_stream& random) {
    for (int c = 0; c < 3; ++c) {
      const int slope_x = random.between(-40, 40);
      const int slope_y = random.between(-40, 40);
      for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
          at(c, y, x) =
              base[static_cast<std::size_t>(c)] + (slope_x * (x - side / 2) + slope_y * (y - side / 2)) / side;
    }
  }

  /// A straight stroke: clutter. `weight` of 16 parts of its colour.
  void stroke(random_stream& random, int weight) {
    const colour ink = random_colour(random);
    const int angle = random.between(0, angles - 1);
    const int x0 = random.between(0, side * sub), y0 = random.between(0, side * sub);
    const int length = random.between(4 * sub, 14 * sub), half = random.between(sub / 2, sub + sub / 2);
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const int dx = x * sub + sub / 2 - x0, dy = y * sub + sub / 2 - y0;
        const int along = (dx * cosine(angle) + dy * sine(angle)) / 16384;
        const int across = (dy * cosine(angle) - dx * sine(angle)) / 16384;
        if (std::abs(along) <= length / 2 && std::abs(across) <= half) blend(y, x, ink, weight);
      }
  }

  void blend(int y, int x, const colour& ink, int weight) {
    for (int c = 0; c < 3; ++c) {
      int& value = at(c, y, x);
      value += (ink[static_cast<std::size_t>(c)] - value) * weight / 16;
    }
  }

 private:
  std::array<int, builtin_images::image_bytes> values_{};
};

// Draws the shape with four samples a pixel and a striped texture.
void draw_shape(canvas& picture, int shape, const colour& ink, random_stream& random) {
  const int radius = random.between(6 * sub + sub / 2, 12 * sub);
  const int margin = radius * 13 / 16;
  const int x0 = random.between(margin, side * sub - margin), y0 = random.between(margin, side * sub - margin);
  const int angle = random.between(0, angles - 1), texture_angle = random.between(0, angles - 1);
  const int cos = cosine(angle), sin = sine(angle);
  const int period = random.between(3 * sub, 6 * sub), depth = random.between(0, 50);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      int covered = 0;
      for (int s = 0; s < 4; ++s) {
        const int dx = x * sub + (s % 2 == 0 ? 4 : 12) - x0, dy = y * sub + (s / 2 == 0 ? 4 : 12) - y0;
        const int u = (dx * cos + dy * sin) / 64 / radius;  // 16384 / 256 = 64
        const int v = (dy * cos - dx * sin) / 64 / radius;
        if (inside(shape, u, v)) ++covered;
      }
      if (covered == 0) continue;
      const int phase = (x * sub * cosine(texture_angle) + y * sub * sine(texture_angle)) / 16384 + 64 * side * sub;
      const int shade = phase % period < period / 2 ? depth / 2 : -depth / 2;
      picture.blend(y, x, {ink[0] + shade, ink[1] + shade, ink[2] + shade}, 4 * covered);
    }
}

}  // namespace

builtin_images::builtin_images(split part) : part_(part) {}

std::size_t builtin_images::size() const {
  return part_ == split::train ? 60000 : part_ == split::validation ? 5000 : 10000;
}

builtin_images::image builtin_images::draw(std::size_t i) const {
  random_stream random(part_, i);
  canvas picture;
  const colour background = random_colour(random);
  colour ink = random_colour(random);
  while (distance(ink, background) < 130) ink = random_colour(random);
  picture.fill(background, random);
  const int behind = random.between(2, 5);
  for (int k = 0; k < behind; ++k) picture.stroke(random, random.between(6, 13));
  draw_shape(picture, static_cast<int>(i % classes), ink, random);
  if (random.between(0, 1) == 0) picture.stroke(random, random.between(5, 10));
  const int noise = random.between(4, 20);
  image bytes{};
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const int value = picture.at(c, y, x) + random.between(-noise, noise) + random.between(-noise, noise);
        bytes[pixel_index(c, y, x)] = static_cast<std::uint8_t>(std::clamp(value, 0, 255));
      }
  return bytes;
}

void builtin_images::pixels(std::size_t i, float* out) const {
  const image bytes = draw(i);
  std::copy(bytes.begin(), bytes.end(), out);
}

}  // namespace cimbalom::datasets
