// Password hashes by argon2id (RFC 9106) in its encoded form,
// "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
//
// Cost: 19 MiB, 2 passes, 1 lane (OWASP password storage cheat sheet): about 20 ms of one core and
// 19 MiB while it runs, which is why callers hold the number of concurrent checks down. Blocking;
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace stetig::access {

/// Code points; MLflow's own server asks for at least 12 as well.
inline constexpr size_t kMinPasswordLength = 12;
/// Bytes; keeps hashing bounded.
inline constexpr size_t kMaxPasswordBytes = 1024;

/// Encoded hash with a fresh 16-byte salt. kInvalidArgument: too short or too long. kInternal: out
/// of memory.
Result<std::string> HashPassword(std::string_view password);

/// Whether `password` is the one behind `encoded`. A malformed hash never matches.
bool VerifyPassword(std::string_view password, const std::string& encoded);

}  // namespace stetig::access
