// Digests and checksums. SHA-256 where others must agree (OCI, S3, tokens), XXH3 where only speed
// and chance errors matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace stetig {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest Sha256(std::string_view bytes);
Sha256Digest HmacSha256(std::string_view key, std::string_view bytes);
/// Lower-case hex.
std::string ToHex(const Sha256Digest& digest);

/// SHA-256 of bytes that come in pieces. Movable; not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  ~Sha256Stream();

  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view bytes) { Update(std::as_bytes(std::span(bytes))); }
  /// The digest of everything so far; the stream then starts anew.
  Sha256Digest Finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

/// XXH3, 64 bits: stable across machines and releases, so it may be stored. No defence against
/// forgers.
uint64_t Xxh3(std::string_view bytes, uint64_t seed = 0);
inline uint64_t Xxh3(std::span<const std::byte> bytes, uint64_t seed = 0) {
  return Xxh3(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), seed);
}

/// Compares secrets in a time that depends on their lengths only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace stetig
