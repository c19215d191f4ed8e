#pragma once

#include <cstddef>
#include <cstdint>

namespace cimbalom::registers {

/// Outcome of one access; the names follow the TLM response codes.
enum class access_status : std::uint8_t {
  ok,
  address_error,      ///< no device there, or across its end
  command_error,      ///< direction not allowed
  burst_error,        ///< length or streaming not supported
  byte_enable_error,  ///< byte enables not supported
  generic_error,      ///< the device refused the value
};

constexpr const char* to_string(access_status status) {
  switch (status) {
    case access_status::ok:
      return "ok";
    case access_status::address_error:
      return "address error";
    case access_status::command_error:
      return "command error";
    case access_status::burst_error:
      return "burst error";
    case access_status::byte_enable_error:
      return "byte enable error";
    case access_status::generic_error:
      return "generic error";
  }
  return "unknown";
}

struct register_value {
  std::uint32_t value = 0;
  access_status status = access_status::ok;
};

/// What host software sees of the system: nothing else. The processor module implements it in simulation, tests with
/// plain memory. Calls return when the access is over; time passes inside them.
class host_port {
 public:
  virtual ~host_port() = default;

  /// One 32-bit device register on the control fabric; `address` is absolute and a multiple of 4.
  virtual register_value read_register(std::uint64_t address) = 0;
  virtual access_status write_register(std::uint64_t address, std::uint32_t value) = 0;

  /// Any number of bytes through the data fabric (bursts). A write has arrived in memory when it returns.
  virtual access_status read_memory(std::uint64_t address, void* data, std::size_t length) = 0;
  virtual access_status write_memory(std::uint64_t address, const void* data, std::size_t length) = 0;

  /// Sleeps until one of the lines in the mask is high (level); returns the lines of the mask that are.
  virtual std::uint32_t wait_interrupt(std::uint32_t line_mask) = 0;

  /// Time and energy of `count` instructions executed by the host.
  virtual void instructions(std::uint64_t count) = 0;

  /// Local time of the host, ps.
  virtual std::uint64_t now_ps() const = 0;
};

}  // namespace cimbalom::registers
