#pragma once
// TLM layer: includes SystemC.

#include <map>
#include <string>
#include <vector>

#include "models/tlm/observed.hpp"
#include "traces/vcd_file.hpp"

namespace cimbalom::traces {

/// What to record.
struct waveform_config {
  std::string path;                         ///< of the VCD file
  std::vector<std::string> globs = {"**"};  ///< of full names: * within a level, ** across levels, ? one character
  time_window window;
};

/// True if a name with dots matches a glob.
bool matches(const std::string& glob, const std::string& name);

/// Records the observed values of the simulation in a VCD file: those that a glob chooses, at the moments they change.
/// States are strings, whole numbers wires of their width. Make it after elaboration's modules and before sc_start;
/// what is not chosen costs nothing.
class waveform final : public transport::observer {
 public:
  /// Throws input_error if the file cannot be written, or no signal matches.
  explicit waveform(const waveform_config& config);
  ~waveform() override;
  waveform(const waveform&) = delete;
  waveform& operator=(const waveform&) = delete;

  /// Full names of what is recorded, in the order of construction.
  std::vector<std::string> names() const;
  /// Makes the file valid up to now. Throws run_error if the disk is full.
  void flush();
  /// Writes a GTKWave layout that shows every signal in groups by module, states as text. Throws input_error.
  void write_layout(const std::string& path, const std::string& vcd_path) const;

 private:
  void changed(const transport::observed_base& source, const sc_core::sc_time& when) override;
  void record(const transport::observed_base& source, vcd_file::signal which, std::uint64_t when_ps);

  std::vector<transport::observed_base*> sources_;  // chosen before a file is made
  vcd_file file_;
  std::map<const transport::observed_base*, vcd_file::signal> signals_;  // by key only
};

/// Lines of a GTKWave layout for these signals. Bits of integers as in the VCD; used by waveform and by its test.
struct layout_signal {
  std::string name;
  int width_bits = 1;
  transport::value_kind kind = transport::value_kind::integer;
};
std::string gtkw_layout(const std::string& vcd_path, const std::vector<layout_signal>& signals);

}  // namespace cimbalom::traces
