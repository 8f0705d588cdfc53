// What every use case of the service works with.
#pragma once

#include <atomic>

#include "store/database.h"
#include "tracking/service.h"

namespace stetig::tracking {

struct Service::Impl {
  store::Database& db;
  ServiceOptions options;

  /// Background sweep for runs without a fresh snapshot: where it goes on, and whether it has
  /// reason to. Written by FoldMetrics.
  std::atomic<int64_t> sweep_after = 0;
  std::atomic<bool> sweep_wanted = true;

  WallTime Now() const { return options.clock->Now(); }

  // Parts of FoldMetrics (metrics.cc), with its errors.

  /// Folds every run that is due, in one transaction or several.
  Task<int64_t> FoldDue(Deadline deadline, std::stop_token stop);
  /// Makes the snapshots that searches have not made yet, a bounded stretch of runs at a time.
  Task<> SweepSnapshots(Deadline deadline, std::stop_token stop);
};

}  // namespace stetig::tracking
