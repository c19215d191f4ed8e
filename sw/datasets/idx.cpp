#include "platform/configuration/error.hpp"
#include "sw/datasets/file_bytes.hpp"
#include "sw/datasets/formats.hpp"
#include "sw/datasets/raw_dataset.hpp"

namespace cimbalom::datasets {
namespace {

// Third byte of the magic number.
bool idx_format(std::uint8_t code, number_format& format) {
  switch (code) {
    case 0x08:
      format = {number_kind::unsigned_integer, 1, true};
      return true;
    case 0x09:
      format = {number_kind::signed_integer, 1, true};
      return true;
    case 0x0B:
      format = {number_kind::signed_integer, 2, true};
      return true;
    case 0x0C:
      format = {number_kind::signed_integer, 4, true};
      return true;
    case 0x0D:
      format = {number_kind::floating, 4, true};
      return true;
    case 0x0E:
      format = {number_kind::floating, 8, true};
      return true;
    default:
      return false;
  }
}

raw_array read_idx(const std::string& path) {
  raw_array array;
  array.bytes = read_bytes(plain_or_gz(path));
  const std::vector<std::uint8_t>& bytes = array.bytes;
  const bool magic = bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && idx_format(bytes[2], array.format);
  if (!magic || bytes[3] == 0 || bytes[3] > 8)
    throw bad_input({path, 0}, "wrong magic number", "", "an IDX file begins 00 00 TYPE AXES");
  const std::size_t axes = bytes[3];
  array.offset = 4 + 4 * axes;
  if (bytes.size() < array.offset)
    throw bad_input({path, 0}, "header", std::to_string(bytes.size()) + " bytes", std::to_string(array.offset));
  const number_format extent{number_kind::unsigned_integer, 4, true};
  for (std::size_t k = 0; k < axes; ++k) array.shape.push_back(as_integer(bytes.data() + 4 + 4 * k, extent));
  check_length(array, path);
  return array;
}

}  // namespace

std::unique_ptr<dataset> open_idx(const std::string& images, const std::string& labels) {
  const raw_array values = read_idx(images);
  if (labels.empty()) return make_dataset(values, images, nullptr, labels);
  const raw_array classes = read_idx(labels);
  return make_dataset(values, images, &classes, labels);
}

}  // namespace cimbalom::datasets
