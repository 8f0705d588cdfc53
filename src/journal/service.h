// The journal: ordered events, written in the same transaction as the rows they describe, read by
// sequence number, and delivered to durable subscriptions.
//
// A repository appends inside its own write closure:
//   TRY(journal::Append(tx, {.time = now, .actor = who.user, .kind = "run.created", .subject =
//   {"run", id}, .request_id = who.request_id}));
// Nothing else is needed: subscribers of this process are woken after the commit, those of other
// processes poll.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "journal/types.h"
#include "store/database.h"

namespace stetig::journal {

/// Most events of one Read or Next; a larger limit is cut to it.
inline constexpr int kMaxEvents = 10'000;

/// Writes `event` (its `seq` is ignored) within the transaction of `tx`. It needs no round trip of
/// its own. kInvalidArgument: kind, or a part of the subject or of a ref, is empty, or a text is
/// not UTF-8. Else as Transaction::Execute.
Status Append(store::Transaction& tx, const Event& event);

/// A named cursor that survives restarts: delivers every event that matches its filter at least
/// once, in order. Move-only, used by one coroutine at a time on one loop. Two subscriptions of one
/// name, here or in another process, see the same events twice.
class Subscription {
 public:
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  /// The next events after the last ones it returned (after the cursor at first), at most `limit`.
  /// Waits until there is one; empty when there was none by `deadline`. After an error the same
  /// events come again. Errors: as Database::Read.
  Task<std::vector<Event>> Next(int limit, Deadline deadline);

  /// Moves the durable cursor to `seq`, never back: after a restart delivery goes on behind it.
  /// Also right for events that the filter left out. Errors: as Database::Write.
  Task<> Ack(int64_t seq, Deadline deadline);

 private:
  friend class Journal;
  struct State;
  explicit Subscription(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Where a subscription begins when its name is new.
enum class StartAt : unsigned char { kBeginning, kNow };

/// Reading side. Thread-safe; coroutines resume on the caller's loop. Borrows the database, which
/// must have the journal's migrations.
class Journal {
 public:
  explicit Journal(store::Database& db);

  /// Events with seq > `after` that match, in order, at most `limit`. Errors: as Database::Read;
  /// kInvalidArgument for a filter of more than 64 kinds.
  Task<std::vector<Event>> Read(int64_t after, int limit, Filter filter, Deadline deadline);

  /// The same, but waits until there is one; empty when there was none by `deadline`.
  Task<std::vector<Event>> Wait(int64_t after, int limit, Filter filter, Deadline deadline);

  /// The highest sequence number; 0 when empty.
  Task<int64_t> Head(Deadline deadline);

  /// Opens the subscription `name`, made with a cursor at `start` if new. Errors: as
  /// Database::Write.
  Task<Subscription> Subscribe(std::string name, Filter filter, StartAt start, Deadline deadline);

  /// Leaf hashes of seq `first`, `first` + 1, …, at most `limit`: what a Merkle tree over the
  /// journal is built from.
  Task<std::vector<LeafHash>> Hashes(int64_t first, int limit, Deadline deadline);

 private:
  store::Database& db_;
};

}  // namespace stetig::journal
