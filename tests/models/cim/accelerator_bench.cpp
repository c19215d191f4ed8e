#include "tests/models/cim/accelerator_bench.hpp"

#include <cstring>

#include "models/arithmetic/cells.hpp"

namespace cimbalom::testing_support {

namespace reg = registers::accelerator_register;

namespace {

constexpr std::size_t port_count = 4;

std::uint32_t next_random(std::uint32_t& state) {
  state = state * 1664525U + 1013904223U;
  return state >> 8;
}

}  // namespace

accelerator_bench::accelerator_bench(const sc_core::sc_module_name& name,
                                     const cim::accelerator_config& accelerator_settings,
                                     const cim::macro_config& macro_settings, const cim::accelerator_options& options,
                                     memory_system* elsewhere)
    : sc_core::sc_module(name),
      accelerator("accelerator", accelerator_settings, macro_settings, {}, energy, options),
      memory("memory", elsewhere != nullptr ? 0 : port_count, memory_base, 0x100000),
      host("host"),
      dma("dma", 9),
      line("line"),
      elsewhere_(elsewhere) {
  host.socket.bind(accelerator.registers);
  accelerator.interrupt(line);
  const auto add_checker = [this](const std::string& checker_name) -> transport::protocol_checker& {
    transport::protocol_checker::rules rules;
    rules.zero_delay = elsewhere_ == nullptr;
    rules.bursts = true;
    checkers_.push_back(std::make_unique<transport::protocol_checker>(checker_name.c_str(), rules));
    return *checkers_.back();
  };
  ::tlm::tlm_initiator_socket<32>* sockets[port_count] = {&accelerator.parameter_port, &accelerator.vector_port,
                                                          &accelerator.result_port, &accelerator.command_port};
  for (std::size_t i = 0; i < port_count; ++i) {
    transport::protocol_checker& checker = add_checker("checker" + std::to_string(i));
    sockets[i]->bind(checker.from_initiator);
    using target = ::tlm::tlm_target_socket<32>;
    target& there = elsewhere_ != nullptr ? elsewhere_->port(i) : static_cast<target&>(*memory.ports[i]);
    checker.to_target.bind(there);
  }
  transport::protocol_checker::rules foreign;
  checkers_.push_back(std::make_unique<transport::protocol_checker>("aperture_checker", foreign));
  dma.socket.bind(checkers_.back()->from_initiator);
  checkers_.back()->to_target.bind(accelerator.aperture);
}

::tlm::tlm_response_status accelerator_bench::access(bool is_write, std::uint32_t offset, std::uint32_t& value) {
  ::tlm::tlm_generic_payload transaction;
  std::uint8_t data[4] = {};
  for (int i = 0; i < 4; ++i) data[i] = static_cast<std::uint8_t>(value >> (8 * i));
  transaction.set_command(is_write ? ::tlm::TLM_WRITE_COMMAND : ::tlm::TLM_READ_COMMAND);
  transaction.set_address(offset);
  transaction.set_data_ptr(data);
  transaction.set_data_length(4);
  transaction.set_streaming_width(4);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  host.blocking(transaction, delay);
  sc_core::wait(delay);
  value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(data[i]) << (8 * i);
  return transaction.get_response_status();
}

void accelerator_bench::write(std::uint32_t offset, std::uint32_t value) {
  EXPECT_EQ(access(true, offset, value), ::tlm::TLM_OK_RESPONSE) << "register " << offset;
}

std::uint32_t accelerator_bench::read(std::uint32_t offset) {
  std::uint32_t value = 0;
  EXPECT_EQ(access(false, offset, value), ::tlm::TLM_OK_RESPONSE) << "register " << offset;
  return value;
}

void accelerator_bench::set_up_ring(std::uint32_t size) {
  ring_size = size;
  ring_tail = 0;
  write(reg::ring_base_low, static_cast<std::uint32_t>(ring_base));
  write(reg::ring_base_high, static_cast<std::uint32_t>(ring_base >> 32));
  write(reg::ring_size, size);
  write(reg::interrupt_enable, registers::accelerator_event::all);
  write(reg::control, registers::accelerator_control::enable);
}

void accelerator_bench::put(const std::vector<registers::command>& commands) {
  for (const registers::command& each : commands) {
    const auto bytes = registers::encode(each);
    const std::uint64_t address = ring_base + std::uint64_t{ring_tail} * registers::command_bytes;
    if (elsewhere_ != nullptr) {
      elsewhere_->poke(address, bytes.data(), bytes.size());
    } else {
      std::memcpy(at(address), bytes.data(), bytes.size());
    }
    ring_tail = (ring_tail + 1) % ring_size;
  }
}

void accelerator_bench::submit(const std::vector<registers::command>& commands) {
  put(commands);
  write(reg::ring_tail, ring_tail);
}

void accelerator_bench::wait_interrupt() {
  while (!line.read()) sc_core::wait(line.value_changed_event());
}

registers::mvm_descriptor tiny_layer::descriptor() const {
  registers::mvm_descriptor result;
  result.input.height = rows;
  result.input.width = columns;
  result.input.channels = channels;
  result.output.height = rows;
  result.output.width = columns;
  result.output.channels = filters;
  result.copies = static_cast<std::uint16_t>(copies);
  result.first_position = first_position;
  registers::pass_record pass;
  pass.channels = channels;
  pass.groups = {0};
  for (int f = 0; f < filters; ++f) {
    registers::filter_record filter;
    filter.first_column = static_cast<std::uint16_t>(f * 8);
    filter.output_channel = static_cast<std::uint32_t>(f);
    filter.bias = 100 * f - 500;
    filter.multiplier = 1000 + f;
    filter.shift = 16;
    pass.filters.push_back(filter);
  }
  result.passes.push_back(pass);
  return result;
}

void tiny_layer::place(std::vector<std::uint8_t>& memory, const cim::macro_config& macro, std::uint32_t seed) const {
  const auto put = [&](std::uint64_t address, const std::vector<std::uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(),
              memory.begin() + static_cast<std::ptrdiff_t>(address - accelerator_bench::memory_base));
  };
  put(descriptor_at, registers::encode(descriptor()));
  const arithmetic::macro_shape shape = macro.shape();
  const auto row_bytes = static_cast<std::size_t>(macro.position_bytes() / macro.rows_active);
  std::vector<std::uint8_t> position(static_cast<std::size_t>(macro.position_bytes()));
  for (int row = 0; row < channels; ++row) {
    for (int f = 0; f < filters; ++f) {
      const int weight = static_cast<int>(next_random(seed) % 255) - 127;
      arithmetic::store_weight(shape, weight, 8, f * 8, position.data() + static_cast<std::size_t>(row) * row_bytes);
    }
  }
  put(weights_at, position);
  std::vector<std::uint8_t> input(input_bytes());
  for (std::uint8_t& code : input) code = static_cast<std::uint8_t>(next_random(seed) % 200);
  put(input_at, input);
}

