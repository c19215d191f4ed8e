#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <systemc>

namespace cimbalom::testing_support {

/// Fixture of every simulation test: one kernel a test, and a failure for every SystemC report that was not expected,
/// every finding of a protocol checker, and every simulation that did not finish.
class simulation_test : public ::testing::Test {
 protected:
  simulation_test();
  ~simulation_test() override;

  /// Runs `body` as an SC_THREAD until nothing is left to do, at most `limit`, and fails if it did not return.
  void run(std::function<void()> body, const sc_core::sc_time& limit = sc_core::sc_time(1, sc_core::SC_SEC));
  /// Elaborates and runs without a body.
  void run(const sc_core::sc_time& limit = sc_core::sc_time(1, sc_core::SC_SEC));

  /// This many warnings or errors with this message type will come.
  void expect_reports(const std::string& message_type, int count) { expected_[message_type] += count; }

 private:
  static void on_report(const sc_core::sc_report& report, const sc_core::sc_actions& actions);
  void check_links();

  std::map<std::string, int> expected_;
};

}  // namespace cimbalom::testing_support
