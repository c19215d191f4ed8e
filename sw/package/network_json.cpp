#include "sw/package/network_json.hpp"

#include <array>
#include <stdexcept>

#include "sw/compiler/pass_formation.hpp"
#include "sw/package/archive.hpp"
#include "sw/package/graph_json.hpp"

namespace cimbalom::package {

template <>
struct enum_names<arithmetic::macro_kind> {
  static constexpr std::array<const char*, 2> names = {"analog", "digital"};
};
template <>
struct enum_names<registers::requantization> {
  static constexpr std::array<const char*, 2> names = {"fixed_point", "floating_point"};
};
template <>
struct enum_names<quantization::layer_kind> {
  static constexpr std::array<const char*, 7> names = {"mvm",       "add",    "max_pool", "average_pool",
                                                       "slice_pad", "affine", "host"};
};

namespace {

using quantization::layer;
using quantization::layer_kind;
using quantization::mvm_parameters;
using quantization::network;

constexpr std::int64_t large = 1 << 24;

}  // namespace

// Found by the archives through their own namespace.

// What decides the geometry of the words and the bits of a result; the rest of a platform is not the package's.
template <class Archive>
void fields(Archive& archive, cim::macro_config& m) {
  archive("kind", m.kind);
  archive("banks", m.banks);
  archive("rows", m.rows);
  archive("cols", m.cols);
  archive("rows_active", m.rows_active);
  archive("bits_per_cell", m.bits_per_cell);
  archive("slot_bits", m.slot_bits);
  archive("col_mux", m.col_mux);
  archive("dac_bits", m.dac_bits);
  archive("adc_bits", m.adc_bits);
  archive("combine_columns", m.combine_columns);
  archive("partial_sum_bits", m.partial_sum_bits);
  archive("accumulator_bits", m.accumulator_bits);
}

template <class Archive>
void fields(Archive& archive, registers::tensor_format& f) {
  archive("height", f.height, 1, large);
  archive("width", f.width, 1, large);
  archive("channels", f.channels, 1, large);
  archive("bits", f.bits, 1, 16);
  archive("is_signed", f.is_signed);
  archive("zero_point", f.zero_point);
}

template <class Archive>
void fields(Archive& archive, registers::window& w) {
  archive("kernel_h", w.kernel_h, 1, 65535);
  archive("kernel_w", w.kernel_w, 1, 65535);
  archive("stride_h", w.stride_h, 1, 65535);
  archive("stride_w", w.stride_w, 1, 65535);
  archive("dilation_h", w.dilation_h, 1, 65535);
  archive("dilation_w", w.dilation_w, 1, 65535);
  archive("pad_top", w.pad_top, 0, 65535);
  archive("pad_left", w.pad_left, 0, 65535);
}

template <class Archive>
void fields(Archive& archive, quantization::tensor& t) {
  archive("name", t.name);
  archive("format", t.format);
  archive("scale", t.scale);
  archive("shape", t.shape);
  archive("on_host", t.on_host);
  archive("channels_last", t.channels_last);
}

// The weights themselves are in weights.bin.
template <class Archive>
void fields(Archive& archive, mvm_parameters& p) {
  archive("groups", p.groups, 1, large);
  archive("filters", p.filters, 1, large);
  archive("channels_per_group", p.channels_per_group, 1, large);
  archive("window", p.filter_window);
  archive("weight_bits", p.weight_bits);
  archive("weight_scale", p.weight_scale);
  archive("weight_zero_point", p.weight_zero_point);
  archive("bias", p.bias);
  archive("adc_step_sixteenths", p.adc_step_sixteenths, 16, std::int64_t{1} << 30);
  archive("group_rows", p.group_rows, 0, 1024);
  archive("slot_assignment", p.slot_assignment);
}

template <class Archive>
void fields(Archive& archive, layer& l) {
  archive("kind", l.kind);
  archive("name", l.name);
  archive("inputs", l.inputs);
  archive("output", l.output);
  archive("has_residual", l.has_residual);
  archive("clamp_low", l.clamp_low);
  archive("clamp_high", l.clamp_high);
  archive("requantize", l.requantize);
  archive("macs", l.macs);
  if (l.kind == layer_kind::mvm) archive("mvm", l.mvm);
  archive("pool_window", l.pool_window);
  archive("count_include_pad", l.count_include_pad);
  archive("channel_offset", l.channel_offset);
  archive("output_channel", l.output_channel);
  archive("channels_written", l.channels_written);
  archive("affine_scale", l.affine_scale);
  archive("affine_bias", l.affine_bias);
  archive("graph_node", l.graph_node);
}

template <class Archive>
void fields(Archive& archive, network& n) {
  archive("name", n.name);
  archive("input", n.input);
  archive("outputs", n.outputs);
  archive("parameters", n.parameters);
  archive("tensors", n.tensors);
  archive("layers", n.layers);
}

namespace {

using index_codes = std::vector<std::vector<std::uint16_t>>;  // a pass each

// Refuses what the compiler and the executors would trip over.
class checker {
 public:
  checker(const network& net, const std::string& file) : net_(net), file_(file) {}

