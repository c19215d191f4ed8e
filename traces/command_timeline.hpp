#pragma once

#include <string>

#include "models/registers/command.hpp"
#include "traces/timeline_file.hpp"

namespace cimbalom::traces {

/// Track of a command: the name of its engine; fences and nops are the sequencer's.
std::string track_of(registers::opcode op);

/// Adds a command that has finished to the timeline, in the group of its accelerator. What
/// cim::accelerator_hooks::command_done calls.
void add_command(timeline_file& timeline, const std::string& accelerator, const registers::command& value,
                 std::uint64_t start_ps, std::uint64_t end_ps);

}  // namespace cimbalom::traces
