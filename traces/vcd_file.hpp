#pragma once

#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cimbalom::traces {

/// Part of a run that is recorded, ps; `end_ps` is included.
struct time_window {
  std::uint64_t begin_ps = 0;
  std::uint64_t end_ps = std::numeric_limits<std::uint64_t>::max();
};

/// Parses "A:B", either side empty or a number with unit ps, ns, us or ms ("1.5us:20us", ":3ms").
/// Throws input_error naming `key`.
time_window parse_window(const std::string& key, const std::string& text);

/// How a signal is written.
enum class vcd_kind : std::uint8_t {
  bit,      ///< one wire
  integer,  ///< a wire of 1..64 bits
  real,
  text,  ///< a string, as GTKWave reads it
};

/// Writes a value-change dump. Knows neither simulation nor signals: names, values and times are given.
/// Changes of one moment are written once, in the order of declaration, with the last value: the file does not depend
/// on the order of processes. A value that returns to what it was within one moment leaves no change.
/// The file is valid after flush() and after destruction.
class vcd_file {
 public:
  using signal = std::size_t;

  /// Throws input_error if the file cannot be written.
  vcd_file(const std::string& path, time_window window);
  ~vcd_file();
  vcd_file(const vcd_file&) = delete;
  vcd_file& operator=(const vcd_file&) = delete;

  /// Declares a signal before the first change. `name` is a path with dots; `bits` counts for integers only.
  /// Throws std::logic_error after the first change.
  signal declare(const std::string& name, vcd_kind kind, unsigned bits);

  void change(signal which, std::uint64_t time_ps, bool value) { change(which, time_ps, std::uint64_t{value}); }
  /// Integers: the low `bits` bits, two's complement.
  void change(signal which, std::uint64_t time_ps, std::uint64_t value);
  void change(signal which, std::uint64_t time_ps, double value);
  /// Blanks and control characters become underscores.
  void change(signal which, std::uint64_t time_ps, std::string_view value);

  /// Writes every change so far; the file can be read. Throws run_error if the disk is full.
  void flush();
  /// As flush(), and marks `time_ps` as the end of the record.
  void finish(std::uint64_t time_ps);

  std::size_t signals() const { return declared_.size(); }

 private:
  struct entry {
    std::string name, code;
    vcd_kind kind = vcd_kind::bit;
    unsigned bits = 1;
    std::string value, settled, written;  // as in the file, code left out: now, before now, last in the file
    bool pending = false;
  };
  struct close_file {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void set(signal which, std::uint64_t time_ps, std::string value);
  void write_header();
  void write_pending();
  void open_window(std::uint64_t time_ps);
  void write_value(entry& which, const std::string& value);
  void put(std::string_view text);

  std::string path_;
  std::unique_ptr<std::FILE, close_file> file_;
  time_window window_;
  std::vector<entry> declared_;
  std::vector<signal> pending_;
  std::uint64_t now_ps_ = 0;
  std::uint64_t last_written_ps_ = 0;
  bool header_written_ = false;
  bool started_ = false;  // initial values written
};

}  // namespace cimbalom::traces
