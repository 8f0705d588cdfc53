// What the uploads, downloads and sweeps of one local store share.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "blob/local/budget.h"
#include "blob/local/pack_folder.h"
#include "io/pool.h"
#include "io/task.h"

namespace stetig::blob {

/// Group sync: all that wait when a sync starts are served by it. Thread-safe. Jobs keep what they
/// need alive.
class SyncGate : public std::enable_shared_from_this<SyncGate> {
 public:
  SyncGate(std::shared_ptr<PackFolder> folder, io::Pool& pool)
      : folder_(std::move(folder)), pool_(pool) {}

  /// Everything appended before the call is on the medium. Codes of PackFolder::Sync and
  /// Pool::Submit.
  static Task<> Wait(std::shared_ptr<SyncGate> self);

  /// Starts a sync nobody waits for, unless one runs: brings bytes to the disk while more are
  /// received.
  void Start() EXCLUDES(mutex_);

 private:
  using Waiter = std::move_only_function<void(Status)>;

  void Add(Waiter waiter) EXCLUDES(mutex_);
  void Launch() EXCLUDES(mutex_);
  void Work(const Status& admitted) EXCLUDES(mutex_);

  const std::shared_ptr<PackFolder> folder_;
  io::Pool& pool_;
  Mutex mutex_;
  std::vector<Waiter> waiting_ GUARDED_BY(mutex_);
  bool running_ GUARDED_BY(mutex_) = false;
};

struct Core {
  std::shared_ptr<PackFolder> folder;
  io::Pool* pool = nullptr;
  const Clock* clock = nullptr;
  std::shared_ptr<TransferBudget> budget;
  std::shared_ptr<SyncGate> gate;
};

}  // namespace stetig::blob
