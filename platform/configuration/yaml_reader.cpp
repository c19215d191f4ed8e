#include "platform/configuration/yaml_reader.hpp"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace cimbalom::platform {
namespace {

constexpr int deepest = 32;  // maps in maps; the parser recurses

int nesting(const std::string& text) {
  int depth = 0;
  int most = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') most = std::max(most, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return most;
}

}  // namespace

YAML::Node parse_yaml(const std::string& text, const std::string& file) {
  if (nesting(text) > deepest) throw bad_input({file, 0}, "", "", "brackets nest deeper than 32 levels");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) throw bad_input({file, 0}, "", "", "holds several YAML documents; one is allowed");
    return documents.empty() ? YAML::Node(YAML::NodeType::Map) : documents.front();
  } catch (const YAML::Exception& error) {
    throw bad_input({file, error.mark.line + 1}, "", "", "not valid YAML: " + error.msg);
  }
}

place place_of(const std::string& file, const YAML::Node& node) {
  return {file, node.Mark().line + 1};
}

std::string scalar(const YAML::Node& node, const std::string& file, const std::string& key) {
  if (node.IsScalar()) return node.Scalar();
  const char* found = node.IsMap() ? "a map" : node.IsSequence() ? "a list" : "nothing";
  throw bad_input(place_of(file, node), key, "", std::string("is ") + found + "; a single value is needed");
}

void require_map(const YAML::Node& node, const std::string& file, const std::string& key) {
  if (!node.IsMap()) throw bad_input(place_of(file, node), key, "", "must be a map of keys and values");
  std::map<std::string, int> seen;
  for (const auto& entry : node) {
    const std::string name = scalar(entry.first, file, key.empty() ? "a key" : key);
    const int line = entry.first.Mark().line + 1;
    const auto [at, fresh] = seen.emplace(name, line);
    const std::string path = key.empty() ? name : key + "." + name;
    if (!fresh) throw bad_input({file, line}, path, "", "given twice, first on line " + std::to_string(at->second));
  }
}

input_error in_one_line(const input_error& error) {
  std::string line = error.what();
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return input_error(line);
}

std::string read_text(const std::string& path) {
  std::error_code ignored;
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path, ignored)) {
    throw bad_input({path, 0}, "", "", "cannot be read: is it there, and a file?");
  }
  std::ostringstream text;
  // An empty stream sets the failure bit of the copy: emptiness is no error of reading.
  if (stream.peek() != std::ifstream::traits_type::eof()) text << stream.rdbuf();
  if (stream.bad() || text.fail()) throw bad_input({path, 0}, "", "", "cannot be read");
  return text.str();
}

double real_number(const YAML::Node& node, const std::string& file, const std::string& key) {
  const std::string text = scalar(node, file, key);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) {
    throw bad_input(place_of(file, node), key, text, "a number");
  }
  return value;
}

}  // namespace cimbalom::platform
