#include "store/internal/readers.h"

#include <pthread.h>

#include <algorithm>
#include <exception>

namespace stetig::store {

Readers::Readers(Connect connect, const DatabaseOptions& options)
    : connect_(std::move(connect)),
      max_threads_(static_cast<size_t>(std::max(options.readers, 1))),
      queue_(options.read_queue) {}

Readers::~Readers() {
  auto left = queue_.Close();
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (Job& job : left) {
    job.done(Status(Code::kUnavailable, "the store is closing"));
  }
}

void Readers::Submit(Database::ReadFn run, Database::DoneFn done, Deadline deadline) {
  Job job{.run = std::move(run), .done = std::move(done), .deadline = deadline};
  const auto pushed = queue_.Push(job);
  if (pushed == JobQueue<Job>::Pushed::kOk) {
    StartThreadIfBusy();
    return;
  }
  failed_.fetch_add(1, std::memory_order_relaxed);
  job.done(pushed == JobQueue<Job>::Pushed::kFull
               ? Status(Code::kResourceExhausted, "too many reads are waiting", "read_queue_full")
               : Status(Code::kUnavailable, "the store is closing"));
}

void Readers::StartThreadIfBusy() {
  if (!queue_.Crowded()) {
    return;
  }
  MutexLock lock(mutex_);
  if (closed_ || threads_.size() >= max_threads_) {
    return;
  }
  threads_.emplace_back([this] { Loop(); });
  pthread_setname_np(threads_.back().native_handle(), "db-reader");
}

void Readers::AddTo(DatabaseStats& stats) const {
  stats.reads = reads_.load(std::memory_order_relaxed);
  stats.reads_failed = failed_.load(std::memory_order_relaxed);
  stats.read_queue = queue_.size();
}

void Readers::Loop() {
  std::unique_ptr<ReadConnection> connection;
  std::vector<Job> jobs;
  while (queue_.Pop(1, jobs)) {
    Status status = RunJob(jobs.front(), connection);
    (status.ok() ? reads_ : failed_).fetch_add(1, std::memory_order_relaxed);
    jobs.front().done(std::move(status));
    jobs.clear();
  }
}

Status Readers::RunJob(Job& job, std::unique_ptr<ReadConnection>& connection) {
  if (job.deadline <= std::chrono::steady_clock::now()) {
    return Status(Code::kDeadlineExceeded, "the read was still queued at its deadline");
  }
  bool lost = false;
  Status status = RunOnce(job, connection, /*after_loss=*/false, lost);
  if (lost && !status.ok() && status.code() != Code::kDeadlineExceeded) {
    status = RunOnce(job, connection, /*after_loss=*/true, lost);
  }
  return status;
}

// Leaves `connection` null, and `lost` true, when the connection went away.
Status Readers::RunOnce(Job& job, std::unique_ptr<ReadConnection>& connection, bool after_loss,
                        bool& lost) {
  if (connection == nullptr) {
    lost = false;
    ASSIGN_OR_RETURN(connection, connect_(job.deadline, after_loss));
  }
  Status status = connection->Begin(job.deadline);
  if (status.ok()) {
    try {
      status = job.run(*connection);
    } catch (const std::exception& e) {
      status = Status(Code::kInternal, std::string("a read threw an exception: ") + e.what());
    }
    connection->End();
  }
  lost = connection->lost();
  if (lost) {
    connection.reset();
    if (!status.ok() && status.code() != Code::kDeadlineExceeded) {
      return Status(Code::kUnavailable, "the connection to the store was lost");
    }
  }
  return status;
}

}  // namespace stetig::store
