// Synchronisation of a repository: fetch, then book what is new, then where branches are, then what
// they no longer lead to. Broken off anywhere, the next run does the rest: branches are booked last
// but one, so commits that are not booked yet are found again.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "connect/git_output.h"
#include "connect/internal/booking.h"
#include "connect/internal/impl.h"
#include "connect/keys.h"

namespace stetig::connect {
namespace {

/// Branches that people merge into, most likely first.
constexpr std::string_view kMainBranches[] = {"main", "master", "trunk", "develop"};
constexpr size_t kMaxOfBranch = 1'000;  ///< commits that get their keys of a branch's name
constexpr size_t kMaxWritten = 500;     ///< rows of one write

using RefKey = std::pair<RefKind, std::string>;
RefKey KeyOf(const GitRef& ref) { return {ref.kind, ref.name}; }

/// A branch or tag that is elsewhere than at the last synchronisation.
struct Move {
  GitRef ref;          ///< where it is now; of a deleted one where it was
  std::string before;  ///< empty: new
  bool deleted = false;
  bool rewritten = false;
};

std::vector<Move> MovesBetween(const std::vector<Branch>& before, const std::vector<GitRef>& now) {
  std::map<RefKey, std::string> known;
  for (const Branch& branch : before) known[KeyOf(branch.ref)] = branch.ref.sha;
  std::vector<Move> moves;
  for (const GitRef& ref : now) {
    const auto found = known.find(KeyOf(ref));
    if (found == known.end()) {
      moves.push_back({.ref = ref, .before = {}});
      continue;
    }
    if (found->second != ref.sha) moves.push_back({.ref = ref, .before = found->second});
    known.erase(found);
  }
  for (auto& [key, sha] : known) {
    moves.push_back({.ref = {key.first, key.second, sha}, .before = sha, .deleted = true});
  }
  return moves;
}

std::string MainTip(const std::vector<GitRef>& refs) {
  for (const std::string_view name : kMainBranches) {
    const auto found = std::ranges::find_if(refs, [name](const GitRef& ref) {
      return ref.kind == RefKind::kBranch && ref.name == name;
    });
    if (found != refs.end()) return found->sha;
  }
  return {};
}

/// One synchronisation. Its members are what its steps hand on.
class Run {
 public:
  Run(store::Database& db, const Git& git, KeyBook& keys, booking::Occasion occasion,
      Deadline deadline)
      : db_(db), git_(git), keys_(keys), occasion_(std::move(occasion)), deadline_(deadline) {}

  Task<SyncReport> Do() {
    std::string id = occasion_.source.source.id;
    std::string url = occasion_.source.source.url;
    CO_TRY(co_await git_.Fetch(id, std::move(url), deadline_));
    CO_TRY(co_await ReadRefs());
    CO_TRY(co_await BookCommits());
    CO_TRY(co_await FindRewrites());
    CO_TRY(co_await BookMoves());
    CO_TRY(co_await BookLost());
    co_return report_;
  }

 private:
  const std::string& Id() const { return occasion_.source.source.id; }

  Task<> ReadRefs() {
    auto read = co_await git_.Refs(Id(), deadline_);
    ASSIGN_OR_CO_RETURN(refs_, std::move(read));
    auto list = [number = occasion_.source.repository_no](store::Session& session) {
      return repository::ListRefs(session, number);
    };
    auto listed = co_await db_.Read(std::move(list), deadline_);
    ASSIGN_OR_CO_RETURN(before_, std::move(listed));
    moves_ = MovesBetween(before_, refs_);
    main_ = MainTip(refs_);
    co_return OkStatus();
  }

  /// Which commits were made on branches whose names name records.
  Task<> FindBranches() {
    if (main_.empty()) co_return OkStatus();
    for (const Move& move : moves_) {
      if (move.deleted || move.ref.kind != RefKind::kBranch || move.ref.sha == main_ ||
          KeysIn(move.ref.name).empty()) {
        continue;
      }
      std::vector<std::string> tips = {move.ref.sha};
      std::vector<std::string> without = {main_};
      auto behind = co_await git_.Behind(Id(), std::move(tips), std::move(without), deadline_);
      ASSIGN_OR_CO_RETURN(const std::vector<std::string> shas, std::move(behind));
      const size_t first = shas.size() - std::min(shas.size(), kMaxOfBranch);
      for (size_t i = first; i < shas.size(); ++i) branches_.try_emplace(shas[i], move.ref.name);
    }
    co_return OkStatus();
  }

