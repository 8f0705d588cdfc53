// The one header that hands Asio's coroutine type on to the rest of stetig.
//
// Task<T> is a coroutine that yields Result<T> (Task<> yields Status). It runs on one loop's thread
// and is resumed there, whoever completes what it waited for. Rules for coroutines:
// docs/decisions/005-coroutines.md.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/status.h"

namespace stetig {
namespace asio = boost::asio;

namespace io {

using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kUseAwaitable{};

template <class T>
struct TaskResult {
  using type = Result<T>;
};
template <>
struct TaskResult<void> {
  using type = Status;
};

}  // namespace io

template <class T = void>
using Task = io::Awaitable<typename io::TaskResult<T>::type>;

namespace io {

/// Called exactly once, from any thread, with the outcome of what was started; hands it to the
/// waiting loop. Move-only.
template <class R, class Handler>
class Completion {
 public:
  explicit Completion(Handler handler) : handler_(std::move(handler)) {}

  void operator()(R result) && {
    auto executor = asio::get_associated_executor(handler_);
    asio::post(executor, [handler = std::move(handler_), value = std::move(result)]() mutable {
      std::move(handler)(std::move(value));
    });
  }

 private:
  Handler handler_;
};

/// Suspends until the completion that `start` receives has been called:
///   R value = co_await Suspend<R>([&](auto done) { pool.Submit([done = std::move(done)]() mutable
///   { std::move(done)(R{}); }); });
/// `start` runs at once on the caller's thread. The completion must be called exactly once, else
/// the coroutine never resumes.
template <class R, class Start>
Awaitable<R> Suspend(Start start) {
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(R)>(
      [](auto handler, Start begin) {
        begin(Completion<R, decltype(handler)>(std::move(handler)));
      },
      kUseAwaitable, std::move(start));
}

}  // namespace io
}  // namespace stetig
