#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "models/arithmetic/mvm.hpp"
#include "models/cim/macro_config.hpp"

namespace cimbalom::cim {

using shared_position = std::shared_ptr<const arithmetic::packed_position>;

/// What the banks hold: one packed position for each (bank, position), empty until programmed. Equal contents share one
/// object, also over time: a layer that is programmed again for the next image finds its positions, and what was
/// prepared from them, again.
class weight_store {
 public:
  weight_store(const macro_config& macro, int banks);

  /// The packed form of one position image (macro_config::position_bytes() bytes).
  shared_position pack(const std::uint8_t* image);

  void put(std::size_t bank, std::size_t position, const shared_position& value) { at(bank, position) = value; }
  const shared_position& get(std::size_t bank, std::size_t position) const {
    return positions_[bank * per_bank_ + position];
  }
  void clear();

 private:
  struct known {
    std::vector<std::uint8_t> image;
    shared_position packed;
    known* next = nullptr;  ///< what was packed after it last
  };

  known& find(const std::uint8_t* image);

  shared_position& at(std::size_t bank, std::size_t position) { return positions_[bank * per_bank_ + position]; }

  arithmetic::macro_shape shape_;
  int columns_;
  std::size_t image_bytes_;
  std::size_t per_bank_;
  std::vector<shared_position> positions_;
  std::unordered_multimap<std::uint64_t, known> known_;  // by hash of the image; looked up, never walked
  std::size_t known_limit_;
  known* last_ = nullptr;  // packed last
};

}  // namespace cimbalom::cim
