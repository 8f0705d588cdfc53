// The server's parts end, whatever its coroutines were doing.
#include "plant.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <future>

#include "blob/testing/fixture.h"

namespace stetig::app {
namespace {

using namespace std::chrono_literals;

/// Ends the test program when something hangs.
class Watchdog {
 public:
  Watchdog()
      : thread_([this] {
          if (ended_.get_future().wait_for(30s) == std::future_status::timeout) {
            std::fputs("the plant did not stop within 30 s\n", stderr);
            std::_Exit(1);
          }
        }) {}
  ~Watchdog() {
    ended_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> ended_;
  std::thread thread_;
};

class PlantTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plant_.emplace();
    UpOptions options{.data = folder_.path() + "/data", .loops = 1};
    Status built = plant_->Build(options);
    ASSERT_TRUE(built.ok()) << built.ToString();
    plant_->loops->Start();
  }

  blob::testing::TempFolder folder_;
  std::optional<Plant> plant_;
  Watchdog watchdog_;
};

/// Begins an upload and never hears from its client again.
io::Awaitable<void> WaitWithAnUpload(blob::Store* blobs, std::promise<void>* waits) {
  auto writer = co_await blobs->Create(std::nullopt, After(10s));
  EXPECT_TRUE(writer.has_value());
  waits->set_value();
  static_cast<void>(co_await io::SleepUntil(Deadline::max()));
}

TEST_F(PlantTest, StopsWhileAHandlerHoldsAnUpload) {
  std::promise<void> waits;
  io::Spawn(plant_->loops->at(0), WaitWithAnUpload(plant_->blobs.get(), &waits));
  waits.get_future().wait();
  plant_.reset();
}

/// Has the store and the password check answer while the plant stops.
io::Awaitable<void> Ask(Plant* plant, std::promise<void>* waits) {
  waits->set_value();
  while (true) {
    auto users = co_await plant->access->CountUsers(After(10s));
    auto who = co_await plant->access->Authenticate("Basic YWRhOnNlY3JldA==", "req-1", After(10s));
    EXPECT_FALSE(who.has_value());
  }
}

TEST_F(PlantTest, StopsWhileHandlersWaitForStoreAndPasswords) {
  std::promise<void> first;
  std::promise<void> second;
  io::Spawn(plant_->loops->at(0), Ask(&*plant_, &first));
  io::Spawn(plant_->loops->at(0), Ask(&*plant_, &second));
  first.get_future().wait();
  second.get_future().wait();
  plant_.reset();
}

}  // namespace
}  // namespace stetig::app
