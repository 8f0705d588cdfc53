#include "blob/manifest.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "blob/gear.h"
#include "blob/pack_format.h"

namespace stetig::blob {
namespace {

constexpr char kMagic[] = "stetigMF";
constexpr uint16_t kVersion = 1;
constexpr size_t kHeaderBytes = 88;
constexpr size_t kChunkBytes = 36;
constexpr size_t kSegmentBytes = 44;

static_assert(kHeaderBytes + kMaxSegments * kSegmentBytes <= kMaxEntryBytes);
static_assert(kHeaderBytes + (kMaxSegments + 1) * kSegmentBytes > kMaxEntryBytes);

Hash256 LoadHash(std::span<const std::byte> bytes, size_t at) {
  Hash256 hash{};
  std::memcpy(hash.data(), bytes.data() + at, hash.size());
  return hash;
}

void StoreHash(std::span<std::byte> bytes, size_t at, const Hash256& hash) {
  std::memcpy(bytes.data() + at, hash.data(), hash.size());
}

void EncodeChunks(std::span<const ChunkRef> chunks, std::span<std::byte> into) {
  for (const ChunkRef& chunk : chunks) {
    StoreHash(into, 0, chunk.id);
    StoreLe<uint32_t>(into, 32, chunk.length);
    into = into.subspan(kChunkBytes);
  }
}

Result<std::vector<ChunkRef>> ParseChunks(std::span<const std::byte> bytes) {
  std::vector<ChunkRef> chunks;
  chunks.reserve(bytes.size() / kChunkBytes);
  for (; !bytes.empty(); bytes = bytes.subspan(kChunkBytes)) {
    const ChunkRef chunk{LoadHash(bytes, 0), LoadLe<uint32_t>(bytes, 32)};
    if (chunk.length == 0 || chunk.length > kMaxChunk) {
      return Err(Code::kDataLoss, fmt::format("a chunk of {} bytes in a manifest", chunk.length));
    }
    chunks.push_back(chunk);
  }
  return chunks;
}

Result<std::vector<SegmentRef>> ParseSegments(std::span<const std::byte> bytes) {
  std::vector<SegmentRef> segments;
  segments.reserve(bytes.size() / kSegmentBytes);
  for (; !bytes.empty(); bytes = bytes.subspan(kSegmentBytes)) {
    const SegmentRef segment{LoadHash(bytes, 0), LoadLe<uint32_t>(bytes, 32),
                             LoadLe<uint64_t>(bytes, 36)};
    const bool last = bytes.size() == kSegmentBytes;
    const bool full = segment.chunks == kChunksPerList;
    const bool count_fits =
        full || (last && segment.chunks >= 1 && segment.chunks < kChunksPerList);
    if (!count_fits || segment.bytes < segment.chunks ||
        segment.bytes > uint64_t{segment.chunks} * kMaxChunk) {
      return Err(Code::kDataLoss, fmt::format("a segment of {} chunks and {} bytes in a manifest",
                                              segment.chunks, segment.bytes));
    }
    segments.push_back(segment);
  }
  return segments;
}

}  // namespace

std::vector<std::byte> EncodeManifest(const Manifest& manifest) {
  const bool segmented = !manifest.segments.empty();
  const size_t count = segmented ? manifest.segments.size() : manifest.chunks.size();
  CHECK(count <= (segmented ? kMaxSegments : kChunksPerList) &&
        (!segmented || manifest.chunks.empty()));
  std::vector<std::byte> bytes(kHeaderBytes + count * (segmented ? kSegmentBytes : kChunkBytes));
  std::memcpy(bytes.data(), kMagic, 8);
  StoreLe<uint16_t>(bytes, 8, kVersion);
  bytes[10] = std::byte{segmented};
  StoreLe<uint32_t>(bytes, 12, static_cast<uint32_t>(count));
  StoreLe<uint64_t>(bytes, 16, manifest.size);
  StoreHash(bytes, 24, manifest.sha256);
  StoreHash(bytes, 56, manifest.xet_hash);
  std::span items = std::span(bytes).subspan(kHeaderBytes);
  EncodeChunks(manifest.chunks, items);
  for (const SegmentRef& segment : manifest.segments) {
    StoreHash(items, 0, segment.id);
    StoreLe<uint32_t>(items, 32, segment.chunks);
    StoreLe<uint64_t>(items, 36, segment.bytes);
    items = items.subspan(kSegmentBytes);
  }
  return bytes;
}

Result<Manifest> ParseManifest(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic, 8) != 0) {
    return Err(Code::kDataLoss, "not a manifest");
  }
  const auto form = std::to_integer<unsigned>(bytes[10]);
  if (LoadLe<uint16_t>(bytes, 8) != kVersion || form > 1 || bytes[11] != std::byte{0}) {
    return Err(Code::kDataLoss, fmt::format("manifest version {} form {}, expected version {}",
                                            LoadLe<uint16_t>(bytes, 8), form, kVersion));
  }
  const auto count = LoadLe<uint32_t>(bytes, 12);
  const std::span items = bytes.subspan(kHeaderBytes);
  const size_t limit = form == 1 ? kMaxSegments : kChunksPerList;
  if (count > limit || items.size() != count * (form == 1 ? kSegmentBytes : kChunkBytes) ||
      (form == 1 && count < 2)) {
    return Err(Code::kDataLoss, fmt::format("a manifest of {} bytes says that it has {} items",
                                            bytes.size(), count));
  }
  Manifest manifest{.size = LoadLe<uint64_t>(bytes, 16),
                    .sha256 = LoadHash(bytes, 24),
                    .xet_hash = LoadHash(bytes, 56)};
  uint64_t sum = 0;
  if (form == 0) {
    ASSIGN_OR_RETURN(manifest.chunks, ParseChunks(items));
    for (const ChunkRef& chunk : manifest.chunks) {
      sum += chunk.length;
    }
  } else {
    ASSIGN_OR_RETURN(manifest.segments, ParseSegments(items));
    for (const SegmentRef& segment : manifest.segments) {
      sum += segment.bytes;
    }
  }
  if (sum != manifest.size) {
    return Err(Code::kDataLoss, fmt::format("the items of a manifest have {} bytes, expected {}",
                                            sum, manifest.size));
  }
  return manifest;
}

std::vector<std::byte> EncodeSegment(std::span<const ChunkRef> chunks) {
  std::vector<std::byte> bytes(chunks.size() * kChunkBytes);
  EncodeChunks(chunks, bytes);
  return bytes;
}

Result<std::vector<ChunkRef>> ParseSegment(std::span<const std::byte> bytes) {
  if (bytes.empty() || bytes.size() % kChunkBytes != 0 ||
      bytes.size() > kChunksPerList * kChunkBytes) {
    return Err(Code::kDataLoss, fmt::format("a manifest segment of {} bytes", bytes.size()));
  }
  return ParseChunks(bytes);
}

}  // namespace stetig::blob
