#pragma once
// TLM layer: includes SystemC.

#include <string>

#include "models/cim/load_path_module.hpp"
#include "models/cim/store_path_module.hpp"

namespace cimbalom::cim {

/// The way in and out of the accelerator: parameter and vector path from memory, result path to memory. Each has its
/// own port, FIFO, credits and width converter, so that none waits for another.
class access_manager_module : public sc_core::sc_module {
 public:
  access_manager_module(const sc_core::sc_module_name& name, engine_context& context)
      : sc_core::sc_module(name),
        parameter("parameter", context, path_kind::parameter),
        vector("vector", context, path_kind::vector),
        result("result", context) {}
  access_manager_module(const access_manager_module&) = delete;
  access_manager_module& operator=(const access_manager_module&) = delete;

  load_path_module parameter;
  load_path_module vector;
  store_path_module result;

  void abort() {
    parameter.abort();
    vector.abort();
    result.abort();
  }
  bool idle() const { return parameter.idle() && vector.idle() && result.idle(); }
  std::string describe() const { return parameter.describe() + '\n' + vector.describe() + '\n' + result.describe(); }
};

}  // namespace cimbalom::cim
