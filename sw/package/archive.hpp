#pragma once

// Private to sw/package: one description of the fields of a struct serves writing and reading.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/configuration/error.hpp"

namespace cimbalom::package {

using nlohmann::json;

/// Names of the values of an enum, in order from 0.
template <class Enum>
struct enum_names;

template <class Enum>
const char* enum_name(Enum value) {
  return enum_names<Enum>::names.at(static_cast<std::size_t>(value));
}

/// Exact: "0x1.8p+1"; also "inf", "nan".
inline std::string hexadecimal(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%a", value);
  return text.data();
}

/// Puts values into a JSON object.
class writer {
 public:
  explicit writer(json& to) : to_(to) { to_ = json::object(); }

  template <class T, class... Range>
  void operator()(const char* key, const T& value, Range... /*allowed*/) {
    put(to_[key], value);
  }

  template <class T>
  static void put(json& to, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      to = enum_name(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      to = hexadecimal(static_cast<double>(value));
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      to = value;
    } else {
      writer inner(to);
      fields(inner, const_cast<T&>(value));  // the fields are only read
    }
  }
  template <class T>
  static void put(json& to, const std::vector<T>& values) {
    to = json::array();
    for (const T& value : values) put(to.emplace_back(), value);
  }

 private:
  json& to_;
};

/// Takes values out of a JSON object. Throws input_error that names the file and the key's path.
class reader {
 public:
  reader(const json& from, std::string file, std::string path)
      : from_(from), file_(std::move(file)), path_(std::move(path)) {
    if (!from_.is_object()) refuse(path_, from_, "an object");
  }

  template <class T>
  void operator()(const char* key, T& value) {
    get(at(key), child(key), value);
  }
  template <class T>
  void operator()(const char* key, T& value, std::int64_t low, std::int64_t high) {
    std::int64_t number = 0;
    get(at(key), child(key), number);
    if (number < low || number > high) {
      refuse(child(key), at(key), std::to_string(low) + " to " + std::to_string(high));
    }
    value = static_cast<T>(number);
  }

  template <class T>
  void get(const json& from, const std::string& path, T& value) const {
    if constexpr (std::is_enum_v<T>) {
      get_enum(from, path, value);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!from.is_boolean()) refuse(path, from, "true or false");
      value = from.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      get_integer(from, path, value);
    } else if constexpr (std::is_floating_point_v<T>) {
      get_real(from, path, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!from.is_string()) refuse(path, from, "a text");
      value = from.get<std::string>();
    } else {
      reader inner(from, file_, path);
      fields(inner, value);
    }
  }
  template <class T>
  void get(const json& from, const std::string& path, std::vector<T>& values) const {
    if (!from.is_array()) refuse(path, from, "a list");
    values.clear();
    for (std::size_t i = 0; i < from.size(); ++i) {
      T value{};
      get(from[i], path + "[" + std::to_string(i) + "]", value);
      values.push_back(std::move(value));
    }
  }

  [[noreturn]] void refuse(const std::string& path, const json& value, const std::string& allowed) const {
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 37) + "...";
    throw bad_input({file_, 0}, path, text, allowed);
  }
  const json& at(const char* key) const {
    const auto found = from_.find(key);
    if (found == from_.end()) throw bad_input({file_, 0}, child(key), "", "is missing");
    return *found;
  }
  std::string child(const char* key) const { return path_.empty() ? key : path_ + "." + key; }

 private:
  template <class T>
  void get_enum(const json& from, const std::string& path, T& value) const {
    std::string allowed = "one of";
    for (std::size_t i = 0; i < enum_names<T>::names.size(); ++i) {
      const char* name = enum_names<T>::names.at(i);
      if (from.is_string() && from.get<std::string>() == name) {
        value = static_cast<T>(i);
        return;
      }
      allowed += std::string(" ") + name;
    }
    refuse(path, from, allowed);
  }
  template <class T>
  void get_integer(const json& from, const std::string& path, T& value) const {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      if (!from.is_number_unsigned()) refuse(path, from, "an integer, 0 or more");
      value = from.get<std::uint64_t>();
    } else {
      constexpr auto low = static_cast<std::int64_t>(std::numeric_limits<T>::min());
      constexpr auto high = static_cast<std::int64_t>(std::numeric_limits<T>::max());
      const bool small =
          from.is_number_integer() && (!from.is_number_unsigned() || from.get<std::uint64_t>() >> 63 == 0);
      const std::int64_t number = small ? from.get<std::int64_t>() : 0;
      if (!small || number < low || number > high) {
        refuse(path, from, "an integer, " + std::to_string(low) + " to " + std::to_string(high));
      }
      value = static_cast<T>(number);
    }
  }
  template <class T>
  void get_real(const json& from, const std::string& path, T& value) const {
    if (!from.is_string()) refuse(path, from, "a hexadecimal real number as text");
    const auto text = from.get<std::string>();
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0) refuse(path, from, "a hexadecimal real number as text");
    value = static_cast<T>(number);
  }

  const json& from_;
  std::string file_, path_;
};

}  // namespace cimbalom::package
