#include "journal/proof_repository.h"

#include <fmt/format.h>

#include <algorithm>

namespace stetig::journal::repository {
namespace {

using store::Row;
using store::Statement;

constexpr size_t kTileWidth = 256;

constexpr Statement kTile{"SELECT hashes FROM journal_tiles WHERE level = $1 AND tile_no = $2"};
constexpr Statement kLeafTiles{
    "SELECT coalesce(max(tile_no) + 1, 0) FROM journal_tiles WHERE level = 0"};
constexpr Statement kPutTile{
    "INSERT INTO journal_tiles (level, tile_no, hashes) VALUES ($1, $2, $3) ON CONFLICT (level, "
    "tile_no) DO UPDATE SET hashes = excluded.hashes"};
constexpr Statement kTileLevels{
    "SELECT level, count(*), min(tile_no), max(tile_no) FROM journal_tiles GROUP BY level ORDER BY "
    "level LIMIT 64"};
constexpr Statement kCheckpoints{
    "SELECT size, note FROM journal_checkpoints WHERE size > $1 ORDER BY size LIMIT $2"};
constexpr Statement kLastCheckpoint{
    "SELECT size, note FROM journal_checkpoints ORDER BY size DESC LIMIT 1"};
constexpr Statement kAddCheckpoint{
    "INSERT INTO journal_checkpoints (size, note) VALUES ($1, $2) ON CONFLICT (size) DO NOTHING"};
constexpr Statement kTextsOfActor{
    "SELECT seq, place FROM journal_texts WHERE place = 0 AND text = $1 ORDER BY seq LIMIT $2"};
constexpr Statement kTextsOfEvent{
    "SELECT seq, place FROM journal_texts WHERE seq = $1 ORDER BY place LIMIT $2"};
constexpr Statement kLastText{"SELECT coalesce(max(seq), 0) FROM journal_texts"};
constexpr Statement kDeleteText{"DELETE FROM journal_texts WHERE seq = $1 AND place = $2"};

Result<int64_t> One(store::Session& session, const Statement& statement) {
  int64_t value = 0;
  TRY(session.Query(statement, {}, [&](const Row& row) {
    value = row.Int(0);
    return OkStatus();
  }));
  return value;
}

Result<std::vector<TextPlace>> Places(store::Session& session, const Statement& statement,
                                      store::Params params) {
  std::vector<TextPlace> places;
  TRY(session.Query(statement, params, [&](const Row& row) {
    places.push_back({row.Int(0), row.Int(1)});
    return OkStatus();
  }));
  return places;
}

}  // namespace

Result<std::vector<LeafHash>> Tile(store::Session& session, int level, int64_t tile_no) {
  std::vector<LeafHash> hashes;
  TRY(session.Query(kTile, {level, tile_no}, [&](const Row& row) -> Status {
    const std::span<const std::byte> bytes = row.Bytes(0);
    if (bytes.size() % sizeof(LeafHash) != 0 || bytes.size() / sizeof(LeafHash) > kTileWidth) {
      return Err(Code::kDataLoss,
                 fmt::format("tile {}/{} has {} bytes, expected at most 256 hashes of 32", level,
                             tile_no, bytes.size()));
    }
    hashes.resize(bytes.size() / sizeof(LeafHash));
    std::ranges::copy(bytes, std::as_writable_bytes(std::span(hashes)).begin());
    return OkStatus();
  }));
  return hashes;
}

Result<int64_t> LeafTiles(store::Session& session) { return One(session, kLeafTiles); }

Status PutTile(store::Transaction& tx, int level, int64_t tile_no,
               const std::vector<LeafHash>& hashes) {
  return tx.Execute(kPutTile, {level, tile_no, std::as_bytes(std::span(hashes))});
}

Result<std::vector<TileLevel>> TileLevels(store::Session& session) {
  std::vector<TileLevel> levels;
  TRY(session.Query(kTileLevels, {}, [&](const Row& row) {
    levels.push_back({row.Int(0), row.Int(1), row.Int(2), row.Int(3)});
    return OkStatus();
  }));
  return levels;
}

Result<std::vector<StoredCheckpoint>> Checkpoints(store::Session& session, int64_t after,
                                                  int64_t limit) {
  std::vector<StoredCheckpoint> checkpoints;
  TRY(session.Query(kCheckpoints, {after, limit}, [&](const Row& row) {
    checkpoints.push_back({row.Int(0), std::string(row.Text(1))});
    return OkStatus();
  }));
  return checkpoints;
}

Result<std::optional<StoredCheckpoint>> LastCheckpoint(store::Session& session) {
  std::optional<StoredCheckpoint> last;
  TRY(session.Query(kLastCheckpoint, {}, [&](const Row& row) {
    last = StoredCheckpoint{row.Int(0), std::string(row.Text(1))};
    return OkStatus();
  }));
  return last;
}

Result<int64_t> AddCheckpoint(store::Transaction& tx, const StoredCheckpoint& checkpoint) {
  return tx.Changed(kAddCheckpoint, {checkpoint.size, checkpoint.note});
}

Result<std::vector<TextPlace>> TextsOfActor(store::Session& session, const std::string& actor,
                                            int64_t limit) {
  const store::Value params[] = {actor, limit};
  return Places(session, kTextsOfActor, params);
}

Result<std::vector<TextPlace>> TextsOfEvent(store::Session& session, int64_t seq, int64_t limit) {
  const store::Value params[] = {seq, limit};
  return Places(session, kTextsOfEvent, params);
}

Result<int64_t> LastText(store::Session& session) { return One(session, kLastText); }

Status DeleteText(store::Transaction& tx, const TextPlace& text) {
  return tx.Execute(kDeleteText, {text.seq, text.place});
}

}  // namespace stetig::journal::repository
