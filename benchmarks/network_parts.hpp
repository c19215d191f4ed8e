#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sw/cli/preparation.hpp"
#include "sw/compiler/program.hpp"

namespace cimbalom::benchmarks {

/// ResNet-20 on CIFAR-10 where the shared data are there (CIMBALOM_SHARED, else ../shared beside the repository), else
/// the embedded network; quantised and compiled for the default platform with `settings`.
struct prepared_network {
  explicit prepared_network(const std::vector<std::string>& settings = {});
  cli::preparation made;
  compiler::program program;
};

/// The network's file; empty: the embedded network.
std::string network_file();
/// What the programs measure, for the log.
std::string network_name();

/// CPU time of this process, s.
double cpu_seconds();

/// Results of one simulation in a process of its own.
struct simulated {
  double cpu_s = 0;         ///< of simulate(), without preparation
  double bursts = 0;        ///< column commands of the DRAM in the batch
  double transactions = 0;  ///< of the data fabric, all of the simulation
  double requests = 0;      ///< part dram_*: requests
};

/// Starts this program again to run a part: "run N", "timing_only N" (a batch of N images), "dram_sequential N",
/// "dram_random N" (N requests through the sockets). Throws run_error when the child fails.
simulated in_child(const std::string& part);

/// True in such a child: the part has been run and its result printed.
bool run_as_child();

}  // namespace cimbalom::benchmarks