  Task<> BookCommits() {
    std::vector<std::string> known;
    for (const Branch& branch : before_) known.push_back(branch.ref.sha);
    auto reachable = co_await git_.Reachable(Id(), std::move(known), deadline_);
    ASSIGN_OR_CO_RETURN(const std::vector<std::string> shas, std::move(reachable));
    CO_TRY(co_await FindBranches());
    for (size_t at = 0; at < shas.size(); at += kMaxCommitsAtOnce) {
      const auto begin = shas.begin() + static_cast<ptrdiff_t>(at);
      const auto end =
          begin + static_cast<ptrdiff_t>(std::min(kMaxCommitsAtOnce, shas.size() - at));
      CO_TRY(co_await BookBatch({begin, end}));
    }
    co_return OkStatus();
  }

  Task<> BookBatch(std::vector<std::string> shas) {
    auto described = co_await git_.Describe(Id(), shas, deadline_);
    ASSIGN_OR_CO_RETURN(std::vector<Commit> commits, std::move(described));
    auto patched = co_await git_.Patches(Id(), std::move(shas), deadline_);
    ASSIGN_OR_CO_RETURN(auto patches, std::move(patched));
    std::vector<booking::NewCommit> batch;
    std::vector<std::string> named;
    for (Commit& commit : commits) {
      if (const auto patch = patches.find(commit.sha); patch != patches.end()) {
        commit.patch = patch->second;
      }
      const auto branch = branches_.find(commit.sha);
      batch.push_back({std::move(commit), branch == branches_.end() ? "" : branch->second});
      for (Mention& mention : MentionsOf(batch.back().commit, batch.back().branch)) {
        named.push_back(std::move(mention.key));
      }
    }
    std::ranges::sort(named);
    named.erase(std::ranges::unique(named).begin(), named.end());
    auto found = co_await keys_.Find(std::move(named), deadline_);
    ASSIGN_OR_CO_RETURN(Keys keys, std::move(found));
    auto write = [occasion = occasion_, batch = std::move(batch), keys = std::move(keys),
                  before = report_](store::Transaction& tx) -> Result<SyncReport> {
      SyncReport report = before;
      for (const booking::NewCommit& commit : batch) {
        TRY(booking::BookCommit(tx, occasion, commit, keys, report));
      }
      return report;
    };
    auto written = co_await db_.Write(std::move(write), deadline_);
    ASSIGN_OR_CO_RETURN(report_, std::move(written));
    co_return OkStatus();
  }

  Task<> FindRewrites() {
    for (Move& move : moves_) {
      if (move.deleted || move.before.empty()) continue;
      std::vector<std::string> tips = {move.before};
      std::vector<std::string> without = {move.ref.sha};
      auto behind = co_await git_.Behind(Id(), std::move(tips), std::move(without), deadline_);
      ASSIGN_OR_CO_RETURN(const std::vector<std::string> lost, std::move(behind));
      move.rewritten = !lost.empty();
    }
    co_return OkStatus();
  }

  Task<> BookMoves() {
    auto write = [occasion = occasion_, moves = moves_,
                  before = report_](store::Transaction& tx) -> Result<SyncReport> {
      SyncReport report = before;
      for (const Move& move : moves) {
        const Branch branch{.repository = occasion.source.source.id,
                            .ref = move.ref,
                            .moved = occasion.now,
                            .rewritten = move.rewritten};
        TRY(move.deleted ? booking::BookDeletedRef(tx, occasion, move.ref, report)
                         : booking::BookRef(tx, occasion, branch, move.before, report));
      }
      return report;
    };
    auto written = co_await db_.Write(std::move(write), deadline_);
    ASSIGN_OR_CO_RETURN(report_, std::move(written));
    co_return OkStatus();
  }

  /// Commits that rewritten and deleted branches led to and nothing does now.
  Task<> BookLost() {
    for (const Move& move : moves_) {
      if (!move.rewritten && !move.deleted) continue;
      std::vector<std::string> tips = {move.before};
      auto behind = co_await git_.Behind(Id(), std::move(tips), {}, deadline_);
      ASSIGN_OR_CO_RETURN(const std::vector<std::string> lost, std::move(behind));
      if (lost.size() > 1) CO_TRY(co_await LinkSquash(move.before, lost));
      for (size_t at = 0; at < lost.size(); at += kMaxWritten) {
        const auto begin = lost.begin() + static_cast<ptrdiff_t>(at);
        CO_TRY(co_await WriteLost(
            {begin, begin + static_cast<ptrdiff_t>(std::min(kMaxWritten, lost.size() - at))}));
      }
    }
    co_return OkStatus();
  }

  Task<> WriteLost(std::vector<std::string> shas) {
    auto write = [occasion = occasion_, shas = std::move(shas),
                  before = report_](store::Transaction& tx) -> Result<SyncReport> {
      SyncReport report = before;
      for (const std::string& sha : shas) {
        TRY(booking::BookUnreachable(tx, occasion, sha, report));
      }
      return report;
    };
    auto written = co_await db_.Write(std::move(write), deadline_);
    ASSIGN_OR_CO_RETURN(report_, std::move(written));
    co_return OkStatus();
  }

