#pragma once

#include <cstdint>
#include <vector>

#include "models/cim/buffers.hpp"
#include "models/registers/command.hpp"
#include "models/registers/descriptor.hpp"

namespace cimbalom::cim {

/// Executes vector_op commands in the post-processing unit. The command must have been planned.
class vector_engine {
 public:
  void run(const registers::command& value, const registers::vector_descriptor& layer, buffers& memory);

 private:
  std::vector<std::int32_t> codes_;
  std::vector<std::int32_t> second_codes_;
  std::vector<std::int32_t> outputs_;
  std::vector<std::int64_t> sums_;
};

}  // namespace cimbalom::cim