std::vector<registers::command> tiny_layer::commands() const {
  using registers::opcode;
  constexpr auto parameter = static_cast<std::size_t>(registers::engine::parameter);
  constexpr auto vector = static_cast<std::size_t>(registers::engine::vector);
  constexpr auto program = static_cast<std::size_t>(registers::engine::program);
  constexpr auto compute = static_cast<std::size_t>(registers::engine::compute);
  constexpr auto store = static_cast<std::size_t>(registers::engine::store);
  std::vector<registers::command> stream;
  registers::command c;
  c.op = opcode::load_parameters;
  c.layer = layer;
  c.memory_address = descriptor_at;
  c.buffer = registers::parameter_buffer_offset;
  c.row_bytes = static_cast<std::uint32_t>(registers::encode(descriptor()).size());
  c.lag[compute] = 0;
  stream.push_back(c);
  c = {};
  c.op = opcode::load_weights;
  c.layer = layer;
  c.memory_address = weights_at;
  c.buffer = registers::weight_buffer_offset;
  c.row_bytes = 192;
  c.lag[program] = 0;
  stream.push_back(c);
  c = {};
  c.op = opcode::program;
  c.layer = layer;
  c.buffer = registers::weight_buffer_offset;
  c.positions = 1;
  c.first_position = first_position;
  c.shard_positions = 1;
  c.copies = static_cast<std::uint16_t>(copies);
  c.lag[parameter] = 0;
  stream.push_back(c);
  const int rows_a_tile = rows / tiles;
  const auto tile_in = static_cast<std::uint32_t>(input_bytes()) / static_cast<std::uint32_t>(tiles);
  const auto tile_out = static_cast<std::uint32_t>(output_bytes()) / static_cast<std::uint32_t>(tiles);
  for (int t = 0; t < tiles; ++t) {
    const auto half = static_cast<std::uint32_t>(t % 2);
    const auto tile = static_cast<std::uint32_t>(t);
    const bool first = t == 0;  // the layer before divides the buffers otherwise
    c = {};
    c.op = opcode::load_vector;
    c.layer = layer;
    c.memory_address = input_at + tile * tile_in;
    c.buffer = registers::input_buffer_offset + half * tile_in;
    c.row_bytes = tile_in;
    c.lag[compute] = first ? 0 : 1;  // who used this half before has left it
    stream.push_back(c);
    c = {};
    c.op = opcode::compute;
    c.layer = layer;
    c.descriptor = registers::parameter_buffer_offset;
    c.input = registers::input_buffer_offset + half * tile_in;
    c.output = registers::output_buffer_offset + half * tile_out;
    c.input_row = c.output_row = static_cast<std::uint16_t>(t * rows_a_tile);
    c.input_rows = c.output_rows = static_cast<std::uint16_t>(rows_a_tile);
    c.lag[vector] = 0;
    c.lag[program] = 0;
    c.lag[parameter] = 0;
    c.lag[store] = first ? 0 : 1;
    stream.push_back(c);
    c = {};
    c.op = opcode::store;
    c.layer = layer;
    c.memory_address = output_at + tile * tile_out;
    c.buffer = registers::output_buffer_offset + half * tile_out;
    c.row_bytes = tile_out;
    c.lag[compute] = 0;
    stream.push_back(c);
  }
  return stream;
}

