#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cimbalom::graph {

/// Element types of tensors. boolean holds one byte an element, 0 or 1.
enum class data_type { undefined, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, boolean };

/// "float32", "int8", ... as messages and reports print it.
const char* name_of(data_type type);

/// Bytes of one element; 0 for undefined.
std::size_t bytes_of(data_type type);

bool is_floating(data_type type);
/// int8..uint64 (not boolean).
bool is_integer(data_type type);

/// Extents, outermost first; {} is a scalar. All extents are static (>= 0).
using shape_t = std::vector<std::int64_t>;

/// Product of the extents (1 for a scalar).
std::int64_t element_count(const shape_t& shape);

/// "[1, 3, 32, 32]"
std::string to_text(const shape_t& shape);

/// The data_type of a C++ type. boolean tensors are read and written as bool.
template <class T>
constexpr data_type type_of();

/// A dense tensor, row-major (last axis fastest), in host byte order.
///
/// A tensor without data (has_data() false) stands for a weight whose values the file does not hold: only its type
/// and shape are known (import_topology).
class tensor {
 public:
  tensor() = default;
  /// All zero.
  tensor(data_type type, shape_t shape);
  /// Type and shape only.
  static tensor without_data(data_type type, shape_t shape);
  /// From values; std::logic_error when their number is not the shape's.
  template <class T>
  static tensor of(shape_t shape, const std::vector<T>& values);
  template <class T>
  static tensor scalar(T value) {
    return of<T>({}, std::vector<T>{value});
  }

  data_type type() const { return type_; }
  const shape_t& shape() const { return shape_; }
  std::int64_t rank() const { return static_cast<std::int64_t>(shape_.size()); }
  /// Number of elements.
  std::int64_t size() const { return count_; }
  std::size_t size_bytes() const { return static_cast<std::size_t>(count_) * bytes_of(type_); }
  bool has_data() const { return has_data_; }

  /// Elements in order; std::logic_error when T is not the tensor's type or there is no data.
  template <class T>
  T* data() {
    require(type_of<T>());
    return reinterpret_cast<T*>(bytes_.data());
  }
  template <class T>
  const T* data() const {
    require(type_of<T>());
    return reinterpret_cast<const T*>(bytes_.data());
  }
  std::byte* bytes() { return bytes_.data(); }
  const std::byte* bytes() const { return bytes_.data(); }

  /// The same elements under another shape of the same size; std::logic_error otherwise.
  tensor reshaped(shape_t shape) const;

  /// Every element converted, whatever the type.
  std::vector<float> as_floats() const;
  std::vector<double> as_doubles() const;
  /// Floating-point elements are truncated towards zero.
  std::vector<std::int64_t> as_ints() const;

 private:
  void require(data_type wanted) const;

  data_type type_ = data_type::undefined;
  bool has_data_ = false;
  std::int64_t count_ = 0;
  shape_t shape_;
  std::vector<std::byte> bytes_;  // new-allocated: aligned for every element type
};

/// Same type, shape and bytes.
bool operator==(const tensor& a, const tensor& b);
inline bool operator!=(const tensor& a, const tensor& b) {
  return !(a == b);
}

/// Calls f with a value of the C++ type of `type` (float{}, std::int8_t{}, ..., bool{}) and returns its result;
/// std::logic_error for undefined.
template <class F>
auto visit_type(data_type type, F&& f);

}  // namespace cimbalom::graph

#include "sw/graph/tensor_inline.hpp"
