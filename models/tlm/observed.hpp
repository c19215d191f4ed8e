#pragma once
// TLM layer: includes SystemC.

#include <cstdint>
#include <string>
#include <string_view>
#include <systemc>
#include <type_traits>
#include <vector>

namespace cimbalom::transport {

class observed_base;

/// Sees values change: waveform writers, timelines.
class observer {
 public:
  virtual ~observer() = default;
  /// The value of `source` has changed at `when`; read it from source.
  virtual void changed(const observed_base& source, const sc_core::sc_time& when) = 0;
};

enum class value_kind { boolean, integer, state };

/// A named state value in the sc_object hierarchy (so it has a full name, and observed_values() finds it).
/// Unobserved, a change costs one comparison.
class observed_base : public sc_core::sc_object {
 public:
  observed_base(const char* name, value_kind kind, int width_bits)
      : sc_core::sc_object(name), value_kind_(kind), width_bits_(width_bits) {}

  const char* kind() const override { return "observed"; }
  value_kind type() const { return value_kind_; }
  /// Bits that the value needs; 64 at most.
  int width_bits() const { return width_bits_; }
  /// The value as bits (two's complement for signed integers); a state's number.
  virtual std::uint64_t bits() const = 0;
  /// The name of the present state; empty for other kinds.
  virtual std::string_view label() const { return {}; }

  /// Observers outlive the simulation or detach.
  void attach(observer& who) { observers_.push_back(&who); }
  void detach(observer& who);
  /// Somebody looks: work that only serves observers may be left out otherwise.
  bool watched() const { return !observers_.empty(); }

 protected:
  void notify_observers() const {
    for (observer* who : observers_) who->changed(*this, sc_core::sc_time_stamp());
  }

 private:
  std::vector<observer*> observers_;
  value_kind value_kind_;
  int width_bits_;
};

/// T is bool, an integer, or an enum with a function `std::string_view to_string(T)` (or const char*) beside it.
template <typename T>
class observed final : public observed_base {
 public:
  static_assert(std::is_integral_v<T> || std::is_enum_v<T>, "observed values are bool, integers or enums");

  explicit observed(const char* name, T initial = T{}, int width_bits = default_width())
      : observed_base(name, kind_of_value(), width_bits), value_(initial) {}

  const T& get() const { return value_; }
  operator const T&() const { return value_; }  // NOLINT: reads like the value it holds
  observed& operator=(const T& value) {
    set(value);
    return *this;
  }
  void set(const T& value) {
    if (value == value_) return;
    value_ = value;
    if (watched()) notify_observers();
  }

  std::uint64_t bits() const override { return static_cast<std::uint64_t>(value_); }
  std::string_view label() const override {
    if constexpr (std::is_enum_v<T>) {
      return to_string(value_);
    } else {
      return {};
    }
  }

 private:
  static constexpr value_kind kind_of_value() {
    if (std::is_same_v<T, bool>) return value_kind::boolean;
    return std::is_enum_v<T> ? value_kind::state : value_kind::integer;
  }
  static constexpr int default_width() { return std::is_same_v<T, bool> ? 1 : static_cast<int>(8 * sizeof(T)); }

  T value_;
};

/// Every observed value below `root` (null: the whole simulation), in construction order. Call after construction.
std::vector<observed_base*> observed_values(const sc_core::sc_object* root = nullptr);

}  // namespace cimbalom::transport
