// Waits of coroutines for work on pool threads that may be done already.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "io/task.h"

namespace stetig::blob {

/// Done when `count` parts have said so; the first error is the outcome. Parts on any thread, one
/// waiter.
class Countdown {
 public:
  explicit Countdown(size_t count) : left_(count) {}

  void Complete(Status status) EXCLUDES(mutex_) {
    std::move_only_function<void(Status)> waiter;
    Status outcome;
    {
      MutexLock lock(mutex_);
      if (outcome_.ok()) {
        outcome_ = std::move(status);
      }
      if (--left_ > 0 || waiter_ == nullptr) {
        return;
      }
      waiter = std::move(waiter_);
      outcome = outcome_;
    }
    waiter(std::move(outcome));
  }

  /// Once. The countdown is kept alive by the task.
  static Task<> Wait(std::shared_ptr<Countdown> self) {
    co_return co_await io::Suspend<Status>([&](auto done) {
      self->SetWaiter(
          [done = std::move(done)](Status status) mutable { std::move(done)(std::move(status)); });
    });
  }

 private:
  void SetWaiter(std::move_only_function<void(Status)> waiter) EXCLUDES(mutex_) {
    Status outcome;
    {
      MutexLock lock(mutex_);
      if (left_ > 0) {
        waiter_ = std::move(waiter);
        return;
      }
      outcome = outcome_;
    }
    waiter(std::move(outcome));
  }

  Mutex mutex_;
  size_t left_ GUARDED_BY(mutex_);
  Status outcome_ GUARDED_BY(mutex_);
  std::move_only_function<void(Status)> waiter_ GUARDED_BY(mutex_);
};

}  // namespace stetig::blob
