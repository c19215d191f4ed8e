#include "traces/memory_trace.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "platform/configuration/error.hpp"

namespace cimbalom::traces {

namespace {

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes the next word off the front of a line.
std::string_view next_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t from = line.find_first_not_of(blanks);
  if (from == std::string_view::npos) return line = {};
  line.remove_prefix(from);
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

memory_access parse_line(std::string_view line, const place& where) {
  const auto need = [&where](const std::optional<std::uint64_t>& value, const char* key, std::string_view word,
                             const char* allowed) {
    if (!value) throw bad_input(where, key, word.empty() ? "nothing" : std::string(word), allowed);
    return *value;
  };
  memory_access access;
  std::string_view word = next_word(line);
  const bool prefixed = word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
  access.address =
      need(number(prefixed ? word.substr(2) : word, 16), "address", word, "must be hexadecimal, e.g. 0x1F40");
  word = next_word(line);
  access.write = word == "WRITE";
  if (word != "READ" && !access.write) {
    throw bad_input(where, "command", word.empty() ? "nothing" : std::string(word), "must be READ or WRITE");
  }
  word = next_word(line);
  access.cycle = need(number(word, 10), "cycle", word, "must be a decimal number");
  if (access.cycle > last_memory_cycle) {
    throw bad_input(where, "cycle", std::string(word), "must be at most " + std::to_string(last_memory_cycle));
  }
  word = next_word(line);
  if (!word.empty()) throw bad_input(where, "line", std::string(word), "must end behind the cycle");
  return access;
}

}  // namespace

std::vector<memory_access> parse_memory_trace(const std::string& text, const std::string& name) {
  std::vector<memory_access> accesses;
  std::string_view rest = text;
  for (place where{name, 1}; !rest.empty(); ++where.line) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    std::string_view copy = line;
    const std::string_view first = next_word(copy);
    if (first.empty() || first[0] == '#') continue;
    accesses.push_back(parse_line(line, where));
    if (accesses.size() > 1 && accesses.back().cycle < accesses[accesses.size() - 2].cycle) {
      throw bad_input(where, "cycle", std::to_string(accesses.back().cycle),
                      "must not be below that of the line before");
    }
  }
  if (accesses.empty()) throw bad_input({name, 0}, "", "", "holds no access; lines read 0xADDRESS READ|WRITE CYCLE");
  return accesses;
}

std::vector<memory_access> read_memory_trace(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) throw bad_input({path, 0}, "", "", "cannot be read");
  return parse_memory_trace(text, path);
}

std::string memory_trace_text(const std::vector<memory_access>& accesses) {
  std::string text;
  for (const memory_access& one : accesses) {
    char line[64];
    std::snprintf(line, sizeof line, "0x%llX %s %llu\n", static_cast<unsigned long long>(one.address),
                  one.write ? "WRITE" : "READ", static_cast<unsigned long long>(one.cycle));
    text += line;
  }
  return text;
}

}  // namespace cimbalom::traces
