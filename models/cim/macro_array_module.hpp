#pragma once
// TLM layer: includes SystemC.

#include <memory>
#include <string>
#include <vector>

#include "models/cim/bank_schedule.hpp"
#include "models/cim/engine_context.hpp"
#include "models/cim/tile_work.hpp"
#include "models/tlm/observed.hpp"

namespace cimbalom::cim {

enum class bank_state : std::uint8_t { idle, compute, program, compute_and_program };
enum class converter_state : std::uint8_t { idle, converting };
const char* to_string(bank_state state);
const char* to_string(converter_state state);

/// The positions that a bank walks for every output pixel of a tile, one an operation.
struct position_walk {
  std::uint64_t first = 0;
  std::uint64_t count = 1;
  std::uint64_t operation_ps = 0;
};

/// One bank: its array, its ADC bank and its shift-add as they can be seen in a waveform.
class bank_module : public sc_core::sc_module {
 public:
  /// `index` in `schedule`; positions that differ only in one of `col_mux` settings share a row group.
  bank_module(const sc_core::sc_module_name& name, const bank_schedule& schedule, std::size_t index, int col_mux);
  bank_module(const bank_module&) = delete;
  bank_module& operator=(const bank_module&) = delete;

  void start_compute(std::uint32_t first_output_row, std::int32_t layer, const position_walk& walk);
  void end_compute();
  void set_program(bool on, std::uint32_t first_position);
  bank_state state() const { return state_; }

 private:
  void update();
  void follow_row_group();

  const bank_schedule& schedule_;
  std::size_t index_;
  std::uint64_t col_mux_;
  position_walk walk_;
  std::uint64_t operation_ = 0;  // of the walk
  sc_core::sc_event step_event_;
  bool computing_ = false, programming_ = false;
  transport::observed<bank_state> state_;
  transport::observed<converter_state> adc_;
  transport::observed<std::uint32_t> output_row_;        // first of the tile in progress
  transport::observed<std::uint32_t> written_position_;  // first of the program command in progress
  transport::observed<std::int32_t> layer_;
  transport::observed<std::int32_t> row_group_;  // whose wordlines are driven; followed only while somebody looks
};

/// The macros of an accelerator: which bank is busy, with what, until when. Programming takes bank time evenly over its
/// command; a computation in that bank ends that much later.
class macro_array_module : public sc_core::sc_module {
 public:
  macro_array_module(const sc_core::sc_module_name& name, engine_context& context);
  macro_array_module(const macro_array_module&) = delete;
  macro_array_module& operator=(const macro_array_module&) = delete;

  std::size_t banks() const { return banks_.size(); }

  /// Every bank does its operations of the tile from now on; returns when the last has ended, or a reset has begun.
  /// From a thread process.
  void compute(const tile_work& work, std::uint32_t output_row, std::int32_t layer);
  /// The banks [first, first + count) are written for duration_ps, of which write_ps of bank time each.
  void start_program(std::size_t first, std::size_t count, std::uint32_t first_position, std::uint64_t duration_ps,
                     std::uint64_t write_ps);
  void end_program(std::size_t first, std::size_t count);
  /// Forgets the writes that a reset has cut short.
  void reset();
  std::string describe() const;

 private:
  struct macro : sc_core::sc_module {
    macro(const sc_core::sc_module_name& name, const bank_schedule& schedule, std::size_t first_bank,
          const macro_config& config);
    std::vector<std::unique_ptr<bank_module>> banks;
  };

  engine_context& context_;
  bank_schedule schedule_;
  std::vector<std::unique_ptr<macro>> macros_;
  std::vector<bank_module*> banks_;  // by global bank number
};

}  // namespace cimbalom::cim
