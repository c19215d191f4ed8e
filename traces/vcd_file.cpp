#include "traces/vcd_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

#include "platform/configuration/error.hpp"

namespace cimbalom::traces {
namespace {

// Identifier codes: base 94 over the printable characters, shortest first.
std::string identifier(std::size_t index) {
  std::string code;
  do {
    code += static_cast<char>('!' + index % 94);
    index /= 94;
  } while (index-- > 0);
  return code;
}

std::vector<std::string> split_path(const std::string& name) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t dot = name.find('.', begin);
    parts.push_back(name.substr(begin, dot - begin));
    if (dot == std::string::npos) return parts;
    begin = dot + 1;
  }
}

// Names and strings end at a blank in a VCD file.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c <= ' ' || c > '~') c = '_';
  }
  return result;
}

std::uint64_t parse_time(const std::string& key, const std::string& whole, const std::string& text) {
  const auto refuse = [&] {
    return bad_input({}, key, whole, "BEGIN:END, each a number with unit ps, ns, us or ms, or empty");
  };
  char* rest = nullptr;
  const double number = std::strtod(text.c_str(), &rest);
  const std::string unit = rest;
  const double scale = unit == "ps" ? 1 : unit == "ns" ? 1e3 : unit == "us" ? 1e6 : unit == "ms" ? 1e9 : 0;
  if (rest == text.c_str() || scale == 0 || !(number >= 0) || number * scale > 9e18) throw refuse();
  return static_cast<std::uint64_t>(std::llround(number * scale));
}

}  // namespace

time_window parse_window(const std::string& key, const std::string& text) {
  time_window window;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) throw bad_input({}, key, text, "BEGIN:END, for example 10us:2ms");
  const std::string begin = text.substr(0, colon), end = text.substr(colon + 1);
  if (!begin.empty()) window.begin_ps = parse_time(key, text, begin);
  if (!end.empty()) window.end_ps = parse_time(key, text, end);
  if (window.begin_ps > window.end_ps) throw bad_input({}, key, text, "BEGIN not after END");
  return window;
}

vcd_file::vcd_file(const std::string& path, time_window window)
    : path_(path), file_(std::fopen(path.c_str(), "wb")), window_(window) {
  if (!file_) throw bad_input({}, "vcd", path, "a file that can be written");
}

vcd_file::~vcd_file() {
  try {
    finish(now_ps_);
  } catch (const std::exception&) {  // a full disk was reported by flush(), or will be by whoever reads the file
  }
}

vcd_file::signal vcd_file::declare(const std::string& name, vcd_kind kind, unsigned bits) {
  if (header_written_) throw std::logic_error("vcd_file: signal " + name + " declared after the first change");
  entry added;
  added.name = printable(name);
  added.code = identifier(declared_.size());
  added.kind = kind;
  added.bits = kind == vcd_kind::integer ? std::clamp(bits, 1U, 64U) : 1;
  added.value = kind == vcd_kind::bit ? "x" : kind == vcd_kind::integer ? "bx " : kind == vcd_kind::real ? "r0 " : "s ";
  added.settled = added.value;
  declared_.push_back(std::move(added));
  return declared_.size() - 1;
}

void vcd_file::change(signal which, std::uint64_t time_ps, std::uint64_t value) {
  const entry& target = declared_[which];
  if (target.kind == vcd_kind::bit) return set(which, time_ps, value != 0 ? "1" : "0");
  std::string digits = "b";
  unsigned bit = target.bits;
  while (bit > 1 && ((value >> (bit - 1)) & 1) == 0) --bit;  // leading zeros are implied
  while (bit-- > 0) digits += ((value >> bit) & 1) != 0 ? '1' : '0';
  set(which, time_ps, digits + ' ');
}

void vcd_file::change(signal which, std::uint64_t time_ps, double value) {
  char text[40];
  std::snprintf(text, sizeof text, "r%.16g ", value);
  set(which, time_ps, text);
}

