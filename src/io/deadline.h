// The one way to bound an operation in time: cancel it on its own loop when the deadline passes.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "io/loop.h"

namespace stetig::io {

/// Calls `cancel` on the loop once `deadline` has passed, unless destroyed before. Confined to the
/// loop of `executor`, as is what it cancels: no operation is ever raced against a timer on another
/// thread.
class DeadlineGuard {
 public:
  DeadlineGuard(const Executor& executor, Deadline deadline, std::function<void()> cancel)
      : state_(std::make_shared<State>(executor, std::move(cancel))) {
    if (deadline == Deadline::max()) {
      return;
    }
    state_->timer.expires_at(deadline);
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (!error && state->cancel) {
        state->expired = true;
        state->cancel();
      }
    });
  }
  DeadlineGuard(const DeadlineGuard&) = delete;
  DeadlineGuard& operator=(const DeadlineGuard&) = delete;
  ~DeadlineGuard() {
    state_->cancel = nullptr;  // the timer's handler may be on its way already
    state_->timer.cancel();
  }
  bool expired() const { return state_->expired; }

 private:
  struct State {
    State(const Executor& executor, std::function<void()> c)
        : timer(executor), cancel(std::move(c)) {}
    Timer timer;
    std::function<void()> cancel;
    bool expired = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace stetig::io
