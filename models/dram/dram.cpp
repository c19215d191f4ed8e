#include "models/dram/dram.hpp"

#include <algorithm>

#include "models/tlm/process.hpp"

namespace cimbalom::dram {

using transport::payload;

const char* to_string(bank_condition condition) {
  switch (condition) {
    case bank_condition::closed:
      return "closed";
    case bank_condition::open:
      return "open";
    case bank_condition::reading:
      return "reading";
    case bank_condition::writing:
      return "writing";
    case bank_condition::refreshing:
      return "refreshing";
  }
  return "unknown";
}

struct dram::channel_view {
  channel_view(const dram_config& config, int index) {
    const int banks = config.organisation.ranks * config.organisation.banks();
    for (int b = 0; b < banks; ++b) {
      const std::string name = "channel" + std::to_string(index) + "_bank" + std::to_string(b);
      shown.push_back(std::make_unique<transport::observed<bank_condition>>(name.c_str()));
    }
  }

  std::vector<std::unique_ptr<transport::observed<bank_condition>>> shown;
  std::multimap<std::uint64_t, std::pair<std::size_t, bank_condition>> to_show;  // by clock
};

dram::dram(const sc_core::sc_module_name& name, const dram_config& config, energy::event_sink& sink)
    : sc_core::sc_module(name),
      memory("memory", *this),
      config_((config.validate(), config)),
      clock_(sc_core::sc_time(config.timing.clock_ps, sc_core::SC_PS)),
      storage_(config.size_bytes()),
      channels_(config, sink),
      queue_("queue") {
  for (int c = 0; c < config_.channels; ++c) {
    views_.push_back(std::make_unique<channel_view>(config_, c));
    channel_view& made = *views_.back();
    channels_[static_cast<std::size_t>(c)].on_command(
        [this, &made](dram_command command, const dram_location& where, std::uint64_t cycle) {
          show(made, command, where, cycle);
        });
  }
  transport::spawn_method(
      "serve", [this] { serve(); }, serve_event_);
}

dram::~dram() = default;

void dram::request_begun(payload& transaction, unsigned) {
  incoming_.push_back(&transaction);
  serve_event_.notify(sc_core::SC_ZERO_TIME);
}

void dram::response_ended(payload&, unsigned) {
  --accepted_;
  serve_event_.notify(sc_core::SC_ZERO_TIME);
}

unsigned dram::debug_access(payload& transaction, unsigned) {
  if (transport::check_attributes(transaction) != ::tlm::TLM_OK_RESPONSE ||
      !transport::inside(transaction.get_address(), transaction.get_data_length(), 0, storage_.size_bytes())) {
    return 0;
  }
  move(transaction);
  return transaction.get_data_length();
}

void dram::move(payload& transaction) {
  if (transaction.is_write()) {
    storage_.write(transaction.get_address(), transaction.get_data_ptr(), transaction.get_data_length());
  } else {
    storage_.read(transaction.get_address(), transaction.get_data_ptr(), transaction.get_data_length());
  }
}

void dram::serve() {
  const sc_core::sc_time& now = sc_core::sc_time_stamp();
  accept(clock_.at_or_after(now));
  const std::uint64_t cycle = now.value() / clock_.period().value();
  advance(cycle);
  respond(cycle);
  queue_.set(static_cast<std::uint16_t>(open()));
  wake();
}

void dram::accept(std::uint64_t cycle) {
  while (!incoming_.empty() && channels_.has_room(accepted_)) {
    payload& transaction = *incoming_.front();
    incoming_.pop_front();
    ++accepted_;
    memory.end_request(transaction);
    const transport::response_status attributes = transport::check_attributes(transaction);
    if (attributes != ::tlm::TLM_OK_RESPONSE) {
      refuse(transaction, attributes);
    } else if (!transport::inside(transaction.get_address(), transaction.get_data_length(), 0, storage_.size_bytes())) {
      refuse(transaction, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
    } else {
      enqueue(transaction, cycle);
    }
  }
}

void dram::refuse(payload& transaction, transport::response_status status) {
  ++errors_;
  transaction.set_response_status(status);
  memory.begin_response(transaction);
}

void dram::enqueue(payload& transaction, std::uint64_t cycle) {
  if (free_ids_.empty()) {
    free_ids_.push_back(entries_.size());
    entries_.push_back(nullptr);
  }
  dram_request request;
  request.id = free_ids_.back();
  free_ids_.pop_back();
  entries_[request.id] = &transaction;
  request.write = transaction.is_write();
  request.layer = transport::layer_of(transaction);
  request.address = transaction.get_address();
  request.length = transaction.get_data_length();
  channels_.enqueue(request, cycle);
}

void dram::advance(std::uint64_t cycle) {
  completed_.clear();
  channels_.advance(cycle, completed_);
  for (const dram_completion& one : completed_) done_.emplace(one.cycle, one.id);
  for (const std::unique_ptr<channel_view>& one : views_) {
    while (!one->to_show.empty() && one->to_show.begin()->first <= cycle) {
      const auto& [bank, condition] = one->to_show.begin()->second;
      one->shown[bank]->set(condition);
      one->to_show.erase(one->to_show.begin());
    }
  }
}

void dram::respond(std::uint64_t cycle) {
  while (!done_.empty() && done_.begin()->first <= cycle) {
    const std::uint64_t id = done_.begin()->second;
    done_.erase(done_.begin());
    payload& transaction = *entries_[id];
    free_ids_.push_back(id);
    move(transaction);
    transaction.set_response_status(::tlm::TLM_OK_RESPONSE);
    memory.begin_response(transaction);
  }
}

void dram::wake() {
  std::uint64_t next = ~std::uint64_t{0};
  if (!done_.empty()) next = done_.begin()->first;
  if (const std::optional<std::uint64_t> decision = channels_.next_decision()) next = std::min(next, *decision);
  for (const std::unique_ptr<channel_view>& one : views_) {
    if (!one->to_show.empty()) next = std::min(next, one->to_show.begin()->first);
  }
  if (next == ~std::uint64_t{0}) return;
  const sc_core::sc_time when = clock_.at(next);
  const sc_core::sc_time& now = sc_core::sc_time_stamp();
  serve_event_.notify(when > now ? when - now : sc_core::SC_ZERO_TIME);
}

/// Puts the states of the banks on the time line.
void dram::show(channel_view& where, dram_command command, const dram_location& location, std::uint64_t cycle) {
  const std::size_t banks = static_cast<std::size_t>(config_.organisation.banks());
  const std::size_t first = static_cast<std::size_t>(location.rank) * banks;
  const std::size_t bank = first + static_cast<std::size_t>(location.bank);
  const dram_timing& t = config_.timing;
  const auto plan = [&](std::size_t which, std::uint64_t at, bank_condition condition) {
    if (where.shown[which]->watched()) where.to_show.emplace(at, std::make_pair(which, condition));
  };
  const auto burst = static_cast<std::uint64_t>(config_.burst_clocks());
  switch (command) {
    case dram_command::activate:
      plan(bank, cycle, bank_condition::open);
      break;
    case dram_command::precharge:
      plan(bank, cycle, bank_condition::closed);
      break;
    case dram_command::precharge_all:
      for (std::size_t b = first; b < first + banks; ++b) plan(b, cycle, bank_condition::closed);
      break;
    case dram_command::read:
    case dram_command::read_close:
      plan(bank, cycle, bank_condition::reading);
      plan(bank, cycle + burst, command == dram_command::read ? bank_condition::open : bank_condition::closed);
      break;
    case dram_command::write:
    case dram_command::write_close:
      plan(bank, cycle, bank_condition::writing);
      plan(bank, cycle + burst, command == dram_command::write ? bank_condition::open : bank_condition::closed);
      break;
    case dram_command::refresh:
      for (std::size_t b = first; b < first + banks; ++b) {
        plan(b, cycle, bank_condition::refreshing);
        plan(b, cycle + static_cast<std::uint64_t>(t.rfc), bank_condition::closed);
      }
      break;
  }
}

void dram::settle() {
  const std::uint64_t cycle = sc_core::sc_time_stamp().value() / clock_.period().value();
  channels_.settle(cycle);
}

dram_statistics dram::statistics() const {
  dram_statistics total = channels_.statistics();
  total.errors += errors_;
  return total;
}

std::string dram::describe() const {
  return std::string(name()) + ": " + std::to_string(incoming_.size()) + " transactions wait, " +
         std::to_string(accepted_) + " in the controller, " + std::to_string(done_.size()) + " to be answered";
}

}  // namespace cimbalom::dram
