#include "journal/tiles.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/proof_repository.h"
#include "journal/repository.h"

namespace stetig::journal {
namespace {

using merkle::Hash;
using Hashes = std::vector<Hash>;

constexpr size_t kCachedTiles = 32;

/// The root over 2^n hashes.
Hash Fold(std::span<const Hash> hashes) {
  Hashes row(hashes.begin(), hashes.end());
  for (size_t count = row.size(); count > 1; count /= 2) {
    for (size_t i = 0; i < count / 2; ++i) {
      row[i] = merkle::HashChildren(row[2 * i], row[2 * i + 1]);
    }
  }
  return row.front();
}

/// Builds a batch: the tiles above level 0 as they grow.
class Builder {
 public:
  explicit Builder(store::Session& session) : session_(session) {}

  /// Adds `hash` as number `index` of `level`, and what that completes above.
  Status Add(int level, int64_t index, const Hash& hash) {
    const int64_t tile_no = index / kTileWidth;
    const auto place = static_cast<size_t>(index % kTileWidth);
    auto at = tiles_.find({level, tile_no});
    if (at == tiles_.end()) {
      ASSIGN_OR_RETURN(Hashes stored, repository::Tile(session_, level, tile_no));
      at = tiles_.emplace(std::pair(level, tile_no), std::move(stored)).first;
    }
    Hashes& hashes = at->second;
    if (hashes.size() != place) {
      return Err(Code::kDataLoss, fmt::format("tile {}/{} has {} hashes, expected {}", level,
                                              tile_no, hashes.size(), place));
    }
    hashes.push_back(hash);
    return hashes.size() == static_cast<size_t>(kTileWidth) ? Add(level + 1, tile_no, Fold(hashes))
                                                            : OkStatus();
  }

  std::vector<TileBatch::Tile> Take() && {
    std::vector<TileBatch::Tile> out;
    for (auto& [place, hashes] : tiles_) {
      out.push_back({place.first, place.second, std::move(hashes)});
    }
    return out;
  }

 private:
  store::Session& session_;
  std::map<std::pair<int, int64_t>, Hashes> tiles_;
};

}  // namespace

Result<const TileSource::Hashes*> TileSource::Load(int level, int64_t tile_no) {
  auto at = tiles_.find({level, tile_no});
  if (at == tiles_.end()) {
    ASSIGN_OR_RETURN(Hashes hashes, repository::Tile(session_, level, tile_no));
    if (level == 0 && std::ssize(hashes) < kTileWidth) {
      ASSIGN_OR_RETURN(hashes, repository::Hashes(session_, tile_no * kTileWidth + 1, kTileWidth));
    }
    if (tiles_.size() >= kCachedTiles) {
      tiles_.clear();
    }
    at = tiles_.emplace(std::pair(level, tile_no), std::move(hashes)).first;
  }
  return &at->second;
}

Result<Hash> TileSource::Node(int height, int64_t index) {
  const int level = height / kTileHeight;
  const int within = height % kTileHeight;
  const int64_t first = index << within;
  const auto begin = static_cast<size_t>(first % kTileWidth);
  const size_t count = size_t{1} << within;
  {
    ASSIGN_OR_RETURN(const Hashes* tile, Load(level, first / kTileWidth));
    if (tile->size() >= begin + count) {
      return Fold(std::span(*tile).subspan(begin, count));
    }
  }
  if (level == 0) {
    return Err(Code::kDataLoss, fmt::format("the journal lacks an entry between {} and {}",
                                            (index << height) + 1, (index + 1) << height));
  }
  ASSIGN_OR_RETURN(const Hash left, Node(height - 1, 2 * index));
  ASSIGN_OR_RETURN(const Hash right, Node(height - 1, 2 * index + 1));
  return merkle::HashChildren(left, right);
}

Result<TileBatch> NextTiles(store::Session& session, int64_t most) {
  ASSIGN_OR_RETURN(const int64_t head, repository::Head(session));
  TileBatch batch;
  ASSIGN_OR_RETURN(batch.first, repository::LeafTiles(session));
  batch.count = std::clamp<int64_t>(head / kTileWidth - batch.first, 0, most);
  Builder builder(session);
  for (int64_t tile_no = batch.first; tile_no < batch.first + batch.count; ++tile_no) {
    const int64_t first_seq = tile_no * kTileWidth + 1;
    ASSIGN_OR_RETURN(Hashes leaves, repository::Hashes(session, first_seq, kTileWidth));
    if (std::ssize(leaves) != kTileWidth) {
      return Err(Code::kDataLoss, fmt::format("the journal has {} entries from {} on, expected {}",
                                              leaves.size(), first_seq, kTileWidth));
    }
    TRY(builder.Add(1, tile_no, Fold(leaves)));
    batch.tiles.push_back({0, tile_no, std::move(leaves)});
  }
  for (TileBatch::Tile& tile : std::move(builder).Take()) {
    batch.tiles.push_back(std::move(tile));
  }
  return batch;
}

Result<int64_t> WriteTiles(store::Transaction& tx, const TileBatch& batch) {
  ASSIGN_OR_RETURN(const int64_t there, repository::LeafTiles(tx));
  if (there != batch.first) {
    return 0;
  }
  for (const TileBatch::Tile& tile : batch.tiles) {
    TRY(repository::PutTile(tx, tile.level, tile.tile_no, tile.hashes));
  }
  return batch.count;
}

}  // namespace stetig::journal
