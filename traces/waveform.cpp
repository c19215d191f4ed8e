#include "traces/waveform.hpp"

#include <algorithm>
#include <fstream>

#include "platform/configuration/error.hpp"

namespace cimbalom::traces {

namespace {

bool matches_from(const char* glob, const char* name) {
  for (; *glob != '\0'; ++glob, ++name) {
    if (*glob == '*') {
      const bool across = glob[1] == '*';
      while (*glob == '*') ++glob;
      for (;; ++name) {
        if (matches_from(glob, name)) return true;
        if (*name == '\0' || (*name == '.' && !across)) return false;
      }
    }
    if (*name == '\0' || (*glob != *name && (*glob != '?' || *name == '.'))) return false;
  }
  return *name == '\0';
}

vcd_kind kind_of(const transport::observed_base& source) {
  switch (source.type()) {
    case transport::value_kind::boolean:
      return vcd_kind::bit;
    case transport::value_kind::integer:
      return vcd_kind::integer;
    case transport::value_kind::state:
      break;
  }
  return vcd_kind::text;
}

std::string scope_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot);
}

// Before a file is made: a pattern without a match leaves none.
std::vector<transport::observed_base*> chosen(const waveform_config& config) {
  std::vector<transport::observed_base*> sources;
  for (transport::observed_base* source : transport::observed_values()) {
    const std::string name = source->name();
    const bool wanted = std::any_of(config.globs.begin(), config.globs.end(),
                                    [&](const std::string& glob) { return matches(glob, name); });
    if (wanted) sources.push_back(source);
  }
  if (!sources.empty()) return sources;
  std::string globs;
  for (const std::string& glob : config.globs) globs += (globs.empty() ? "" : " ") + glob;
  throw bad_input({}, "vcd signals", globs, "a pattern that matches a signal, for example **.state");
}

}  // namespace

bool matches(const std::string& glob, const std::string& name) {
  return matches_from(glob.c_str(), name.c_str());
}

waveform::waveform(const waveform_config& config) : sources_(chosen(config)), file_(config.path, config.window) {
  for (transport::observed_base* source : sources_) {
    signals_[source] = file_.declare(source->name(), kind_of(*source), static_cast<unsigned>(source->width_bits()));
  }
  for (transport::observed_base* source : sources_) {
    record(*source, signals_.at(source), 0);
    source->attach(*this);
  }
}

waveform::~waveform() {
  for (transport::observed_base* source : sources_) source->detach(*this);
  try {
    file_.finish(sc_core::sc_time_stamp().value());
  } catch (const std::exception&) {  // flush() reports a full disk
  }
}

std::vector<std::string> waveform::names() const {
  std::vector<std::string> result;
  for (const transport::observed_base* source : sources_) result.emplace_back(source->name());
  return result;
}

void waveform::flush() {
  file_.finish(sc_core::sc_time_stamp().value());
}

void waveform::changed(const transport::observed_base& source, const sc_core::sc_time& when) {
  record(source, signals_.find(&source)->second, when.value());
}

void waveform::record(const transport::observed_base& source, vcd_file::signal which, std::uint64_t when_ps) {
  if (source.type() == transport::value_kind::state) {
    file_.change(which, when_ps, source.label());
  } else {
    file_.change(which, when_ps, source.bits());
  }
}

void waveform::write_layout(const std::string& path, const std::string& vcd_path) const {
  std::vector<layout_signal> signals;
  for (const transport::observed_base* source : sources_) {
    signals.push_back({source->name(), source->width_bits(), source->type()});
  }
  std::ofstream file(path, std::ios::binary);
  file << gtkw_layout(vcd_path, signals);
  file.flush();
  if (!file) throw bad_input({}, "layout", path, "a file that can be written");
}

std::string gtkw_layout(const std::string& vcd_path, const std::vector<layout_signal>& signals) {
  // GTKWave's flags before a name: how it is drawn.
  constexpr const char* as_is = "@28\n";
  constexpr const char* signed_decimal = "@420\n";
  constexpr const char* group_begin = "@800200\n";
  constexpr const char* group_end = "@1000200\n";
  std::string text = "[*]\n[*] Cimbalom\n[*]\n";
  if (!vcd_path.empty()) text += "[dumpfile] \"" + vcd_path + "\"\n";
  text += "[timestart] 0\n";
  std::string scope;
  bool open = false;
  const auto close = [&] {
    if (open) text += group_end + ("-" + scope) + '\n';
    open = false;
  };
  for (const layout_signal& signal : signals) {
    const std::string next = scope_of(signal.name);
    if (!open || next != scope) {
      close();
      scope = next;
      text += group_begin + ("-" + scope) + '\n';
      open = true;
    }
    const bool vector = signal.kind == transport::value_kind::integer && signal.width_bits > 1;
    text += vector ? signed_decimal : as_is;
    text += signal.name;
    if (vector) text += '[' + std::to_string(signal.width_bits - 1) + ":0]";
    text += '\n';
  }
  close();
  return text;
}

}  // namespace cimbalom::traces
