#pragma once

#include <array>
#include <cstdint>

#include "models/cim/buffers.hpp"
#include "models/energy/event_sink.hpp"

namespace cimbalom::cim {

/// Energy event of a byte read from or written to the buffer at an aperture offset.
inline energy::event read_event(std::uint32_t aperture_offset) {
  constexpr std::array<energy::event, 4> events = {
      energy::event::input_buffer_read_byte, energy::event::output_buffer_read_byte,
      energy::event::weight_buffer_read_byte, energy::event::parameter_buffer_read_byte};
  return events[buffer_index(aperture_offset)];
}
inline energy::event write_event(std::uint32_t aperture_offset) {
  constexpr std::array<energy::event, 4> events = {
      energy::event::input_buffer_write_byte, energy::event::output_buffer_write_byte,
      energy::event::weight_buffer_write_byte, energy::event::parameter_buffer_write_byte};
  return events[buffer_index(aperture_offset)];
}

}  // namespace cimbalom::cim
