#include "tests/support/target_conformance.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace cimbalom::testing_support {

namespace {

using payload = ::tlm::tlm_generic_payload;

struct access {
  explicit access(std::uint64_t address, unsigned length, ::tlm::tlm_command command = ::tlm::TLM_READ_COMMAND)
      : data(length > 0 ? length : 1) {
    transaction.set_command(command);
    transaction.set_address(address);
    transaction.set_data_ptr(data.data());
    transaction.set_data_length(length);
    transaction.set_streaming_width(length > 0 ? length : 1);
    transaction.set_byte_enable_ptr(nullptr);
    transaction.set_dmi_allowed(false);
    transaction.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  }

  std::vector<unsigned char> data;
  payload transaction;
};

::tlm::tlm_response_status status_of(test_initiator& initiator, access& what) {
  sc_core::sc_time delay(7, sc_core::SC_NS);
  const sc_core::sc_time start = sc_core::sc_time_stamp();
  const std::uint64_t address = what.transaction.get_address();
  initiator.blocking(what.transaction, delay);
  EXPECT_GE(sc_core::sc_time_stamp() + delay, start + sc_core::sc_time(7, sc_core::SC_NS)) << "time went backwards";
  EXPECT_EQ(what.transaction.get_address(), address) << "address not restored";
  EXPECT_FALSE(what.transaction.is_dmi_allowed());
  sc_core::wait(delay);
  return what.transaction.get_response_status();
}

void check_addresses(test_initiator& initiator, const conformance_target& target) {
  access beyond(target.base + target.size, 4);
  EXPECT_EQ(status_of(initiator, beyond), ::tlm::TLM_ADDRESS_ERROR_RESPONSE) << "first byte after the end";
  access wrapped(~std::uint64_t{0} - 3, 8);
  const ::tlm::tlm_response_status wrapped_status = status_of(initiator, wrapped);
  if (target.memory) {
    EXPECT_EQ(wrapped_status, ::tlm::TLM_ADDRESS_ERROR_RESPONSE) << "an address that wraps";
  }
  EXPECT_LT(wrapped_status, ::tlm::TLM_INCOMPLETE_RESPONSE) << "an address that wraps";
  access straddling(target.base + target.size - 2, 4);
  EXPECT_EQ(status_of(initiator, straddling), ::tlm::TLM_ADDRESS_ERROR_RESPONSE) << "across the end";
  if (target.memory) {
    access last(target.base + target.size - 1, 1);
    EXPECT_EQ(status_of(initiator, last), ::tlm::TLM_OK_RESPONSE) << "the last byte";
  }
}

void check_attributes(test_initiator& initiator, const conformance_target& target) {
  access good(target.good_address, 4);
  EXPECT_EQ(status_of(initiator, good), ::tlm::TLM_OK_RESPONSE);
  access narrow(target.good_address, 4);
  narrow.transaction.set_streaming_width(2);
  EXPECT_EQ(status_of(initiator, narrow), ::tlm::TLM_BURST_ERROR_RESPONSE) << "streaming width 2 of 4";
  access enabled(target.good_address, 4);
  unsigned char enables[] = {0xFF, 0, 0xFF, 0xFF};
  enabled.transaction.set_byte_enable_ptr(enables);
  enabled.transaction.set_byte_enable_length(4);
  EXPECT_EQ(status_of(initiator, enabled), ::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  access ignored(target.good_address, 4, ::tlm::TLM_IGNORE_COMMAND);
  EXPECT_EQ(status_of(initiator, ignored), ::tlm::TLM_COMMAND_ERROR_RESPONSE);
  if (!target.memory) {
    access half(target.good_address, 2);
    EXPECT_EQ(status_of(initiator, half), ::tlm::TLM_BURST_ERROR_RESPONSE) << "half a register";
    access odd(target.good_address + 2, 4);
    EXPECT_EQ(status_of(initiator, odd), ::tlm::TLM_ADDRESS_ERROR_RESPONSE) << "between registers";
  }
}

void check_zero_length(test_initiator& initiator, const conformance_target& target) {
  access empty(target.good_address, 0);
  EXPECT_EQ(status_of(initiator, empty), ::tlm::TLM_BURST_ERROR_RESPONSE) << "length 0";
}

void check_data(test_initiator& initiator, const conformance_target& target) {
  if (!target.memory) return;
  access written(target.good_address, 4, ::tlm::TLM_WRITE_COMMAND);
  written.data = {1, 2, 3, 4};
  written.transaction.set_data_ptr(written.data.data());
  EXPECT_EQ(status_of(initiator, written), ::tlm::TLM_OK_RESPONSE);
  access back(target.good_address, 4);
  EXPECT_EQ(status_of(initiator, back), ::tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(back.data, written.data);
}

void check_debug(test_initiator& initiator, const conformance_target& target) {
  const sc_core::sc_time before = sc_core::sc_time_stamp();
  access seen(target.good_address, 4);
  EXPECT_EQ(initiator.debug(seen.transaction), 4U);
  access beyond(target.base + target.size, 4);
  EXPECT_EQ(initiator.debug(beyond.transaction), 0U);
  EXPECT_EQ(sc_core::sc_time_stamp(), before) << "debug access took time";
  access timed(target.good_address, 4);
  EXPECT_EQ(status_of(initiator, timed), ::tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(seen.data, timed.data);
}

}  // namespace

void check_target_conformance(test_initiator& initiator, const conformance_target& target) {
  check_attributes(initiator, target);
  check_zero_length(initiator, target);
  check_addresses(initiator, target);
  check_data(initiator, target);
  check_debug(initiator, target);
}

}  // namespace cimbalom::testing_support
