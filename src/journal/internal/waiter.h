// Wakes one waiting coroutine when events were committed.
#pragma once

#include <memory>

#include "base/clock.h"
#include "io/loop.h"
#include "io/task.h"

namespace stetig::journal::internal {

/// Made on the loop of the coroutine that waits, and shared with what rings. Ring may be called
/// from any thread, all else on that loop.
class Waiter : public std::enable_shared_from_this<Waiter> {
 public:
  explicit Waiter(io::Executor loop) : loop_(loop), timer_(loop) {}

  /// Ends the wait, or the next one if nobody waits.
  void Ring();
  /// Until it rang since the last wait, or until `deadline`.
  io::Awaitable<void> Wait(Deadline deadline);

 private:
  io::Executor loop_;
  io::Timer timer_;
  bool rang_ = false;  ///< touched on the loop
};

}  // namespace stetig::journal::internal
