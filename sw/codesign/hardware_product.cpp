#include "sw/codesign/hardware_product.hpp"

#include <algorithm>
#include <memory>
#include <thread>

#include "sw/quantization/packed_filters.hpp"
#include "sw/quantization/tensor_codes.hpp"

namespace cimbalom::codesign {

using quantization::packed_filters;
using quantization::row_grouping;

namespace {

constexpr int filters_a_pass = 16;

bool is_empty(const arithmetic::packed_position& position) {
  for (int column = 0; column < position.columns(); ++column)
    if (position.column_sum(column) != 0) return false;
  return true;
}

}  // namespace

struct hardware_product::prepared {
  /// Filters of one convolution group, as the kernels take them: groups without a weight other than zero are left out.
  struct pass {
    int conv_group = 0;
    packed_filters filters;
    std::vector<std::size_t> groups;  // index codes that are not empty
    std::vector<const arithmetic::packed_position*> positions;
    std::unique_ptr<arithmetic::prepared_pass> ready;

    /// All but inputs and results.
    arithmetic::pass_operation operation(const arithmetic::macro_shape& shape, const arithmetic::adc_transfer& adc,
                                         int input_bits) const {
      arithmetic::pass_operation made;
      made.shape = &shape;
      made.input_bits = input_bits;
      made.adc = &adc;
      made.conversions = filters.conversions.data();
      made.conversion_count = filters.conversions.size();
      made.outputs = filters.filters;
      made.positions = positions.data();
      made.groups = positions.size();
      return made;
    }
  };
  std::vector<pass> passes;
  std::vector<std::int64_t> offsets;  // a filter: what driving q - minimum adds too much
};

hardware_product::hardware_product(const quantization::network& net, const quantization::layer& layer,
                                   const training_hardware& hardware, std::uint32_t number)
    : net_(net),
      hardware_(hardware),
      layer_(layer),
      number_(number),
      adc_(hardware.shape, layer.mvm.adc_step_sixteenths) {
  noise_.emplace(hardware.noise);
  if (!noise_->any()) noise_.reset();
}

const registers::tensor_format& hardware_product::input() const {
  return net_.tensors[static_cast<std::size_t>(layer_.inputs.at(0))].format;
}

const registers::tensor_format& hardware_product::output() const {
  return net_.tensors[static_cast<std::size_t>(layer_.output)].format;
}

std::size_t hardware_product::pixels() const {
  return static_cast<std::size_t>(output().height) * static_cast<std::size_t>(output().width);
}

hardware_product::prepared hardware_product::prepare() const {
  const quantization::mvm_parameters& p = layer_.mvm;
  const auto filters = static_cast<std::size_t>(p.filters);
  const std::size_t length = p.weights.size() / filters;
  prepared made;
  const row_grouping grouping = quantization::grouping_of(p, hardware_.shape.rows_active);
  const int each = p.filters / p.groups;
  for (int g = 0; g < p.groups; ++g)
    for (int first = 0; first < each; first += filters_a_pass) {
      prepared::pass pass;
      pass.conv_group = g;
      pass.filters = quantization::pack_filters(p, grouping, hardware_.shape, g * each + first,
                                                std::min(filters_a_pass, each - first));
      made.passes.push_back(std::move(pass));
    }
  for (prepared::pass& pass : made.passes) {
    for (std::size_t code = 0; code < pass.filters.positions.size(); ++code) {
      const arithmetic::packed_position& position = pass.filters.positions[code];
      if (is_empty(position)) continue;
      pass.groups.push_back(code);
      pass.positions.push_back(&position);
    }
    if (!pass.positions.empty())
      pass.ready = std::make_unique<arithmetic::prepared_pass>(pass.operation(hardware_.shape, adc_, input().bits));
  }
  const std::int64_t too_much = std::int64_t{input().minimum()} - input().zero_point;
  for (std::size_t f = 0; f < filters; ++f) {
    std::int64_t sum = 0;
    for (std::size_t k = f * length; k < (f + 1) * length; ++k) sum += p.weights[k];
    made.offsets.push_back(too_much * sum);
  }
  return made;
}

void hardware_product::run(const std::int32_t* codes, std::size_t images, const std::int16_t* weights,
                           const std::uint8_t* bits, std::uint64_t first_image, int threads, float* sums) {
  quantization::mvm_parameters& p = layer_.mvm;
  const auto filters = static_cast<std::size_t>(p.filters);
  p.weights.assign(weights, weights + p.weights.size());
  p.weight_bits.assign(bits, bits + filters);

  const prepared made = prepare();
  const std::size_t image_codes = static_cast<std::size_t>(input().height) * static_cast<std::size_t>(input().width) *
                                  static_cast<std::size_t>(input().channels);
  const std::size_t image_sums = pixels() * filters;
  const auto worker = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i)
      run_image(made, codes + i * image_codes, static_cast<std::uint32_t>(first_image + i), sums + i * image_sums);
  };
  const std::size_t workers =
      std::clamp<std::size_t>(static_cast<std::size_t>(threads), 1, std::max<std::size_t>(1, images));
  std::vector<std::thread> others;
  for (std::size_t w = 1; w < workers; ++w)
    others.emplace_back(worker, images * w / workers, images * (w + 1) / workers);
  worker(0, images / workers);
  for (std::thread& other : others) other.join();
}

