// The tables of events and subscriptions; the only place with their SQL, but for
// proof_repository.h.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "journal/entry.h"
#include "journal/types.h"
#include "store/database.h"

namespace stetig::journal::repository {

/// Writes an entry of the newest form that has all its texts.
Status Insert(store::Transaction& tx, const Entry& entry);
/// Entries with seq > `after` that match, in order, at most `limit`. A row that stetig cannot have
/// written comes with its `damage`.
Result<std::vector<Entry>> ReadEntries(store::Session& session, int64_t after, int64_t limit,
                                       const Filter& filter);
/// The same as readers see it; kDataLoss for such a row. Events with seq > `after` that match, in
/// order, at most `limit`.
Result<std::vector<Event>> Read(store::Session& session, int64_t after, int64_t limit,
                                const Filter& filter);
Result<int64_t> Head(store::Session& session);
Result<std::vector<LeafHash>> Hashes(store::Session& session, int64_t first, int64_t limit);

/// The cursor of `name`, made at `start` when new.
Result<int64_t> OpenCursor(store::Transaction& tx, const std::string& name, int64_t start);
/// Never back.
Status MoveCursor(store::Transaction& tx, const std::string& name, int64_t seq);

}  // namespace stetig::journal::repository
