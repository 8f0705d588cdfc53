// The tables of the forge connector; the only place with their SQL. Errors as Session's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connect/forge/types.h"
#include "store/database.h"

namespace stetig::connect::forge::repository {

Result<std::optional<Repository>> Find(store::Session& session, std::string_view name);
Result<std::vector<Repository>> List(store::Session& session);
/// Gives it its number. kAlreadyExists: the name is taken.
Status Insert(store::Transaction& tx, Repository& repository);
/// With all that is known of it; the journal and the trace graph keep what they have.
Status Remove(store::Transaction& tx, int64_t repository_no);
/// polled, seen_to, next_poll, failures, trouble.
Status SavePoll(store::Transaction& tx, const Repository& repository);
/// The next poll is due at once.
Status HurryPoll(store::Transaction& tx, int64_t repository_no);

/// A row of what is known.
struct FactRow {
  std::string key;
  Version version;
  bool polled = false;
  std::string document;  ///< JSON
};
Result<std::optional<FactRow>> FindFact(store::Session& session, int64_t repository_no,
                                        std::string_view kind, std::string_view key);
/// What Save writes besides the row.
struct FactMarks {
  WallTime now;
  bool unresolved = false;  ///< it names a record that is not there yet
  std::string_view branch;  ///< of a merge request, its source
};
/// Inserts or replaces.
Status SaveFact(store::Transaction& tx, int64_t repository_no, std::string_view kind,
                const FactRow& row, const FactMarks& marks);
/// Only the version and where it came from.
Status ConfirmFact(store::Transaction& tx, int64_t repository_no, std::string_view kind,
                   const FactRow& row);
Status SetUnresolved(store::Transaction& tx, int64_t repository_no, std::string_view kind,
                     std::string_view key, bool unresolved);
/// Facts that name records which were not there, at most `limit`: (kind, row).
Result<std::vector<std::pair<std::string, FactRow>>> Unresolved(store::Session& session,
                                                                int64_t repository_no,
                                                                int64_t limit);
/// Documents of the merge requests whose source is `branch`.
Result<std::vector<std::string>> RequestsOf(store::Session& session, int64_t repository_no,
                                            std::string_view branch);
Result<std::vector<FactRow>> Branches(store::Session& session, int64_t repository_no);

/// Of which commits statuses are asked for.
struct Asking {
  WallTime made_after;
  int64_t settle = 0;     ///< ms after they were first seen in which they are asked for again
  WallTime asked_before;  ///< the last time
  int64_t limit = 0;
};
/// Those never asked for first.
Result<std::vector<std::string>> Unasked(store::Session& session, int64_t repository_no,
                                         const Asking& asking);
Status MarkAsked(store::Transaction& tx, int64_t repository_no, std::string_view sha, WallTime now);

/// Whether it was new.
Result<bool> AddBranchCommit(store::Transaction& tx, int64_t repository_no, std::string_view branch,
                             std::string_view sha, WallTime at);
/// Of a branch, made until `until` (0: all), newest first, at most `limit`.
Result<std::vector<std::string>> BranchCommits(store::Session& session, int64_t repository_no,
                                               std::string_view branch, WallTime until,
                                               int64_t limit);

struct EdgeRow {
  std::string type;
  journal::Ref from;
  journal::Ref to;
  std::string rule;
  friend bool operator==(const EdgeRow&, const EdgeRow&) = default;
};
Result<std::vector<EdgeRow>> Edges(store::Session& session, int64_t repository_no,
                                   std::string_view owner);
Status AddEdge(store::Transaction& tx, int64_t repository_no, std::string_view owner,
               const EdgeRow& edge);
Status DropEdge(store::Transaction& tx, int64_t repository_no, std::string_view owner,
                const EdgeRow& edge);

/// Whether the delivery was new.
Result<bool> AddDelivery(store::Transaction& tx, int64_t repository_no, std::string_view delivery,
                         WallTime now);
Status ForgetDeliveries(store::Transaction& tx, WallTime before);

Result<std::optional<OutStatus>> FindStatus(store::Session& session, int64_t repository_no,
                                            std::string_view sha, std::string_view context);
Status SaveStatus(store::Transaction& tx, const OutStatus& status);
/// Those that wait and are due, oldest first.
Result<std::vector<OutStatus>> DueStatuses(store::Session& session, WallTime now, int64_t limit);
/// Of one repository, newest first.
Result<std::vector<OutStatus>> Statuses(store::Session& session, int64_t repository_no,
                                        int64_t limit);
/// Repositories that know the commit.
Result<std::vector<int64_t>> RepositoriesWith(store::Session& session, std::string_view sha);

Result<std::string> Etag(store::Session& session, int64_t repository_no, std::string_view target);
Status SaveEtag(store::Transaction& tx, int64_t repository_no, std::string_view target,
                std::string_view etag);

}  // namespace stetig::connect::forge::repository
