#include "store/postgres/connector.h"

#include <algorithm>

namespace stetig::store::postgres {
namespace {

constexpr std::chrono::milliseconds kFirstPause{50};

}  // namespace

Result<std::unique_ptr<Pipeline>> Connector::ConnectOnce(Deadline deadline) {
  {
    MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now < not_before_) {
      return Err(Code::kUnavailable, "the database server is away");
    }
    if (away_) {
      not_before_ = now + kConnectLimit;  // holds the others off while this thread asks
    }
  }
  auto pipeline = Pipeline::Connect(url_, std::min(deadline, After(kConnectLimit)));
  MutexLock lock(mutex_);
  away_ = !pipeline && pipeline.error().code() == Code::kUnavailable;
  if (!away_) {
    not_before_ = Deadline::min();
    next_pause_ = kFirstPause;
  } else {
    not_before_ = After(next_pause_);
    next_pause_ = std::min(next_pause_ * 2, kPauseMax);
  }
  return pipeline;
}

Result<std::unique_ptr<Pipeline>> Connector::Connect(Deadline deadline, bool after_loss) {
  const Deadline patience = std::min(deadline, After(kGrace));
  while (true) {
    auto pipeline = ConnectOnce(deadline);
    if (pipeline && after_loss) {
      reconnects_.fetch_add(1, std::memory_order_relaxed);
    }
    if (pipeline || !after_loss || pipeline.error().code() != Code::kUnavailable) {
      return pipeline;
    }
    const Deadline again = After(kFirstPause);
    if (again >= patience) {
      return pipeline;
    }
    MutexLock lock(mutex_);
    while (std::chrono::steady_clock::now() < again) {
      pause_.WaitUntil(mutex_, again);
    }
  }
}

}  // namespace stetig::store::postgres
