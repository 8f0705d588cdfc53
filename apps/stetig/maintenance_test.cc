// Background work ends when the server does.
#include "maintenance.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

#include "blob/local/local_store.h"
#include "blob/testing/fixture.h"
#include "journal/migrations.h"
#include "planning/migrations.h"
#include "planning/service.h"
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
        tracking, ManifestSources(tracking), blobs, db(),
        journal::note::SignerKey::Make("test", random), [] { return false; }, [] {}, times);
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

/// A blob store of small packs that is swept all the time, on a clock of its own.
class SweepTest : public store::testing::DatabaseTest {
 protected:
  SweepTest()
      : DatabaseTest(journal::Migrations(), planning::Migrations(), tracking::Migrations(),
                     trace::Migrations()) {}

  blob::FileRef Put(std::string_view text) {
    const auto stored = io::RunSync(Store(blobs_.get(), std::string(text)));
    EXPECT_TRUE(stored.has_value()) << stored.error().ToString();
    return stored.value_or(blob::FileRef{});
  }
  static Task<blob::FileRef> Store(blob::Store* blobs, std::string text) {
    auto created = co_await blobs->Create(text.size(), After(10s));
    ASSIGN_OR_CO_RETURN(std::unique_ptr<blob::Writer> writer, std::move(created));
    CO_TRY(co_await blob::Write(writer.get(), std::as_bytes(std::span(text))));
    co_return co_await writer->Finish();
  }
  bool Has(const blob::FileRef& file) {
    return blob::testing::GetFrom(*blobs_, file.id).has_value();
  }
  /// Until two further sweeps have begun and ended.
  void AwaitSweeps() {
    const uint64_t before = blobs_->stats().sweeps;
    while (blobs_->stats().sweeps < before + 2) std::this_thread::yield();
  }
  /// Incompressible text, larger than a pack.
  static std::string Noise(uint64_t seed) {
    SeededRandom random(seed);
    std::string text(30'000, '\0');
    random.Fill(std::as_writable_bytes(std::span(text)));
    return text;
  }

  blob::testing::TempFolder folder_;
  io::Pool pool_{{.name = "blob-test", .threads = 2}};
  FakeClock clock_;
  std::unique_ptr<blob::Store> blobs_ = blob::OpenLocal({.folder = folder_.path() + "/blobs",
                                                         .env = &io::Env::System(),
                                                         .pool = &pool_,
                                                         .clock = &clock_,
                                                         .pack_bytes = 4096})
                                            .value();
};

TEST_P(SweepTest, AttachmentsStayWhileARowNamesThemAndGoAfterTheGraceTime) {
  tracking::Service tracking(db(), {});
  planning::Service planning(db());
  const access::Principal who{.user = "ada", .role = access::Role::kEditor};
  const json::Object values = {{"title", "P"}, {"key", "CHURN"}};
  ASSERT_TRUE(
      Run(planning.Create(who, {.kind = "project", .project = "", .values = values}, Soon())));
  const blob::FileRef attached = Put(Noise(1));
  const blob::FileRef artifact = Put(Noise(2));
  const blob::FileRef unnamed = Put(Noise(3));
  Put(Noise(4));  // so that the packs of the others are sealed
  ASSERT_TRUE(Run(planning.Attach(who,
                                  {.kind = "",
                                   .reference = "CHURN",
                                   .name = "a",
                                   .manifest = attached.id.ToHex(),
                                   .size = attached.size,
                                   .sha256 = "s"},
                                  Soon())));
  ASSERT_TRUE(
      Run(tracking.PutArtifact(who, "x/y", artifact.id.ToHex(), artifact.size, "s", Soon())).ok());
  SeededRandom random(1);
  Maintenance maintenance(
      tracking, ManifestSources(tracking, planning), *blobs_, db(),
      journal::note::SignerKey::Make("test", random), [] { return false; }, [] {},
      MaintenanceTimes{.sweep = 1ms, .patience = 30s});
  AwaitSweeps();
  clock_.Advance(std::chrono::hours(2));
  AwaitSweeps();
  EXPECT_TRUE(Has(attached));
  EXPECT_TRUE(Has(artifact));
  EXPECT_FALSE(Has(unnamed));
  ASSERT_TRUE(
      Run(planning.RemoveAttachment(who, {.kind = "", .reference = "CHURN", .name = "a"}, Soon()))
          .ok());
  AwaitSweeps();
  EXPECT_TRUE(Has(attached));  // the grace time has only begun
  clock_.Advance(std::chrono::hours(2));
  AwaitSweeps();
  EXPECT_FALSE(Has(attached));
  EXPECT_TRUE(Has(artifact));
  EXPECT_EQ(maintenance.Stop(), OkStatus());
}

STETIG_ON_BOTH_STORES(SweepTest);

}  // namespace
}  // namespace stetig::app
