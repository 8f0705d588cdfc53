#include "journal/internal/waiter.h"

#include "io/pool.h"
#include "io/transport.h"

namespace stetig::journal::internal {

void Waiter::Ring() {
  asio::post(loop_, [self = shared_from_this()] {
    self->rang_ = true;
    self->timer_.cancel();
  });
}

io::Awaitable<void> Waiter::Wait(Deadline deadline) {
  if (!rang_) {
    timer_.expires_at(deadline);
    co_await timer_.async_wait(asio::as_tuple(io::kUseAwaitable));
  }
  rang_ = false;
}

}  // namespace stetig::journal::internal
