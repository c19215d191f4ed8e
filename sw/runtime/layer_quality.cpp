#include "sw/runtime/layer_quality.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "models/cim/tile_shape.hpp"
#include "sw/quantization/tensor_codes.hpp"
#include "sw/runtime/untimed_machine.hpp"

namespace cimbalom::runtime {

namespace {

using quantization::layer_kind;

struct power {
  double signal = 0, error = 0;
};

// Copies the rows that each command leaves in a buffer into the output of its layer.
class output_tap {
 public:
  output_tap(const quantization::network& network, const compiler::program& program, untimed_machine& machine)
      : network_(network), machine_(machine), bytes_(network.layers.size()) {
    for (std::size_t l = 0; l < bytes_.size(); ++l) {
      if (measured(network.layers[l])) bytes_[l].resize(quantization::code_bytes(output_of(l)));
    }
    for (const compiler::layer_mapping& mapped : program.mapping) {
      if (mapped.channels_apart) bytes_[static_cast<std::size_t>(mapped.layer)].clear();
    }
    machine_.after_command = [this](const registers::command& one) { copy(one); };
  }

  const quantization::tensor& output_of(std::size_t layer) const {
    return network_.tensors[static_cast<std::size_t>(network_.layers[layer].output)];
  }
  std::vector<float> values(std::size_t layer) const {
    const std::vector<std::int32_t> codes = quantization::unpack_codes(output_of(layer), bytes_[layer].data());
    return quantization::to_floats(output_of(layer), codes.data());
  }
  bool has(std::size_t layer) const { return !bytes_[layer].empty(); }

 private:
  // Pieces of a concatenation share an output; host layers are exact.
  static bool measured(const quantization::layer& l) {
    return l.kind != layer_kind::host && l.kind != layer_kind::slice_pad;
  }

  void copy(const registers::command& one) {
    const bool computes = registers::engine_of(one.op) == registers::engine::compute;
    if (!computes || one.keep || one.layer < 0) return;
    const auto layer = static_cast<std::size_t>(one.layer);
    if (!has(layer)) return;
    const registers::tensor_format& format = output_of(layer).format;
    const cim::tile_shape tile(one, format.width, format.width);  // of the output alone
    const std::uint8_t* from = machine_.core().bytes(one.output, tile.output_bytes(format, one.output_rows));
    if (from == nullptr) return;
    const std::uint64_t pixel = cim::pixel_bytes(format);
    const auto width = static_cast<std::uint64_t>(format.width);
    for (std::uint64_t row = 0; row < one.output_rows; ++row) {
      const std::uint64_t to = (one.output_row + row) * width + static_cast<std::uint64_t>(tile.output_column);
      std::memcpy(&bytes_[layer][to * pixel], from + row * static_cast<std::uint64_t>(tile.output_pitch) * pixel,
                  static_cast<std::uint64_t>(tile.output_columns) * pixel);
    }
  }

  const quantization::network& network_;
  untimed_machine& machine_;
  std::vector<std::vector<std::uint8_t>> bytes_;
};

}  // namespace

std::vector<double> layer_sqnr_db(const quantization::network& network, const compiler::program& program,
                                  const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                                  const arithmetic::nonideality_config& nonideality, const image_source& images,
                                  std::size_t count, const float_reference& reference) {
  untimed_machine machine(network, program, accelerator, macro, nonideality);
  const output_tap tap(network, program, machine);
  std::map<std::string, std::vector<std::size_t>> layers_of;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (tap.has(l)) layers_of[tap.output_of(l).name].push_back(l);
  }
  std::vector<power> sums(network.layers.size());
  std::vector<float> image(images.values);
  for (std::size_t i = 0; i < std::min(count, images.count); ++i) {
    images.fetch(i, image.data());
    (void)machine.run(image.data(), i);
    reference(image.data(), [&](const std::string& name, const float* values, std::size_t length) {
      const auto found = layers_of.find(name);
      if (found == layers_of.end()) return;
      for (const std::size_t l : found->second) {
        const std::vector<float> hardware = tap.values(l);
        if (hardware.size() != length) continue;
        for (std::size_t k = 0; k < length; ++k) {
          const double r = values[k], e = r - hardware[k];
          sums[l].signal += r * r;
          sums[l].error += e * e;
        }
      }
    });
  }
  std::vector<double> result(sums.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t l = 0; l < sums.size(); ++l) {
    if (sums[l].error > 0 && sums[l].signal > 0) result[l] = 10 * std::log10(sums[l].signal / sums[l].error);
  }
  return result;
}

}  // namespace cimbalom::runtime
