// Finds what no root leads to, and removes it: mark, note as candidate, a grace time later remove
// (docs in ../README.md).
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "blob/local/pack_folder.h"
#include "blob/manifest.h"
#include "blob/store.h"

namespace stetig::blob {

/// Offsets of live entries by pack: about 4 bytes for each.
class LiveSet {
 public:
  void Mark(const Placed& placed);
  /// Ascending, each once.
  const std::vector<uint32_t>& OffsetsIn(uint64_t pack);

 private:
  struct Offsets {
    std::vector<uint32_t> values;
    size_t compact_at = 1024;
  };
  static void Compact(Offsets& offsets);

  std::unordered_map<uint64_t, Offsets> packs_;
};

/// One sweep. Blocking; one thread at a time. `folder` outlives it.
class Sweeper {
 public:
  Sweeper(PackFolder& folder, SweepOptions options, const Clock& clock)
      : folder_(folder), options_(std::move(options)), clock_(clock), begin_(clock.Now()) {}

  // Both: kCancelled when SweepOptions::stop was asked for.

  /// Follows these roots. kDataLoss: one does not lead to all its chunks.
  Status Mark(std::span<const ManifestId> roots);
  /// After all roots: notes what is dead in a pack, or removes what was noted a grace time ago.
  Status Collect(uint64_t pack);

  const SweepReport& report() const { return report_; }

 private:
  /// kCancelled once the sweep is to stop.
  Status CheckStop() const;
  Status MarkOne(ManifestId root);
  Status MarkChunks(std::span<const ChunkRef> chunks);
  Status MarkEntry(const Hash256& id);
  Status Rewrite(uint64_t pack, std::span<const Record> survivors);

  PackFolder& folder_;
  const SweepOptions options_;
  const Clock& clock_;
  const WallTime begin_;  ///< no root was read before
  LiveSet live_;
  SweepReport report_;
};

}  // namespace stetig::blob
