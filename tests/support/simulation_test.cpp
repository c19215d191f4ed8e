#include "tests/support/simulation_test.hpp"

#include <memory>
#include <vector>

#include "models/tlm/process.hpp"
#include "models/tlm/protocol_checker.hpp"

namespace cimbalom::testing_support {

namespace {

simulation_test* current = nullptr;  // the kernel's report handler is a plain function

void collect_checkers(const std::vector<sc_core::sc_object*>& objects,
                      std::vector<transport::protocol_checker*>& found) {
  for (sc_core::sc_object* object : objects) {
    if (auto* checker = dynamic_cast<transport::protocol_checker*>(object)) found.push_back(checker);
    collect_checkers(object->get_child_objects(), found);
  }
}

}  // namespace

simulation_test::simulation_test() {
  current = this;
  sc_core::sc_report_handler::set_handler(&simulation_test::on_report);
}

simulation_test::~simulation_test() {
  for (const auto& [type, count] : expected_) {
    EXPECT_EQ(count, 0) << "reports of type " << type << " did not come";
  }
  current = nullptr;
  // CTest starts a process a test; this keeps a program with several tests usable by hand.
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext;
  sc_core::sc_default_global_context = sc_core::sc_curr_simcontext;
}

void simulation_test::on_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions) {
  if (report.get_severity() != sc_core::SC_INFO && current != nullptr) {
    int& left = current->expected_[report.get_msg_type()];
    if (left > 0) {
      --left;
    } else {
      ADD_FAILURE() << report.get_msg_type() << ": " << report.get_msg();
    }
  }
  const sc_core::sc_actions quiet =
      actions & ~static_cast<sc_core::sc_actions>(sc_core::SC_DISPLAY | sc_core::SC_LOG | sc_core::SC_CACHE_REPORT);
  sc_core::sc_report_handler::default_handler(report, quiet);
}

void simulation_test::run(std::function<void()> body, const sc_core::sc_time& limit) {
  auto finished = std::make_shared<bool>(false);
  transport::spawn_thread("test_body", [body = std::move(body), finished] {
    body();
    *finished = true;
  });
  run(limit);
  EXPECT_TRUE(*finished) << "the simulation ended at " << sc_core::sc_time_stamp() << " before the test's thread did";
}

void simulation_test::run(const sc_core::sc_time& limit) {
  sc_core::sc_start(limit, sc_core::SC_EXIT_ON_STARVATION);
  check_links();
}

void simulation_test::check_links() {
  std::vector<transport::protocol_checker*> checkers;
  collect_checkers(sc_core::sc_get_top_level_objects(), checkers);
  for (transport::protocol_checker* checker : checkers) checker->check_finished();
}

}  // namespace cimbalom::testing_support
