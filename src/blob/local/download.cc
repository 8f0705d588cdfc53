#include "blob/local/download.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "blob/gear.h"
#include "blob/local/countdown.h"

namespace stetig::blob {
namespace {

constexpr size_t kBlockBytes = size_t{512} << 10;

/// A stretch of the chunk list, with where in the file each chunk ends.
struct ChunkList {
  ChunkList(uint64_t at, std::vector<ChunkRef> list) : start(at), chunks(std::move(list)) {
    ends.reserve(chunks.size());
    for (const ChunkRef& chunk : chunks) {
      at += chunk.length;
      ends.push_back(at);
    }
  }
  uint64_t end() const { return ends.empty() ? start : ends.back(); }

  uint64_t start;
  std::vector<ChunkRef> chunks;
  std::vector<uint64_t> ends;
};

/// Checked bytes of the file, filled by the pool. `list` is what the next block will most likely
/// need, too.
struct Block {
  uint64_t wanted = 0;  ///< the place that was asked for; the rest belongs to the pool until `done`
  uint64_t offset = 0;  ///< of the first byte: where the chunk with the wanted one begins
  std::vector<std::byte> bytes;
  std::shared_ptr<const ChunkList> list;
  std::shared_ptr<Countdown> done = std::make_shared<Countdown>(1);
  uint64_t end() const { return offset + bytes.size(); }
  bool Holds(uint64_t at) const { return at >= offset && at < end(); }
};

/// Shared with jobs, which may outlive the reader. Immutable.
struct Source {
  Core core;
  NamedManifest named;
  Share share;
};

Result<std::shared_ptr<const ChunkList>> ListAt(const Source& source, uint64_t offset) {
  const Manifest& manifest = source.named.manifest;
  if (manifest.segments.empty()) {
    return std::make_shared<const ChunkList>(0, manifest.chunks);
  }
  uint64_t start = 0;
  for (const SegmentRef& segment : manifest.segments) {
    if (offset >= start + segment.bytes) {
      start += segment.bytes;
      continue;
    }
    Result<std::vector<std::byte>> bytes = source.core.folder->Read(segment.id);
    if (!bytes) {
      const Status& error = bytes.error();
      return Err(error.code() == Code::kNotFound ? Code::kDataLoss : error.code(),
                 std::string(error.message()));
    }
    ASSIGN_OR_RETURN(std::vector<ChunkRef> chunks, ParseSegment(*bytes));
    auto list = std::make_shared<const ChunkList>(start, std::move(chunks));
    if (list->chunks.size() != segment.chunks || list->end() - start != segment.bytes) {
      return Err(
          Code::kDataLoss,
          fmt::format("segment {} does not have the length its manifest says", ToHex(segment.id)));
    }
    return list;
  }
  return Err(Code::kInternal, "an offset behind the end of the file");
}

/// Reads the chunks from the one that holds block.wanted on, whole, until the block is full.
Status Fill(const Source& source, Block& block) {
  if (block.list == nullptr || block.wanted < block.list->start ||
      block.wanted >= block.list->end()) {
    ASSIGN_OR_RETURN(block.list, ListAt(source, block.wanted));
  }
  const ChunkList& list = *block.list;
  const auto first =
      static_cast<size_t>(std::ranges::upper_bound(list.ends, block.wanted) - list.ends.begin());
  size_t last = first;
  size_t size = 0;
  while (last < list.chunks.size() &&
         (last == first || size + list.chunks[last].length <= kBlockBytes)) {
    size += list.chunks[last++].length;
  }
  block.offset = list.ends[first] - list.chunks[first].length;
  block.bytes.resize(size);
  std::span<std::byte> into = block.bytes;
  for (size_t i = first; i < last; ++i) {
    const ChunkRef& chunk = list.chunks[i];
    Status read = source.core.folder->ReadInto(chunk.id, into.first(chunk.length));
    if (!read.ok()) {
      block.bytes.clear();
      return read.code() == Code::kNotFound ? Err(Code::kDataLoss, std::string(read.message()))
                                            : Err(std::move(read));
    }
    into = into.subspan(chunk.length);
  }
  return OkStatus();
}

class Download final : public Reader {
 public:
  Download(const Core& core, NamedManifest named, Share share)
      : source_(std::make_shared<const Source>(core, std::move(named), std::move(share))) {}

