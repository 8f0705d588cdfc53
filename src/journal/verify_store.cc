#include <fmt/format.h>

#include <array>

#include "journal/repository.h"
#include "journal/tiles.h"
#include "journal/verify.h"

namespace stetig::journal {
namespace {

using merkle::Hash;
using Kind = Finding::Kind;

constexpr int64_t kPage = 256;
constexpr int kLevels = 8;  // 256^8 entries
constexpr int64_t kErasurePage = 64;

int64_t WidthOf(int level) { return int64_t{1} << (kTileHeight * level); }

/// Compares stored tiles with the tree as it grows. Errors: as Session::Query.
class TileChecker {
 public:
  Status Begin(store::Session& session) {
    ASSIGN_OR_RETURN(leaf_tiles_, repository::LeafTiles(session));
    ASSIGN_OR_RETURN(levels_, repository::TileLevels(session));
    return OkStatus();
  }
  int64_t checked() const { return checked_; }

  /// After an entry was added to `tree`.
  Result<std::optional<Finding>> Check(store::Session& session, const merkle::Frontier& tree) {
    for (int level = 0; level < kLevels; ++level) {
      const std::optional<Hash> node = tree.Completed(kTileHeight * level);
      if (!node) {
        break;
      }
      const int64_t index = tree.size() / WidthOf(level) - 1;
      if (index >= Stored(level)) {
        break;
      }
      ASSIGN_OR_RETURN(auto finding, CheckOne(session, level, index, *node));
      if (finding) {
        return finding;
      }
    }
    return std::nullopt;
  }

  /// After the last entry: tiles where none should be.
  std::optional<Finding> Finish(int64_t entries) const {
    for (const repository::TileLevel& one : levels_) {
      const bool known = one.level >= 0 && one.level < kLevels;
      const int64_t nodes = known ? Stored(static_cast<int>(one.level)) : 0;
      const int64_t tiles = (nodes + kTileWidth - 1) / kTileWidth;
      if (one.first < 0 || one.last >= tiles || one.tiles > tiles) {
        const int64_t odd = one.first < 0 ? one.first : one.last;
        return Finding{
            Kind::kTile, 0,
            fmt::format("tile {}/{}: there should be none of that number", one.level, odd)};
      }
    }
    if (leaf_tiles_ > entries / kTileWidth) {
      return Finding{Kind::kTile, entries,
                     fmt::format("there are {} tiles, but {} entries: the end was cut off",
                                 leaf_tiles_, entries)};
    }
    return std::nullopt;
  }

 private:
  struct Current {
    int64_t tile_no = -1;
    std::vector<Hash> hashes;
  };

  /// How many hashes the level should have.
  int64_t Stored(int level) const {
    int64_t nodes = leaf_tiles_ * kTileWidth;
    for (int below = 0; below < level; ++below) {
      nodes /= kTileWidth;
    }
    return nodes;
  }

  Result<std::optional<Finding>> CheckOne(store::Session& session, int level, int64_t index,
                                          const Hash& node) {
    Current& tile = current_[static_cast<size_t>(level)];
    const int64_t first = index * WidthOf(level) + 1;
    const auto of = [&](std::string_view what) {
      return Finding{
          Kind::kTile, first,
          fmt::format("tile {}/{} hash {} (entries {} to {}): {}", level, index / kTileWidth,
                      index % kTileWidth, first, first + WidthOf(level) - 1, what)};
    };
    if (tile.tile_no != index / kTileWidth) {
      auto hashes = repository::Tile(session, level, index / kTileWidth);
      if (!hashes && hashes.error().code() == Code::kDataLoss) {
        return of(hashes.error().message());
      }
      ASSIGN_OR_RETURN(tile.hashes, std::move(hashes));
      tile.tile_no = index / kTileWidth;
      ++checked_;
    }
    const auto place = static_cast<size_t>(index % kTileWidth);
    if (tile.hashes.size() <= place) {
      return of("it is missing");
    }
    if (tile.hashes[place] != node) {
      return of("it does not fit the entries");
    }
    return std::nullopt;
  }

  int64_t leaf_tiles_ = 0;
  std::vector<repository::TileLevel> levels_;
  std::array<Current, kLevels> current_;
  int64_t checked_ = 0;
};

/// Verifies page by page, each in one read of the database. A page that runs twice, because the
/// connection was lost, goes on where it was.
class StoreVerifier {
 public:
  explicit StoreVerifier(Checker checker) : checker_(std::move(checker)) {}

  Status Begin(store::Session& session) {
    ASSIGN_OR_RETURN(head_, repository::Head(session));
    ASSIGN_OR_RETURN(const auto last, repository::LastCheckpoint(session));
    last_checkpoint_ = last ? last->size : INT64_MIN;
    ASSIGN_OR_RETURN(last_text_, repository::LastText(session));
    return tiles_.Begin(session);
  }

