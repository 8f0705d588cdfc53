// Signed tokens of an OpenID provider and the keys that they are signed with: JWS compact form (RFC
// 7515), JWK sets (RFC 7517, 7518, 8037). Readers of outside bytes: pure, bounded, thread-safe.
//
// Algorithms: RS256, ES256 and EdDSA (Ed25519), each with its own kind of key. "none" and
// everything with a shared secret (HS256 …) are never accepted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_value.h"
#include "base/public_key.h"
#include "base/status.h"

namespace stetig::access::oidc {

inline constexpr size_t kMaxTokenBytes = size_t{16} << 10;
inline constexpr size_t kMaxKeySetBytes = size_t{256} << 10;
inline constexpr size_t kMaxKeys = 100;

// Details of refusals.
inline constexpr char kTokenMalformed[] = "token_malformed";
inline constexpr char kAlgorithmRefused[] = "algorithm_refused";
inline constexpr char kUnknownKey[] = "unknown_key";
inline constexpr char kBadSignature[] = "bad_signature";

struct Key {
  std::string kid;  ///< empty: none
  PublicKey key;
};

/// The keys of a JWK set that may verify signatures. Others (encryption, unknown kinds and curves,
/// secrets, broken numbers) are passed over, as RFC 7517 section 5 wants. kInvalidArgument: no JWK
/// set, more than kMaxKeys, more than kMaxKeySetBytes.
Result<std::vector<Key>> ParseKeySet(std::string_view text);

/// A token taken apart, nothing about it proven.
struct SignedToken {
  PublicKey::Kind kind = PublicKey::Kind::kRsa;  ///< by the header's "alg"
  std::optional<std::string> kid;
  std::string signed_part;  ///< header and payload as they were sent
  std::string payload;
  std::string signature;
};

/// kUnauthenticated, with one of the details kTokenMalformed (not three parts of base64url, no JSON
/// header, "crit", too long) and kAlgorithmRefused.
Result<SignedToken> ParseToken(std::string_view compact);

/// The claims of a token that one of `keys` signed: the one that the header names, or the only one
/// of the algorithm's kind when it names none. kUnauthenticated: kUnknownKey, kBadSignature,
/// kTokenMalformed (the payload is no JSON object).
Result<json::Object> VerifyToken(const SignedToken& token, std::span<const Key> keys);

}  // namespace stetig::access::oidc
