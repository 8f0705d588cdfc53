// Content-defined chunking by Xet's gear rule: the same bytes are cut at the same places by every
// Xet implementation.
//
// A cut stands after the byte at which the rolling hash of the last 64 bytes is below 2^48 (once in
// 64 KiB on random bytes), never before kMinChunk and at kMaxChunk at the latest. Where the cuts
// stand depends on the bytes alone, not on how they arrive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace stetig::blob {

inline constexpr size_t kMinChunk = 8 * 1024;
inline constexpr size_t kMaxChunk = 128 * 1024;

extern const std::array<uint64_t, 256> kGearTable;

/// Finds the ends of chunks in bytes that arrive in pieces. Keeps no bytes. One thread at a time.
class GearChunker {
 public:
  /// Takes `data` as the continuation of what came before. The number of bytes of `data` that end
  /// the current chunk, or nothing if the chunk goes on after all of `data`. After a cut the caller
  /// goes on with the rest of `data`.
  std::optional<size_t> Next(std::span<const std::byte> data);

  /// Bytes of the current chunk that were taken so far; 0 right after a cut.
  size_t pending() const { return length_; }

 private:
  uint64_t hash_ = 0;
  size_t length_ = 0;
};

}  // namespace stetig::blob
