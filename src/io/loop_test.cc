#include "io/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "io/pool.h"
#include "io/wheel.h"

namespace stetig::io {
namespace {

using std::chrono::milliseconds;

Deadline Soon() { return After(std::chrono::seconds(10)); }

TEST(EventLoop, RunsWhatIsPostedOnItsThread) {
  EventLoop loop("test");
  std::atomic<bool> inside = false;
  std::atomic<bool> done = false;
  loop.Post([&] {
    inside = loop.InThread();
    done = true;
  });
  loop.Start();
  while (!done) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(inside);
  EXPECT_FALSE(loop.InThread());
  loop.Stop();
  loop.Stop();
}

Task<int> Fails() { co_return Err(Code::kNotFound, "nothing there"); }
Task<int> Adds(int a, int b) {
  Status slept = co_await SleepUntil(After(milliseconds(1)));
  CO_TRY(std::move(slept));
  co_return a + b;
}
Awaitable<void> Throws() {
  throw std::runtime_error("on purpose");
  co_return;
}

TEST(RunSync, GivesTheCoroutinesOutcome) {
  EXPECT_EQ(RunSync(Adds(2, 3)).value(), 5);
  EXPECT_EQ(RunSync(Fails()).error().code(), Code::kNotFound);
  EXPECT_THROW(RunSync(Throws()), std::runtime_error);
}

TEST(SleepUntil, EndsEarlyWhenStopped) {
  std::stop_source stop;
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(20));
    stop.request_stop();
  });
  EXPECT_EQ(RunSync(SleepUntil(Soon(), stop.get_token())).code(), Code::kCancelled);
  EXPECT_EQ(RunSync(SleepUntil(Soon(), stop.get_token())).code(), Code::kCancelled);
}

Task<int> RunOn(Pool& pool, int value, Deadline deadline) {
  auto job = [value]() -> Result<int> {
    if (value < 0) {
      throw std::runtime_error("negative");
    }
    return value * 2;
  };
  co_return co_await Run(pool, std::move(job), deadline);
}

TEST(Pool, RunsJobsAndHandsTheirOutcomeBack) {
  Pool pool({.name = "test", .threads = 2});
  EXPECT_EQ(RunSync(RunOn(pool, 21, Soon())).value(), 42);
  EXPECT_EQ(RunSync(RunOn(pool, -1, Soon())).error().code(), Code::kInternal);
  EXPECT_EQ(RunSync(RunOn(pool, 21, Deadline::max())).value(), 42);
}

TEST(Pool, RefusesWhatItCannotTake) {
  Pool pool({.name = "test", .threads = 1, .queue = 1});
  std::atomic<bool> started = false;
  std::atomic<bool> release = false;
  ASSERT_TRUE(pool.Submit([&](Status) {
                    started = true;
                    while (!release) {
                      std::this_thread::yield();
                    }
                  })
                  .ok());
  while (!started) {
    std::this_thread::yield();
  }
  EXPECT_EQ(RunSync(RunOn(pool, 1, After(milliseconds(30)))).error().code(),
            Code::kDeadlineExceeded);
  // The job that gave up still holds the queue's only place.
  EXPECT_EQ(RunSync(RunOn(pool, 1, Soon())).error().code(), Code::kResourceExhausted);
  release = true;
  while (pool.queued() > 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(RunSync(RunOn(pool, 1, Soon())).value(), 2);
  pool.Stop();
  EXPECT_EQ(RunSync(RunOn(pool, 1, Soon())).error().code(), Code::kUnavailable);
}

TEST(Pool, StopRefusesWhatWaitsAndAsksWhatRuns) {
  Pool pool({.name = "test", .threads = 1, .queue = 10});
  std::atomic<bool> started = false;
  std::atomic<int> refused = 0;
  ASSERT_TRUE(pool.Submit([&](Status) {
                    started = true;
                    while (!pool.stop_token().stop_requested()) {
                      std::this_thread::yield();
                    }
                  })
                  .ok());
  while (!started) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.Submit([&](Status admitted) {
                      refused += admitted.code() == Code::kUnavailable ? 1 : 0;
                    })
                    .ok());
  }
  pool.Stop();
  EXPECT_EQ(refused, 3);
}

struct Counter final : TimerWheel::Entry {
  void OnTimeout() override {
    ++fired;
    at = std::chrono::steady_clock::now();
  }
  int fired = 0;
  Deadline at;
};

// One entry, set as `deadlines` say, 10 ms apart; then waits `rest`.
Awaitable<void> Exercise(TimerWheel& wheel, Counter& counter, std::vector<milliseconds> deadlines,
                         milliseconds rest) {
  for (milliseconds deadline : deadlines) {
    wheel.Set(counter, deadline == milliseconds::max() ? Deadline::max() : After(deadline));
    Status slept = co_await SleepUntil(After(milliseconds(10)));
    EXPECT_TRUE(slept.ok());
  }
  Status slept = co_await SleepUntil(After(rest));
  EXPECT_TRUE(slept.ok());
}

int FiredAfter(std::vector<milliseconds> deadlines, milliseconds rest) {
  asio::io_context context;
  TimerWheel wheel(context.get_executor());
  Counter counter;
  asio::co_spawn(context.get_executor(), Exercise(wheel, counter, std::move(deadlines), rest),
                 [&](std::exception_ptr) { context.stop(); });
  context.run_for(std::chrono::seconds(5));
  return counter.fired;
}

TEST(TimerWheel, FiresOnceAfterTheLastDeadlineSet) {
  EXPECT_EQ(FiredAfter({milliseconds(50)}, milliseconds(200)), 1);
  EXPECT_EQ(FiredAfter({milliseconds(5000), milliseconds(50)}, milliseconds(200)), 1);
  EXPECT_EQ(FiredAfter({milliseconds(60), milliseconds(5000)}, milliseconds(200)), 0);
  EXPECT_EQ(FiredAfter({milliseconds(60), milliseconds::max()}, milliseconds(200)), 0);
  EXPECT_EQ(
      FiredAfter({milliseconds(60), milliseconds::max(), milliseconds(60)}, milliseconds(200)), 1);
}

TEST(TimerWheel, IsNeverEarlyAndForgetsEntriesThatDie) {
  asio::io_context context;
  TimerWheel wheel(context.get_executor());
  std::vector<Counter> counters(200);
  std::vector<Deadline> deadlines;
  for (size_t i = 0; i < counters.size(); ++i) {
    deadlines.push_back(After(milliseconds(i)));
    wheel.Set(counters[i], deadlines.back());
  }
  {
    Counter gone;
    wheel.Set(gone, After(milliseconds(50)));
  }
  context.run_for(std::chrono::seconds(5));
  for (size_t i = 0; i < counters.size(); ++i) {
    EXPECT_EQ(counters[i].fired, 1) << i;
    EXPECT_GE(counters[i].at, deadlines[i]);
  }
}

}  // namespace
}  // namespace stetig::io
