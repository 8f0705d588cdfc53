// Opens connections to one server, for the writer and all readers of a database.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "store/postgres/pipeline.h"

namespace stetig::store::postgres {

/// Thread-safe. While the server is away it is asked at most every `kPauseMax`, by one thread;
/// everybody else is refused at once, so that callers learn quickly that the store is away and
/// queues do not fill up.
class Connector {
 public:
  static constexpr std::chrono::milliseconds kGrace{
      1'500};  ///< how long a restart of the server may last unseen
  static constexpr std::chrono::milliseconds kPauseMax{1'000};
  static constexpr std::chrono::milliseconds kConnectLimit{3'000};

  explicit Connector(std::string url) : url_(std::move(url)) {}

  /// `after_loss`: the caller had a connection; tries for `kGrace`, for a restart takes a moment.
  /// kUnavailable: no server.
  Result<std::unique_ptr<Pipeline>> Connect(Deadline deadline, bool after_loss);
  uint64_t reconnects() const { return reconnects_.load(std::memory_order_relaxed); }

 private:
  Result<std::unique_ptr<Pipeline>> ConnectOnce(Deadline deadline);

  const std::string url_;
  std::atomic<uint64_t> reconnects_{0};
  Mutex mutex_;
  CondVar pause_;
  bool away_ GUARDED_BY(mutex_) = false;
  Deadline not_before_ GUARDED_BY(mutex_) = Deadline::min();
  std::chrono::milliseconds next_pause_ GUARDED_BY(mutex_){50};
};

}  // namespace stetig::store::postgres
