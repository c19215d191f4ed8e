#include <algorithm>
#include <cctype>

#include "platform/configuration/error.hpp"
#include "sw/datasets/file_bytes.hpp"
#include "sw/datasets/formats.hpp"
#include "sw/datasets/raw_dataset.hpp"

namespace cimbalom::datasets {
namespace {

constexpr std::size_t magic_bytes = 8;  // "\x93NUMPY", major, minor

// The text of the header's value for KEY: "'descr': '<f4'" gives "'<f4'". The header is a Python literal.
std::string header_value(const std::string& header, const std::string& key, const std::string& path) {
  std::size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) at = header.find("\"" + key + "\"");
  const std::size_t colon = at == std::string::npos ? at : header.find(':', at);
  if (colon == std::string::npos) throw bad_input({path, 0}, "header without " + key, "", "");
  std::size_t begin = colon + 1;
  while (begin < header.size() && header[begin] == ' ') ++begin;
  std::size_t end = begin;
  if (begin < header.size() && header[begin] == '(') {
    end = header.find(')', begin);
    end = end == std::string::npos ? header.size() : end + 1;
  } else {
    while (end < header.size() && header[end] != ',' && header[end] != '}') ++end;
  }
  return header.substr(begin, end - begin);
}

number_format npy_format(const std::string& text, const std::string& path) {
  std::string code;
  for (const char c : text)
    if (c != '\'' && c != '"' && c != ' ') code += c;
  const std::string allowed = "b1, u1..u8, i1..i8, f4 or f8";
  if (code.size() != 3 || std::string("<>|=").find(code[0]) == std::string::npos)
    throw bad_input({path, 0}, "element type", text, allowed);
  number_format format;
  format.big_endian = code[0] == '>';
  format.bytes = static_cast<std::size_t>(code[2] - '0');
  const bool integer_size = format.bytes == 1 || format.bytes == 2 || format.bytes == 4 || format.bytes == 8;
  const bool known = (code[1] == 'u' && integer_size) || (code[1] == 'i' && integer_size) ||
                     (code[1] == 'b' && format.bytes == 1) ||
                     (code[1] == 'f' && (format.bytes == 4 || format.bytes == 8));
  if (!known) throw bad_input({path, 0}, "element type", text, allowed);
  format.kind = code[1] == 'f'   ? number_kind::floating
                : code[1] == 'i' ? number_kind::signed_integer
                                 : number_kind::unsigned_integer;
  return format;
}

std::vector<std::int64_t> npy_shape(const std::string& text, const std::string& path) {
  std::vector<std::int64_t> shape;
  std::size_t at = 0;
  while (at < text.size()) {
    if (std::isdigit(static_cast<unsigned char>(text[at])) == 0) {
      ++at;
      continue;
    }
    std::int64_t extent = 0;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
      if (extent > (std::int64_t{1} << 40)) throw bad_input({path, 0}, "shape", text, "smaller extents");
      extent = extent * 10 + (text[at] - '0');
    }
    shape.push_back(extent);
  }
  if (shape.empty()) throw bad_input({path, 0}, "shape", text, "at least one axis, the records");
  return shape;
}

raw_array read_npy(const std::string& path) {
  raw_array array;
  array.bytes = read_bytes(plain_or_gz(path));
  const std::vector<std::uint8_t>& bytes = array.bytes;
  const std::string magic = "\x93NUMPY";
  if (bytes.size() < magic_bytes || !std::equal(magic.begin(), magic.end(), bytes.begin(), [](char a, std::uint8_t b) {
        return static_cast<std::uint8_t>(a) == b;
      }))
    throw bad_input({path, 0}, "wrong magic number", "", "a NumPy .npy file");
  const int major = bytes[6];
  if (major < 1 || major > 3) throw bad_input({path, 0}, "format version", std::to_string(major), "1..3");
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  if (bytes.size() < magic_bytes + length_bytes) throw bad_input({path, 0}, "truncated header", "", "");
  const number_format length_format{number_kind::unsigned_integer, length_bytes, false};
  const auto length = static_cast<std::size_t>(as_integer(bytes.data() + magic_bytes, length_format));
  array.offset = magic_bytes + length_bytes + length;
  if (bytes.size() < array.offset) throw bad_input({path, 0}, "truncated header", "", "");
  const std::string header(bytes.begin() + static_cast<std::ptrdiff_t>(magic_bytes + length_bytes),
                           bytes.begin() + static_cast<std::ptrdiff_t>(array.offset));
  array.format = npy_format(header_value(header, "descr", path), path);
  if (header_value(header, "fortran_order", path).find("False") == std::string::npos)
    throw bad_input({path, 0}, "fortran_order", "True", "False (C order)");
  array.shape = npy_shape(header_value(header, "shape", path), path);
  check_length(array, path);
  return array;
}

}  // namespace

std::unique_ptr<dataset> open_npy(const std::string& values, const std::string& labels) {
  const raw_array array = read_npy(values);
  if (labels.empty()) return make_dataset(array, values, nullptr, labels);
  const raw_array classes = read_npy(labels);
  return make_dataset(array, values, &classes, labels);
}

}  // namespace cimbalom::datasets
