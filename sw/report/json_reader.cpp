#include <nlohmann/json.hpp>

#include "platform/configuration/error.hpp"
#include "sw/report/json_value.hpp"

namespace cimbalom::report {
namespace {

/// Builds json_values from the parser's events, because a parsed double has lost its digits.
class builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put({}); }
  bool boolean(bool value) override { return put(json_value::boolean(value)); }
  bool number_integer(number_integer_t value) override { return put(json_value::decimal(std::to_string(value))); }
  bool number_unsigned(number_unsigned_t value) override { return put(json_value::integer(value)); }
  bool number_float(number_float_t, const string_t& digits) override { return put(json_value::decimal(digits)); }
  bool string(string_t& value) override { return put(json_value::text(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(json_value().as_object()); }
  bool start_array(std::size_t) override { return open(json_value().as_array()); }
  bool key(string_t& name) override {
    keys_.back() = name;
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  json_value take() { return std::move(root_); }

 private:
  bool open(const json_value& empty) {
    open_.push_back(empty);
    keys_.emplace_back();
    return true;
  }
  bool close() {
    json_value done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return put(std::move(done));
  }
  bool put(json_value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (keys_.back().empty()) {
      open_.back().push_back(std::move(value));
    } else {
      open_.back()[keys_.back()] = std::move(value);
    }
    return true;
  }

  json_value root_;
  std::vector<json_value> open_;   // what encloses the next value, outermost first
  std::vector<std::string> keys_;  // key of the next member of each; empty in an array
};

}  // namespace

json_value parse_json(const std::string& text, const std::string& name) {
  builder made;
  if (!nlohmann::json::sax_parse(text, &made)) throw bad_input({name, 0}, "", "", "is no JSON");
  return made.take();
}

}  // namespace cimbalom::report
