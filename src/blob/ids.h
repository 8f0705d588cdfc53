// Names of stored things: 32-byte digests in three domains that never meet (docs/formats/pack.md,
// "Ids").
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stetig::blob {

using Hash256 = std::array<std::byte, 32>;

/// 64 lower-case digits, byte by byte.
std::string ToHex(const Hash256& hash);
/// Nothing unless `text` is exactly 64 lower-case hexadecimal digits.
std::optional<Hash256> HashFromHex(std::string_view text);

/// Names a file kept in the store: the digest of its manifest. What database rows hold.
struct ManifestId {
  Hash256 hash{};
  std::string ToHex() const { return blob::ToHex(hash); }
  /// Nothing unless `text` is what ToHex() gives.
  static std::optional<ManifestId> FromHex(std::string_view text);
  friend auto operator<=>(const ManifestId&, const ManifestId&) = default;
};

/// What an entry of a pack is; each kind has its own id domain.
enum class Kind : unsigned char { kChunk = 1, kManifest = 2, kSegment = 3 };

/// The id of `bytes` as an entry of this kind. Pure, thread-safe.
Hash256 HashOf(Kind kind, std::span<const std::byte> bytes);

/// For hash tables keyed by digests: the digest's first word is random already.
struct HashOfHash {
  size_t operator()(const Hash256& hash) const {
    size_t word = 0;
    std::memcpy(&word, hash.data(), sizeof(word));
    return word;
  }
};

}  // namespace stetig::blob
