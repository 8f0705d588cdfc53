#include "store/internal/writer.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <bit>
#include <exception>

#include "store/internal/pacing.h"

namespace stetig::store {
namespace {

// A lost connection is tried anew this often for one group, as long as its deadlines allow.
constexpr int kReconnects = 2;

void Bump(std::atomic<uint64_t>& counter, uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

Writer::Writer(std::unique_ptr<GroupConnection> connection, std::shared_ptr<Topics> topics,
               const DatabaseOptions& options)
    : connection_(std::move(connection)),
      topics_(std::move(topics)),
      group_limit_(std::max<size_t>(options.group_limit, 1)),
      queue_(options.write_queue),
      thread_([this] { Loop(); }) {
  pthread_setname_np(thread_.native_handle(), "db-writer");
}

Writer::~Writer() {
  auto left = queue_.Close();
  thread_.join();
  for (Job& job : left) {
    job.done(Status(Code::kUnavailable, "the store is closing"));
  }
}

void Writer::Submit(Database::WriteFn run, Database::DoneFn done, Deadline deadline) {
  Job job{.run = std::move(run), .done = std::move(done), .deadline = deadline};
  const auto pushed = queue_.Push(job);
  if (pushed == JobQueue<Job>::Pushed::kOk) {
    return;
  }
  Bump(failed_);
  job.done(pushed == JobQueue<Job>::Pushed::kFull
               ? Status(Code::kResourceExhausted, "too many writes are waiting", "write_queue_full")
               : Status(Code::kUnavailable, "the store is closing"));
}

void Writer::AddTo(DatabaseStats& stats) const {
  stats.writes = writes_.load(std::memory_order_relaxed);
  stats.writes_failed = failed_.load(std::memory_order_relaxed);
  stats.commits = commits_.load(std::memory_order_relaxed);
  stats.group_reruns = reruns_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < sizes_.size(); ++i) {
    stats.group_sizes[i] = sizes_[i].load(std::memory_order_relaxed);
  }
  stats.write_queue = queue_.size();
}

void Writer::Loop() {
  prctl(PR_SET_TIMERSLACK, 1'000);  // a wait of 100 µs should not take 150
  std::vector<Job> jobs;
  Pacing pacing;
  while (
      queue_.Pop(group_limit_, jobs, std::min(pacing.enough(), group_limit_), pacing.patience())) {
    const size_t group = jobs.size();
    pacing.Gathered(group);
    FailExpired(jobs);
    const auto begun = std::chrono::steady_clock::now();
    if (!jobs.empty()) {
      RunGroup(jobs);
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    Answer(jobs);
    connection_->AfterGroup();
    pacing.Committed(group, queue_.size(), took);
  }
}

void Writer::FailExpired(std::vector<Job>& jobs) {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(jobs, [&](Job& job) {
    if (job.deadline > now) {
      return false;
    }
    Bump(failed_);
    job.done(Status(Code::kDeadlineExceeded, "the write had not been made at its deadline"));
    return true;
  });
}

void Writer::RunGroup(std::vector<Job>& jobs) {
  bool guarded = false;
  int reconnects = 0;
  while (true) {
    const Attempt attempt = TryGroup(jobs, guarded);
    if (attempt == Attempt::kDone) {
      return;
    }
    connection_->Rollback();
    connection_->TruncateHooks({0, 0});
    Bump(reruns_);
    FailExpired(jobs);
    if (jobs.empty()) {
      return;
    }
    if (attempt == Attempt::kGuard) {
      guarded = true;
      continue;
    }
    if (++reconnects > kReconnects) {
      for (Job& job : jobs) {
        job.outcome = Status(Code::kUnavailable, "the connection to the store was lost");
      }
      return;
    }
  }
}

Writer::Attempt Writer::TryGroup(std::vector<Job>& jobs, bool guarded) {
  const auto latest = std::ranges::max_element(jobs, {}, &Job::deadline);
  if (Status begun = connection_->Begin(latest->deadline); !begun.ok()) {
    if (connection_->lost()) {
      return Attempt::kReconnect;
    }
    for (Job& job : jobs) {
      job.outcome = begun;
    }
    return Attempt::kDone;
  }
  const Attempt ran = RunClosures(jobs, guarded);
  return ran == Attempt::kDone ? Finish(jobs, guarded) : ran;
}

Writer::Attempt Writer::RunClosures(std::vector<Job>& jobs, bool guarded) {
  for (Job& job : jobs) {
    const auto hooks = connection_->hooks();
    if (guarded) {
      if (const Attempt attempt = RunGuarded(job); attempt != Attempt::kDone) {
        return attempt;
      }
    } else {
      job.outcome = connection_->Mark(/*guarded=*/false);
      if (job.outcome.ok()) {
        job.outcome = RunOne(job);
      }
      if (connection_->lost()) {
        return Attempt::kReconnect;
      }
      if (connection_->spoilt() || (!job.outcome.ok() && connection_->touched())) {
        // Alone, it is itself the culprit and nobody needs a second run.
        if (jobs.size() > 1 || job.outcome.ok()) {
          return Attempt::kGuard;
        }
        connection_->Rollback();
      }
    }
    if (!job.outcome.ok()) {
      connection_->TruncateHooks(hooks);
    }
  }
  return Attempt::kDone;
}

Writer::Attempt Writer::RunGuarded(Job& job) {
  job.outcome = connection_->Mark(/*guarded=*/true);
  if (job.outcome.ok()) {
    job.outcome = RunOne(job);
    if (!connection_->lost() && job.outcome.ok()) {
      job.outcome = connection_->Keep();
    }
    if (!connection_->lost() && !job.outcome.ok()) {
      // When even this fails the transaction is spoilt, and the commit below says so.
      if (Status undone = connection_->Undo(); !undone.ok()) {
        job.outcome = std::move(undone);
      }
    }
  }
  return connection_->lost() ? Attempt::kReconnect : Attempt::kDone;
}

Status Writer::RunOne(Job& job) {
  try {
    return job.run(*connection_);
  } catch (const std::exception& e) {
    return Status(Code::kInternal, std::string("a write threw an exception: ") + e.what());
  }
}

Writer::Attempt Writer::Finish(std::vector<Job>& jobs, bool guarded) {
  const bool any = std::ranges::any_of(jobs, [](const Job& job) { return job.outcome.ok(); });
  if (!any) {
    connection_->Rollback();
    return Attempt::kDone;
  }
  auto [outcome, status] = connection_->Commit();
  if (outcome == CommitOutcome::kCommitted) {
    return Attempt::kDone;
  }
  if (outcome == CommitOutcome::kRolledBack) {
    if (connection_->lost()) {
      return Attempt::kReconnect;
    }
    if (!guarded && jobs.size() > 1) {
      return Attempt::kGuard;
    }
  }
  connection_->Rollback();
  for (Job& job : jobs) {
    if (job.outcome.ok()) {
      job.outcome = status;
    }
  }
  return Attempt::kDone;
}

void Writer::Answer(std::vector<Job>& jobs) {
  uint64_t committed = 0;
  for (const Job& job : jobs) {
    committed += job.outcome.ok() ? 1 : 0;
  }
  auto hooks = connection_->TakeHooks();
  auto topics = connection_->TakeTopics();
  if (committed > 0) {
    Bump(writes_, committed);
    Bump(commits_);
    Bump(sizes_[std::min(sizes_.size() - 1, static_cast<size_t>(std::bit_width(committed)) - 1)]);
    for (auto& hook : hooks) {
      hook();
    }
  }
  Bump(failed_, jobs.size() - committed);
  for (Job& job : jobs) {
    job.done(std::move(job.outcome));
  }
  jobs.clear();
  if (committed > 0) {
    std::ranges::sort(topics);
    topics.erase(std::ranges::unique(topics).begin(), topics.end());
    topics_->Wake(topics);
  }
}

}  // namespace stetig::store
