#include "traces/timeline_file.hpp"

#include <nlohmann/json.hpp>

#include "platform/configuration/error.hpp"

namespace cimbalom::traces {

namespace {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string microseconds(std::uint64_t time_ps) {
  const std::string fraction = std::to_string(time_ps % 1'000'000);
  return std::to_string(time_ps / 1'000'000) + '.' + std::string(6 - fraction.size(), '0') + fraction;
}

std::string name_event(const char* what, int group, int track, const std::string& name) {
  return std::string("{\"ph\":\"M\",\"name\":\"") + what + "\",\"pid\":" + std::to_string(group) +
         ",\"tid\":" + std::to_string(track) + ",\"args\":{\"name\":" + quoted(name) + "}}";
}

}  // namespace

timeline_file::timeline_file(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wb")) {
  if (!file_) throw bad_input({}, "timeline", path, "a file that can be written");
  std::fputs("[", file_.get());
}

timeline_file::~timeline_file() {
  try {
    finish();
  } catch (const std::exception&) {  // a full disk: finish() reports it to who asks
  }
}

void timeline_file::write(const std::string& event) {
  std::fputs(first_ ? "\n" : ",\n", file_.get());
  first_ = false;
  std::fwrite(event.data(), 1, event.size(), file_.get());
}

timeline_file::group_numbers& timeline_file::group_of(const std::string& name) {
  const auto [found, added] = groups_.try_emplace(name);
  if (added) {
    found->second.number = static_cast<int>(groups_.size());
    write(name_event("process_name", found->second.number, 0, name));
  }
  return found->second;
}

int timeline_file::track_of(group_numbers& group, const std::string& name) {
  const auto [found, added] = group.tracks.try_emplace(name, 0);
  if (added) {
    found->second = static_cast<int>(group.tracks.size());
    write(name_event("thread_name", group.number, found->second, name));
  }
  return found->second;
}

void timeline_file::span(const std::string& group, const std::string& track, const std::string& name,
                         std::uint64_t start_ps, std::uint64_t end_ps, const span_facts& facts) {
  if (finished_) return;
  group_numbers& where = group_of(group);
  const int track_number = track_of(where, track);
  std::string event = "{\"ph\":\"X\",\"name\":" + quoted(name) + ",\"pid\":" + std::to_string(where.number) +
                      ",\"tid\":" + std::to_string(track_number) + ",\"ts\":" + microseconds(start_ps) +
                      ",\"dur\":" + microseconds(end_ps - start_ps);
  if (!facts.empty()) {
    event += ",\"args\":{";
    for (std::size_t i = 0; i < facts.size(); ++i) {
      event += (i > 0 ? "," : "") + quoted(facts[i].first) + ':' + quoted(facts[i].second);
    }
    event += '}';
  }
  write(event + '}');
}

void timeline_file::finish() {
  if (finished_) return;
  finished_ = true;
  std::fputs("\n]\n", file_.get());
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0) {
    throw run_error("timeline = " + path_ + ": cannot be written (disk full?)");
  }
}

}  // namespace cimbalom::traces
