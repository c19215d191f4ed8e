#include "sw/graph/tensor.hpp"

#include <cstring>

namespace cimbalom::graph {

const char* name_of(data_type type) {
  switch (type) {
    case data_type::undefined:
      return "undefined";
    case data_type::float32:
      return "float32";
    case data_type::float64:
      return "float64";
    case data_type::int8:
      return "int8";
    case data_type::int16:
      return "int16";
    case data_type::int32:
      return "int32";
    case data_type::int64:
      return "int64";
    case data_type::uint8:
      return "uint8";
    case data_type::uint16:
      return "uint16";
    case data_type::uint32:
      return "uint32";
    case data_type::uint64:
      return "uint64";
    case data_type::boolean:
      return "boolean";
  }
  return "undefined";
}

std::size_t bytes_of(data_type type) {
  if (type == data_type::undefined) return 0;
  return visit_type(type, [](auto zero) { return sizeof(zero); });
}

bool is_floating(data_type type) {
  return type == data_type::float32 || type == data_type::float64;
}

bool is_integer(data_type type) {
  return type != data_type::undefined && type != data_type::boolean && !is_floating(type);
}

std::int64_t element_count(const shape_t& shape) {
  std::int64_t count = 1;
  for (std::int64_t extent : shape) count *= extent;
  return count;
}

std::string to_text(const shape_t& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

tensor::tensor(data_type type, shape_t shape)
    : type_(type),
      has_data_(true),
      count_(element_count(shape)),
      shape_(std::move(shape)),
      bytes_(static_cast<std::size_t>(count_) * bytes_of(type)) {}

tensor tensor::without_data(data_type type, shape_t shape) {
  tensor made;
  made.type_ = type;
  made.count_ = element_count(shape);
  made.shape_ = std::move(shape);
  return made;
}

tensor tensor::reshaped(shape_t shape) const {
  if (element_count(shape) != count_)
    throw std::logic_error("tensor::reshaped: " + to_text(shape_) + " to " + to_text(shape));
  tensor made = *this;
  made.shape_ = std::move(shape);
  return made;
}

void tensor::require(data_type wanted) const {
  if (type_ != wanted)
    throw std::logic_error(std::string("tensor: read as ") + name_of(wanted) + ", is " + name_of(type_));
  if (!has_data_) throw std::logic_error("tensor: its values are absent (topology only)");
}

namespace {

template <class To>
std::vector<To> converted(const tensor& from) {
  return visit_type(from.type(), [&](auto zero) {
    using element = decltype(zero);
    const element* data = from.data<element>();
    std::vector<To> made(static_cast<std::size_t>(from.size()));
    std::transform(data, data + made.size(), made.begin(), [](element x) { return static_cast<To>(x); });
    return made;
  });
}

}  // namespace

std::vector<float> tensor::as_floats() const {
  return converted<float>(*this);
}
std::vector<double> tensor::as_doubles() const {
  return converted<double>(*this);
}
std::vector<std::int64_t> tensor::as_ints() const {
  return converted<std::int64_t>(*this);
}

bool operator==(const tensor& a, const tensor& b) {
  if (a.type() != b.type() || a.shape() != b.shape() || a.has_data() != b.has_data()) return false;
  return !a.has_data() || a.size_bytes() == 0 || std::memcmp(a.bytes(), b.bytes(), a.size_bytes()) == 0;
}

}  // namespace cimbalom::graph
