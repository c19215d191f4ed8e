#include "models/tlm/observed.hpp"

#include <algorithm>

namespace cimbalom::transport {

namespace {
void collect(const std::vector<sc_core::sc_object*>& objects, std::vector<observed_base*>& found) {
  for (sc_core::sc_object* object : objects) {
    if (auto* value = dynamic_cast<observed_base*>(object)) found.push_back(value);
    collect(object->get_child_objects(), found);
  }
}
}  // namespace

void observed_base::detach(observer& who) {
  observers_.erase(std::remove(observers_.begin(), observers_.end(), &who), observers_.end());
}

std::vector<observed_base*> observed_values(const sc_core::sc_object* root) {
  std::vector<observed_base*> found;
  collect(root != nullptr ? root->get_child_objects() : sc_core::sc_get_top_level_objects(), found);
  return found;
}

}  // namespace cimbalom::transport
