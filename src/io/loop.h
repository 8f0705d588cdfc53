// Event loops: one io_context with one thread each, and what runs coroutines on them.
//
// State belongs to one loop and is touched on its thread only; other threads reach it through
// Post(). Order of destruction: pools first (they may hold completions for a loop), then loops,
// then what the loops' coroutines borrow.
#pragma once

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "io/task.h"

namespace stetig::io {

/// A steady timer on a loop's concrete executor.
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// One io_context and the thread that runs it. Start and Stop are called by the owner; Post from
/// anywhere.
class EventLoop {
 public:
  /// `name` shows in debuggers and `top`; at most 15 characters are kept.
  explicit EventLoop(std::string name);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// Stops; coroutines that are still suspended are destroyed, not resumed.
  ~EventLoop();

  /// Starts the thread. Once.
  void Start();
  /// Ends the thread after the handler that runs now; what is queued is not run. Not from the
  /// loop's own thread. Idempotent.
  void Stop();

  /// Runs `function` on the loop's thread. Thread-safe, also before Start and after Stop (then it
  /// never runs).
  template <class Function>
  void Post(Function function) {
    asio::post(context_, std::move(function));
  }

  Executor executor() { return context_.get_executor(); }
  asio::io_context& context() { return context_; }
  /// Between Start and Stop; asked by the owner's thread.
  bool running() const { return thread_.joinable(); }
  /// True on the loop's thread.
  bool InThread() const {
    return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  void Run();

  const std::string name_;
  asio::io_context context_;
  std::optional<asio::executor_work_guard<Executor>> work_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_;  ///< written by the thread itself, before all else
};

/// N loops, started together. Immutable after construction.
class LoopGroup {
 public:
  /// `count` 0 means one per core.
  LoopGroup(std::string name, size_t count);
  size_t size() const { return loops_.size(); }
  EventLoop& at(size_t i) { return *loops_.at(i); }
  void Start();
  void Stop();

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
};

/// Starts a top-level coroutine. An exception that leaves it is a broken invariant: the program
/// prints it and aborts.
void Spawn(const Executor& executor, Awaitable<void> coroutine);
inline void Spawn(EventLoop& loop, Awaitable<void> coroutine) {
  Spawn(loop.executor(), std::move(coroutine));
}

/// Waits until `until` or until `stop` is asked for. kCancelled: stop. Stop may be requested from
/// any thread.
Task<> SleepUntil(Deadline until, std::stop_token stop = {});

namespace internal {
template <class R>
Awaitable<void> StoreResult(Awaitable<R> coroutine, std::optional<R>* out) {
  out->emplace(co_await std::move(coroutine));
}
/// Runs `coroutine` on a private loop until it is done. Rethrows what it throws.
void RunToEnd(Awaitable<void> coroutine);
}  // namespace internal

/// Runs a coroutine on a private loop on the calling thread until it is done: for tests, start-up
/// code and the command line. Never call it on a loop's thread.
template <class R>
R RunSync(Awaitable<R> coroutine) {
  std::optional<R> result;
  internal::RunToEnd(internal::StoreResult(std::move(coroutine), &result));
  CHECK(result.has_value());
  return *std::move(result);
}
inline void RunSync(Awaitable<void> coroutine) { internal::RunToEnd(std::move(coroutine)); }

}  // namespace stetig::io