  const FileRef& file() const override { return source_->named.file; }

  Task<size_t> Read(uint64_t offset, std::span<std::byte> into) override {
    if (into.empty() || offset >= file().size) {
      co_return 0;
    }
    if (current_ == nullptr || !current_->Holds(offset)) {
      Status moved = co_await MoveTo(offset);
      CO_TRY(std::move(moved));
    }
    const std::span<const std::byte> from =
        std::span(current_->bytes).subspan(offset - current_->offset);
    const size_t size = std::min(from.size(), into.size());
    std::ranges::copy(from.first(size), into.begin());
    co_return size;
  }

 private:
  /// Makes current_ the block that holds `offset`, and has the next one read if the reading is
  /// sequential.
  Task<> MoveTo(uint64_t offset) {
    const bool sequential = offset == (current_ != nullptr ? current_->end() : 0);
    std::shared_ptr<Block> old = std::move(current_);
    std::shared_ptr<Block> block = std::exchange(ahead_, nullptr);
    if (block == nullptr || block->wanted != offset) {
      if (block != nullptr) {  // an unused one must be done before its memory counts as free
        std::shared_ptr<Countdown> unused = block->done;
        static_cast<void>(co_await Countdown::Wait(std::move(unused)));
      }
      block = Start(offset, old != nullptr ? old->list : nullptr, std::move(old));
    } else {
      spare_ = std::move(old);
    }
    std::shared_ptr<Countdown> done = block->done;
    Status filled = co_await Countdown::Wait(std::move(done));
    CO_TRY(std::move(filled));
    current_ = std::move(block);
    if (sequential && current_->end() < file().size) {
      ahead_ = Start(current_->end(), current_->list, std::move(spare_));
    }
    co_return OkStatus();
  }

  /// Has a block read; `reuse` may give its memory.
  std::shared_ptr<Block> Start(uint64_t offset, std::shared_ptr<const ChunkList> list,
                               std::shared_ptr<Block> reuse) {
    auto block = std::make_shared<Block>();
    block->wanted = offset;
    block->list = std::move(list);
    if (reuse != nullptr) {
      block->bytes = std::move(reuse->bytes);
    }
    Status submitted = source_->core.pool->Submit([source = source_, block](Status admitted) {
      block->done->Complete(admitted.ok() ? Fill(*source, *block) : std::move(admitted));
    });
    if (!submitted.ok()) {
      block->done->Complete(std::move(submitted));
    }
    return block;
  }

  const std::shared_ptr<const Source> source_;
  std::shared_ptr<Block> current_;
  std::shared_ptr<Block> ahead_;
  std::shared_ptr<Block> spare_;
};

}  // namespace

Result<NamedManifest> LoadManifest(PackFolder& folder, ManifestId id) {
  const Result<Record> record = folder.Stat(id.hash);
  if (!record && record.error().code() != Code::kNotFound) {
    return Err(record.error());
  }
  // A chunk may hold the bytes of a manifest; its id names no file nevertheless.
  if (!record || record->kind != Kind::kManifest) {
    return Err(Code::kNotFound, fmt::format("file {} is not stored", id.ToHex()));
  }
  ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, folder.Read(id.hash));
  ASSIGN_OR_RETURN(Manifest manifest, ParseManifest(bytes));
  const FileRef file{id, manifest.size, std::bit_cast<Sha256Digest>(manifest.sha256),
                     manifest.xet_hash};
  return NamedManifest{file, std::move(manifest)};
}

size_t DownloadShare(uint64_t size) {
  return static_cast<size_t>(std::min<uint64_t>(size, 2 * (kBlockBytes + kMaxChunk)));
}

std::unique_ptr<Reader> MakeDownload(const Core& core, NamedManifest named, Share share) {
  return std::make_unique<Download>(core, std::move(named), std::move(share));
}

}  // namespace stetig::blob
