// A bounded queue of jobs between any threads and the store's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace stetig::store {

/// First in, first out. Full: Push refuses. Thread-safe.
template <class Job>
class JobQueue {
 public:
  enum class Pushed : unsigned char { kOk, kFull, kClosed };

  explicit JobQueue(size_t limit) : limit_(limit) {}

  /// Takes `job` only when it answers kOk.
  Pushed Push(Job& job) {
    MutexLock lock(mutex_);
    if (closed_) {
      return Pushed::kClosed;
    }
    if (jobs_.size() >= limit_) {
      return Pushed::kFull;
    }
    jobs_.push_back(std::move(job));
    const bool wake = waiting_ > 0 && jobs_.size() >= enough_;
    lock.Unlock();
    if (wake) {
      changed_.NotifyOne();
    }
    return Pushed::kOk;
  }

  /// Waits for a job, and then up to `patience` for there to be `enough`; moves up to `max` to the
  /// end of `out`. False once the queue is closed. Only a queue with one consumer may have
  /// patience.
  bool Pop(size_t max, std::vector<Job>& out, size_t enough = 1,
           std::chrono::nanoseconds patience = {}) {
    MutexLock lock(mutex_);
    ++waiting_;
    while (jobs_.empty() && !closed_) {
      changed_.Wait(mutex_);
    }
    if (jobs_.size() < enough && patience.count() > 0) {
      const auto until = std::chrono::steady_clock::now() + patience;
      enough_ = enough;
      while (jobs_.size() < enough && !closed_ && changed_.WaitUntil(mutex_, until)) {
      }
      enough_ = 1;
    }
    --waiting_;
    if (closed_) {
      return false;
    }
    for (; max > 0 && !jobs_.empty(); --max) {
      out.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    return true;
  }

  /// Wakes everybody; what still waits is handed back.
  std::deque<Job> Close() {
    std::deque<Job> left;
    MutexLock lock(mutex_);
    closed_ = true;
    left.swap(jobs_);
    lock.Unlock();
    changed_.NotifyAll();
    return left;
  }

  size_t size() const {
    MutexLock lock(mutex_);
    return jobs_.size();
  }
  /// More jobs than threads that wait for one.
  bool Crowded() const {
    MutexLock lock(mutex_);
    return jobs_.size() > waiting_;
  }

 private:
  const size_t limit_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  size_t waiting_ GUARDED_BY(mutex_) = 0;
  size_t enough_ GUARDED_BY(mutex_) = 1;  ///< fewer jobs wake nobody
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace stetig::store
