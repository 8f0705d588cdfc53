#include "io/pool.h"

#include <fmt/format.h>
#include <pthread.h>

#include "base/check.h"

namespace stetig::io {

Pool::Pool(Options options) : options_(std::move(options)) {
  CHECK(options_.threads > 0);
  threads_.reserve(options_.threads);
  for (size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

Pool::~Pool() { Stop(); }

Status Pool::Submit(Job job, Deadline deadline) {
  {
    MutexLock lock(mutex_);
    if (stopping_) {
      return Err(Code::kUnavailable, fmt::format("pool {} is stopped", options_.name));
    }
    if (queue_.size() >= options_.queue) {
      return Err(Code::kResourceExhausted, fmt::format("pool {} has {} jobs waiting, its limit",
                                                       options_.name, queue_.size()));
    }
    queue_.push_back({std::move(job), deadline});
    if (idle_ == 0) {
      return OkStatus();
    }
  }
  changed_.NotifyOne();
  return OkStatus();
}

void Pool::Work() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  for (;;) {
    Entry entry;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (queue_.empty() && !stopping_) {
        changed_.Wait(mutex_);
      }
      --idle_;
      if (stopping_) {
        return;
      }
      entry = std::move(queue_.front());
      queue_.pop_front();
    }
    if (std::chrono::steady_clock::now() > entry.deadline) {
      entry.job(internal::QueueDeadlinePassed(options_.name));
    } else {
      entry.job(OkStatus());
    }
  }
}

void Pool::Stop() {
  std::deque<Entry> left;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    left.swap(queue_);
  }
  stop_.request_stop();
  changed_.NotifyAll();
  for (auto& entry : left) {
    entry.job(Err(Code::kUnavailable, fmt::format("pool {} is stopped", options_.name)));
  }
  for (auto& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
}

size_t Pool::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

namespace internal {
Status QueueDeadlinePassed(const std::string& pool) {
  return Err(Code::kDeadlineExceeded,
             fmt::format("the deadline passed while waiting for pool {}", pool));
}
}  // namespace internal

}  // namespace stetig::io
