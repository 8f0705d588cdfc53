// Named pools of threads for work that blocks: disk, database, hashing. Loops never block; they
// send such work here.
#pragma once

#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "io/loop.h"
#include "io/task.h"

namespace stetig::io {

/// A fixed number of threads and a bounded queue. Thread-safe. Must be stopped before the loops
/// whose coroutines wait on it go.
class Pool {
 public:
  struct Options {
    std::string name;  ///< shows in debuggers; at most 15 characters
    size_t threads = 1;
    size_t queue = 1024;  ///< jobs that may wait; beyond it Submit fails
  };
  /// Runs the job, or, when the pool gives it up (stopped, deadline passed in the queue), tells it
  /// why instead.
  using Job = std::move_only_function<void(Status admitted)>;

  explicit Pool(Options options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  /// kResourceExhausted: the queue is full. kUnavailable: stopped. On OK the job is called exactly
  /// once, on a pool thread (or on the thread that calls Stop, with an error). `deadline` bounds
  /// the wait in the queue.
  Status Submit(Job job, Deadline deadline = Deadline::max());

  /// Asks running jobs to end (see stop_token), refuses queued ones with kUnavailable, joins.
  /// Idempotent; not from a pool thread.
  void Stop();
  /// Requested by Stop(); long jobs look at it.
  std::stop_token stop_token() const { return stop_.get_token(); }

  size_t queued() const;
  const std::string& name() const { return options_.name; }

 private:
  struct Entry {
    Job job;
    Deadline deadline;
  };
  void Work();

  const Options options_;
  std::stop_source stop_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Entry> queue_ GUARDED_BY(mutex_);
  size_t idle_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

namespace internal {

/// Decides who answers a job that may be waiting in the queue: the worker that takes it, or the
/// waiter's timer.
struct JobClaim {
  std::atomic<bool> taken{false};
  bool Take() { return !taken.exchange(true, std::memory_order_acq_rel); }
};

/// One completion, called by whichever side won the claim. Shared because both sides hold it.
template <class Done>
struct SharedDone {
  explicit SharedDone(Done d) : done(std::move(d)) {}
  JobClaim claim;
  Done done;
};

Status QueueDeadlinePassed(const std::string& pool);

template <class R, class Fn>
R CallJob(Fn& fn) {
  try {
    return fn();
  } catch (const std::exception& e) {
    return Err(Code::kInternal, std::string("a job threw: ") + e.what());
  }
}

}  // namespace internal

/// Runs `fn` (which returns Status or Result<T>) on the pool and resumes here with its outcome:
///   auto job = [file, offset] { return file->ReadAt(offset, ...); };
///   auto read = co_await Run(pool, std::move(job), deadline);
/// kResourceExhausted: queue full; kDeadlineExceeded: still queued at `deadline` (a started job is
/// always awaited, so it may borrow from the caller's frame); kUnavailable: pool stopped. An
/// exception from `fn` becomes kInternal.
template <class Fn, class R = std::invoke_result_t<Fn&>>
Awaitable<R> Run(Pool& pool, Fn fn, Deadline deadline = Deadline::max()) {
  std::optional<Timer> timer;
  auto executor = co_await asio::this_coro::executor;
  if (deadline != Deadline::max()) {
    timer.emplace(executor, deadline);
  }
  R result = co_await Suspend<R>([&](auto completion) {
    using Shared = internal::SharedDone<decltype(completion)>;
    auto shared = std::make_shared<Shared>(std::move(completion));
    if (timer) {
      timer->async_wait([shared, name = pool.name()](const boost::system::error_code& ec) {
        if (!ec && shared->claim.Take()) {
          std::move(shared->done)(R(Err(internal::QueueDeadlinePassed(name))));
        }
      });
    }
    auto job = [shared, fn = std::move(fn)](Status admitted) mutable {
      if (!shared->claim.Take()) {
        return;
      }
      std::move(shared->done)(admitted.ok() ? internal::CallJob<R>(fn)
                                            : R(Err(std::move(admitted))));
    };
    Status submitted = pool.Submit(std::move(job), deadline);
    if (!submitted.ok() && shared->claim.Take()) {
      std::move(shared->done)(R(Err(std::move(submitted))));
    }
  });
  co_return result;
}

}  // namespace stetig::io
