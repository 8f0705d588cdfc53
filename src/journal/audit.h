// The proving side of the journal: roots and proofs for any size, the background work that stores
// tiles and signs checkpoints, and the erasure of personal texts. What it proves, and what not, is
// in docs/audit.md.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "journal/merkle.h"
#include "journal/note.h"
#include "journal/proof_repository.h"
#include "store/database.h"

namespace stetig::journal {

/// Thread-safe; coroutines resume on the caller's loop. Borrows the database, which must have the
/// journal's migrations. Errors besides those named: as Database::Read and Database::Write;
/// kDataLoss: an entry or a tile is missing or damaged.
class Audit {
 public:
  explicit Audit(store::Database& db);

  /// The root over the first `size` entries. kInvalidArgument: there are not so many.
  Task<merkle::Hash> Root(int64_t size, Deadline deadline);
  /// That entry `seq` is in the tree of `size` entries, for merkle::VerifyInclusion with leaf
  /// seq - 1. kInvalidArgument: not 1 ≤ seq ≤ size ≤ number of entries.
  Task<merkle::Proof> Inclusion(int64_t seq, int64_t size, Deadline deadline);
  /// That the tree of `new_size` entries begins with that of `old_size`. kInvalidArgument: not
  /// 0 ≤ old ≤ new ≤ number of entries.
  Task<merkle::Proof> Consistency(int64_t old_size, int64_t new_size, Deadline deadline);

  /// Stores the next complete tiles, at most `most` of 256 entries, in one transaction. How many;
  /// 0: none is missing, or another process stored them just now. May be stopped at any moment.
  Task<int64_t> FillTiles(int64_t most, Deadline deadline);

  /// The checkpoint of the greatest size; nothing: there is none yet.
  Task<std::optional<repository::StoredCheckpoint>> LastCheckpoint(Deadline deadline);
  /// Signs the journal as it is and stores the note, if it has at least `least` entries more than
  /// the last checkpoint. The note's size; 0: nothing was signed. kDataLoss: the journal no longer
  /// fits its last checkpoint; then nothing is ever signed again.
  Task<int64_t> SignCheckpoint(note::SignerKey key, int64_t least, Deadline deadline);

 private:
  store::Database& db_;
};

/// When to sign: each 60 s if something happened, or each 10,000 events. Not thread-safe.
class CheckpointPace {
 public:
  static constexpr int64_t kEvents = 10'000;
  static constexpr auto kInterval = std::chrono::seconds(60);

  /// How many new entries a checkpoint needs now: `least` of SignCheckpoint.
  int64_t Least(Deadline now) const { return now >= next_ ? 1 : kEvents; }
  void Signed(Deadline now) { next_ = now + kInterval; }

 private:
  Deadline next_ = Deadline::min();  ///< after a start: at once
};

/// Whose texts to erase: of all events by `actor`, or of the event `seq` (then `actor` is empty).
struct Erasure {
  std::string actor;
  int64_t seq = 0;
  WallTime time;       ///< of the use case
  std::string by;      ///< who erases: the actor of the event that says so
  std::string reason;  ///< stays for ever: no personal data
  std::string request_id;
};

/// Most texts that one Erase takes away.
inline constexpr int64_t kMaxErased = 1'000;

/// Deletes salts and texts, of an actor the name in events by that actor, of one event all, and
/// appends an event "journal.erased" whose refs name them. Proofs still hold: entries keep the
/// commitments. At most kMaxErased; how many, 0: none are left, and no event is written. Names in
/// entries of form 1 (written before personal texts could be erased) stay. kInvalidArgument:
/// neither or both of actor and seq are given.
Result<int64_t> Erase(store::Transaction& tx, const Erasure& erasure);

}  // namespace stetig::journal