registers::command fence(std::uint32_t sequence) {
  registers::command result;
  result.op = registers::opcode::fence;
  result.sequence = sequence;
  return result;
}

std::vector<registers::command> fenced(const tiny_layer& layer, std::uint32_t sequence) {
  std::vector<registers::command> commands = layer.commands();
  commands.push_back(fence(sequence));
  return commands;
}

std::uint64_t run_fenced(accelerator_bench& bench, const tiny_layer& layer, std::uint32_t sequence) {
  bench.set_up_ring(64);
  bench.submit(fenced(layer, sequence));
  bench.wait_interrupt();
  return bench.accelerator.statistics().job_ps;
}

void reset_in_the_middle(accelerator_bench& bench, const tiny_layer& layer, const sc_core::sc_time& after) {
  bench.set_up_ring(64);
  bench.submit(fenced(layer));
  sc_core::wait(after);
  bench.clear_interrupt();
  bench.write(reg::control, registers::accelerator_control::reset);
  bench.wait_interrupt();
  EXPECT_EQ(bench.read(reg::status), registers::accelerator_event::reset_done);
}

std::vector<std::uint8_t> run_untimed(const std::vector<registers::command>& commands, std::vector<std::uint8_t> memory,
                                      const cim::accelerator_config& accelerator, const cim::macro_config& macro) {
  cim::functional_core core(accelerator, macro, {});
  const auto locate = [&](std::uint64_t address, std::uint64_t length) -> std::uint8_t* {
    const std::uint64_t offset = address - accelerator_bench::memory_base;
    return offset + length <= memory.size() ? memory.data() + offset : nullptr;
  };
  cim::memory_view view;
  view.read = [&](std::uint64_t address, void* to, std::uint64_t length) {
    const std::uint8_t* from = locate(address, length);
    if (from != nullptr) std::memcpy(to, from, length);
    return from != nullptr;
  };
  view.write = [&](std::uint64_t address, const void* from, std::uint64_t length) {
    std::uint8_t* to = locate(address, length);
    if (to != nullptr) std::memcpy(to, from, length);
    return to != nullptr;
  };
  arithmetic::activity counted;
  for (const registers::command& each : commands) {
    EXPECT_EQ(cim::execute_untimed(core, each, view, counted), registers::error_code::none)
        << registers::describe(each);
  }
  return memory;
}

}  // namespace cimbalom::testing_support
