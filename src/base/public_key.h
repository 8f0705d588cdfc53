// Public keys of others and what they signed: RSA (RFC 8017 PKCS #1 v1.5 with SHA-256), ECDSA on
// P-256 with SHA-256 (FIPS 186-5), Ed25519 (RFC 8032), on OpenSSL. Each kind of key has exactly one
// algorithm, so that nobody who sends a signature can choose another.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"

namespace stetig {

/// Immutable; copies share the key. Thread-safe.
class PublicKey {
 public:
  enum class Kind : unsigned char { kRsa, kP256, kEd25519 };

  /// Modulus and exponent, big endian. kInvalidArgument: a modulus of less than 2,048 or more than
  /// 8,192 bits, an even one, or an exponent that is even, below 3, or beyond 32 bits.
  static Result<PublicKey> Rsa(std::string_view modulus, std::string_view exponent);
  /// Coordinates of 32 bytes each, big endian. kInvalidArgument: not so long, or no point of the
  /// curve.
  static Result<PublicKey> P256(std::string_view x, std::string_view y);
  /// kInvalidArgument: not 32 bytes.
  static Result<PublicKey> Ed25519(std::string_view point);

  Kind kind() const { return kind_; }
  /// Whether the key's owner signed `message`. Any bytes may be given. An ECDSA signature is r and
  /// s, 32 bytes each (RFC 7518 section 3.4).
  bool Verify(std::string_view message, std::string_view signature) const;

 private:
  PublicKey(Kind kind, std::shared_ptr<void> key) : kind_(kind), key_(std::move(key)) {}

  Kind kind_;
  std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace stetig
