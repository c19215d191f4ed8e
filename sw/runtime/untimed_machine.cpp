#include "sw/runtime/untimed_machine.hpp"

#include <cstring>

#include "platform/configuration/error.hpp"

namespace cimbalom::runtime {

untimed_machine::untimed_machine(const quantization::network& network, const compiler::program& program,
                                 const cim::accelerator_config& accelerator, const cim::macro_config& macro,
                                 const arithmetic::nonideality_config& nonideality)
    : network_(network),
      program_(program),
      core_(accelerator, macro, nonideality),
      host_(network, program),
      base_(program.image_region.address + program.image_region.bytes),
      memory_(static_cast<std::size_t>(program.dram_end - base_)),
      activity_(network.layers.size()) {
  view_.read = [this](std::uint64_t address, void* to, std::uint64_t length) { return read(address, to, length); };
  view_.write = [this](std::uint64_t address, const void* from, std::uint64_t length) {
    return write(address, from, length);
  };
  access_.read = [this](std::uint64_t address, void* to, std::size_t length) { (void)read(address, to, length); };
  access_.write = [this](std::uint64_t address, const void* from, std::size_t length) {
    (void)write(address, from, length);
  };
  access_.instructions = [](std::uint64_t) {};
  execute(program_.setup);
}

bool untimed_machine::read(std::uint64_t address, void* to, std::uint64_t length) const {
  const compiler::region& image = program_.image_region;
  if (length <= image.bytes && address >= image.address && address - image.address <= image.bytes - length) {
    std::memcpy(to, &program_.memory_image[static_cast<std::size_t>(address - image.address)], length);
    return true;
  }
  if (address < base_ || length > memory_.size() || address - base_ > memory_.size() - length) return false;
  std::memcpy(to, memory_.data() + (address - base_), length);
  return true;
}

bool untimed_machine::write(std::uint64_t address, const void* from, std::uint64_t length) {
  if (address < base_ || length > memory_.size() || address - base_ > memory_.size() - length) return false;
  std::memcpy(memory_.data() + (address - base_), from, length);
  return true;
}

void untimed_machine::execute(const std::vector<registers::command>& commands) {
  for (const registers::command& one : commands) {
    const bool known = one.layer >= 0 && static_cast<std::size_t>(one.layer) < activity_.size();
    arithmetic::activity& counted = known ? activity_[static_cast<std::size_t>(one.layer)] : no_layer_;
    const registers::error_code error = cim::execute_untimed(core_, one, view_, counted);
    if (error != registers::error_code::none) {
      const std::string name = known ? network_.layers[static_cast<std::size_t>(one.layer)].name : "";
      throw run_error("accelerator: " + describe(one) + (known ? " (" + name + ")" : "") + ": " + to_string(error));
    }
    if (after_command) after_command(one);
  }
}

std::vector<std::vector<float>> untimed_machine::run(const float* image, std::uint64_t number) {
  core_.set_image(number);
  host_.begin(image);
  const std::vector<std::uint8_t> input = host_.input_bytes(image);
  if (const compiler::tensor_place* place = host_.place_of(network_.input); place != nullptr && !input.empty()) {
    (void)write(place->memory.address, input.data(), input.size());
  }
  for (const compiler::step& step : program_.steps) {
    if (step.what == compiler::step::kind::host) {
      host_.run(step.layer, 0, access_);
    } else {
      execute(program_.segments[static_cast<std::size_t>(step.segment)].commands);
    }
  }
  return host_.outputs(0, access_);
}

}  // namespace cimbalom::runtime
