// Keeps SQLite's log short without making a commit wait for the database file.
//
// The log (WAL) grows with each commit; a checkpoint copies its pages into the database file, and
// when it has copied all of them the next commit begins the log anew. SQLite by default does this
// inside every thousandth page's commit, which then takes tens of milliseconds. Here a thread of
// its own copies beside the writer; under steady load it never catches up entirely, so the writer
// copies the short rest itself between two groups. A reader with an old snapshot puts that off; the
// log then grows until it ends.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "store/database.h"
#include "store/sqlite/connection.h"

namespace stetig::store::sqlite {

class Checkpointer {
 public:
  /// Pages in the log from which a checkpoint begins (8 MiB), and how few left the writer copies
  /// itself (1 MiB).
  static constexpr int kBeginPages = 2'048;
  static constexpr int kRestPages = 256;

  explicit Checkpointer(std::string path) : path_(std::move(path)) {}
  ~Checkpointer();

  /// On the writer's thread, between groups, with the pages in its log.
  void AfterGroup(Connection& writer, int wal_pages);
  void AddTo(DatabaseStats& stats) const;

 private:
  void Loop();
  /// Copies what it can; opens the thread's connection first when there is none. The pages left.
  Result<int> Round(std::unique_ptr<Connection>& connection) const;
  /// Counts a round; logs a failed one, after which the log only grows. Whether the rest is short.
  bool Note(const Result<int>& left);

  const std::string path_;
  int next_round_ =
      kBeginPages;  ///< pages in the log at which a round begins (writer's thread only)
  std::atomic<uint64_t> checkpoints_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<uint64_t> wal_pages_{0};
  std::atomic<bool> busy_{false};           ///< a round was asked for and has not ended
  std::atomic<bool> rest_is_short_{false};  ///< the last round left only a few pages
  Mutex mutex_;
  CondVar changed_;
  bool wanted_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  ///< started by the first checkpoint
};

}  // namespace stetig::store::sqlite
