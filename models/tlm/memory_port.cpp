#include "models/tlm/memory_port.hpp"

#include <cstring>
#include <utility>

namespace cimbalom::transport {

namespace {
std::size_t path_of(::tlm::tlm_command command) {
  return command == ::tlm::TLM_WRITE_COMMAND ? 1 : 0;
}
}  // namespace

memory_port::memory_port(const char* name, const memory_port_config& config, std::uint32_t initiator)
    : initiator_port(name, *this), config_(config), initiator_(initiator) {
  config_.validate(name);
}

void memory_port::submit(memory_request request) {
  if (request.length == 0) {
    if (request.done) request.done({});
    return;
  }
  path& p = paths_[path_of(request.command)];
  p.requests.push_back(std::make_unique<active_request>());
  p.requests.back()->request = std::move(request);
  if (p.aborting) p.requests.back()->result.status = ::tlm::TLM_INCOMPLETE_RESPONSE;
  issue();
}

memory_result memory_port::wait_for(memory_request request) {
  memory_result result;
  bool done = false;
  sc_core::sc_event finished;
  request.done = [&](const memory_result& outcome) {
    result = outcome;
    done = true;
    finished.notify();
  };
  submit(std::move(request));
  while (!done) sc_core::wait(finished);
  return result;
}

memory_result memory_port::read(std::uint64_t address, void* data, std::size_t length, std::int32_t layer) {
  return wait_for({::tlm::TLM_READ_COMMAND, address, data, length, layer, {}});
}

memory_result memory_port::write(std::uint64_t address, const void* data, std::size_t length, std::int32_t layer) {
  return wait_for({::tlm::TLM_WRITE_COMMAND, address, const_cast<void*>(data), length, layer, {}});
}

bool memory_port::can_issue(const path& p) const {
  const int limit = &p == &paths_[1] ? config_.max_outstanding_writes : config_.max_outstanding_reads;
  return p.next < p.requests.size() && p.outstanding < static_cast<std::size_t>(limit) && !p.aborting;
}

void memory_port::issue() {
  if (busy()) return;
  const std::size_t other = 1 - last_path_;  // reads and writes take turns
  if (can_issue(paths_[other])) {
    last_path_ = other;
  } else if (!can_issue(paths_[last_path_])) {
    return;
  }
  issue_burst(paths_[last_path_]);
}

void memory_port::issue_burst(path& p) {
  active_request& active = *p.requests[p.next];
  const memory_request& request = active.request;
  const std::uint64_t address = request.address + active.issued;
  const std::size_t length =
      next_burst_bytes(address, request.length - active.issued, static_cast<std::uint64_t>(config_.burst_bytes));
  payload& transaction = pool_.take(request.command, address, length, initiator_, request.layer);
  initiator_context& context = *transaction.get_extension<initiator_context>();
  context.owner = &active;
  context.offset = active.issued;
  if (transaction.is_write()) {
    std::memcpy(transaction.get_data_ptr(), static_cast<const unsigned char*>(request.data) + active.issued, length);
    ++statistics_.write_bursts;
    statistics_.write_bytes += length;
  } else {
    ++statistics_.read_bursts;
    statistics_.read_bytes += length;
  }
  active.issued += length;
  if (active.issued == request.length) ++p.next;
  ++p.outstanding;
  begin_request(transaction);
}

void memory_port::request_ended(unsigned) {
  issue();
}

void memory_port::response_begun(payload& transaction, unsigned) {
  const initiator_context& context = *transaction.get_extension<initiator_context>();
  active_request& active = *static_cast<active_request*>(context.owner);
  path& p = paths_[path_of(transaction.get_command())];
  const std::size_t length = transaction.get_data_length();
  if (!transaction.is_response_ok()) {
    ++statistics_.errors;
    const std::uint64_t address = transaction.get_address();
    if (active.result.ok() || address < active.result.error_address) {
      active.result = {transaction.get_response_status(), address};
    }
    if (active.issued < active.request.length) {  // do not go on after an error
      active.answered += active.request.length - active.issued;
      active.issued = active.request.length;
      ++p.next;
    }
  } else if (transaction.is_read() && !p.aborting) {
    std::memcpy(static_cast<unsigned char*>(active.request.data) + context.offset, transaction.get_data_ptr(), length);
  }
  active.answered += length;
  --p.outstanding;
  end_response(transaction);
  transaction.release();
  retire(p);
  issue();
}

void memory_port::retire(path& p) {
  if (p.aborting && p.outstanding > 0) return;
  while (!p.requests.empty()) {
    active_request& front = *p.requests.front();
    if (!p.aborting && front.answered < front.request.length) break;
    const std::unique_ptr<active_request> finished = std::move(p.requests.front());
    p.requests.pop_front();
    if (p.next > 0) --p.next;
    if (p.aborting) finished->result.status = ::tlm::TLM_INCOMPLETE_RESPONSE;
    if (finished->request.done) finished->request.done(finished->result);
  }
  if (p.requests.empty()) p.aborting = false;
  if (idle()) idle_event_.notify(sc_core::SC_ZERO_TIME);
}

void memory_port::abort() {
  for (path& p : paths_) {
    if (p.requests.empty()) continue;
    p.aborting = true;
    if (p.outstanding == 0) retire(p);
  }
}

std::string memory_port::describe() const {
  return std::string(name()) + ": " + std::to_string(paths_[0].outstanding) + " reads and " +
         std::to_string(paths_[1].outstanding) + " writes outstanding, " +
         std::to_string(paths_[0].requests.size() + paths_[1].requests.size()) + " requests open";
}

}  // namespace cimbalom::transport
