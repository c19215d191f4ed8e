#include "sw/report/json_value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "platform/configuration/error.hpp"

namespace cimbalom::report {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

json_value json_value::text(const std::string& value) {
  return decimal(quoted(value));
}
json_value json_value::boolean(bool value) {
  return decimal(value ? "true" : "false");
}
json_value json_value::integer(std::uint64_t value) {
  return decimal(std::to_string(value));
}

json_value json_value::real(double value) {
  if (!std::isfinite(value)) throw run_error("report: a value is not a finite number");
  return decimal(fmt::format("{}", value));
}

json_value json_value::decimal(const std::string& digits) {
  json_value made;
  made.kind_ = kind::scalar;
  made.scalar_ = digits;
  return made;
}

json_value& json_value::operator[](const std::string& key) {
  return as_object().members_[key];
}
void json_value::push_back(json_value element) {
  as_array().elements_.push_back(std::move(element));
}

json_value& json_value::as_object() {
  kind_ = kind::object;
  return *this;
}

json_value& json_value::as_array() {
  kind_ = kind::array;
  return *this;
}

void json_value::append(std::string& out, std::size_t depth) const {
  if (kind_ == kind::null || kind_ == kind::scalar) {
    out += kind_ == kind::null ? "null" : scalar_;
    return;
  }
  const bool object = kind_ == kind::object;
  if (object ? members_.empty() : elements_.empty()) {
    out += object ? "{}" : "[]";
    return;
  }
  const std::string indent(2 * depth + 2, ' ');
  std::string separator = object ? "{\n" : "[\n";
  for (const auto& [key, value] : members_) {
    out += separator + indent + quoted(key) + ": ";
    value.append(out, depth + 1);
    separator = ",\n";
  }
  for (const json_value& element : elements_) {
    out += separator + indent;
    element.append(out, depth + 1);
    separator = ",\n";
  }
  out += "\n" + std::string(2 * depth, ' ') + (object ? "}" : "]");
}

const json_value* json_value::find(const std::vector<std::string>& path) const {
  const json_value* at = this;
  for (const std::string& key : path) {
    const auto found = at->members_.find(key);
    if (found == at->members_.end()) return nullptr;
    at = &found->second;
  }
  return at;
}

double json_value::number() const {
  double value = 0;
  std::from_chars(scalar_.data(), scalar_.data() + scalar_.size(), value);
  return value;
}

std::string json_value::to_text() const {
  std::string out;
  append(out, 0);
  return out + "\n";
}

}  // namespace cimbalom::report
