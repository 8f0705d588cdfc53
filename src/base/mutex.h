// Locks that clang's -Wthread-safety understands: name the mutex of each guarded member with
// GUARDED_BY, and the compiler refuses code that touches it without the lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define STETIG_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define STETIG_THREAD_ATTRIBUTE(x)
#endif

#define GUARDED_BY(mutex) STETIG_THREAD_ATTRIBUTE(guarded_by(mutex))
#define REQUIRES(...) STETIG_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) STETIG_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace stetig {

/// std::mutex with annotations. Hold it through MutexLock.
class STETIG_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() STETIG_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() STETIG_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a mutex for a scope; may let it go early.
class STETIG_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) STETIG_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(&mutex) {
    mutex.Lock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() STETIG_THREAD_ATTRIBUTE(release_capability()) {
    if (mutex_ != nullptr) {
      mutex_->Unlock();
    }
  }
  void Unlock() STETIG_THREAD_ATTRIBUTE(release_capability()) {
    mutex_->Unlock();
    mutex_ = nullptr;
  }

 private:
  Mutex* mutex_;
};

/// Wake-ups may be spurious: wait in a loop that checks the condition, which keeps it visible to
/// the analysis.
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  /// False when `until` has passed.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point until) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool woken = changed_.wait_until(lock, until) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace stetig
