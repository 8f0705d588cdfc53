// Ed25519 signatures (RFC 8032 §5.1), on OpenSSL. Pure functions; thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace stetig::ed25519 {

/// What a private key is made of: 32 random bytes. Secret.
using Seed = std::array<std::byte, 32>;
using PublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;

PublicKey PublicKeyOf(const Seed& seed);
/// The same message gives the same signature.
Signature Sign(const Seed& seed, std::string_view message);
/// False also for a public key that is no point of the curve.
bool Verify(const PublicKey& key, std::string_view message, const Signature& signature);

}  // namespace stetig::ed25519