  void run() const {
    tensor_number("input", net_.input);
    if (net_.outputs.empty()) refuse("outputs", "[]", "at least one tensor");
    for (const int output : net_.outputs) tensor_number("outputs", output);
    for (const layer& l : net_.layers) check(l);
  }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& value, const std::string& allowed) const {
    throw bad_input({file_, 0}, key, value, allowed);
  }
  void tensor_number(const std::string& key, int number) const {
    if (number < 0 || static_cast<std::size_t>(number) >= net_.tensors.size()) {
      refuse(key, std::to_string(number), "the number of one of " + std::to_string(net_.tensors.size()) + " tensors");
    }
  }

  void check(const layer& l) const {
    const std::string name = "layer " + l.name;
    for (const int input : l.inputs) tensor_number(name + ": inputs", input);
    tensor_number(name + ": output", l.output);
    const std::size_t operands = l.kind == layer_kind::add || (l.kind == layer_kind::mvm && l.has_residual) ? 2 : 1;
    if (l.kind != layer_kind::host && l.inputs.size() != operands) {
      refuse(name + ": inputs", std::to_string(l.inputs.size()), std::to_string(operands));
    }
    if (l.kind == layer_kind::host &&
        (l.graph_node < 0 || static_cast<std::size_t>(l.graph_node) >= net_.host_graph.nodes.size())) {
      refuse(name + ": graph_node", std::to_string(l.graph_node), "a node of the graph");
    }
    if (l.kind == layer_kind::affine) {
      const registers::tensor_format& out = net_.tensors[static_cast<std::size_t>(l.output)].format;
      count(name + ": affine_scale", l.affine_scale.size(), out.channels);
      count(name + ": affine_bias", l.affine_bias.size(), out.channels);
    }
    if (l.kind == layer_kind::mvm) check_mvm(l, name);
  }

  void check_mvm(const layer& l, const std::string& name) const {
    const mvm_parameters& p = l.mvm;
    count(name + ": weight_bits", p.weight_bits.size(), p.filters);
    count(name + ": weight_scale", p.weight_scale.size(), p.filters);
    count(name + ": weight_zero_point", p.weight_zero_point.size(), p.filters);
    count(name + ": bias", p.bias.size(), p.filters);
    for (const std::uint8_t bits : p.weight_bits) {
      if (bits < 1 || bits > 16) refuse(name + ": weight_bits", std::to_string(bits), "1 to 16");
    }
    if (p.filters % p.groups != 0) refuse(name + ": groups", std::to_string(p.groups), "a divisor of the filters");
    const registers::tensor_format& in = net_.tensors[static_cast<std::size_t>(l.inputs.front())].format;
    const registers::tensor_format& out = net_.tensors[static_cast<std::size_t>(l.output)].format;
    if (std::int64_t{p.groups} * p.channels_per_group != in.channels || p.filters != out.channels) {
      refuse(name + ": channels", std::to_string(p.channels_per_group) + " a group",
             "the channels of input and output tensor");
    }
    const std::int64_t taps = std::int64_t{p.filter_window.kernel_h} * p.filter_window.kernel_w;
    if (taps * p.channels_per_group > large * 16 || taps * p.channels_per_group * p.filters > large * 64) {
      refuse(name + ": window", std::to_string(taps) + " taps", "fewer weights");
    }
  }
  void count(const std::string& key, std::size_t entries, std::int32_t wanted) const {
    if (entries != static_cast<std::size_t>(wanted)) {
      refuse(key, std::to_string(entries) + " entries", std::to_string(wanted));
    }
  }

  const network& net_;
  const std::string& file_;
};

std::size_t weight_count(const mvm_parameters& p) {
  return static_cast<std::size_t>(p.filters) * static_cast<std::size_t>(p.channels_per_group) *
         static_cast<std::size_t>(p.filter_window.kernel_h) * static_cast<std::size_t>(p.filter_window.kernel_w);
}

// Takes the words of a layer's passes from weights.bin, in order.
class unpacker {
 public:
  unpacker(const std::string& bytes, const cim::macro_config& macro, const std::string& folder)
      : bytes_(bytes), macro_(macro), file_(folder + "/weights.bin") {}

