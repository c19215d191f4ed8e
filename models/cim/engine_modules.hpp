#pragma once
// TLM layer: includes SystemC.

#include <string>

#include "models/cim/access_manager_module.hpp"
#include "models/cim/cim_cost.hpp"
#include "models/cim/engine_module.hpp"
#include "models/cim/macro_array_module.hpp"

namespace cimbalom::cim {

enum class unit_state : std::uint8_t { idle, active };
const char* to_string(unit_state state);

/// The accumulators: what they hold is the functional core's; here, whether they work and keep sums between rounds.
class accumulator_module : public sc_core::sc_module {
 public:
  explicit accumulator_module(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name), state_("state"), keeps_sums_("keeps_sums") {}
  accumulator_module(const accumulator_module&) = delete;
  accumulator_module& operator=(const accumulator_module&) = delete;

  void start() { state_ = unit_state::active; }
  void stop(bool keeps_sums) {
    state_ = unit_state::idle;
    keeps_sums_ = keeps_sums;
  }

 private:
  transport::observed<unit_state> state_;
  transport::observed<bool> keeps_sums_;
};

/// The post-processing unit: when it works, on which layer.
class post_processing_module : public sc_core::sc_module {
 public:
  explicit post_processing_module(const sc_core::sc_module_name& name)
      : sc_core::sc_module(name), state_("state"), layer_("layer", energy::no_layer) {}
  post_processing_module(const post_processing_module&) = delete;
  post_processing_module& operator=(const post_processing_module&) = delete;

  void start(std::int32_t layer) {
    state_ = unit_state::active;
    layer_ = layer;
  }
  void stop() {
    state_ = unit_state::idle;
    layer_ = energy::no_layer;
  }

 private:
  transport::observed<unit_state> state_;
  transport::observed<std::int32_t> layer_;
};

/// load_weights, load_parameters.
class load_engine_module final : public engine_module {
 public:
  load_engine_module(const sc_core::sc_module_name& name, engine_context& context, const engine_table& engines,
                     load_path_module& path)
      : engine_module(name, context, registers::engine::parameter, engines), path_(path) {}

 private:
  outcome execute(const registers::command& value) override;
  stall_cause active_bottleneck() const override { return path_.bottleneck(); }
  load_path_module& path_;
};

/// load_vector, from memory or between buffers.
class vector_engine_module final : public engine_module {
 public:
  vector_engine_module(const sc_core::sc_module_name& name, engine_context& context, const engine_table& engines,
                       load_path_module& path)
      : engine_module(name, context, registers::engine::vector, engines), path_(path) {}

 private:
  outcome execute(const registers::command& value) override;
  outcome copy(const registers::command& value);
  stall_cause active_bottleneck() const override {
    return path_.idle() ? stall_cause::port_conflict : path_.bottleneck();  // a copy holds the buffers' ports
  }
  load_path_module& path_;
};

/// program.
class program_engine_module final : public engine_module {
 public:
  program_engine_module(const sc_core::sc_module_name& name, engine_context& context, const engine_table& engines,
                        macro_array_module& array)
      : engine_module(name, context, registers::engine::program, engines), array_(array) {}

 private:
  outcome execute(const registers::command& value) override;
  stall_cause active_bottleneck() const override { return stall_cause::array_busy; }
  macro_array_module& array_;
};

/// compute, vector_op.
class compute_engine_module final : public engine_module {
 public:
  compute_engine_module(const sc_core::sc_module_name& name, engine_context& context, const engine_table& engines,
                        macro_array_module& array, accumulator_module& accumulator,
                        post_processing_module& post_processing)
      : engine_module(name, context, registers::engine::compute, engines),
        array_(array),
        accumulator_(accumulator),
        post_processing_(post_processing) {}

 private:
  outcome execute(const registers::command& value) override;
  void compute(const registers::command& value, const tile_work& work, const command_time& time);
  void vector_op(const registers::command& value, const command_time& time);
  void book(const registers::command& value, const tile_work& work, const command_time& time,
            const arithmetic::activity& counted);

  macro_array_module& array_;
  accumulator_module& accumulator_;
  post_processing_module& post_processing_;
};

/// store.
class store_engine_module final : public engine_module {
 public:
  store_engine_module(const sc_core::sc_module_name& name, engine_context& context, const engine_table& engines,
                      store_path_module& path)
      : engine_module(name, context, registers::engine::store, engines), path_(path) {}

 private:
  outcome execute(const registers::command& value) override;
  stall_cause active_bottleneck() const override { return path_.bottleneck(); }
  store_path_module& path_;
};

}  // namespace cimbalom::cim
