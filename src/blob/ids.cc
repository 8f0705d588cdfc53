#include "blob/ids.h"

#include <blake3.h>

#include <cstdint>
#include <utility>

namespace stetig::blob {
namespace {

// Xet's DATA_KEY: a constant of the protocol (compute_data_hash).
constexpr std::array<uint8_t, BLAKE3_KEY_LEN> kDataKey = {
    102, 151, 245, 119, 91,  149, 80, 222, 49,  53,  203, 172, 165, 151, 24,  28,
    157, 228, 33,  16,  155, 235, 43, 88,  180, 208, 176, 75,  147, 173, 242, 41};

blake3_hasher NewHasher(Kind kind) {
  blake3_hasher hasher;
  switch (kind) {
    case Kind::kChunk:
      blake3_hasher_init_keyed(&hasher, kDataKey.data());
      break;
    case Kind::kManifest:
      blake3_hasher_init_derive_key(&hasher, "stetig 2026 blob manifest v1");
      break;
    case Kind::kSegment:
      blake3_hasher_init_derive_key(&hasher, "stetig 2026 blob manifest segment v1");
      break;
  }
  return hasher;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string ToHex(const Hash256& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.size());
  for (std::byte b : hash) {
    text += kDigits[std::to_integer<size_t>(b >> 4)];
    text += kDigits[std::to_integer<size_t>(b & std::byte{15})];
  }
  return text;
}

std::optional<Hash256> HashFromHex(std::string_view text) {
  Hash256 hash{};
  if (text.size() != 2 * hash.size()) {
    return std::nullopt;
  }
  for (size_t i = 0; i < hash.size(); ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    hash[i] = static_cast<std::byte>(high * 16 + low);
  }
  return hash;
}

std::optional<ManifestId> ManifestId::FromHex(std::string_view text) {
  std::optional<Hash256> hash = HashFromHex(text);
  return hash ? std::optional(ManifestId{*hash}) : std::nullopt;
}

Hash256 HashOf(Kind kind, std::span<const std::byte> bytes) {
  // Setting up a key derivation costs a compression; the three start states never change.
  static const std::array<blake3_hasher, 3> kStart = {
      NewHasher(Kind::kChunk), NewHasher(Kind::kManifest), NewHasher(Kind::kSegment)};
  blake3_hasher hasher = kStart.at(static_cast<size_t>(std::to_underlying(kind)) - 1);
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  Hash256 hash{};
  blake3_hasher_finalize(&hasher, reinterpret_cast<uint8_t*>(hash.data()), hash.size());
  return hash;
}

}  // namespace stetig::blob
