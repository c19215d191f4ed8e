#include "sw/cli/comparison.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "platform/configuration/error.hpp"
#include "platform/configuration/yaml_reader.hpp"
#include "sw/cli/interrupt.hpp"
#include "sw/cli/progress.hpp"

namespace cimbalom::cli {
namespace {

std::string out_of(const run_arguments& arguments, const std::string& name) {
  return (arguments.source.out.empty() ? std::string("out") : arguments.source.out) + "/" + name;
}

std::string log_of(const run_arguments& arguments, const std::string& name) {
  return out_of(arguments, name) + "/messages.txt";
}

std::vector<std::string> command_line(const run_arguments& arguments, const std::string& name) {
  const source_arguments& source = arguments.source;
  std::vector<std::string> line = {"cimbalom",  "run",
                                   "--package", source.package,
                                   "--variant", name,
                                   "--batch",   std::to_string(arguments.batch),
                                   "--out",     out_of(arguments, name)};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) line.insert(line.end(), {option, value});
  };
  add("--dataset", source.dataset);
  add("--preprocess", source.preprocess);
  add("--platform", source.platform);
  for (const std::string& setting : source.settings) add("--set", setting);
  if (source.images > 0) add("--images", std::to_string(source.images));
  if (arguments.timing_only) line.emplace_back("--timing-only");
  return line;
}

/// Starts this program again; its messages go to a file.
pid_t start(std::vector<std::string> line, const std::string& log) {
  std::vector<char*> pointers;
  for (std::string& word : line) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t child = 0;
  const int failed = posix_spawn(&child, "/proc/self/exe", &files, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) throw run_error(std::string("the program cannot be started again: ") + std::strerror(failed));
  return child;
}

std::string last_line(const std::string& path) {
  std::ifstream file(path);
  std::string line, last;
  while (std::getline(file, line))
    if (!line.empty()) last = line;
  return last;
}

void check(int status, const std::string& name, const std::string& log) {
  if (interrupted) throw run_error("interrupted: no report is written");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw run_error("run of variant " + name + " failed: " + last_line(log));
}

/// Children that are at work; those left at the end are stopped.
class children {
 public:
  children() = default;
  ~children() {
    for (const auto& [child, name] : running_) {
      kill(child, SIGTERM);
      waitpid(child, nullptr, 0);
    }
  }
  children(const children&) = delete;
  children& operator=(const children&) = delete;

  std::size_t count() const { return running_.size(); }
  void add(pid_t child, const std::string& name) { running_[child] = name; }

  /// Waits for the one that was started first of those running; returns its name and status.
  std::pair<std::string, int> wait() {
    const auto first = running_.begin();
    const std::pair<pid_t, std::string> one = *first;
    int status = 0;
    pid_t ended = -1;
    do {
      ended = waitpid(one.first, &status, 0);
    } while (ended < 0 && errno == EINTR);
    running_.erase(first);
    return {one.second, ended == one.first ? status : -1};
  }

 private:
  std::map<pid_t, std::string> running_;
};

}  // namespace

std::vector<report::compared_run> run_variants(const run_arguments& arguments, const std::vector<std::string>& names) {
  constexpr unsigned most_at_a_time = 2;  // each takes several cores for its accuracy
  const unsigned at_a_time = std::clamp(std::thread::hardware_concurrency(), 1U, most_at_a_time);
  progress bar("compare", "runs");
  children running;
  std::size_t begun = 0, done = 0;
  while (done < names.size()) {
    while (begun < names.size() && running.count() < at_a_time) {
      const std::string& name = names[begun++];
      std::error_code ignored;
      std::filesystem::create_directories(out_of(arguments, name), ignored);
      running.add(start(command_line(arguments, name), log_of(arguments, name)), name);
    }
    const auto [name, status] = running.wait();
    check(status, name, log_of(arguments, name));
    bar.update(++done, names.size());
  }
  std::vector<report::compared_run> made;
  for (const std::string& name : names) {
    const std::string path = out_of(arguments, name) + "/report.json";
    made.push_back({name, report::parse_json(platform::read_text(path), path)});
  }
  return made;
}

}  // namespace cimbalom::cli
