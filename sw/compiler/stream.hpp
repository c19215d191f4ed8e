#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/buffers.hpp"
#include "sw/compiler/hazards.hpp"
#include "sw/compiler/memory_layout.hpp"
#include "sw/compiler/weight_units.hpp"

namespace cimbalom::compiler {

/// A command with what the estimate needs.
struct timed_command {
  planned_command planned;
  int segment = 0;
  std::uint64_t duration_ps = 0;    ///< alone, without waiting
  std::uint64_t bank_write_ps = 0;  ///< program: bank time that a computation loses
};

/// Everything a stream is made from.
struct stream_input {
  const quantization::network& network;
  const std::vector<layer_units>& units;
  const buffer_plan& buffers;
  const memory_layout& memory;
  const target& hardware;
  bool parameters_resident = true;
  bool hoist = true;  ///< fetch and program ahead of the computation before (ping-pong)
  int lookahead = 8;  ///< commands of the compute engine that a fetch may go ahead of
};

/// Loads every descriptor (where all fit) and programs the resident layers: issued once.
std::vector<timed_command> build_setup(const stream_input& input);

/// The commands of one image in order, with lags for being repeated image after image.
std::vector<timed_command> build_stream(const stream_input& input);

/// Time between two images when the stream is repeated, by a model of the engines: queues, lags, durations. ps.
std::uint64_t estimate_period_ps(const std::vector<timed_command>& stream, int queue_depth);

}  // namespace cimbalom::compiler
