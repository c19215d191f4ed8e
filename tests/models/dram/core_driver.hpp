#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/dram/dram_core.hpp"
#include "tests/support/counting_sink.hpp"

namespace cimbalom::dram {

using testing_support::counting_sink;

struct issued {
  dram_command command;
  dram_location where;
  std::uint64_t cycle;
};

/// Drives one core by its own decisions and writes its commands down.
struct driver {
  explicit driver(const dram_config& config) : core(config, sink) {
    core.on_command([this](dram_command command, const dram_location& where, std::uint64_t cycle) {
      log.push_back({command, where, cycle});
    });
  }
  std::uint64_t run(std::uint64_t address, std::uint64_t cycle, bool write = false, std::uint32_t length = 0) {
    core.enqueue({next_id, address, length == 0 ? 32U : length, write, 2}, cycle);
    ++next_id;
    drain();
    return done.at(next_id - 1);
  }
  void enqueue(std::uint64_t address, std::uint64_t cycle, bool write = false, std::uint32_t length = 64) {
    core.enqueue({next_id++, address, length, write, 2}, cycle);
  }
  void drain() {
    std::vector<dram_completion> completed;
    while (core.next_decision()) core.advance(*core.next_decision(), completed);
    for (const dram_completion& one : completed) {
      done[one.id] = one.cycle;
      order.push_back(one.id);
    }
  }
  std::vector<std::uint64_t> cycles_of(dram_command command) const {
    std::vector<std::uint64_t> cycles;
    for (const issued& one : log) {
      if (one.command == command) cycles.push_back(one.cycle);
    }
    return cycles;
  }

  counting_sink sink;
  dram_core core;
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, std::uint64_t> done;
  std::vector<std::uint64_t> order;
  std::vector<issued> log;
};

}  // namespace cimbalom::dram
