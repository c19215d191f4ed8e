#include "sw/codesign/checkpoint.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "platform/configuration/error.hpp"
#include "platform/configuration/yaml_reader.hpp"

namespace cimbalom::codesign {
namespace {

// magic, number of tensors, then each: name, type, rank, extents, bytes; at last the checksum. Integers are 64 bits in
// host byte order.
constexpr char magic[] = "CIMBCKP1";
constexpr std::size_t magic_bytes = sizeof(magic) - 1;

std::uint64_t checksum(const char* bytes, std::size_t count) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (std::size_t k = 0; k < count; ++k) hash = (hash ^ static_cast<unsigned char>(bytes[k])) * 0x100000001b3U;
  return hash;
}

void put(std::string& to, std::uint64_t value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

class reader {
 public:
  reader(const std::string& bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof(value)), sizeof(value));
    return value;
  }
  const char* take(std::uint64_t count) {
    if (count > bytes_.size() - at_) throw broken();
    const char* found = bytes_.data() + at_;
    at_ += static_cast<std::size_t>(count);
    return found;
  }
  input_error broken() const {
    return bad_input({path_}, "", "", "is no whole checkpoint: it was cut short or damaged");
  }

 private:
  const std::string& bytes_;
  const std::string& path_;
  std::size_t at_ = magic_bytes;
};

graph::tensor read_tensor(reader& from) {
  const std::uint64_t type = from.number();
  const std::uint64_t rank = from.number();
  if (type == 0 || type > static_cast<std::uint64_t>(graph::data_type::boolean) || rank > 8) throw from.broken();
  graph::shape_t shape;
  std::uint64_t count = 1;
  for (std::uint64_t k = 0; k < rank; ++k) {
    const std::uint64_t extent = from.number();
    if (extent > (std::uint64_t{1} << 33) || (count *= extent) > (std::uint64_t{1} << 33)) throw from.broken();
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  const auto kind = static_cast<graph::data_type>(type);
  const char* bytes = from.take(count * graph::bytes_of(kind));
  graph::tensor made(kind, shape);
  if (made.size_bytes() > 0) std::memcpy(made.bytes(), bytes, made.size_bytes());
  return made;
}

std::string packed(const checkpoint& from) {
  std::string text(magic, magic_bytes);
  put(text, from.size());
  for (const auto& [name, tensor] : from) {
    put(text, name.size());
    text += name;
    put(text, static_cast<std::uint64_t>(tensor.type()));
    put(text, static_cast<std::uint64_t>(tensor.rank()));
    for (const std::int64_t extent : tensor.shape()) put(text, static_cast<std::uint64_t>(extent));
    text.append(reinterpret_cast<const char*>(tensor.bytes()), tensor.size_bytes());
  }
  put(text, checksum(text.data(), text.size()));
  return text;
}

/// errno of the first call that failed, 0 when all bytes are on the disk.
int write_file(const std::string& path, const std::string& bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  int failed = 0;
  for (std::size_t done = 0; failed == 0 && done < bytes.size();) {
    const ssize_t count = ::write(file, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) failed = errno;
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  if (failed == 0 && ::fsync(file) != 0 && errno != EINVAL) failed = errno;
  if (::close(file) != 0 && failed == 0) failed = errno;
  return failed;
}

}  // namespace

void save_checkpoint(const checkpoint& from, const std::string& path) {
  const std::string beside = path + ".part";
  int failed = write_file(beside, packed(from));
  if (failed == 0 && std::rename(beside.c_str(), path.c_str()) != 0) failed = errno;
  if (failed == 0) return;
  ::unlink(beside.c_str());
  throw run_error(path + ": the checkpoint cannot be written (" + std::strerror(failed) +
                  "); the last good one, where there is one, is kept");
}

checkpoint load_checkpoint(const std::string& path) {
  const std::string bytes = platform::read_text(path);
  if (bytes.size() < magic_bytes || bytes.compare(0, magic_bytes, magic) != 0)
    throw bad_input({path}, "", "", "is no checkpoint of this version");
  reader from(bytes, path);
  if (bytes.size() < magic_bytes + 2 * sizeof(std::uint64_t)) throw from.broken();
  std::uint64_t stored = 0;
  std::memcpy(&stored, bytes.data() + bytes.size() - sizeof(stored), sizeof(stored));
  if (stored != checksum(bytes.data(), bytes.size() - sizeof(stored))) throw from.broken();
  checkpoint made;
  const std::uint64_t count = from.number();
  for (std::uint64_t k = 0; k < count; ++k) {
    const std::uint64_t length = from.number();
    const std::string name(from.take(length), static_cast<std::size_t>(length));
    made[name] = read_tensor(from);
  }
  return made;
}

}  // namespace cimbalom::codesign
