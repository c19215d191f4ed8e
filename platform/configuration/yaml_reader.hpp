#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "platform/configuration/error.hpp"

namespace cimbalom::platform {

/// Parses one YAML document. Throws input_error with the line.
YAML::Node parse_yaml(const std::string& text, const std::string& file);

/// Where a node stands.
place place_of(const std::string& file, const YAML::Node& node);

/// The text of a scalar; input_error for lists, maps and nothing. `key` names it in the message.
std::string scalar(const YAML::Node& node, const std::string& file, const std::string& key);

/// Throws input_error unless `node` is a map without a key twice.
void require_map(const YAML::Node& node, const std::string& file, const std::string& key);

/// Keys and values may hold line feeds: a message never does.
input_error in_one_line(const input_error& error);

/// The whole file; input_error when it cannot be read.
std::string read_text(const std::string& path);

/// A finite number. Throws input_error.
double real_number(const YAML::Node& node, const std::string& file, const std::string& key);

}  // namespace cimbalom::platform
