// Takes facts into what is known of a repository, within a write: rows, and the journal events of
// what changed, from which the trace graph gets its nodes and edges.
//
// What is kept depends on the set of facts alone, not on their order or number: of two facts about
// one thing the higher version counts, and edges are made anew from what is known whenever one of
// their ends changes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connect/forge/types.h"
#include "connect/key_book.h"
#include "store/database.h"

namespace stetig::connect::forge {

/// Who takes facts in, and from where.
struct Intake {
  int64_t repository_no = 0;
  std::string repository;  ///< its name
  Source source = Source::kWebhook;
  WallTime now;
  std::string request_id;
};

/// Errors: the store's.
Result<Applied> Apply(store::Transaction& tx, const Intake& intake, const Facts& facts,
                      const Keys& keys);

/// Commits that belong to a merge request whatever was pushed: as its own list has them.
Status AddRequestCommits(store::Transaction& tx, const Intake& intake, const MergeRequest& request,
                         const std::vector<Commit>& commits, const Keys& keys);

/// Makes the edges of a fact anew that names records which were not there: `kind` and `document` as
/// kept.
Status Resolve(store::Transaction& tx, const Intake& intake, std::string_view kind,
               std::string_view key, std::string_view document, const Keys& keys);

}  // namespace stetig::connect::forge
