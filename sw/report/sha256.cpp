#include "sw/report/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <vector>

#include "platform/configuration/error.hpp"

namespace cimbalom::report {
namespace {

void require(bool good) {
  if (!good) throw run_error("libcrypto cannot compute SHA-256");
}

}  // namespace

struct sha256_sum::state {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~state() { EVP_MD_CTX_free(context); }
};

sha256_sum::sha256_sum() : state_(std::make_unique<state>()) {
  require(state_->context != nullptr && EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

sha256_sum::~sha256_sum() = default;

void sha256_sum::add(const char* bytes, std::size_t length) {
  require(EVP_DigestUpdate(state_->context, bytes, length) == 1);
}

std::string sha256_sum::hexadecimal() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(state_->context, sum.data(), &length) == 1);
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += digits[sum[i] >> 4U];
    text += digits[sum[i] & 15U];
  }
  return text;
}

std::string sha256(const std::string& bytes) {
  sha256_sum sum;
  sum.add(bytes.data(), bytes.size());
  return sum.hexadecimal();
}

std::string sha256_of_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw bad_input({path, 0}, "", "", "cannot be read");
  sha256_sum sum;
  std::vector<char> block(1U << 16U);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) || stream.gcount() > 0) {
    sum.add(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw bad_input({path, 0}, "", "", "cannot be read");
  return sum.hexadecimal();
}

}  // namespace cimbalom::report
