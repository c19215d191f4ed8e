#include "models/tlm/observed.hpp"

#include <vector>

#include "tests/support/simulation_test.hpp"

namespace cimbalom::transport {
namespace {

enum class mood { idle, busy };
const char* to_string(mood value) {
  return value == mood::idle ? "idle" : "busy";
}

struct unit : sc_core::sc_module {
  explicit unit(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name), state("state"), level("level", 0, 12), flag("flag") {}
  observed<mood> state;
  observed<std::uint16_t> level;
  observed<bool> flag;
};

struct recorder : observer {
  void changed(const observed_base& source, const sc_core::sc_time& when) override {
    seen.push_back(std::string(source.name()) + "=" +
                   (source.label().empty() ? std::to_string(source.bits()) : std::string(source.label())) + "@" +
                   when.to_string());
  }
  std::vector<std::string> seen;
};

class observed_test : public testing_support::simulation_test {};

TEST_F(observed_test, tells_changes_and_only_changes) {
  unit first("first");
  unit second("second");
  recorder who;
  for (observed_base* value : observed_values(&first)) value->attach(who);
  run([&] {
    first.state = mood::busy;
    first.state = mood::busy;
    second.state = mood::busy;
    sc_core::wait(3, sc_core::SC_NS);
    first.level = static_cast<std::uint16_t>(300);
    first.flag = true;
    first.flag.detach(who);
    first.flag = false;
  });
  EXPECT_EQ(who.seen, (std::vector<std::string>{"first.state=busy@0 s", "first.level=300@3 ns", "first.flag=1@3 ns"}));
}

TEST_F(observed_test, is_found_in_the_hierarchy) {
  unit first("first");
  unit second("second");
  const std::vector<observed_base*> all = observed_values();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_STREQ(all[0]->name(), "first.state");
  EXPECT_EQ(all[0]->type(), value_kind::state);
  EXPECT_EQ(all[1]->width_bits(), 12);
  EXPECT_EQ(all[1]->type(), value_kind::integer);
  EXPECT_EQ(all[5]->type(), value_kind::boolean);
  EXPECT_EQ(all[5]->width_bits(), 1);
  EXPECT_EQ(observed_values(&second).size(), 3U);
}

}  // namespace
}  // namespace cimbalom::transport
