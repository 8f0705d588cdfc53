#include "journal/internal/waiter.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "io/pool.h"

namespace stetig::journal::internal {
namespace {

using std::chrono::milliseconds;

/// Waits for a ring from another thread, then for one that has been heard before the wait.
Task<bool> WaitTwice() {
  const io::Executor loop = co_await asio::this_coro::executor;
  auto waiter = std::make_shared<Waiter>(loop);
  const Deadline deadline = After(std::chrono::seconds(5));
  std::jthread other([waiter] { waiter->Ring(); });
  co_await waiter->Wait(deadline);
  waiter->Ring();
  co_await asio::post(loop, io::kUseAwaitable);
  co_await waiter->Wait(deadline);
  co_return std::chrono::steady_clock::now() < deadline;
}

TEST(Waiter, RingEndsTheWaitWheneverItComes) { EXPECT_TRUE(*io::RunSync(WaitTwice())); }

Task<bool> WaitUntilDeadline() {
  auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
  const Deadline deadline = After(milliseconds(5));
  co_await waiter->Wait(deadline);
  co_return std::chrono::steady_clock::now() >= deadline;
}

TEST(Waiter, WithoutARingTheDeadlineEndsIt) { EXPECT_TRUE(*io::RunSync(WaitUntilDeadline())); }

}  // namespace
}  // namespace stetig::journal::internal
