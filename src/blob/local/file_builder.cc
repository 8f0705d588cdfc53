#include "blob/local/file_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace stetig::blob {
namespace {

constexpr size_t kSampleBytes = size_t{64} << 10;
constexpr size_t kMaxSampleInterval = 16;

}  // namespace

bool FileBuilder::ShouldCompress(std::span<const std::byte> data) {
  if (data.size() <= kSampleBytes) {
    return true;  // trying costs no more than sampling
  }
  if (skip_samples_ > 0) {
    --skip_samples_;
    return false;
  }
  const bool worth = WorthCompressing(data.first(kSampleBytes));
  sample_interval_ = worth ? 1 : std::min(2 * sample_interval_, kMaxSampleInterval);
  skip_samples_ = sample_interval_ - 1;
  return worth;
}

Status FileBuilder::Chunk(std::span<std::byte> data) {
  const bool compress = ShouldCompress(data);
  std::byte* start = data.data() - carry_.size();
  std::ranges::copy(carry_, start);
  std::byte* const end = data.data() + data.size();
  Batch batch;
  for (std::span<std::byte> rest = data; !rest.empty();) {
    const std::optional<size_t> cut = gear_.Next(rest);
    if (!cut) {
      break;
    }
    rest = rest.subspan(*cut);
    TRY(AddChunk(std::span(start, rest.data()), compress, batch));
    start = rest.data();
  }
  carry_.assign(start, end);
  return folder_->Append(batch.entries, pins_);
}

Status FileBuilder::AddChunk(std::span<const std::byte> chunk, bool compress, Batch& batch) {
  if (chunks_.size() == kChunksPerList) {
    TRY(CloseSegment(batch));
  }
  const Hash256 id = HashOf(Kind::kChunk, chunk);
  size_ += chunk.size();
  merkle_.Add(id, chunk.size());
  chunks_.push_back({id, static_cast<uint32_t>(chunk.size())});
  return AddEntry(Kind::kChunk, id, chunk, compress, batch);
}

Status FileBuilder::AddEntry(Kind kind, const Hash256& id, std::span<const std::byte> raw,
                             bool compress, Batch& batch) {
  ASSIGN_OR_RETURN(const bool stored, folder_->Reuse(id, pins_));
  if (stored) {
    return OkStatus();
  }
  NewEntry entry{
      .id = id, .kind = kind, .raw_length = static_cast<uint32_t>(raw.size()), .stored = raw};
  if (compress) {
    if (std::optional<std::vector<std::byte>> encoded = Compress(raw)) {
      batch.encoded.push_back(*std::move(encoded));
      entry.codec = Codec::kZstd;
      entry.stored = batch.encoded.back();
    }
  }
  batch.entries.push_back(entry);
  return OkStatus();
}

Status FileBuilder::CloseSegment(Batch& batch) {
  if (segments_.size() == kMaxSegments) {
    return Err(Code::kResourceExhausted,
               fmt::format("a file of more than {} chunks", kMaxSegments * kChunksPerList));
  }
  SegmentRef segment{.chunks = static_cast<uint32_t>(chunks_.size())};
  for (const ChunkRef& chunk : chunks_) {
    segment.bytes += chunk.length;
  }
  batch.encoded.push_back(EncodeSegment(chunks_));
  chunks_.clear();
  segment.id = HashOf(Kind::kSegment, batch.encoded.back());
  segments_.push_back(segment);
  return AddEntry(Kind::kSegment, segment.id, batch.encoded.back(), /*compress=*/false, batch);
}

Result<FileRef> FileBuilder::Finish() {
  Batch batch;
  if (!carry_.empty()) {
    TRY(AddChunk(carry_, ShouldCompress(carry_), batch));
  }
  if (!segments_.empty()) {
    TRY(CloseSegment(batch));
  }
  Manifest manifest{.size = size_,
                    .sha256 = std::bit_cast<Hash256>(sha256_.Finish()),
                    .xet_hash = XetFileHash(merkle_.Root()),
                    .chunks = std::move(chunks_),
                    .segments = std::move(segments_)};
  const std::vector<std::byte> bytes = EncodeManifest(manifest);
  const ManifestId id{HashOf(Kind::kManifest, bytes)};
  TRY(AddEntry(Kind::kManifest, id.hash, bytes, /*compress=*/false, batch));
  TRY(folder_->Append(batch.entries, pins_));
  return FileRef{id, size_, std::bit_cast<Sha256Digest>(manifest.sha256), manifest.xet_hash};
}

}  // namespace stetig::blob
