#pragma once
// TLM layer: includes SystemC.

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "models/energy/event_sink.hpp"
#include "models/interconnect/interconnect_config.hpp"
#include "models/interconnect/interconnect_statistics.hpp"
#include "models/tlm/clock.hpp"
#include "models/tlm/initiator_port.hpp"
#include "models/tlm/observed.hpp"
#include "models/tlm/target_port.hpp"

namespace cimbalom::interconnect {

/// The data fabric: four-phase crossbar. It alone owns link timing: a request holds the channel to its target
/// (writes for the data, reads for one cycle), a response the channel to its initiator; END_REQ to the initiator and
/// END_RESP to the target end it, back-pressure of either side extends it. See docs/interconnect.md.
class data_fabric : public sc_core::sc_module, private transport::target_client, private transport::initiator_client {
 public:
  data_fabric(const sc_core::sc_module_name& name, const interconnect_config& config, energy::event_sink& sink);
  ~data_fabric() override;
  data_fabric(const data_fabric&) = delete;
  data_fabric& operator=(const data_fabric&) = delete;

  /// The socket that initiator i (of the configuration) binds to; named from_NAME.
  transport::target_port& from(std::size_t i) { return *inputs_.at(i).port; }
  /// The socket that binds to target t; named to_NAME.
  transport::initiator_port& to(std::size_t t) { return *outputs_.at(t).port; }

  const interconnect_statistics& statistics() const { return statistics_; }
  /// Transactions between BEGIN_REQ and END_RESP.
  std::size_t open() const { return open_; }
  /// Lines for the dump of a hang: one for each port that waits.
  std::vector<std::string> describe() const;

 private:
  struct route;

  struct input {
    std::unique_ptr<transport::target_port> port;
    std::deque<transport::payload*> requests;  // begun, not granted
    std::uint64_t request_free_cycle = 0;      // the initiator's own request channel
    int outstanding = 0;                       // granted, response not over
    std::uint64_t response_free_cycle = 0;     // channel to the initiator
    int responses_under_way = 0;               // granted, END_RESP not seen
    std::uint64_t released_delta = 0;          // when END_RESP was seen
    std::size_t last_output = 0;               // round robin of responses
    std::unique_ptr<transport::observed<std::uint16_t>> outstanding_now;
    std::unique_ptr<transport::observed<bool>> waiting;
    std::unique_ptr<transport::observed<bool>> responding;
  };
  struct output {
    std::unique_ptr<transport::initiator_port> port;  // none for the default target
    std::deque<transport::payload*> forwards;         // arrived at the target's side, END_REQ not seen
    std::uint64_t free_cycle = 0;
    int under_way = 0;  // granted, END_REQ of the target not seen
    std::uint64_t released_delta = 0;
    std::size_t last_input = 0;
    std::deque<transport::payload*> responses;  // begun by the target, not granted
    std::unique_ptr<transport::observed<bool>> requesting;
  };
  enum class action_kind { end_request, forward, end_response, deliver };
  struct action {
    action_kind kind;
    transport::payload* transaction;
  };

  void request_begun(transport::payload& transaction, unsigned port) override;
  void response_ended(transport::payload& transaction, unsigned port) override;
  unsigned debug_access(transport::payload& transaction, unsigned port) override;
  void request_ended(unsigned port) override;
  void response_begun(transport::payload& transaction, unsigned port) override;

  static route& route_of(const transport::payload& transaction);
  route& take_route();
  void make_ports();

  void wake(std::uint64_t cycle);
  void want_arbitration();
  void tick();
  void count_down();
  void perform(const action& what);
  void forward_next(output& out);

  void arbitrate();
  void arbitrate_requests(std::size_t output_index, std::uint64_t cycle);
  void arbitrate_responses(std::size_t input_index, std::uint64_t cycle);
  bool may_request(input& in, std::size_t output_index, std::uint64_t cycle);
  std::size_t candidate(std::size_t last, std::size_t step, std::size_t count) const;
  void grant_request(std::size_t input_index, std::size_t output_index, std::uint64_t cycle);
  void grant_response(std::size_t output_index, std::size_t input_index, std::uint64_t cycle);
  void refuse(transport::payload& transaction);
  bool before_now(std::uint64_t delta);

  interconnect_config config_;
  energy::event_sink& sink_;
  transport::clock_edges clock_;
  std::vector<input> inputs_;
  std::vector<output> outputs_;  // the last one, without port, answers what is not mapped
  std::vector<std::unique_ptr<route>> routes_;
  std::vector<route*> free_routes_;

  std::multimap<std::uint64_t, action> actions_;  // by cycle, then in order of planning
  sc_core::sc_event tick_event_;
  sc_core::sc_event arbitrate_event_;
  int deltas_left_ = 0;
  bool arbitrated_once_ = false;
  std::uint64_t arbitrated_cycle_ = 0;
  bool missed_ = false;  // something came in the very delta of the arbitration
  std::size_t open_ = 0;
  interconnect_statistics statistics_;
};

}  // namespace cimbalom::interconnect
