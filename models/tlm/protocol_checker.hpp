#pragma once
// TLM layer: includes SystemC.

#include <map>
#include <string>
#include <vector>

#include "models/tlm/transaction.hpp"

namespace cimbalom::transport {

/// Sits on a link and holds both sides to the base protocol and to the rules of this project. Passes everything on.
/// A finding is an SC_WARNING under protocol_report_id (test fixtures fail on it) and a line in findings().
class protocol_checker : public sc_core::sc_module,
                         private ::tlm::tlm_fw_transport_if<>,
                         private ::tlm::tlm_bw_transport_if<> {
 public:
  struct rules {
    bool zero_delay = false;    ///< our own modules: delays are zero and nothing completes early
    bool bursts = false;        ///< data fabric: 4 KiB is never crossed
    bool expect_errors = true;  ///< false: an error response is a finding
  };

  explicit protocol_checker(const sc_core::sc_module_name& name) : protocol_checker(name, rules{}) {}
  protocol_checker(const sc_core::sc_module_name& name, const rules& which);
  protocol_checker(const protocol_checker&) = delete;
  protocol_checker& operator=(const protocol_checker&) = delete;

  ::tlm::tlm_target_socket<bus_width> from_initiator;
  ::tlm::tlm_initiator_socket<bus_width> to_target;

  const std::vector<std::string>& findings() const { return findings_; }
  /// Transactions that have begun and not ended.
  std::size_t open() const { return states_.size(); }
  /// Call when the simulation is over: what is still open is a finding.
  void check_finished();

 private:
  enum class state { requesting, waiting, responding };
  struct record {
    state at = state::requesting;
    ::tlm::tlm_command command = ::tlm::TLM_IGNORE_COMMAND;
    unsigned char* data = nullptr;
    unsigned length = 0;
    unsigned streaming_width = 0;
    std::uint64_t address = 0;
  };

  ::tlm::tlm_sync_enum nb_transport_fw(payload& transaction, phase& at, sc_core::sc_time& delay) override;
  ::tlm::tlm_sync_enum nb_transport_bw(payload& transaction, phase& at, sc_core::sc_time& delay) override;
  void b_transport(payload& transaction, sc_core::sc_time& delay) override;
  bool get_direct_mem_ptr(payload& transaction, ::tlm::tlm_dmi& dmi) override;
  unsigned transport_dbg(payload& transaction) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) override;

  void find(bool good, const payload& transaction, const char* rule);
  void check_delay(const payload& transaction, const sc_core::sc_time& before, const sc_core::sc_time& after);
  void check_request(const payload& transaction);
  void check_response(const payload& transaction);
  void begin(const payload& transaction);
  void end(const payload& transaction);
  void target_says(const payload& transaction, const phase& at);
  void initiator_says(const payload& transaction, const phase& at);

  rules rules_;
  // By key only: never walked into output.
  std::map<const payload*, record> states_;
  const payload* requesting_ = nullptr;
  const payload* responding_ = nullptr;
  std::vector<std::string> findings_;
};

inline constexpr const char* protocol_report_id = "/cimbalom/protocol";

}  // namespace cimbalom::transport
