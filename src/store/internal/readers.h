// The readers of a database: threads with a connection each and one queue. Threads start and
// connections open when they are needed.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "store/database.h"
#include "store/internal/connection.h"
#include "store/internal/job_queue.h"

namespace stetig::store {

class Readers {
 public:
  /// Opens a connection; called on a reader's thread. `after_loss`: this thread had one that was
  /// lost.
  using Connect =
      std::function<Result<std::unique_ptr<ReadConnection>>(Deadline deadline, bool after_loss)>;

  Readers(Connect connect, const DatabaseOptions& options);
  /// Waits for the running closures; fails the waiting ones.
  ~Readers();

  void Submit(Database::ReadFn run, Database::DoneFn done, Deadline deadline);
  void AddTo(DatabaseStats& stats) const;

 private:
  struct Job {
    Database::ReadFn run;
    Database::DoneFn done;
    Deadline deadline;
  };

  void StartThreadIfBusy();
  void Loop();
  Status RunJob(Job& job, std::unique_ptr<ReadConnection>& connection);
  Status RunOnce(Job& job, std::unique_ptr<ReadConnection>& connection, bool after_loss,
                 bool& lost);

  const Connect connect_;
  const size_t max_threads_;
  JobQueue<Job> queue_;
  std::atomic<uint64_t> reads_{0};
  std::atomic<uint64_t> failed_{0};
  Mutex mutex_;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace stetig::store
