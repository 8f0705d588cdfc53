#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>

#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace stetig {
namespace {

/// Fetched once: EVP_sha256() looks the provider up again for every digest.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(md != nullptr);
  return md;
}

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

Sha256Digest Sha256(std::string_view bytes) {
  thread_local Sha256Stream stream;
  stream.Update(bytes);
  return stream.Finish();
}

Sha256Digest HmacSha256(std::string_view key, std::string_view bytes) {
  // HMAC() takes a null key for "as before"; an empty string_view may be null.
  static constexpr char kEmpty = 0;
  Sha256Digest digest{};
  unsigned size = 0;
  CHECK(key.size() <= INT32_MAX);
  CHECK(HMAC(Sha256Algorithm(), key.empty() ? &kEmpty : key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
             &size) != nullptr);
  CHECK(size == digest.size());
  return digest;
}

std::string ToHex(const Sha256Digest& digest) {
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void Sha256Stream::Free::operator()(void* context) const { EVP_MD_CTX_free(Context(context)); }

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr &&
        EVP_DigestInit_ex2(Context(context_.get()), Sha256Algorithm(), nullptr) == 1);
}
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Update(std::span<const std::byte> bytes) {
  CHECK(EVP_DigestUpdate(Context(context_.get()), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256Stream::Finish() {
  Sha256Digest digest{};
  CHECK(EVP_DigestFinal_ex(Context(context_.get()), digest.data(), nullptr) == 1);
  CHECK(EVP_DigestInit_ex2(Context(context_.get()), nullptr, nullptr) == 1);
  return digest;
}

uint64_t Xxh3(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace stetig
