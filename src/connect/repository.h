// The tables of connect; the only place with their SQL. Functions run inside a store closure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connect/types.h"
#include "store/database.h"

namespace stetig::connect::repository {

struct SourceRow {
  int64_t repository_no = 0;
  SourceRepository source;
  WallTime tried;  ///< begin of the last synchronisation; the epoch: none yet
};

/// kAlreadyExists: the name is taken.
Status InsertSource(store::Transaction& tx, const SourceRepository& source);
/// By id or name.
Result<std::optional<SourceRow>> FindSource(store::Session& session, std::string_view reference);
/// Ascending by number, behind `after`.
Result<std::vector<SourceRow>> ListSources(store::Session& session, int64_t after, int64_t limit);
Status SetSource(store::Transaction& tx, const SourceRow& row);
/// With its commits and branches.
Status DeleteSource(store::Transaction& tx, int64_t repository_no);
Status SetTried(store::Transaction& tx, int64_t repository_no, WallTime now);
Status SetSynced(store::Transaction& tx, int64_t repository_no, std::optional<WallTime> synced,
                 std::string_view error);

struct CommitRow {
  int64_t commit_no = 0;
  int64_t repository_no = 0;
  Commit commit;
};
struct CommitListing {
  std::optional<int64_t> repository_no;
  int64_t before = 0;  ///< commit_no; 0: from the newest
  int64_t limit = 100;
};

/// False: it is there already.
Result<bool> InsertCommit(store::Transaction& tx, int64_t repository_no, const Commit& commit);
/// In any repository; a prefix of at least 7 digits finds one that it fits alone. At most two.
Result<std::vector<CommitRow>> FindCommits(store::Session& session, std::string_view sha);
Result<std::optional<CommitRow>> FindCommit(store::Session& session, int64_t repository_no,
                                            std::string_view sha);
/// Newest first.
Result<std::vector<CommitRow>> ListCommits(store::Session& session, const CommitListing& listing);
/// Other commits of the repository with the same change, oldest first, at most `limit`.
Result<std::vector<CommitRow>> FindByPatch(store::Session& session, int64_t repository_no,
                                           std::string_view patch, int64_t limit);
/// How many rows changed.
Result<int64_t> SetReachable(store::Transaction& tx, int64_t repository_no, std::string_view sha,
                             bool reachable);

Result<std::vector<Branch>> ListRefs(store::Session& session, int64_t repository_no);
Status PutRef(store::Transaction& tx, int64_t repository_no, const Branch& branch);
Status DeleteRef(store::Transaction& tx, int64_t repository_no, const GitRef& ref);

}  // namespace stetig::connect::repository
