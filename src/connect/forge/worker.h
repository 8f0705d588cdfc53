// What the forge connector does in the background: sends commit statuses, polls repositories that
// are due, and turns what the journal says of commits into statuses.
#pragma once

#include <memory>

#include "base/status.h"
#include "connect/forge/service.h"
#include "store/database.h"

namespace stetig::connect::forge {

/// Runs on a loop of its own, named "forge". Borrows both.
class Worker {
 public:
  Worker(Service& service, store::Database& db);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Ends the thread; work that waits for the store or a forge is dropped, and done again after the
  /// next start.
  ~Worker();
  /// The same. Idempotent.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stetig::connect::forge
