// Random schedules of put, delete, sweep, crash and power cut against the simplest model there is:
// a map of what must be readable.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "base/testing/rounds.h"
#include "blob/testing/fixture.h"
#include "blob/testing/halting_env.h"
#include "io/loop.h"
#include "io/testing/fault_env.h"

namespace stetig::blob {
namespace {

constexpr std::chrono::milliseconds kGrace{1000};

// Files share parts with each other, so that packs hold living and dead chunks side by side.
std::vector<std::byte> SomeFile(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes;
  for (size_t parts = random() % 4; parts > 0; --parts) {
    const std::vector<std::byte> part =
        testing::RandomBytes(8192 + random() % 12'000, random() % 24);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

class World {
 public:
  World(uint64_t seed, io::Pool& pool) : random_(seed), pool_(pool) { Open(); }

  void Step() {
    switch (random_() % 16) {
      default:
        Put();
        break;
      case 8:
      case 9:
      case 10:
        Delete();
        break;
      case 11:
      case 12:
        Sweep();
        break;
      case 13:
        env_.HaltAtCall(1 + random_() % 30);
        break;
      case 14:
        memory_.FailCall(random_() % 20,
                         Err(random_() % 2 == 0 ? Code::kUnavailable : Code::kResourceExhausted,
                             "a fault of the test"));
        break;
      case 15:
        Crash();
        break;
    }
    if (env_.halted()) {
      Crash();
    }
  }

  // At rest: everything live is there, and after a few epochs hardly anything else. Two are not
  // enough: the first may act on older notes and carry along what died since, and the survivors it
  // copies may seal the growing pack, whose dead are judged only from then on.
  void Settle() {
    Crash();
    Check();
    for (int epochs = 0, tries = 0; epochs < 5; ++tries) {
      ASSERT_LT(tries, 20);
      epochs += SweepNow().has_value() ? 1 : 0;  // a fault may still be pending
      clock_.Advance(kGrace);
    }
    const Result<SweepReport> report = SweepNow();
    ASSERT_TRUE(report.has_value()) << report.error().ToString();
    EXPECT_LE(report->dead_bytes, 2 * report->live_bytes + 1);
    Check();
  }

  void Check() {
    for (const auto& [id, seed] : live_) {
      const Result<std::vector<std::byte>> read = testing::GetFrom(*store_, id);
      ASSERT_TRUE(read.has_value()) << read.error().ToString();
      ASSERT_TRUE(*read == SomeFile(seed));
    }
    const Result<VerifyReport> report = io::RunSync(store_->Verify(/*deep=*/true));
    ASSERT_TRUE(report.has_value()) << report.error().ToString();
    ASSERT_TRUE(report->problems.empty()) << report->problems.front();
  }

 private:
  void Open() {
    const LocalOptions options{
        .folder = "/blobs", .env = &env_, .pool = &pool_, .clock = &clock_, .pack_bytes = 30'000};
    Result<std::unique_ptr<Store>> opened = OpenLocal(options);
    for (int i = 0; i < 20 && !opened; ++i) {  // faults that are still pending
      opened = OpenLocal(options);
    }
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    store_ = *std::move(opened);
  }

  void Put() {
    const uint64_t seed = random_() % 40;
    const Result<FileRef> put = testing::PutInto(*store_, SomeFile(seed));
    if (put) {
      live_[put->id] = seed;  // the row that names the file is committed
    }
  }

  void Delete() {
    if (!live_.empty()) {
      live_.erase(std::next(live_.begin(), static_cast<std::ptrdiff_t>(random_() % live_.size())));
    }
  }

  Result<SweepReport> SweepNow() {
    std::vector<ManifestId> roots;
    for (const auto& [id, seed] : live_) {
      roots.push_back(id);
    }
    return testing::SweepOnce(*store_, std::move(roots), {.grace = kGrace});
  }

  void Sweep() {
    clock_.Advance(std::chrono::milliseconds(random_() % 1500));
    const Result<SweepReport> swept = SweepNow();
    if (!swept) {
      EXPECT_NE(swept.error().code(), Code::kDataLoss) << swept.error().ToString();
    }
  }

  void Crash() {
    const bool graceful = random_() % 4 == 0;
    if (!graceful) {
      env_.Halt();
    }
    store_.reset();
    if (!graceful && random_() % 2 == 0) {
      memory_.PowerCut(random_());
    }
    env_.Restart();
    Open();
    if (random_() % 4 == 0) {
      Check();
    }
  }

  std::mt19937_64 random_;
  FakeClock clock_;
  io::testing::FaultEnv memory_;
  testing::HaltingEnv env_{memory_};
  io::Pool& pool_;
  std::unique_ptr<Store> store_;
  std::map<ManifestId, uint64_t> live_;
};

TEST(Model, NoScheduleLosesALiveByte) {
  io::Pool pool({.name = "blob-model", .threads = 2});
  const auto schedules = static_cast<uint64_t>(stetig::testing::Rounds(1500));
  for (uint64_t seed = 1; seed <= schedules; ++seed) {
    World world(seed, pool);
    for (int step = 0; step < 30; ++step) {
      world.Step();
      ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << " step " << step;
    }
    world.Settle();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace stetig::blob
