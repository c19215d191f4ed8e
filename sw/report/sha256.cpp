#include "sw/report/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "platform/configuration/error.hpp"

namespace cimbalom::report {
namespace {

class digest {
 public:
  digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  void add(const char* bytes, std::size_t length) { require(EVP_DigestUpdate(context_.get(), bytes, length) == 1); }

  std::string hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(context_.get(), sum.data(), &length) == 1);
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      text += digits[sum[i] >> 4U];
      text += digits[sum[i] & 15U];
    }
    return text;
  }

 private:
  static void require(bool good) {
    if (!good) throw run_error("libcrypto cannot compute SHA-256");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256(const std::string& bytes) {
  digest sum;
  sum.add(bytes.data(), bytes.size());
  return sum.hexadecimal();
}

std::string sha256_of_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw bad_input({path, 0}, "", "", "cannot be read");
  digest sum;
  std::vector<char> block(1U << 16U);
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) || stream.gcount() > 0) {
    sum.add(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw bad_input({path, 0}, "", "", "cannot be read");
  return sum.hexadecimal();
}

}  // namespace cimbalom::report
