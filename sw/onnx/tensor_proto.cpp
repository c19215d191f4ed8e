#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "platform/configuration/error.hpp"
#include "sw/onnx/proto.hpp"

namespace cimbalom::onnx {
namespace {

using graph::data_type;

graph::shape_t shape_from(const proto::TensorProto& from, const std::string& model, const std::string& what) {
  graph::shape_t shape(from.dims().begin(), from.dims().end());
  std::int64_t count = 1;
  for (std::int64_t extent : shape) {
    if (extent < 0 || (extent > 0 && count > (std::int64_t{1} << 33) / extent))
      throw bad_input({model}, what + ": shape", graph::to_text(shape), "must be at most 2^33 elements, none negative");
    count *= extent;
  }
  return shape;
}

[[noreturn]] void wrong_length(const std::string& model, const std::string& what, std::size_t got, std::size_t wanted) {
  throw bad_input({model}, what + ": data", std::to_string(got) + " bytes or elements",
                  "must be " + std::to_string(wanted) + " for its shape");
}

/// Copies little-endian raw data; every host that builds this project is little-endian.
void copy_raw(const std::string& raw, graph::tensor& to, const std::string& model, const std::string& what) {
  if (raw.size() != to.size_bytes()) wrong_length(model, what, raw.size(), to.size_bytes());
  if (!raw.empty()) std::memcpy(to.bytes(), raw.data(), raw.size());
  if (to.type() == data_type::boolean)  // other bytes than 0 and 1 are no bool
    std::transform(to.bytes(), to.bytes() + raw.size(), to.bytes(),
                   [](std::byte b) { return std::byte{b != std::byte{0}}; });
}

template <class Field>
void copy_field(const Field& field, graph::tensor& to, const std::string& model, const std::string& what) {
  const auto count = static_cast<std::size_t>(field.size());
  if (count != static_cast<std::size_t>(to.size()))
    wrong_length(model, what, count, static_cast<std::size_t>(to.size()));
  graph::visit_type(to.type(), [&](auto zero) {
    using element = decltype(zero);
    std::transform(field.begin(), field.end(), to.data<element>(), [](auto v) { return static_cast<element>(v); });
  });
}

void copy_fields(const proto::TensorProto& from, graph::tensor& to, const std::string& model, const std::string& what) {
  switch (to.type()) {
    case data_type::float32:
      return copy_field(from.float_data(), to, model, what);
    case data_type::float64:
      return copy_field(from.double_data(), to, model, what);
    case data_type::int64:
      return copy_field(from.int64_data(), to, model, what);
    case data_type::uint32:
    case data_type::uint64:
      return copy_field(from.uint64_data(), to, model, what);
    default:
      return copy_field(from.int32_data(), to, model, what);
  }
}

struct external_place {
  std::string location;
  std::uint64_t offset = 0;
  bool has_length = false;
  std::uint64_t length = 0;
};

std::uint64_t number_from(const std::string& text, const std::string& model, const std::string& key) {
  if (text.empty() || text.size() > 18 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    throw bad_input({model}, key, text, "must be a byte count");
  return std::stoull(text);
}

external_place external_from(const proto::TensorProto& from, const std::string& model, const std::string& what) {
  external_place place;
  for (const auto& entry : from.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = number_from(entry.value(), model, what + ": external offset");
    if (entry.key() == "length") {
      place.has_length = true;
      place.length = number_from(entry.value(), model, what + ": external length");
    }
  }
  const std::filesystem::path path(place.location);
  const bool leaves = std::find(path.begin(), path.end(), "..") != path.end();
  if (place.location.empty() || path.is_absolute() || leaves)
    throw bad_input({model}, what + ": external data", place.location, "must be a file in the model's folder");
  return place;
}

graph::tensor read_external(const proto::TensorProto& from, graph::data_type type, const graph::shape_t& shape,
                            const std::string& model, const std::string& what, absent_data absent) {
  const external_place place = external_from(from, model, what);
  const std::filesystem::path path = std::filesystem::path(model).parent_path() / place.location;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || !std::filesystem::is_regular_file(path)) {
    if (absent == absent_data::keep_shape) return graph::tensor::without_data(type, shape);
    throw bad_input(
        {model}, what + ": external data", path.string(),
        "the file is absent: put it beside the model, or use only what needs shapes (estimate, run --timing-only)");
  }
  const auto size = static_cast<std::uint64_t>(file.tellg());
  const std::uint64_t wanted = graph::tensor::without_data(type, shape).size_bytes();
  if (place.has_length && place.length != wanted) wrong_length(model, what, place.length, wanted);
  if (place.offset > size || wanted > size - place.offset)
    throw bad_input({model}, what + ": external data", path.string(),
                    "holds " + std::to_string(size) + " bytes; " + std::to_string(wanted) + " are needed from offset " +
                        std::to_string(place.offset));
  std::string raw(wanted, '\0');
  file.seekg(static_cast<std::streamoff>(place.offset));
  file.read(raw.data(), static_cast<std::streamsize>(wanted));
  if (!file) throw bad_input({model}, what + ": external data", path.string(), "cannot be read");
  graph::tensor made(type, shape);
  copy_raw(raw, made, model, what);
  return made;
}

}  // namespace

std::string type_name(int onnx_type) {
  return proto::TensorProto_DataType_IsValid(onnx_type)
             ? proto::TensorProto_DataType_Name(static_cast<proto::TensorProto_DataType>(onnx_type))
             : "element type " + std::to_string(onnx_type);
}

graph::data_type type_from(int onnx_type) {
  switch (onnx_type) {
    case proto::TensorProto::FLOAT:
      return data_type::float32;
    case proto::TensorProto::DOUBLE:
      return data_type::float64;
    case proto::TensorProto::INT8:
      return data_type::int8;
    case proto::TensorProto::INT16:
      return data_type::int16;
    case proto::TensorProto::INT32:
      return data_type::int32;
    case proto::TensorProto::INT64:
      return data_type::int64;
    case proto::TensorProto::UINT8:
      return data_type::uint8;
    case proto::TensorProto::UINT16:
      return data_type::uint16;
    case proto::TensorProto::UINT32:
      return data_type::uint32;
    case proto::TensorProto::UINT64:
      return data_type::uint64;
    case proto::TensorProto::BOOL:
      return data_type::boolean;
    default:
      return data_type::undefined;
  }
}

graph::tensor read_tensor(const proto::TensorProto& from, const std::string& model_path, const std::string& what,
                          absent_data absent) {
  const data_type type = type_from(from.data_type());
  if (type == data_type::undefined)
    throw bad_input({model_path}, what + ": type", type_name(from.data_type()),
                    "must be FLOAT, DOUBLE, BOOL or an integer type: convert the network to float32");
  const graph::shape_t shape = shape_from(from, model_path, what);
  if (from.data_location() == proto::TensorProto::EXTERNAL)
    return read_external(from, type, shape, model_path, what, absent);
  if (from.has_segment()) throw bad_input({model_path}, what, "segment", "split tensors are not supported");
  const auto wanted = graph::tensor::without_data(type, shape);
  if (from.has_raw_data()) {
    if (from.raw_data().size() != wanted.size_bytes())
      wrong_length(model_path, what, from.raw_data().size(), wanted.size_bytes());
    graph::tensor made(type, shape);
    copy_raw(from.raw_data(), made, model_path, what);
    return made;
  }
  const auto given =
      static_cast<std::int64_t>(std::max({from.float_data_size(), from.double_data_size(), from.int32_data_size(),
                                          from.int64_data_size(), from.uint64_data_size()}));
  if (given != wanted.size())  // before the allocation: a bad shape must not take the memory
    wrong_length(model_path, what, static_cast<std::size_t>(given), static_cast<std::size_t>(wanted.size()));
  graph::tensor made(type, shape);
  copy_fields(from, made, model_path, what);
  return made;
}

}  // namespace cimbalom::onnx
