#include "traces/command_timeline.hpp"

namespace cimbalom::traces {

std::string track_of(registers::opcode op) {
  switch (registers::engine_of(op)) {
    case registers::engine::parameter:
      return "parameter";
    case registers::engine::vector:
      return "vector";
    case registers::engine::program:
      return "program";
    case registers::engine::compute:
      return "compute";
    case registers::engine::store:
      return "store";
    case registers::engine::none:
      break;
  }
  return "sequencer";
}

void add_command(timeline_file& timeline, const std::string& accelerator, const registers::command& value,
                 std::uint64_t start_ps, std::uint64_t end_ps) {
  timeline.span(accelerator, track_of(value.op), registers::describe(value), start_ps, end_ps,
                {{"layer", std::to_string(value.layer)}, {"command", registers::to_string(value.op)}});
}

}  // namespace cimbalom::traces
