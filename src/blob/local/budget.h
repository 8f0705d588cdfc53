// The memory that all transfers share.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "io/task.h"

namespace stetig::blob {

class TransferBudget;

/// A share of the budget, given back by the destructor. Movable; the budget outlives it.
class Share {
 public:
  Share() = default;
  Share(std::shared_ptr<TransferBudget> budget, size_t bytes)
      : budget_(std::move(budget)), bytes_(bytes) {}
  Share(Share&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Share& operator=(Share&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Share();

 private:
  std::shared_ptr<TransferBudget> budget_;
  size_t bytes_ = 0;
};

/// First come, first served: a large share is not starved by small ones. Thread-safe. Made by
/// make_shared only.
class TransferBudget {
 public:
  explicit TransferBudget(size_t bytes) : capacity_(bytes), free_(bytes) {}

  /// Waits for `bytes` (at most the whole budget is asked for). kDeadlineExceeded: not until
  /// `deadline`.
  static Task<Share> Acquire(std::shared_ptr<TransferBudget> self, size_t bytes, Deadline deadline);

  size_t free() const EXCLUDES(mutex_);

 private:
  friend class Share;
  struct Waiter {
    size_t bytes;
    std::move_only_function<void(Status)> done;
  };

  void Enqueue(const std::shared_ptr<Waiter>& waiter) EXCLUDES(mutex_);
  /// The deadline of a waiter has passed; nothing if it was served.
  void Expire(const std::shared_ptr<Waiter>& waiter) EXCLUDES(mutex_);
  void GiveBack(size_t bytes) EXCLUDES(mutex_);
  /// Serves whoever can be served, oldest first.
  std::vector<std::shared_ptr<Waiter>> TakeServed() REQUIRES(mutex_);

  const size_t capacity_;
  mutable Mutex mutex_;
  size_t free_ GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Waiter>> waiting_ GUARDED_BY(mutex_);
};

}  // namespace stetig::blob
