#include "platform/configuration/system_keys.hpp"

#include <algorithm>

namespace cimbalom::platform {
namespace {

void add_processor(std::vector<key>& k, processor::processor_config& p) {
  k.push_back({"processor.clock_mhz", &p.clock_mhz, 1, 10000, "MHz", "clock of the processor"});
  k.push_back(
      {"processor.quantum_ns", &p.quantum_ns, 0, 1000000, "ns", "how far the host may run ahead of the system"});
  k.push_back({"processor.cycles_per_instruction", &p.cycles_per_instruction, 0.1, 100, "cycles",
               "mean over the host's instructions, waiting for memory apart"});
  k.push_back({"processor.instructions_per_mac", &p.instructions_per_mac, 0.01, 1000, "instructions",
               "a multiply-accumulate of co-design on the host; not of inference"});
  k.push_back({"processor.interrupt_latency_cycles", &p.interrupt_latency_cycles, 0, 10000, "cycles",
               "from the interrupt line to the program"});
  k.push_back({"processor.burst_bytes", &p.burst_bytes, 16, 4096, "bytes",
               "longest burst of its memory socket, a power of two"});
  k.push_back({"processor.max_outstanding", &p.max_outstanding, 1, 256, "", "bursts of its memory socket in flight"});
}

void add_interconnect(std::vector<key>& k, interconnect::interconnect_config& i) {
  k.push_back({"interconnect.clock_mhz", &i.clock_mhz, 1, 10000, "MHz", "clock of the data fabric"});
  k.push_back({"interconnect.data_bits", &i.data_bits, 8, 4096, "bits", "width of every channel, a power of two"});
  k.push_back({"interconnect.max_outstanding", &i.max_outstanding, 1, 1024, "",
               "transactions of one initiator between grant and response"});
  k.push_back({"interconnect.request_latency_cycles", &i.request_latency_cycles, 1, 64, "cycles",
               "from grant to target, transfer apart"});
  k.push_back({"interconnect.response_latency_cycles", &i.response_latency_cycles, 1, 64, "cycles",
               "from target to initiator, transfer apart"});
  k.push_back({"interconnect.arbitration", words(i.arbitration, {"round_robin", "priority"}), 0, 0, "",
               "who goes first when several ask: in turn, or the lowest port"});
}

/// Choosing a preset sets everything below `dram`; the reader therefore does it first.
choice preset_of(dram::dram_config& d) {
  const std::vector<std::string>& names = dram::preset_names();
  const auto get = [&d, &names] {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), d.preset) - names.begin());
  };
  return {names, get, [&d, &names](std::size_t index) { d = dram::make_dram_config(names[index]); }};
}

void add_dram(std::vector<key>& k, dram::dram_config& d) {
  k.push_back({dram_preset_key, preset_of(d), 0, 0, "", "device: timing, organisation and currents (docs/dram.md)"});
  k.push_back({"dram.channels", &d.channels, 1, 16, "", "channels, a power of two"});
  k.push_back({"dram.interleave_bytes", &d.interleave_bytes, 64, 4096, "bytes",
               "on one channel before the next, a power of two; unused where dram.mapping has ch"});
  k.push_back({"dram.queue_depth", &d.queue_depth, 1, 256, "", "what the controller holds, see dram.queue_counts"});
  k.push_back(
      {"dram.queue_counts", words(d.queue_counts, {"all_transactions", "before_bank_queues"}), 0, 0, "",
       "transactions until their response has ended, or bursts without a place in the queue of their bank yet"});
  k.push_back({"dram.bank_queue_depth", &d.bank_queue_depth, 1, 256, "", "bursts of one bank that the scheduler sees"});
  k.push_back({"dram.mapping", &d.mapping, 0, 0, "",
               "fields of an address from the highest bits down: ro, ra, bg, ba, co, perhaps ch (docs/dram.md)"});
  k.push_back({"dram.scheduler", words(d.scheduler, {"first_come", "row_hits"}), 0, 0, "",
               "in order of arrival, or hits of open rows first (FR-FCFS)"});
  k.push_back({"dram.arbitration", words(d.arbitration, {"oldest", "round_robin"}), 0, 0, "",
               "between banks: column commands and the oldest first, or in turn"});
  k.push_back({"dram.patience", &d.patience, 0, 1000000, "",
               "later column commands that may go before an older one; 0: any number"});
  k.push_back({"dram.page_policy", words(d.page_policy, {"open", "closed", "closed_adaptive"}), 0, 0, "",
               "rows stay open, close with every access, or with the last one that waits for the row"});
  k.push_back({"dram.accept_missing", &d.accept_missing, 0, 0, "",
               "run although the sources of the preset lack figures, e.g. its currents: their energy is told as 0"});
}

void add_dma(std::vector<key>& k, dma::dma_config& d) {
  k.push_back({"dma.clock_mhz", &d.clock_mhz, 1, 10000, "MHz", "clock of the DMA"});
  k.push_back({"dma.channels", &d.channels, 1, 8, "", "channels that copy at the same time"});
  k.push_back({"dma.burst_bytes", &d.burst_bytes, 16, 4096, "bytes", "longest burst, a power of two"});
  k.push_back({"dma.max_outstanding", &d.max_outstanding, 1, 32, "",
               "bursts in flight of each channel, reads and writes apart"});
  k.push_back({"dma.fifo_bytes", &d.fifo_bytes, 16, 1048576, "bytes",
               "that a channel holds between source and destination, a multiple of burst_bytes"});
  k.push_back({"dma.descriptor_cycles", &d.descriptor_cycles, 0, 1000, "cycles", "decoding a descriptor"});
  k.push_back({"dma.register_latency_cycles", &d.register_latency_cycles, 0, 1000, "cycles", "a register access"});
}

}  // namespace

void add_system_keys(std::vector<key>& all, platform_config& config) {
  add_processor(all, config.processor);
  add_interconnect(all, config.interconnect);
  add_dram(all, config.dram);
  add_dma(all, config.dma);
}

}  // namespace cimbalom::platform
