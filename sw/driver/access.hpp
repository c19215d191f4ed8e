#pragma once

#include <cstdint>
#include <string>

#include "models/registers/hex.hpp"
#include "models/registers/host_port.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::driver {

using registers::hex;

inline void expect_ok(registers::access_status status, const char* what, std::uint64_t address) {
  if (status == registers::access_status::ok) return;
  throw run_error(std::string("driver: ") + what + " at " + hex(address) + ": " + to_string(status));
}

inline std::uint32_t read_register(registers::host_port& port, std::uint64_t address) {
  const registers::register_value result = port.read_register(address);
  expect_ok(result.status, "register read", address);
  return result.value;
}

inline void write_register(registers::host_port& port, std::uint64_t address, std::uint32_t value) {
  expect_ok(port.write_register(address, value), "register write", address);
}

inline std::uint32_t low_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
inline std::uint32_t high_half(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace cimbalom::driver
