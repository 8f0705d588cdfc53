// The tables of tiles, checkpoints and personal texts; the only place with their SQL, but for
// repository.h, which writes and reads texts with their events.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "journal/types.h"
#include "store/database.h"

namespace stetig::journal::repository {

/// The hashes of a tile, in order; empty when there is no such tile. kDataLoss: not a multiple of
/// 32 bytes, or more than 256 hashes.
Result<std::vector<LeafHash>> Tile(store::Session& session, int level, int64_t tile_no);
/// How many tiles level 0 has, if they have no gap: the greatest number plus one.
Result<int64_t> LeafTiles(store::Session& session);
/// Writes or replaces a tile.
Status PutTile(store::Transaction& tx, int level, int64_t tile_no,
               const std::vector<LeafHash>& hashes);

/// The tiles of one level.
struct TileLevel {
  int64_t level = 0;
  int64_t tiles = 0;
  int64_t first = 0;  ///< the smallest number
  int64_t last = 0;   ///< the greatest
};
/// By level; at most 64.
Result<std::vector<TileLevel>> TileLevels(store::Session& session);

struct StoredCheckpoint {
  int64_t size = 0;
  std::string note;
};
/// With size > `after`, in order, at most `limit`.
Result<std::vector<StoredCheckpoint>> Checkpoints(store::Session& session, int64_t after,
                                                  int64_t limit);
Result<std::optional<StoredCheckpoint>> LastCheckpoint(store::Session& session);
/// How many were written: 0 when there is one of that size already.
Result<int64_t> AddCheckpoint(store::Transaction& tx, const StoredCheckpoint& checkpoint);

/// Where a personal text is.
struct TextPlace {
  int64_t seq = 0;
  int64_t place = 0;
  friend auto operator<=>(const TextPlace&, const TextPlace&) = default;
};
/// Texts that are there, ascending, at most `limit`: of the events whose actor's name is `actor`;
/// of the event `seq`.
Result<std::vector<TextPlace>> TextsOfActor(store::Session& session, const std::string& actor,
                                            int64_t limit);
Result<std::vector<TextPlace>> TextsOfEvent(store::Session& session, int64_t seq, int64_t limit);
/// The greatest entry with a personal text; 0: there is none.
Result<int64_t> LastText(store::Session& session);
Status DeleteText(store::Transaction& tx, const TextPlace& text);

}  // namespace stetig::journal::repository