  /// Whether there is more.
  Result<bool> Page(store::Session& session) {
    TRY(ReadErasures(session));
    ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                     repository::ReadEntries(session, checker_.entries(), kPage, {}));
    ASSIGN_OR_RETURN(const bool begins_well, CheckCheckpoints(session));
    if (!begins_well) {
      return false;
    }
    for (const Entry& entry : entries) {
      if (checker_.entries() >= head_) {
        break;
      }
      if (Found(checker_.AddEntry(entry))) {
        return false;
      }
      ASSIGN_OR_RETURN(auto finding, tiles_.Check(session, checker_.tree()));
      if (Found(std::move(finding))) {
        return false;
      }
      ASSIGN_OR_RETURN(const bool fits, CheckCheckpoints(session));
      if (!fits) {
        return false;
      }
    }
    if (checker_.entries() < head_ && !entries.empty()) {
      return true;
    }
    End();
    return false;
  }

  Report Take() && {
    checker_.report().tiles = tiles_.checked();
    return std::move(checker_.report());
  }

 private:
  bool Found(std::optional<Finding> finding) {
    if (finding) {
      checker_.report().finding = std::move(finding);
    }
    return checker_.report().finding.has_value();
  }

  /// Erasures that came since the last page too: within one read, events and texts fit together.
  Status ReadErasures(store::Session& session) {
    for (;;) {
      const Filter filter{.kinds = {"journal.erased"}, .subject = {"journal", "texts"}};
      ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                       repository::ReadEntries(session, erasures_to_, kErasurePage, filter));
      for (const Entry& entry : entries) {
        checker_.AddErasure(entry.event);
        erasures_to_ = entry.event.seq;
      }
      if (std::ssize(entries) < kErasurePage) {
        return OkStatus();
      }
    }
  }

  /// Those of sizes up to where the tree is. One that is signed while the verifier runs is left to
  /// the next run: its size may have been passed already.
  Result<bool> CheckCheckpoints(store::Session& session) {
    for (;;) {
      if (next_ == checkpoints_.size() && checkpoints_to_ < last_checkpoint_) {
        ASSIGN_OR_RETURN(checkpoints_, repository::Checkpoints(session, checkpoints_to_, kPage));
        next_ = 0;
        checkpoints_to_ = checkpoints_.empty() ? last_checkpoint_ : checkpoints_.back().size;
      }
      if (next_ == checkpoints_.size() || checkpoints_[next_].size > checker_.entries() ||
          checkpoints_[next_].size > last_checkpoint_) {
        return true;
      }
      if (Found(checker_.AddCheckpoint(checkpoints_[next_++]))) {
        return false;
      }
    }
  }

  void End() {
    const int64_t entries = checker_.entries();
    if (Found(checker_.Finish())) {
      return;
    }
    if (next_ < checkpoints_.size() && checkpoints_[next_].size <= last_checkpoint_) {
      Found(checker_.AddCheckpoint(checkpoints_[next_]));  // of more entries than there are
    } else if (last_text_ > entries) {
      Found(Finding{Kind::kEntry, entries + 1,
                    fmt::format("entry {}: it is gone, the personal texts of entry {} are there",
                                entries + 1, last_text_)});
    } else {
      Found(tiles_.Finish(entries));
    }
  }

  Checker checker_;
  TileChecker tiles_;
  int64_t head_ = 0;
  int64_t last_text_ = 0;        ///< the greatest entry that has personal texts
  int64_t last_checkpoint_ = 0;  ///< the greatest size
  int64_t erasures_to_ = 0;
  int64_t checkpoints_to_ = INT64_MIN;
  std::vector<repository::StoredCheckpoint> checkpoints_;
  size_t next_ = 0;
};

}  // namespace

Task<Report> VerifyStore(store::Database& db, VerifyOptions options,
                         std::chrono::milliseconds page_time) {
  ASSIGN_OR_CO_RETURN(Checker checker, Checker::Make(options));
  StoreVerifier verifier(std::move(checker));
  auto begin = [&verifier](store::Session& session) { return verifier.Begin(session); };
  const Status begun = co_await db.Read(std::move(begin), After(page_time));
  CO_TRY(begun);
  for (bool more = true; more;) {
    auto page = [&verifier](store::Session& session) { return verifier.Page(session); };
    auto read = co_await db.Read(std::move(page), After(page_time));
    ASSIGN_OR_CO_RETURN(more, std::move(read));
  }
  co_return std::move(verifier).Take();
}

}  // namespace stetig::journal
