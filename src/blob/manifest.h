// The manifest of a file: which chunks it is made of, its size and its digests
// (docs/formats/pack.md, "Manifest"). Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "blob/ids.h"

namespace stetig::blob {

/// Chunks in a manifest itself, or in one segment of it.
inline constexpr size_t kChunksPerList = 4096;
inline constexpr size_t kMaxSegments = 23'829;

struct ChunkRef {
  Hash256 id{};
  uint32_t length = 0;
  friend bool operator==(const ChunkRef&, const ChunkRef&) = default;
};

struct SegmentRef {
  Hash256 id{};
  uint32_t chunks = 0;
  uint64_t bytes = 0;
  friend bool operator==(const SegmentRef&, const SegmentRef&) = default;
};

/// Either `chunks` (at most kChunksPerList) or `segments` is empty; both are for an empty file.
struct Manifest {
  uint64_t size = 0;
  Hash256 sha256{};
  Hash256 xet_hash{};
  std::vector<ChunkRef> chunks;
  std::vector<SegmentRef> segments;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// The canonical bytes. The manifest must be one that ParseManifest accepts.
std::vector<std::byte> EncodeManifest(const Manifest& manifest);
/// kDataLoss: anything but the canonical bytes of a manifest.
Result<Manifest> ParseManifest(std::span<const std::byte> bytes);

std::vector<std::byte> EncodeSegment(std::span<const ChunkRef> chunks);
/// kDataLoss: anything but the canonical bytes of a segment.
Result<std::vector<ChunkRef>> ParseSegment(std::span<const std::byte> bytes);

}  // namespace stetig::blob
