#include "blob/local/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "blob/local/download.h"

namespace stetig::blob {
namespace {

// Survivors are copied in groups of this many bytes.
constexpr size_t kCopyBytes = size_t{1} << 20;

}  // namespace

void LiveSet::Compact(Offsets& offsets) {
  std::ranges::sort(offsets.values);
  const auto repeated = std::ranges::unique(offsets.values);
  offsets.values.erase(repeated.begin(), repeated.end());
}

void LiveSet::Mark(const Placed& placed) {
  Offsets& offsets = packs_[placed.pack];
  offsets.values.push_back(placed.record.offset);
  if (offsets.values.size() >= offsets.compact_at) {
    Compact(offsets);
    offsets.compact_at = std::max<size_t>(1024, 2 * offsets.values.size());
  }
}

const std::vector<uint32_t>& LiveSet::OffsetsIn(uint64_t pack) {
  Offsets& offsets = packs_[pack];
  Compact(offsets);
  return offsets.values;
}

Status Sweeper::CheckStop() const {
  return options_.stop.stop_requested() ? Err(Code::kCancelled, "the sweep was stopped")
                                        : OkStatus();
}

Status Sweeper::MarkEntry(const Hash256& id) {
  const Result<Placed> placed = folder_.Locate(id);
  if (!placed) {
    return Err(placed.error().code() == Code::kNotFound ? Code::kDataLoss : placed.error().code(),
               std::string(placed.error().message()));
  }
  live_.Mark(*placed);
  return OkStatus();
}

Status Sweeper::MarkChunks(std::span<const ChunkRef> chunks) {
  for (const ChunkRef& chunk : chunks) {
    TRY(MarkEntry(chunk.id));
  }
  return OkStatus();
}

Status Sweeper::MarkOne(ManifestId root) {
  TRY(MarkEntry(root.hash));
  ASSIGN_OR_RETURN(const NamedManifest named, LoadManifest(folder_, root));
  TRY(MarkChunks(named.manifest.chunks));
  for (const SegmentRef& segment : named.manifest.segments) {
    TRY(MarkEntry(segment.id));
    ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, folder_.Read(segment.id));
    ASSIGN_OR_RETURN(const std::vector<ChunkRef> chunks, ParseSegment(bytes));
    TRY(MarkChunks(chunks));
  }
  ++report_.manifests;
  return OkStatus();
}

Status Sweeper::Mark(std::span<const ManifestId> roots) {
  for (const ManifestId& root : roots) {
    TRY(CheckStop());
    if (Status marked = MarkOne(root); !marked.ok()) {
      return Err(marked.code(), fmt::format("live file {}: {}", root.ToHex(), marked.message()));
    }
  }
  return OkStatus();
}

Status Sweeper::Collect(uint64_t pack) {
  TRY(CheckStop());
  ASSIGN_OR_RETURN(std::vector<Record> records, folder_.Records(pack));
  const std::vector<uint32_t>& live = live_.OffsetsIn(pack);
  std::ranges::sort(records, {}, &Record::offset);
  std::vector<uint32_t> dead;
  uint64_t bytes = 0;
  for (const Record& record : records) {
    bytes += record.footprint();
    if (std::ranges::binary_search(live, record.offset)) {
      report_.live_bytes += record.footprint();
    } else {
      report_.dead_bytes += record.footprint();
      dead.push_back(record.offset);
    }
  }
  if (options_.dry_run) {
    return OkStatus();
  }
  // A note counts from now on, when uploads that the roots did not show may just have ended; it is
  // due if the grace time was over before the first root was read.
  const WallTime due{begin_.ms - options_.grace.count()};
  const std::vector<uint32_t> doomed =
      folder_.UpdateCandidate(pack, std::move(dead), clock_.Now(), due);
  uint64_t freed = 0;
  for (const Record& record : records) {
    freed += std::ranges::binary_search(doomed, record.offset) ? record.footprint() : 0;
  }
  const auto left = static_cast<double>(bytes - freed);
  if (freed == 0 || left >= options_.rewrite_below * static_cast<double>(bytes) ||
      !folder_.Retire(pack, doomed)) {
    return OkStatus();
  }
  std::erase_if(records, [&](const Record& record) {
    return std::ranges::binary_search(doomed, record.offset);
  });
  if (Status copied = Rewrite(pack, records); !copied.ok()) {
    folder_.Unretire(pack);
    return copied;
  }
  TRY(folder_.Remove(pack));
  ++report_.packs_removed;
  report_.packs_rewritten += records.empty() ? 0 : 1;
  report_.bytes_freed += freed;
  return OkStatus();
}

Status Sweeper::Rewrite(uint64_t pack, std::span<const Record> survivors) {
  if (survivors.empty()) {
    return OkStatus();
  }
  Pins pins(folder_);
  while (!survivors.empty()) {
    TRY(CheckStop());
    std::vector<std::vector<std::byte>> stored;
    std::vector<NewEntry> entries;
    size_t bytes = 0;
    size_t taken = 0;
    for (; taken < survivors.size() && bytes < kCopyBytes; ++taken) {
      const Record& record = survivors[taken];
      ASSIGN_OR_RETURN(const bool elsewhere, folder_.Reuse(record.id, pins));
      if (elsewhere) {
        continue;
      }
      ASSIGN_OR_RETURN(std::vector<std::byte> one, folder_.ReadStored(pack, record));
      stored.push_back(std::move(one));
      entries.push_back({record.id, record.kind, record.codec, record.raw_length, stored.back()});
      bytes += stored.back().size();
    }
    TRY(folder_.Append(entries, pins));
    survivors = survivors.subspan(taken);
  }
  TRY(folder_.Sync());
  return folder_.CheckIntact(pins);
}

}  // namespace stetig::blob
