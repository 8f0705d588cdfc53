// Garbage collection: what goes, what stays, and when.
#include <gtest/gtest.h>

#include "blob/testing/fixture.h"
#include "io/loop.h"

namespace stetig::blob {
namespace {

using testing::GetFrom;
using testing::RandomBytes;

constexpr std::chrono::milliseconds kGrace{1000};
const SweepOptions kOptions{.grace = kGrace};

class GcTest : public testing::LocalFixture {
 protected:
  GcTest() {
    store_.reset();
    Open();
  }
  // Small packs, so that files fill whole ones.
  void Open() {
    store_ = OpenLocal({.folder = folder_.path(),
                        .env = &io::Env::System(),
                        .pool = &pool_,
                        .clock = &clock_,
                        .pack_bytes = 4096})
                 .value();
  }
  FileRef PutSome(uint64_t seed, size_t size = 30'000) {
    return Put(RandomBytes(size, seed)).value();
  }
  bool Has(const FileRef& file) { return GetFrom(*store_, file.id).has_value(); }
  // Puts something else, so that the pack of the last file is sealed and may be judged.
  FileRef Seal(uint64_t seed) { return PutSome(1'000'000 + seed); }
};

TEST_F(GcTest, TheDeadGoAfterTheGraceTimeAndTheLivingStay) {
  const FileRef dead = PutSome(1);
  const FileRef live = PutSome(2);
  const FileRef last = Seal(0);
  EXPECT_EQ(Sweep({live.id, last.id}, kOptions).packs_removed, 0U);
  EXPECT_TRUE(Has(dead));
  clock_.Advance(kGrace - std::chrono::milliseconds(1));
  EXPECT_EQ(Sweep({live.id, last.id}, kOptions).packs_removed, 0U);
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_GE(Sweep({live.id, last.id}, kOptions).packs_removed, 1U);
  EXPECT_FALSE(Has(dead));
  EXPECT_TRUE(Has(live));
  Open();
  EXPECT_FALSE(Has(dead));
  EXPECT_TRUE(Has(live));
  EXPECT_TRUE(io::RunSync(store_->Verify(/*deep=*/true)).value().problems.empty());
}

TEST_F(GcTest, UsingADeadFileAgainBringsItBack) {
  const FileRef file = PutSome(1);
  const FileRef last = Seal(0);
  Sweep({last.id}, kOptions);
  clock_.Advance(kGrace);
  EXPECT_EQ(PutSome(1), file);  // found stored, hence no candidate any more
  EXPECT_EQ(Sweep({last.id}, kOptions).packs_removed, 0U);
  EXPECT_TRUE(Has(file));
}

Task<FileRef> UploadAroundSweeps(Store* store, FakeClock* clock, std::vector<std::byte> bytes,
                                 std::vector<ManifestId> roots) {
  auto created = co_await store->Create(std::nullopt, Deadline::max());
  ASSIGN_OR_CO_RETURN(std::unique_ptr<Writer> writer, std::move(created));
  // The first two buffers are chunked and found stored; then the sweeps come.
  const std::span<const std::byte> all = bytes;
  Status begun = co_await Write(writer.get(), all.first(bytes.size() - 1));
  CO_TRY(std::move(begun));
  for (int i = 0; i < 3; ++i) {
    testing::SomeRoots source(roots);
    auto swept = co_await store->Sweep(&source, kOptions);
    CO_TRY(swept);
    clock->Advance(kGrace);
  }
  Status ended = co_await Write(writer.get(), all.last(1));
  CO_TRY(std::move(ended));
  co_return co_await writer->Finish();
}

TEST_F(GcTest, AnUploadUnderWayKeepsWhatItFoundAndWhatItWrote) {
  const std::vector<std::byte> bytes = RandomBytes((size_t{3} << 20) + 5, 1);
  ASSERT_TRUE(Put(std::span(bytes).first(size_t{2} << 20)).has_value());
  const FileRef last = Seal(0);
  const FileRef file =
      io::RunSync(UploadAroundSweeps(store_.get(), &clock_, bytes, {last.id})).value();
  EXPECT_TRUE(Get(file.id) == bytes);
  // Not named yet, but within the grace time.
  Sweep({last.id}, kOptions);
  EXPECT_TRUE(Has(file));
}

TEST_F(GcTest, PacksThatAreMostlyDeadAreRewritten) {
  store_.reset();
  store_ = OpenLocal({.folder = folder_.path(),
                      .env = &io::Env::System(),
                      .pool = &pool_,
                      .clock = &clock_,
                      .pack_bytes = 200'000})
               .value();
  std::vector<ManifestId> live;
  for (uint64_t i = 0; i < 20; ++i) {
    const FileRef file = PutSome(i, 20'000);
    if (i % 4 == 0) {
      live.push_back(file.id);
    }
  }
  Sweep(live, kOptions);
  clock_.Advance(kGrace);
  const uint64_t before = PackBytes();
  const SweepReport report = Sweep(live, kOptions);
  EXPECT_GE(report.packs_rewritten, 1U);
  EXPECT_GT(report.bytes_freed, 0U);
  EXPECT_LT(PackBytes(), before - 100'000);
  for (uint64_t i = 0; i < 20; i += 4) {
    EXPECT_EQ(Get(live[i / 4]), RandomBytes(20'000, i));
  }
}

TEST_F(GcTest, DryRunsCountAndTouchNothing) {
  PutSome(1);
  const FileRef last = Seal(0);
  SweepOptions options = kOptions;
  options.dry_run = true;
  for (int i = 0; i < 3; ++i) {
    const SweepReport report = Sweep({last.id}, options);
    EXPECT_GT(report.dead_bytes, 30'000U);
    EXPECT_EQ(report.packs_removed, 0U);
    clock_.Advance(kGrace);
  }
}

TEST_F(GcTest, ARootThatLeadsNowhereStopsTheSweep) {
  const FileRef dead = PutSome(1);
  const FileRef last = Seal(0);
  Sweep({last.id}, kOptions);
  clock_.Advance(kGrace);
  EXPECT_EQ(testing::SweepOnce(*store_, {last.id, ManifestId{}}, kOptions).error().code(),
            Code::kDataLoss);
  EXPECT_TRUE(Has(dead));
}

class FailingRoots final : public RootSource {
 public:
  Task<std::vector<ManifestId>> Next() override {
    co_return Err(Code::kUnavailable, "the database is away");
  }
};

TEST_F(GcTest, AnErrorOfTheRootsStopsTheSweep) {
  const FileRef dead = PutSome(1);
  const FileRef last = Seal(0);
  Sweep({last.id}, kOptions);
  clock_.Advance(kGrace);
  FailingRoots roots;
  EXPECT_EQ(io::RunSync(store_->Sweep(&roots, kOptions)).error().code(), Code::kUnavailable);
  EXPECT_TRUE(Has(dead));
}

/// Asks for the stop while its page is on the way.
class StoppingRoots final : public RootSource {
 public:
  StoppingRoots(std::vector<ManifestId> ids, std::stop_source& stop)
      : ids_(std::move(ids)), stop_(stop) {}
  Task<std::vector<ManifestId>> Next() override {
    if (ids_.empty()) {
      stop_.request_stop();
    }
    co_return std::exchange(ids_, {});
  }

 private:
  std::vector<ManifestId> ids_;
  std::stop_source& stop_;
};

TEST_F(GcTest, AStopEndsASweepBeforeAnythingIsRemovedAndALaterOneGoesOn) {
  const FileRef dead = PutSome(1);
  const FileRef last = Seal(0);
  Sweep({last.id}, kOptions);
  clock_.Advance(kGrace);
  std::stop_source stop;
  StoppingRoots roots({last.id}, stop);
  SweepOptions options = kOptions;
  options.stop = stop.get_token();
  const auto stopped = io::RunSync(store_->Sweep(&roots, options));
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code(), Code::kCancelled);
  EXPECT_TRUE(Has(dead));
  EXPECT_GE(Sweep({last.id}, kOptions).packs_removed, 1U);
  EXPECT_FALSE(Has(dead));
}

TEST_F(GcTest, AStopIsSeenBeforeTheNextRoot) {
  const FileRef last = Seal(0);
  std::stop_source stop;
  stop.request_stop();
  SweepOptions options = kOptions;
  options.stop = stop.get_token();
  testing::SomeRoots roots({last.id});
  const auto stopped = io::RunSync(store_->Sweep(&roots, options));
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code(), Code::kCancelled);
}

}  // namespace
}  // namespace stetig::blob
