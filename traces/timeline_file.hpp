#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cimbalom::traces {

/// What is said about a span besides its name: key and value, as text.
using span_facts = std::vector<std::pair<std::string, std::string>>;

/// A timeline in the Trace Event Format (JSON array form), which Perfetto and chrome://tracing open: tracks in groups,
/// each with spans. Times are exact: microseconds with six decimals.
class timeline_file {
 public:
  /// Throws input_error if the file cannot be written.
  explicit timeline_file(const std::string& path);
  ~timeline_file();
  timeline_file(const timeline_file&) = delete;
  timeline_file& operator=(const timeline_file&) = delete;

  /// A span of `track` (for example an engine) in `group` (an accelerator). Tracks appear in the order of first use.
  void span(const std::string& group, const std::string& track, const std::string& name, std::uint64_t start_ps,
            std::uint64_t end_ps, const span_facts& facts = {});
  /// Ends the array: the file is complete. Nothing can be added afterwards. Throws run_error if the disk is full.
  void finish();

 private:
  struct close_file {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct group_numbers {
    int number = 0;
    std::map<std::string, int> tracks;
  };
  void write(const std::string& event);
  group_numbers& group_of(const std::string& name);
  int track_of(group_numbers& group, const std::string& name);

  std::string path_;
  std::unique_ptr<std::FILE, close_file> file_;
  std::map<std::string, group_numbers> groups_;
  bool first_ = true, finished_ = false;
};

}  // namespace cimbalom::traces
