// Keeps the trace graph at the journal's end, and makes it anew from the journal's beginning.
//
// Each batch of events is applied in one transaction with the graph's own cursor: exactly once,
// also after a crash, and when two processes project at the same time. Which rows come out depends
// on the journal alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "journal/service.h"
#include "store/database.h"

namespace stetig::trace {

struct ProjectorOptions {
  int batch = 2'000;  ///< events of one transaction; 1 … journal::kMaxEvents
};

/// Used by one coroutine at a time, on one loop. Borrows the database, which must have the
/// migrations of journal and trace. What cannot be read of an event is left out and counted
/// (Service::GetProgress): a bad event never stops it. Errors: the codes of Database::Write; it may
/// be called again after each.
class Projector {
 public:
  explicit Projector(store::Database& db, ProjectorOptions options = {})
      : db_(db), journal_(db), options_(options) {}

  /// Applies everything that the journal holds now. Returns the last event's number.
  Task<int64_t> CatchUp(Deadline deadline);

  /// The same, and then applies what comes, as it comes, until `deadline`: a durable subscription
  /// of the journal. OK at the deadline, which is for waiting: what was begun has 10 s more.
  Task<> Follow(Deadline deadline);

  /// Empties the graph and replays the journal: the rows are the same as before, so this is only
  /// needed after the rules have changed or rows were damaged. Meanwhile readers see the part that
  /// is done; whoever follows helps along. `progress(applied, head)` runs on the caller's loop
  /// after each batch. If it is cut short, the next CatchUp or Follow goes on where it ended.
  Task<> Rebuild(Deadline deadline, std::function<void(int64_t, int64_t)> progress);

 private:
  Task<int64_t> ApplyEvents(std::vector<journal::Event> events, Deadline deadline);
  Task<int64_t> Cursor(Deadline deadline);
  Task<int64_t> Replay(std::function<void(int64_t)> progress, Deadline deadline);

  store::Database& db_;
  journal::Journal journal_;
  ProjectorOptions options_;
  std::optional<journal::Subscription> subscription_;
};

/// SHA-256 in hex over all rows of the graph: equal before and after Rebuild. Reads everything.
Task<std::string> DigestOf(store::Database& db, Deadline deadline);

}  // namespace stetig::trace
