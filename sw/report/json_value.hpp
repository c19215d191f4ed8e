#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cimbalom::report {

/// A JSON document that is written, not read: numbers are kept as decimal text, so that exact ones stay exact.
class json_value {
 public:
  json_value() = default;  ///< null; becomes an object or an array on first use
  static json_value text(const std::string& value);
  static json_value boolean(bool value);
  static json_value integer(std::uint64_t value);
  /// Shortest decimal that reads back to the same double. Throws run_error for NaN and infinity.
  static json_value real(double value);
  /// A number given as text that JSON accepts, e.g. from energy::to_decimal.
  static json_value decimal(const std::string& digits);

  /// Child of an object; created when it is not there.
  json_value& operator[](const std::string& key);
  void push_back(json_value element);
  /// Makes sure that {} or [] is written even when nothing was added.
  json_value& as_object();
  json_value& as_array();

  /// Child of an object at a path of keys; null when there is none.
  const json_value* find(const std::vector<std::string>& path) const;
  /// Elements of an array; none of anything else.
  const std::vector<json_value>& elements() const { return elements_; }
  /// Value of a number; 0 of anything else.
  double number() const;
  /// A scalar as it is written, text with its quotes.
  const std::string& scalar() const { return scalar_; }

  /// Keys sorted, two spaces a level, a line feed at the end.
  std::string to_text() const;

 private:
  enum class kind { null, scalar, object, array };
  void append(std::string& out, std::size_t depth) const;

  kind kind_ = kind::null;
  std::string scalar_;  // as written
  std::map<std::string, json_value> members_;
  std::vector<json_value> elements_;
};

/// Reads a document; numbers keep their digits. Throws input_error with `name` for what is no JSON.
json_value parse_json(const std::string& text, const std::string& name);

/// A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
std::string quoted(const std::string& text);

}  // namespace cimbalom::report
