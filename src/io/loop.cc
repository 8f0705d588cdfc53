#include "io/loop.h"

#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/mutex.h"

namespace stetig::io {
namespace {

// Legal because sockets and descriptors are touched on their loop's thread only; posting and timers
// keep their locks.
constexpr int kHint = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

void AbortOnEscape(const std::exception_ptr& error) {
  if (!error) {
    return;
  }
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "exception left a coroutine: %s\n", e.what());
  } catch (...) {
    std::fputs("unknown exception left a coroutine\n", stderr);
  }
  std::abort();
}

/// A context of its own for the time of one RunSync, used again afterwards and never destroyed:
/// whoever posted the last completion may still be leaving its post() when that has already run.
class PrivateContext {
 public:
  PrivateContext() : context_(Take()) { context_->restart(); }
  PrivateContext(const PrivateContext&) = delete;
  PrivateContext& operator=(const PrivateContext&) = delete;
  ~PrivateContext() {
    MutexLock lock(Shelf().mutex);
    Shelf().free.push_back(std::move(context_));
  }
  asio::io_context& operator*() { return *context_; }

 private:
  struct Contexts {
    Mutex mutex;
    std::vector<std::unique_ptr<asio::io_context>> free GUARDED_BY(mutex);
  };
  static Contexts& Shelf() {
    static auto* contexts = new Contexts;
    return *contexts;
  }
  static std::unique_ptr<asio::io_context> Take() {
    Contexts& shelf = Shelf();
    MutexLock lock(shelf.mutex);
    if (shelf.free.empty()) {
      return std::make_unique<asio::io_context>(kHint);
    }
    auto context = std::move(shelf.free.back());
    shelf.free.pop_back();
    return context;
  }

  std::unique_ptr<asio::io_context> context_;
};

}  // namespace

EventLoop::EventLoop(std::string name) : name_(std::move(name)), context_(kHint) {}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Start() {
  CHECK(!thread_.joinable());
  work_.emplace(context_.get_executor());
  thread_ = std::thread([this] { Run(); });
}

void EventLoop::Run() {
  thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  context_.run();
}

void EventLoop::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  CHECK(!InThread());
  work_.reset();
  context_.stop();
  thread_.join();
}

LoopGroup::LoopGroup(std::string name, size_t count) {
  if (count == 0) {
    count = std::max<size_t>(1, std::thread::hardware_concurrency());
  }
  for (size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<EventLoop>(name + "-" + std::to_string(i)));
  }
}

void LoopGroup::Start() {
  for (auto& loop : loops_) {
    loop->Start();
  }
}

void LoopGroup::Stop() {
  for (auto& loop : loops_) {
    loop->Stop();
  }
}

void Spawn(const Executor& executor, Awaitable<void> coroutine) {
  asio::co_spawn(executor, std::move(coroutine), AbortOnEscape);
}

Task<> SleepUntil(Deadline until, std::stop_token stop) {
  auto executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<Timer>(executor, until);
  // The callback may run on another thread, so it only posts; the shared timer outlives the post.
  std::stop_callback on_stop(
      stop, [executor, timer] { asio::post(executor, [timer] { timer->cancel(); }); });
  if (!stop.stop_requested()) {
    auto waited = co_await timer->async_wait(asio::as_tuple(kUseAwaitable));
    static_cast<void>(waited);
  }
  if (stop.stop_requested()) {
    co_return Err(Code::kCancelled, "the wait was stopped");
  }
  co_return OkStatus();
}

namespace internal {

void RunToEnd(Awaitable<void> coroutine) {
  PrivateContext context;
  std::exception_ptr failure;
  bool done = false;
  // Completions arrive by post() from other threads, so the loop stays up until the coroutine has
  // ended.
  auto work = asio::make_work_guard(*context);
  asio::co_spawn((*context).get_executor(), std::move(coroutine), [&](std::exception_ptr error) {
    failure = std::move(error);
    done = true;
  });
  while (!done) {
    (*context).run_one();
  }
  (*context).poll();  // handlers of what the coroutine has cancelled
  if (failure) {
    std::rethrow_exception(failure);
  }
}

}  // namespace internal
}  // namespace stetig::io