  /// A commit that makes the same change as all of `lost` together was squashed from them.
  Task<> LinkSquash(std::string tip, std::vector<std::string> lost) {
    if (main_.empty() || lost.size() > kMaxWritten) co_return OkStatus();
    std::string main = main_;
    auto based = co_await git_.MergeBase(Id(), std::move(main), tip, deadline_);
    ASSIGN_OR_CO_RETURN(std::string base, std::move(based));
    if (base.empty()) co_return OkStatus();
    auto between = co_await git_.PatchBetween(Id(), std::move(base), tip, deadline_);
    ASSIGN_OR_CO_RETURN(std::string patch, std::move(between));
    if (patch.empty()) co_return OkStatus();
    auto write = [occasion = occasion_, lost = std::move(lost), patch = std::move(patch),
                  before = report_](store::Transaction& tx) -> Result<SyncReport> {
      SyncReport report = before;
      ASSIGN_OR_RETURN(const auto squashed,
                       repository::FindByPatch(tx, occasion.source.repository_no, patch, 1));
      if (squashed.empty()) return report;
      for (const std::string& sha : lost) {
        TRY(booking::BookEdge(tx, occasion,
                              {.type = "carried_to",
                               .from = {"commit", sha},
                               .to = {"commit", squashed.front().commit.sha},
                               .rule = "squash",
                               .evidence = fmt::format("patch {}", patch)},
                              report));
      }
      return report;
    };
    auto written = co_await db_.Write(std::move(write), deadline_);
    ASSIGN_OR_CO_RETURN(report_, std::move(written));
    co_return OkStatus();
  }

  store::Database& db_;
  const Git& git_;
  KeyBook& keys_;
  const booking::Occasion occasion_;
  const Deadline deadline_;
  std::vector<Branch> before_;
  std::vector<GitRef> refs_;
  std::vector<Move> moves_;
  std::string main_;  ///< commit of the branch that others are merged into; empty: none such
  std::map<std::string, std::string> branches_;  ///< commit → branch it was made on
  SyncReport report_;
};

/// A repository's turn, for as long as it lives.
class Turn {
 public:
  Turn(UnderWay& under_way, std::string id)
      : under_way_(under_way), id_(std::move(id)), taken_(under_way_.Begin(id_)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (taken_) under_way_.End(id_);
  }
  bool taken() const { return taken_; }

 private:
  UnderWay& under_way_;
  const std::string id_;
  const bool taken_;
};

}  // namespace

Task<SyncReport> Service::Sync(Principal who, std::string reference, Deadline deadline) {
  auto read = [reference = std::move(reference)](store::Session& session) {
    return RequireSource(session, reference);
  };
  auto found = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(repository::SourceRow source, std::move(found));
  const int64_t number = source.repository_no;
  const Turn turn(impl_->under_way, source.source.id);
  if (!turn.taken()) {
    co_return Err(Code::kFailedPrecondition,
                  fmt::format("repository '{}' is being synchronised already", source.source.name),
                  "sync_under_way");
  }
  const WallTime now = impl_->clock.Now();
  auto begin = [number, now](store::Transaction& tx) {
    return repository::SetTried(tx, number, now);
  };
  CO_TRY(co_await impl_->db.Write(std::move(begin), deadline));
  booking::Occasion occasion{.who = std::move(who), .source = std::move(source), .now = now};
  Run run(impl_->db, impl_->git, impl_->keys, std::move(occasion), deadline);
  auto done = co_await run.Do();
  std::string error(done ? std::string_view() : done.error().message());
  const std::optional<WallTime> synced = done ? std::optional(now) : std::nullopt;
  auto end = [number, synced, error = std::move(error)](store::Transaction& tx) {
    return repository::SetSynced(tx, number, synced, error);
  };
  // Also after the deadline: what went wrong must be seen.
  CO_TRY(co_await impl_->db.Write(std::move(end), After(std::chrono::seconds(10))));
  co_return done;
}

Task<std::vector<std::string>> Service::DueSources(Deadline deadline) {
  const WallTime now = impl_->clock.Now();
  auto read = [now](store::Session& session) -> Result<std::vector<std::string>> {
    constexpr int64_t kPage = 1'000;
    std::vector<std::string> due;
    for (int64_t after = 0;;) {
      ASSIGN_OR_RETURN(const auto rows, repository::ListSources(session, after, kPage));
      for (const repository::SourceRow& row : rows) {
        after = row.repository_no;
        const int64_t pause = row.source.poll_seconds * 1000;
        if (pause > 0 && row.tried.ms + pause <= now.ms) due.push_back(row.source.id);
      }
      if (static_cast<int64_t>(rows.size()) < kPage) return due;
    }
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::connect
