// Background work ends when the server does.
#include "maintenance.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "journal/migrations.h"
#include "store/testing/fixture.h"
#include "trace/migrations.h"
#include "tracking/migrations.h"

namespace stetig::app {
namespace {

using namespace std::chrono_literals;

/// A store whose sweep takes as long as the test wants.
class SlowStore final : public blob::Store {
 public:
  enum class Manner : unsigned char { kHeedsStop, kDeaf };
  explicit SlowStore(Manner manner) : manner_(manner) {}

  std::future<void> begun() { return begun_.get_future(); }

  Task<blob::SweepReport> Sweep(blob::RootSource*, blob::SweepOptions options) override {
    begun_.set_value();
    std::stop_token stop = manner_ == Manner::kDeaf ? std::stop_token() : options.stop;
    CO_TRY(co_await io::SleepUntil(Deadline::max(), stop));
    co_return blob::SweepReport{};
  }
  Task<std::unique_ptr<blob::Writer>> Create(std::optional<uint64_t>, Deadline) override {
    co_return Err(Code::kUnimplemented, "not here");
  }
  Task<std::unique_ptr<blob::Reader>> Open(blob::ManifestId, Deadline) override {
    co_return Err(Code::kUnimplemented, "not here");
  }
  Task<blob::FileRef> Stat(blob::ManifestId, Deadline) override {
    co_return Err(Code::kUnimplemented, "not here");
  }
  Task<blob::VerifyReport> Verify(bool) override { co_return blob::VerifyReport{}; }
  blob::StoreStats stats() const override { return {}; }

 private:
  const Manner manner_;
  std::promise<void> begun_;
};

class MaintenanceTest : public store::testing::DatabaseTest {
 protected:
  MaintenanceTest()
      : DatabaseTest(journal::Migrations(), tracking::Migrations(), trace::Migrations()) {}

  /// What Stop() says once a sweep is under way.
  Status StopDuringASweep(SlowStore::Manner manner, std::chrono::milliseconds patience) {
    tracking::Service tracking(db(), {});
    SlowStore blobs(manner);
    MaintenanceTimes times{.sweep = 1ms, .patience = patience};
    SeededRandom random(1);
    Maintenance maintenance(
        tracking, blobs, /*connect=*/nullptr, db(), journal::note::SignerKey::Make("test", random),
        [] { return false; }, [] {}, times);
    blobs.begun().wait();
    return maintenance.Stop();
  }
};

TEST_P(MaintenanceTest, StoppingEndsASweep) {
  EXPECT_EQ(StopDuringASweep(SlowStore::Manner::kHeedsStop, 30s), OkStatus());
}

TEST_P(MaintenanceTest, StoppingDoesNotWaitForEverForWorkThatDoesNotEnd) {
  EXPECT_EQ(StopDuringASweep(SlowStore::Manner::kDeaf, 50ms).code(), Code::kDeadlineExceeded);
}

STETIG_ON_BOTH_STORES(MaintenanceTest);

}  // namespace
}  // namespace stetig::app
