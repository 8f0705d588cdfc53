// The writer of a database: one thread, one connection, one queue, group commit.
//
// A group is what waits when the writer is free, at most `group_limit` closures. They run one after
// another in one transaction *without* savepoints, since failing closures usually fail before they
// write and then just drop out. When one fails after it has written, the group is rolled back and
// runs once more with a savepoint for each closure, so that exactly the failing ones are undone: at
// most twice the work, whatever clients send.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "store/database.h"
#include "store/internal/connection.h"
#include "store/internal/job_queue.h"
#include "store/internal/topics.h"

namespace stetig::store {

class Writer {
 public:
  /// Starts the thread. The connection is used by that thread only.
  Writer(std::unique_ptr<GroupConnection> connection, std::shared_ptr<Topics> topics,
         const DatabaseOptions& options);
  /// Waits for the running group; fails the waiting ones.
  ~Writer();

  void Submit(Database::WriteFn run, Database::DoneFn done, Deadline deadline);
  void AddTo(DatabaseStats& stats) const;

 private:
  struct Job {
    Database::WriteFn run;
    Database::DoneFn done;
    Deadline deadline;
    Status outcome;
  };
  enum class Attempt : unsigned char { kDone, kGuard, kReconnect };

  void Loop();
  void RunGroup(std::vector<Job>& jobs);
  Attempt TryGroup(std::vector<Job>& jobs, bool guarded);
  Attempt RunClosures(std::vector<Job>& jobs, bool guarded);
  Attempt RunGuarded(Job& job);
  Attempt Finish(std::vector<Job>& jobs, bool guarded);
  Status RunOne(Job& job);
  void Answer(std::vector<Job>& jobs);
  void FailExpired(std::vector<Job>& jobs);

  const std::unique_ptr<GroupConnection> connection_;
  const std::shared_ptr<Topics> topics_;
  const size_t group_limit_;
  JobQueue<Job> queue_;
  std::atomic<uint64_t> writes_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<uint64_t> commits_{0};
  std::atomic<uint64_t> reruns_{0};
  std::array<std::atomic<uint64_t>, 12> sizes_{};
  std::thread thread_;
};

}  // namespace stetig::store
