// The journal's Merkle tree in the database: nodes from stored tiles, and from leaf hashes where
// tiles lag. Tiles have height 8, an idea of https://c2sp.org/tlog-tiles.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "journal/merkle.h"
#include "store/database.h"

namespace stetig::journal {

inline constexpr int kTileHeight = 8;
inline constexpr int64_t kTileWidth = 256;

/// Nodes within one session, of which it borrows. Keeps at most 32 tiles (256 KiB) in memory. Any
/// node over existing entries is right whether or not tiles lag; with tiles it costs two rows and
/// 255 hashes at most, without it reads all leaves below the node. Trusts tiles and leaf hashes as
/// they are stored: verify.h asks whether they hold. kDataLoss: an entry that should be there is
/// not.
class TileSource final : public merkle::NodeSource {
 public:
  explicit TileSource(store::Session& session) : session_(session) {}
  Result<merkle::Hash> Node(int height, int64_t index) override;

 private:
  using Hashes = std::vector<merkle::Hash>;
  Result<const Hashes*> Load(int level, int64_t tile_no);

  store::Session& session_;
  std::map<std::pair<int, int64_t>, Hashes> tiles_;
};

/// What the next step of filling writes.
struct TileBatch {
  struct Tile {
    int level = 0;
    int64_t tile_no = 0;
    std::vector<merkle::Hash> hashes;
  };
  int64_t first = 0;  ///< tiles that level 0 had before
  int64_t count = 0;  ///< tiles of level 0 in the batch
  std::vector<Tile> tiles;
};

/// Computes the next tiles, at most `most` of level 0, with what they add to the levels above.
/// kDataLoss: the tiles that are there do not fit together.
Result<TileBatch> NextTiles(store::Session& session, int64_t most);
/// Writes them, unless others were faster: how many of level 0 were written.
Result<int64_t> WriteTiles(store::Transaction& tx, const TileBatch& batch);

}  // namespace stetig::journal
