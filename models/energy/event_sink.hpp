#pragma once

#include <cstddef>
#include <cstdint>

namespace cimbalom::energy {

/// Every event that costs energy, as "component.event"; the names are those of the rows in platform/technology/*.yaml.
/// The unit of one count stands beside it.
#define CIMBALOM_ENERGY_EVENTS(X)                                                     \
  X(array, wordline_bit)   /* one wordline charged for one input slice bit */         \
  X(array, bitline_unit)   /* one unit of column sum discharged */                    \
  X(array, cell_write_bit) /* one cell bit written */                                 \
  X(array, row_write)      /* one row of a bank written */                            \
  X(dac, conversion)       /* one row driven for one input slice */                   \
  X(adc, conversion)       /* one column conversion */                                \
  X(adder_tree, addition)  /* one column summed digitally (digital CIM) */            \
  X(shift_add, addition)   /* one code shifted and added */                           \
  X(accumulator, addition) /* one partial sum added */                                \
  X(input_buffer, read_byte)                                                          \
  X(input_buffer, write_byte)                                                         \
  X(output_buffer, read_byte)                                                         \
  X(output_buffer, write_byte)                                                        \
  X(weight_buffer, read_byte)                                                         \
  X(weight_buffer, write_byte)                                                        \
  X(parameter_buffer, read_byte)                                                      \
  X(parameter_buffer, write_byte)                                                     \
  X(access_manager, memory_word)  /* one memory_side_bits word through a converter */ \
  X(access_manager, compute_word) /* one compute_side_bits word of one lane */        \
  X(post_processing, requantize)  /* one output */                                    \
  X(post_processing, add)         /* one residual addition */                         \
  X(post_processing, compare)     /* one pooling comparison or addition */            \
  X(sequencer, command)                                                               \
  X(interconnect, byte) /* one byte crossing the data fabric */                       \
  X(interconnect, transaction)                                                        \
  X(dram, activate)                                                                   \
  X(dram, read_burst)                                                                 \
  X(dram, write_burst)                                                                \
  X(dram, refresh)                                                                    \
  X(dram, io_bit)                  /* one bit over the memory interface */            \
  X(dram, active_standby_clock)    /* one rank clock with a row open */               \
  X(dram, precharge_standby_clock) /* one rank clock with no row open */              \
  X(dma, descriptor)                                                                  \
  X(dma, byte)                                                                        \
  X(processor, instruction)                                                           \
  X(processor, memory_access) /* one access that leaves the processor */

enum class event : std::uint16_t {
#define CIMBALOM_X(component, name) component##_##name,
  CIMBALOM_ENERGY_EVENTS(CIMBALOM_X)
#undef CIMBALOM_X
};

inline constexpr std::size_t event_count = 0
#define CIMBALOM_X(component, name) +1  // NOLINT(bugprone-macro-parentheses): a term of a sum
    CIMBALOM_ENERGY_EVENTS(CIMBALOM_X)
#undef CIMBALOM_X
    ;

/// Layer index for what belongs to no layer (start-up, package load, host work).
inline constexpr std::int32_t no_layer = -1;

/// Observer of events; models tell it what happened and never what it cost.
class event_sink {
 public:
  virtual ~event_sink() = default;
  /// Books n events of one kind to a layer of the network (no_layer: to none).
  virtual void count(event what, std::int32_t layer, std::uint64_t n) = 0;
};

/// For tests and timing studies: counts nothing.
class null_sink final : public event_sink {
 public:
  void count(event, std::int32_t, std::uint64_t) override {}
};

}  // namespace cimbalom::energy