/// Vectors of all pixels and groups, [pixel][index code] in `vectors`. In channel mode an input pixel's vector serves
/// every tap that reads it.
void hardware_product::pack_vectors(const std::int32_t* codes, int conv_group, arithmetic::input_planes& planes,
                                    std::vector<std::uint32_t>& vectors) const {
  const quantization::mvm_parameters& p = layer_.mvm;
  const registers::tensor_format& in = input();
  const registers::window& w = p.filter_window;
  const row_grouping grouping = quantization::grouping_of(p, hardware_.shape.rows_active);
  const int rows = hardware_.shape.rows_active, first_channel = conv_group * p.channels_per_group;
  std::vector<std::uint16_t> u(static_cast<std::size_t>(rows));
  const auto driven = [&](int y, int x, int channel) {
    const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
    const std::int32_t q = inside ? codes[quantization::code_index(in, y, x, first_channel + channel)] : in.zero_point;
    return static_cast<std::uint16_t>(q - in.minimum());
  };
  const auto each_pixel = [&](const auto& visit) {
    for (int row = 0; row < output().height; ++row)
      for (int column = 0; column < output().width; ++column)
        visit(row * w.stride_h - w.pad_top, column * w.stride_w - w.pad_left);
  };
  if (grouping.flattened()) {
    planes.resize(pixels() * static_cast<std::size_t>(grouping.codes()));
    std::uint32_t next = 0;
    each_pixel([&](int top, int left) {
      for (int code = 0; code < grouping.codes(); ++code) {
        for (int r = 0; r < rows; ++r) {
          const auto from = grouping.at(code, r);
          u[static_cast<std::size_t>(r)] =
              from ? driven(top + from->tap_h * w.dilation_h, left + from->tap_w * w.dilation_w, from->channel)
                   : std::uint16_t{0};
        }
        planes.pack(next, u.data());
        vectors.push_back(next++);
      }
    });
    return;
  }
  const int slices = grouping.channel_groups();
  const auto outside = static_cast<std::uint32_t>(in.height * in.width * slices);
  planes.resize(outside + static_cast<std::uint32_t>(slices));
  for (int pixel = 0; pixel <= in.height * in.width; ++pixel)
    for (int s = 0; s < slices; ++s) {
      // The pixel behind the last lies in the padding.
      const int y = pixel < in.height * in.width ? pixel / in.width : -1;
      for (int r = 0; r < rows; ++r) {
        const int channel = s * rows + r;
        u[static_cast<std::size_t>(r)] =
            channel < p.channels_per_group ? driven(y, pixel % in.width, channel) : std::uint16_t{0};
      }
      planes.pack(static_cast<std::size_t>(pixel) * static_cast<std::size_t>(slices) + static_cast<std::size_t>(s),
                  u.data());
    }
  each_pixel([&](int top, int left) {
    for (int tap = 0; tap < w.kernel_h * w.kernel_w; ++tap) {
      const int y = top + tap / w.kernel_w * w.dilation_h, x = left + tap % w.kernel_w * w.dilation_w;
      const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
      for (int s = 0; s < slices; ++s)
        vectors.push_back(inside ? static_cast<std::uint32_t>((y * in.width + x) * slices + s)
                                 : outside + static_cast<std::uint32_t>(s));
    }
  });
}

void hardware_product::run_image(const prepared& made, const std::int32_t* codes, std::uint32_t image,
                                 float* sums) const {
  const auto filters = static_cast<std::size_t>(layer_.mvm.filters);
  const double step = layer_.mvm.adc_step_sixteenths / 16.0;
  arithmetic::activity counts;
  arithmetic::input_planes planes(hardware_.shape.rows_active, input().bits, hardware_.shape.dac_bits);
  std::vector<std::uint32_t> all, vectors;
  std::vector<std::int32_t> y;
  int packed = -1;
  std::uint32_t number = 0;
  for (const prepared::pass& pass : made.passes) {
    if (pass.conv_group != packed) {
      all.clear();
      pack_vectors(codes, pass.conv_group, planes, all);
      packed = pass.conv_group;
    }
    const std::size_t codes_a_pixel = pass.filters.positions.size();
    vectors.clear();
    for (std::size_t pixel = 0; pixel < pixels(); ++pixel)
      for (const std::size_t group : pass.groups) vectors.push_back(all[pixel * codes_a_pixel + group]);
    const auto outputs = static_cast<std::size_t>(pass.filters.filters);
    y.assign(pixels() * outputs, 0);
    arithmetic::pass_operation operation = pass.operation(hardware_.shape, adc_, input().bits);
    operation.prepared = pass.ready.get();
    operation.inputs = &planes;
    operation.vectors = vectors.data();
    operation.pixels = pixels();
    operation.y = y.data();
    operation.y_stride = outputs;
    operation.noise = noise_ ? &*noise_ : nullptr;
    operation.site.bank = number++;
    operation.site.image = image;
    operation.site.layer = number_;
    if (!pass.positions.empty()) arithmetic::run_pass(operation, counts);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t f = static_cast<std::size_t>(pass.filters.first_filter) + i % outputs;
      sums[i / outputs * filters + f] =
          static_cast<float>(static_cast<double>(y[i]) * step + static_cast<double>(made.offsets[f]));
    }
  }
}

}  // namespace cimbalom::codesign
