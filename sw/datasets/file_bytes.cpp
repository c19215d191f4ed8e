#include "sw/datasets/file_bytes.hpp"

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "platform/configuration/error.hpp"

namespace cimbalom::datasets {
namespace {

namespace io = boost::iostreams;

std::vector<std::uint8_t> unpack(const std::vector<char>& packed, const std::string& path) {
  std::vector<char> plain;
  try {
    io::filtering_istream stream;
    stream.push(io::gzip_decompressor());
    stream.push(io::array_source(packed.data(), packed.size()));
    stream.exceptions(std::ios::badbit);
    io::copy(stream, io::back_inserter(plain));
  } catch (const std::ios_base::failure&) {
    throw bad_input({path, 0}, "damaged gzip data", "", "");
  }
  return {plain.begin(), plain.end()};
}

}  // namespace

std::vector<std::uint8_t> read_bytes(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw bad_input({path, 0}, "is a folder", "", "a file is needed");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw bad_input({path, 0}, "cannot be opened", "", "");
  const std::vector<char> raw{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) throw bad_input({path, 0}, "cannot be read", "", "");
  const bool gzip = raw.size() >= 2 && raw[0] == '\x1f' && raw[1] == '\x8b';
  if (gzip) return unpack(raw, path);
  return {raw.begin(), raw.end()};
}

std::string plain_or_gz(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) && std::filesystem::exists(path + ".gz", ignored)) return path + ".gz";
  return path;
}

}  // namespace cimbalom::datasets
