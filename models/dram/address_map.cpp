#include "models/dram/address_map.hpp"

#include <algorithm>
#include <cctype>

#include "models/dram/dram_config.hpp"
#include "platform/configuration/error.hpp"

namespace cimbalom::dram {

namespace {

constexpr std::array<const char*, address_fields> names = {"ro", "ra", "bg", "ba", "co", "ch"};

[[noreturn]] void refuse(const std::string& text) {
  throw bad_input({}, "dram.mapping", text,
                  "must hold ro, ra, bg, ba and co once each, from the highest bits down, and ch at most once, e.g. "
                  "ro-ra-ba-co-bg");
}

unsigned log2(std::uint64_t power) {
  unsigned bits = 0;
  while (power > 1) {
    power >>= 1U;
    ++bits;
  }
  return bits;
}

std::uint64_t size_of(const dram_config& config, address_field field) {
  const dram_organisation& o = config.organisation;
  const auto size = [](int count) { return static_cast<std::uint64_t>(count); };
  switch (field) {
    case address_field::row:
      return size(o.rows);
    case address_field::rank:
      return size(o.ranks);
    case address_field::bank_group:
      return size(o.bank_groups);
    case address_field::bank:
      return size(o.banks_per_group);
    case address_field::column:
      return size(o.columns / config.timing.burst_length);
    case address_field::channel:
      break;
  }
  return 1;  // addresses in a channel no longer hold it
}

}  // namespace

address_map::address_map(const std::string& text) {
  std::string letters;
  for (const char c : text) {
    if (c != '-') letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (letters.size() % 2 != 0 || letters.size() / 2 > address_fields) refuse(text);
  for (std::size_t i = 0; i < letters.size(); i += 2) {
    const auto found = std::find(names.begin(), names.end(), letters.substr(i, 2));
    if (found == names.end()) refuse(text);
    const auto field = static_cast<address_field>(found - names.begin());
    if (has(field)) refuse(text);
    order_[count_++] = field;
  }
  if (count_ - (has(address_field::channel) ? 1 : 0) != address_fields - 1) refuse(text);
}

bool address_map::has(address_field field) const {
  return position(field) < count_;
}

std::size_t address_map::position(address_field field) const {
  return static_cast<std::size_t>(
      std::find(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count_), field) - order_.begin());
}

std::string address_map::text() const {
  std::string made;
  for (std::size_t i = 0; i < count_; ++i) {
    made += (i == 0 ? "" : "-") + std::string(names[static_cast<std::size_t>(order_[i])]);
  }
  return made;
}

address_decoder::address_decoder(const dram_config& config) : banks_per_group_(config.organisation.banks_per_group) {
  const address_map map(config.mapping);
  unsigned shift = log2(config.burst_bytes());
  for (std::size_t i = map.count(); i-- > 0;) {
    const std::uint64_t size = size_of(config, map.at(i));
    bits_[static_cast<std::size_t>(map.at(i))] = {shift, size - 1};
    shift += log2(size);
  }
}

std::uint64_t dram_config::channel_stretch_bytes() const {
  const address_map map(mapping);
  if (!map.has(address_field::channel)) return static_cast<std::uint64_t>(interleave_bytes);
  std::uint64_t bytes = burst_bytes();
  for (std::size_t i = map.position(address_field::channel) + 1; i < map.count(); ++i)
    bytes *= size_of(*this, map.at(i));
  return bytes;
}

}  // namespace cimbalom::dram
