// Turns the bytes of one file into chunks in packs and a manifest. Blocking; one thread at a time,
// except that Hash() may run beside Chunk() over the same buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/status.h"
#include "blob/gear.h"
#include "blob/local/pack_folder.h"
#include "blob/manifest.h"
#include "blob/merkle.h"
#include "blob/store.h"

namespace stetig::blob {

class FileBuilder {
 public:
  /// Bytes in front of a buffer's data that Chunk() may overwrite, for the chunk that began in the
  /// buffer before.
  static constexpr size_t kHeadroom = kMaxChunk;

  explicit FileBuilder(std::shared_ptr<PackFolder> folder)
      : folder_(std::move(folder)), pins_(*folder_) {}

  /// The next bytes of the file, for SHA-256.
  void Hash(std::span<const std::byte> data) { sha256_.Update(data); }
  /// The same bytes, for the chunks; kHeadroom writable bytes stand before them. Codes of
  /// PackFolder::Append.
  Status Chunk(std::span<std::byte> data);
  /// Stores what is left and the manifest. Nothing of it is synced yet.
  Result<FileRef> Finish();
  /// After the sync: nothing that the file is made of was lost. kUnavailable.
  Status CheckIntact() const { return folder_->CheckIntact(pins_); }

 private:
  /// Entries that are gathered for one Append; encoded bytes that are not in the caller's buffer
  /// live here.
  struct Batch {
    std::vector<NewEntry> entries;
    std::vector<std::vector<std::byte>> encoded;
  };

  bool ShouldCompress(std::span<const std::byte> data);
  Status AddChunk(std::span<const std::byte> chunk, bool compress, Batch& batch);
  Status AddEntry(Kind kind, const Hash256& id, std::span<const std::byte> raw, bool compress,
                  Batch& batch);
  Status CloseSegment(Batch& batch);

  const std::shared_ptr<PackFolder> folder_;
  Pins pins_;
  Sha256Stream sha256_;
  GearChunker gear_;
  MerkleBuilder merkle_;
  std::vector<std::byte> carry_;  ///< the chunk that has no end yet
  std::vector<ChunkRef> chunks_;
  std::vector<SegmentRef> segments_;
  uint64_t size_ = 0;
  // Data that does not shrink is sampled ever more rarely.
  size_t skip_samples_ = 0;
  size_t sample_interval_ = 1;
};

}  // namespace stetig::blob