  void layer(quantization::layer& l, const index_codes& codes) {
    l.mvm.weights.assign(weight_count(l.mvm), 0);
    std::vector<compiler::formed_pass> passes = compiler::form_passes(l, macro_, false);
    if (passes.size() != codes.size())
      refuse(l, std::to_string(codes.size()) + " passes of index codes", passes.size());
    for (std::size_t i = 0; i < passes.size(); ++i) take(l, passes[i], codes[i]);
    l.mvm.weights = compiler::weights_of(passes, l, macro_);
    // What the words hold beside weights, and groups that are all zero, would be lost.
    const std::vector<compiler::formed_pass> again = compiler::form_passes(l, macro_, true);
    for (std::size_t i = 0; i < passes.size(); ++i) {
      if (again[i].words != passes[i].words || again[i].record.groups != passes[i].record.groups) {
        throw bad_input({file_, 0}, "layer " + l.name, "pass " + std::to_string(i),
                        "words of the index codes' groups, none of them zero, unused columns 0");
      }
    }
  }

  void finish() const {
    if (at_ != bytes_.size()) {
      throw bad_input({file_, 0}, "size", std::to_string(bytes_.size()), std::to_string(at_) + " bytes of words");
    }
  }

 private:
  [[noreturn]] void refuse(const quantization::layer& l, const std::string& value, std::size_t wanted) const {
    throw bad_input({file_, 0}, "layer " + l.name, value, std::to_string(wanted) + " are wanted");
  }

  void take(const quantization::layer& l, compiler::formed_pass& pass, const std::vector<std::uint16_t>& codes) {
    const std::size_t known = pass.record.groups.size();
    for (std::size_t k = 0; k < codes.size(); ++k) {
      if (codes[k] >= known || (k > 0 && codes[k] <= codes[k - 1])) {
        throw bad_input({file_, 0}, "layer " + l.name + ": index code", std::to_string(codes[k]),
                        "ascending, below " + std::to_string(known));
      }
    }
    const std::size_t size = codes.size() * static_cast<std::size_t>(macro_.position_bytes());
    if (size > bytes_.size() - at_) refuse(l, std::to_string(bytes_.size() - at_) + " bytes of words", size);
    const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
    pass.words.assign(first, first + static_cast<std::ptrdiff_t>(size));
    pass.record.groups = codes;
    at_ += size;
  }

  const std::string& bytes_;
  const cim::macro_config& macro_;
  std::string file_;
  std::size_t at_ = 0;
};

}  // namespace

network_files network_to_files(const package& value) {
  network_files files;
  json to;
  to["schema_version"] = schema_version;
  writer::put(to["macro"], value.macro);
  writer::put(to["network"], value.network);
  to["graph"] = graph_to_json(value.network.host_graph, files.constants);
  json& codes = to["index_codes"] = json::object();
  for (std::size_t i = 0; i < value.network.layers.size(); ++i) {
    const layer& l = value.network.layers[i];
    if (l.kind != layer_kind::mvm) continue;
    json& of_layer = codes[std::to_string(i)] = json::array();
    for (const compiler::formed_pass& pass : compiler::form_passes(l, value.macro, true)) {
      of_layer.push_back(pass.record.groups);
      files.weights.append(pass.words.begin(), pass.words.end());
    }
  }
  files.network_json = to.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  return files;
}

void network_from_files(const network_files& files, const std::string& folder, package& value) {
  const std::string file = folder + "/network.json";
  const json from = json::parse(files.network_json, nullptr, false);
  if (from.is_discarded()) throw bad_input({file, 0}, "", "", "is no JSON");
  reader in(from, file, "");
  int version = 0;
  in("schema_version", version, schema_version, schema_version);
  in("macro", value.macro);
  try {
    value.macro.validate();
  } catch (const input_error& error) {
    throw bad_input({file, 0}, "", "", error.what());
  }
  in("network", value.network);
  value.network.host_graph = graph_from_json(in.at("graph"), file, files.constants);
  graph::check(value.network.host_graph);
  checker(value.network, file).run();
  unpacker unpack(files.weights, value.macro, folder);
  const json& codes = in.at("index_codes");
  if (!codes.is_object()) in.refuse("index_codes", codes, "an object");
  for (std::size_t i = 0; i < value.network.layers.size(); ++i) {
    layer& l = value.network.layers[i];
    if (l.kind != layer_kind::mvm) continue;
    index_codes of_layer;
    reader(codes, file, "index_codes")(std::to_string(i).c_str(), of_layer);
    unpack.layer(l, of_layer);
  }
  unpack.finish();
}

}  // namespace cimbalom::package
