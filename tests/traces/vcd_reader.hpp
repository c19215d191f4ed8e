#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

namespace cimbalom::testing_support {

/// One change in a VCD file, decoded: the file's identifier codes and the order within a moment do not matter.
struct vcd_change {
  std::uint64_t time_ps = 0;
  std::string name, value;
  bool operator==(const vcd_change& other) const {
    return time_ps == other.time_ps && name == other.name && value == other.value;
  }
  bool operator<(const vcd_change& other) const {
    return std::tie(time_ps, name, value) < std::tie(other.time_ps, other.name, other.value);
  }
};

inline std::ostream& operator<<(std::ostream& out, const vcd_change& change) {
  return out << '#' << change.time_ps << ' ' << change.name << ' ' << change.value;
}

/// The changes of a VCD file as this project writes them, sorted. Empty if it cannot be read.
inline std::vector<vcd_change> read_vcd(const std::string& path) {
  std::ifstream file(path);
  std::vector<vcd_change> changes;
  std::map<std::string, std::string> names;
  std::vector<std::string> scope;
  std::uint64_t now = 0;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "$scope") {
      std::string type, name;
      words >> type >> name;
      scope.push_back(name);
    } else if (first == "$upscope") {
      scope.pop_back();
    } else if (first == "$var") {
      std::string type, bits, code, name, full;
      words >> type >> bits >> code >> name;
      for (const std::string& part : scope) full += part + '.';
      names[code] = full + name;
    } else if (line.size() > 1 && line[0] == '#') {
      now = std::stoull(line.substr(1));
    } else if (!first.empty() && std::string("bsr").find(first[0]) != std::string::npos) {
      std::string code;
      words >> code;
      if (names.count(code) > 0) changes.push_back({now, names[code], first});
    } else if (!first.empty() && names.count(first.substr(1)) > 0) {
      changes.push_back({now, names[first.substr(1)], first.substr(0, 1)});
    }
  }
  std::sort(changes.begin(), changes.end());
  return changes;
}

}  // namespace cimbalom::testing_support
