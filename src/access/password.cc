#include "access/password.h"

#include <argon2.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <array>

#include "base/check.h"
#include "base/text.h"

namespace stetig::access {
namespace {

constexpr uint32_t kPasses = 2;
constexpr uint32_t kMemoryKib = 19'456;
constexpr uint32_t kLanes = 1;
constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;

}  // namespace

Result<std::string> HashPassword(std::string_view password) {
  if (CodePoints(password) < kMinPasswordLength) {
    return Err(Code::kInvalidArgument,
               fmt::format("the password has {} characters, expected at least {}",
                           CodePoints(password), kMinPasswordLength));
  }
  if (password.size() > kMaxPasswordBytes) {
    return Err(Code::kInvalidArgument, fmt::format("the password has {} bytes, expected at most {}",
                                                   password.size(), kMaxPasswordBytes));
  }
  std::array<unsigned char, kSaltBytes> salt{};
  CHECK(getrandom(salt.data(), salt.size(), 0) == static_cast<ssize_t>(salt.size()));
  std::string encoded(
      argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  int rc =
      argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(),
                            salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (rc != ARGON2_OK) {
    return Err(Code::kInternal, fmt::format("argon2id failed: {}", argon2_error_message(rc)));
  }
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool VerifyPassword(std::string_view password, const std::string& encoded) {
  if (password.size() > kMaxPasswordBytes) {
    return false;
  }
  return argon2id_verify(encoded.c_str(), password.data(), password.size()) == ARGON2_OK;
}

}  // namespace stetig::access