void vcd_file::change(signal which, std::uint64_t time_ps, std::string_view value) {
  set(which, time_ps, 's' + printable(value) + ' ');
}

void vcd_file::set(signal which, std::uint64_t time_ps, std::string value) {
  if (time_ps != now_ps_) {
    write_pending();
    now_ps_ = time_ps;
  }
  entry& target = declared_[which];
  target.value = std::move(value);
  if (target.pending) return;
  target.pending = true;
  pending_.push_back(which);
}

void vcd_file::write_header() {
  header_written_ = true;
  // No date, no host: the same run gives the same bytes.
  put("$date\n  -\n$end\n$version\n  Cimbalom\n$end\n$timescale 1 ps $end\n");
  std::vector<std::size_t> order(declared_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::vector<std::string>> paths;
  for (const entry& each : declared_) paths.push_back(split_path(each.name));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return paths[a] < paths[b]; });
  std::vector<std::string> scope;
  for (const std::size_t index : order) {
    std::vector<std::string> target = paths[index];
    const std::string leaf = target.back();
    target.pop_back();
    const auto common = std::mismatch(scope.begin(), scope.end(), target.begin(), target.end()).first - scope.begin();
    for (std::size_t depth = scope.size(); depth > static_cast<std::size_t>(common); --depth) put("$upscope $end\n");
    for (std::size_t depth = static_cast<std::size_t>(common); depth < target.size(); ++depth) {
      put("$scope module " + target[depth] + " $end\n");
    }
    scope = target;
    const entry& each = declared_[index];
    const char* type = each.kind == vcd_kind::real ? "real" : each.kind == vcd_kind::text ? "string" : "wire";
    const unsigned bits = each.kind == vcd_kind::real ? 64 : each.bits;
    const std::string range = bits > 1 && each.kind == vcd_kind::integer ? " [" + std::to_string(bits - 1) + ":0]" : "";
    put("$var " + std::string(type) + ' ' + std::to_string(bits) + ' ' + each.code + ' ' + leaf + range + " $end\n");
  }
  for (std::size_t depth = scope.size(); depth > 0; --depth) put("$upscope $end\n");
  put("$enddefinitions $end\n");
}

void vcd_file::write_value(entry& which, const std::string& value) {
  put(value);
  put(which.code);
  put("\n");
  which.written = value;
}

void vcd_file::open_window(std::uint64_t time_ps) {
  if (started_ || time_ps < window_.begin_ps) return;
  if (!header_written_) write_header();
  started_ = true;
  last_written_ps_ = window_.begin_ps;
  put("#" + std::to_string(last_written_ps_) + "\n$dumpvars\n");
  for (entry& each : declared_) write_value(each, time_ps == last_written_ps_ ? each.value : each.settled);
  put("$end\n");
}

void vcd_file::write_pending() {
  open_window(now_ps_);
  std::sort(pending_.begin(), pending_.end());
  const bool recorded = started_ && now_ps_ <= window_.end_ps;
  for (const signal which : pending_) {
    entry& target = declared_[which];
    target.pending = false;
    target.settled = target.value;
    if (!recorded || target.value == target.written) continue;
    if (now_ps_ != last_written_ps_) put("#" + std::to_string(now_ps_) + "\n");
    last_written_ps_ = now_ps_;
    write_value(target, target.value);
  }
  pending_.clear();
}

void vcd_file::put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file_.get());
}

void vcd_file::flush() {
  write_pending();
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0) {
    throw run_error("vcd = " + path_ + ": cannot be written (disk full?)");
  }
}

void vcd_file::finish(std::uint64_t time_ps) {
  write_pending();
  if (!header_written_) write_header();
  open_window(time_ps);
  const std::uint64_t end = std::min(time_ps, window_.end_ps);
  if (started_ && end > last_written_ps_) {
    put("#" + std::to_string(end) + "\n");
    last_written_ps_ = end;
  }
  flush();
}

}  // namespace cimbalom::traces
