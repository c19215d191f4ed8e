#include "models/tlm/memory_port_config.hpp"

#include "platform/configuration/error.hpp"

namespace cimbalom::transport {

namespace {
void check(bool good, const std::string& where, const char* key, int value, const char* allowed) {
  if (!good) throw bad_input({}, where + "." + key, std::to_string(value), allowed);
}
}  // namespace

void memory_port_config::validate(const std::string& where) const {
  const bool power_of_two = burst_bytes > 0 && (burst_bytes & (burst_bytes - 1)) == 0;
  check(power_of_two && burst_bytes >= 16 && burst_bytes <= 4096, where, "burst_bytes", burst_bytes,
        "must be a power of two in 16..4096");
  check(max_outstanding_reads >= 1 && max_outstanding_reads <= 256, where, "max_outstanding_reads",
        max_outstanding_reads, "must be in 1..256");
  check(max_outstanding_writes >= 1 && max_outstanding_writes <= 256, where, "max_outstanding_writes",
        max_outstanding_writes, "must be in 1..256");
}

}  // namespace cimbalom::transport
