// How commits, branches and edges become rows and journal events, within a write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "connect/key_book.h"
#include "connect/repository.h"
#include "connect/service.h"

namespace stetig::connect::booking {

/// Whose synchronisation it is, and when.
struct Occasion {
  Principal who;
  repository::SourceRow source;
  WallTime now;
};

/// A commit with what is known of it beside git's own data.
struct NewCommit {
  Commit commit;
  std::string branch;  ///< the one it was made on, where its name may name records
};

/// Books a commit, once, with its edges: records that it names (task —done_in→ commit) and earlier
/// commits with the same change or that it was picked from (commit —carried_to→ commit). One that
/// was unreachable becomes reachable again.
Status BookCommit(store::Transaction& tx, const Occasion& occasion, const NewCommit& commit,
                  const Keys& keys, SyncReport& report);

/// A derived edge between two things.
struct Edge {
  std::string type;
  journal::Ref from;
  journal::Ref to;
  std::string rule;
  std::string evidence;
};
Status BookEdge(store::Transaction& tx, const Occasion& occasion, const Edge& edge,
                SyncReport& report);

/// The branch or tag is where `branch` says; `before`: its last commit, empty: it is new.
Status BookRef(store::Transaction& tx, const Occasion& occasion, const Branch& branch,
               std::string_view before, SyncReport& report);
Status BookDeletedRef(store::Transaction& tx, const Occasion& occasion, const GitRef& ref,
                      SyncReport& report);
/// No branch or tag leads to the commit any more.
Status BookUnreachable(store::Transaction& tx, const Occasion& occasion, const std::string& sha,
                       SyncReport& report);

}  // namespace stetig::connect::booking
