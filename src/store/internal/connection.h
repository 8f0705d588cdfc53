// What the writer and the readers need of a connection; SQLite and PostgreSQL each implement both.
#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::store {

/// A connection on which one reader runs closures, one after another. Used by one thread.
class ReadConnection : public Session {
 public:
  /// Begins a snapshot; queries give up at `deadline`. May put off what needs a round trip, so
  /// errors may come with the first query.
  virtual Status Begin(Deadline deadline) = 0;
  /// Ends the snapshot.
  virtual void End() = 0;
  /// The connection has gone: everything since Begin failed for that reason, and a new connection
  /// is needed.
  virtual bool lost() const = 0;
};

/// How a group's commit ended.
enum class CommitOutcome : unsigned char {
  kCommitted,
  kRolledBack,  ///< certainly nothing was written
  kUnknown,     ///< the connection went away between question and answer
};

/// A connection on which the writer runs group transactions:
///   Begin { Mark closure [Keep | Undo] }… Commit | Rollback
/// Used by one thread. Hooks and announcements are kept here, so that each store has them alike.
class GroupConnection : public Transaction {
 public:
  /// Begins a transaction, connecting first when there is no connection. Queries give up at
  /// `deadline`, and with them the transaction; so does waiting for the server.
  virtual Status Begin(Deadline deadline) = 0;
  /// The next closure starts. `guarded`: it can be undone alone (a savepoint).
  virtual Status Mark(bool guarded) = 0;
  /// The guarded closure succeeded so far: surfaces errors of what it has queued.
  virtual Status Keep() = 0;
  /// Undoes the guarded closure.
  virtual Status Undo() = 0;
  virtual std::pair<CommitOutcome, Status> Commit() = 0;
  virtual void Rollback() = 0;

  /// The closure since Mark has written, queued a write, or had a statement fail: it can no longer
  /// fail alone.
  virtual bool touched() const = 0;
  /// The transaction is unusable as a whole (a statement of some closure failed in it, or the store
  /// ended it).
  virtual bool spoilt() const = 0;
  /// The connection has gone; nothing of the transaction was committed.
  virtual bool lost() const = 0;
  /// Runs after each group, when everybody has been answered: housekeeping.
  virtual void AfterGroup() {}

  /// Runs DDL: one statement. Only for migrations.
  virtual Status Define(std::string_view sql) = 0;

  void AfterCommit(std::move_only_function<void()> hook) final {
    hooks_.push_back(std::move(hook));
  }
  void Announce(const Topic& topic) final { topics_.push_back(&topic); }
  /// How many hooks and announcements there are, to drop those of a closure that failed.
  std::pair<size_t, size_t> hooks() const { return {hooks_.size(), topics_.size()}; }
  void TruncateHooks(std::pair<size_t, size_t> to) {
    hooks_.resize(to.first);
    topics_.resize(to.second);
  }
  std::vector<std::move_only_function<void()>> TakeHooks() { return std::exchange(hooks_, {}); }
  std::vector<const Topic*> TakeTopics() { return std::exchange(topics_, {}); }

 private:
  std::vector<std::move_only_function<void()>> hooks_;
  std::vector<const Topic*> topics_;
};

}  // namespace stetig::store
