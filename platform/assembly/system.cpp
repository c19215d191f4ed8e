#include "platform/assembly/system.hpp"

#include "models/registers/memory_map.hpp"

namespace cimbalom::platform {

namespace {

std::string accelerator_name(int k) {
  return "accelerator" + std::to_string(k);
}

constexpr const char* port_names[] = {"parameter", "vector", "result", "command"};

}  // namespace

system::system(const sc_core::sc_module_name& name, const platform_config& config, energy::event_sink& energy,
               host_software software, const system_options& options)
    : sc_core::sc_module(name) {
  const std::size_t line_count = 1 + static_cast<std::size_t>(config.accelerator.count);
  processor::processor_config host = config.processor;
  host.initiator = static_cast<int>(processor_initiator);
  host.interrupt_lines = static_cast<int>(line_count);
  processor_ = std::make_unique<processor::processor>("processor", host, energy, std::move(software));
  make_control(config);
  make_data(config, energy);
  make_devices(config, energy, options);
  for (std::size_t i = 0; i < line_count; ++i) {
    const std::string line = i == 0 ? "dma_interrupt" : accelerator_name(static_cast<int>(i) - 1) + "_interrupt";
    lines_.push_back(std::make_unique<sc_core::sc_signal<bool>>(line.c_str()));
  }
  bind_all(options.check_protocol);
}

system::~system() = default;

void system::make_control(const platform_config& config) {
  interconnect::control_fabric_config control;
  control.clock_mhz = config.interconnect.clock_mhz;
  control.initiators = {"processor"};
  control.targets.push_back({"dma", registers::dma_base, registers::register_window_bytes});
  for (int k = 0; k < config.accelerator.count; ++k) {
    control.targets.push_back(
        {accelerator_name(k), registers::accelerator_registers_at(k), registers::register_window_bytes});
  }
  control_ = std::make_unique<interconnect::control_fabric>("control_fabric", control);
}

void system::make_data(const platform_config& config, energy::event_sink& energy) {
  interconnect::interconnect_config data = config.interconnect;
  data.initiators = {"processor", "dma"};
  data.targets = {{"dram", registers::dram_base, config.dram.size_bytes()}};
  for (int k = 0; k < config.accelerator.count; ++k) {
    for (const char* port : port_names) data.initiators.push_back(accelerator_name(k) + "_" + port);
    data.targets.push_back({accelerator_name(k), registers::aperture_at(k), registers::aperture_window_bytes});
  }
  data_ = std::make_unique<interconnect::data_fabric>("data_fabric", data, energy);
}

void system::make_devices(const platform_config& config, energy::event_sink& energy, const system_options& options) {
  dram_ = std::make_unique<dram::dram>("dram", config.dram, energy);
  dma::dma_config dma = config.dma;
  dma.initiator = static_cast<int>(dma_initiator);
  dma_ = std::make_unique<dma::dma>("dma", dma, energy);
  for (int k = 0; k < config.accelerator.count; ++k) {
    cim::accelerator_options mine = options.accelerator;
    mine.first_initiator = first_accelerator_initiator(k);
    if (options.hooks_of) mine.hooks = options.hooks_of(static_cast<std::size_t>(k));
    accelerators_.push_back(std::make_unique<cim::accelerator_module>(accelerator_name(k).c_str(), config.accelerator,
                                                                      config.macro, config.nonideality, energy, mine));
  }
}

// The parameters' types choose the sockets' own bind: modules' sockets are interfaces too.
void system::link(initiator_socket& from, target_socket& to, const std::string& name, bool check) {
  if (!check) {
    from.bind(to);
    return;
  }
  transport::protocol_checker::rules rules;
  rules.bursts = true;
  checkers_.push_back(std::make_unique<transport::protocol_checker>((name + "_checker").c_str(), rules));
  from.bind(checkers_.back()->from_initiator);
  checkers_.back()->to_target.bind(to);
}

// Every binding of the system is here.
void system::bind_all(bool check) {
  const auto join = [](initiator_socket& from, target_socket& to) { from.bind(to); };
  join(processor_->control, control_->from(0));
  join(control_->to(0), dma_->control);
  link(processor_->memory, data_->from(processor_initiator), "processor", check);
  link(dma_->memory, data_->from(dma_initiator), "dma", check);
  link(data_->to(0), dram_->memory, "dram", check);
  dma_->interrupt.bind(*lines_[0]);
  processor_->interrupts[0].bind(*lines_[0]);
  for (std::size_t k = 0; k < accelerators_.size(); ++k) {
    cim::accelerator_module& a = *accelerators_[k];
    const std::string name = accelerator_name(static_cast<int>(k));
    const std::size_t first = first_accelerator_initiator(static_cast<int>(k));
    join(control_->to(1 + k), a.registers);
    link(a.parameter_port, data_->from(first), name + "_parameter", check);
    link(a.vector_port, data_->from(first + 1), name + "_vector", check);
    link(a.result_port, data_->from(first + 2), name + "_result", check);
    link(a.command_port, data_->from(first + 3), name + "_command", check);
    link(data_->to(1 + k), a.aperture, name + "_aperture", check);
    a.interrupt.bind(*lines_[1 + k]);
    processor_->interrupts[static_cast<unsigned>(1 + k)].bind(*lines_[1 + k]);
  }
}

void system::preload(std::uint64_t address, const void* bytes, std::size_t length) {
  dram_->storage().write(address - registers::dram_base, bytes, length);
}

std::vector<std::string> system::protocol_findings() {
  std::vector<std::string> all;
  for (const auto& checker : checkers_) {
    checker->check_finished();
    for (const std::string& finding : checker->findings()) all.push_back(std::string(checker->name()) + ": " + finding);
  }
  return all;
}

std::string system::dump_state() const {
  std::string text = processor_->describe() + "\n" + dma_->describe() + "\n" + dram_->describe() + "\n";
  for (const std::string& line : data_->describe()) text += line + "\n";
  for (const auto& accelerator : accelerators_) text += accelerator->dump_state();
  return text;
}

}  // namespace cimbalom::platform
