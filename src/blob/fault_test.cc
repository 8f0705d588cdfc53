// What a file system does at its worst: refused calls, full disk, read-only folder, kill, power
// cut, damaged bytes.
#include <gtest/gtest.h>

#include <optional>

#include "blob/testing/fixture.h"
#include "blob/testing/halting_env.h"
#include "io/loop.h"
#include "io/testing/fault_env.h"

namespace stetig::blob {
namespace {

using testing::GetFrom;
using testing::PutInto;
using testing::RandomBytes;

// Files in memory that a power cut tears, under a process that can be killed.
struct Disk {
  explicit Disk(uint64_t seed_of_cuts = 1) : seed(seed_of_cuts) {}
  void Restart(bool power_cut) {
    if (power_cut) {
      memory.PowerCut(seed);
    }
    env.Restart();
  }
  void FailCall(uint64_t n) { memory.FailCall(n, Err(Code::kUnavailable, "a fault of the test")); }
  uint64_t seed;
  io::testing::FaultEnv memory;
  testing::HaltingEnv env{memory};
};

std::vector<std::string> Runs(Disk& disk) {
  std::vector<std::string> paths;
  for (const io::FolderEntry& entry : disk.memory.List("/blobs/index").value()) {
    paths.push_back("/blobs/index/" + entry.name);
  }
  return paths;
}

class FaultTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Store>> Open(io::Env& env) {
    return OpenLocal(
        {.folder = "/blobs", .env = &env, .pool = &pool_, .clock = &clock_, .pack_bytes = 40'000});
  }
  static void ExpectWhole(Store& store) {
    const Result<VerifyReport> report = io::RunSync(store.Verify(/*deep=*/true));
    ASSERT_TRUE(report.has_value()) << report.error().ToString();
    EXPECT_TRUE(report->problems.empty()) << report->problems.front();
  }

  FakeClock clock_;
  io::Pool pool_{{.name = "blob-fault", .threads = 2}};
};

TEST_F(FaultTest, AnyFailingCallFailsTheUploadCleanlyAndTheNextOneWorks) {
  const std::vector<std::byte> first = RandomBytes(60'000, 1);
  const std::vector<std::byte> second = RandomBytes(60'000, 2);
  bool reached_end = false;
  for (uint64_t n = 1; !reached_end; ++n) {
    ASSERT_LT(n, 200U);
    Disk disk(n);
    std::unique_ptr<Store> store = Open(disk.env).value();
    const FileRef kept = PutInto(*store, first).value();
    disk.FailCall(n - 1);
    const uint64_t before = disk.memory.calls();
    const Result<FileRef> put = PutInto(*store, second);
    reached_end = disk.memory.calls() - before < n;
    if (reached_end) {
      break;  // the upload made fewer than n changes
    }
    const Result<FileRef> again = PutInto(*store, second);
    ASSERT_TRUE(again.has_value()) << "call " << n << ": " << again.error().ToString();
    EXPECT_TRUE(GetFrom(*store, again->id) == second);
    EXPECT_TRUE(GetFrom(*store, kept.id) == first);
    disk.env.Halt();
    store.reset();
    disk.Restart(/*power_cut=*/true);
    store = Open(disk.env).value();
    EXPECT_TRUE(GetFrom(*store, again->id) == second) << "call " << n;
    EXPECT_TRUE(GetFrom(*store, kept.id) == first) << "call " << n;
    ExpectWhole(*store);
  }
}

TEST_F(FaultTest, AKillOrPowerCutAtAnyCallLosesNothingAcknowledged) {
  const std::vector<std::byte> first = RandomBytes(60'000, 1);
  const std::vector<std::byte> second = RandomBytes(60'000, 2);
  for (const bool power_cut : {false, true}) {
    bool reached_end = false;
    for (uint64_t n = 1; !reached_end; ++n) {
      ASSERT_LT(n, 200U);
      Disk disk(n);
      std::unique_ptr<Store> store = Open(disk.env).value();
      const FileRef kept = PutInto(*store, first).value();
      disk.env.HaltAtCall(n);
      const Result<FileRef> put = PutInto(*store, second);
      reached_end = !disk.env.halted();
      disk.env.Halt();
      store.reset();
      disk.Restart(power_cut);
      Result<std::unique_ptr<Store>> reopened = Open(disk.env);
      ASSERT_TRUE(reopened.has_value()) << "call " << n << ": " << reopened.error().ToString();
      EXPECT_TRUE(GetFrom(**reopened, kept.id) == first) << "call " << n;
      if (put) {
        EXPECT_TRUE(GetFrom(**reopened, put->id) == second) << "call " << n;
      }
      ExpectWhole(**reopened);
      EXPECT_TRUE(PutInto(**reopened, second).has_value());
    }
  }
}

TEST_F(FaultTest, ASecondCrashDuringRecoveryDoesNoHarm) {
  const std::vector<std::byte> bytes = RandomBytes(60'000, 1);
  for (uint64_t n = 1; n < 40; ++n) {
    Disk disk(n);
    std::unique_ptr<Store> store = Open(disk.env).value();
    const FileRef kept = PutInto(*store, bytes).value();
    disk.env.HaltAtCall(3);
    static_cast<void>(PutInto(*store, RandomBytes(60'000, 2)));
    disk.env.Halt();
    store.reset();
    disk.Restart(/*power_cut=*/true);
    disk.env.HaltAtCall(n);
    static_cast<void>(Open(disk.env));
    disk.env.Halt();
    disk.Restart(/*power_cut=*/true);
    store = Open(disk.env).value();
    EXPECT_TRUE(GetFrom(*store, kept.id) == bytes) << "call " << n;
    ExpectWhole(*store);
  }
}

TEST_F(FaultTest, AFullDiskIsNamedAndNothingIsPublished) {
  Disk disk;
  std::unique_ptr<Store> store = Open(disk.env).value();
  const FileRef kept = PutInto(*store, RandomBytes(50'000, 1)).value();
  disk.memory.LimitSpace(120'000);
  for (uint64_t seed = 2; seed < 6; ++seed) {
    const Result<FileRef> put = PutInto(*store, RandomBytes(300'000, seed));
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().code(), Code::kResourceExhausted) << put.error().ToString();
  }
  EXPECT_TRUE(GetFrom(*store, kept.id) == RandomBytes(50'000, 1));
  disk.memory.LimitSpace(UINT64_MAX);
  EXPECT_TRUE(PutInto(*store, RandomBytes(300'000, 2)).has_value());
  ExpectWhole(*store);
}

TEST_F(FaultTest, AReadOnlyFolderServesReadsAndRefusesWrites) {
  Disk disk;
  std::unique_ptr<Store> store = Open(disk.env).value();
  const FileRef kept = PutInto(*store, RandomBytes(50'000, 1)).value();
  disk.env.SetReadOnly(true);
  const Status refused = PutInto(*store, RandomBytes(50'000, 2)).error();
  EXPECT_EQ(refused.code(), Code::kUnavailable);  // not the uploader's lack of rights
  EXPECT_TRUE(refused.message().contains("Read-only file system")) << refused.ToString();
  EXPECT_TRUE(GetFrom(*store, kept.id) == RandomBytes(50'000, 1));
}

TEST_F(FaultTest, UploadsThatLeanOnBytesOfAFailedSyncFailToo) {
  Disk disk;
  std::unique_ptr<Store> store = Open(disk.env).value();
  for (uint64_t n = 1; n <= 6; ++n) {
    disk.FailCall(n - 1);
    const uint64_t before = disk.memory.calls();
    const Result<FileRef> put = PutInto(*store, RandomBytes(20'000, 100 + n));
    if (disk.memory.calls() - before < n) {
      ASSERT_GT(n, 2U);
      break;  // the upload made fewer than n changes
    }
    Result<FileRef> again = PutInto(*store, RandomBytes(20'000, 100 + n));
    if (put && !again) {
      again = PutInto(*store, RandomBytes(20'000, 100 + n));
    }
    ASSERT_TRUE(again.has_value());
    disk.env.Halt();
    store.reset();
    disk.Restart(/*power_cut=*/true);
    store = Open(disk.env).value();
    EXPECT_TRUE(GetFrom(*store, again->id) == RandomBytes(20'000, 100 + n)) << n;
  }
}

TEST_F(FaultTest, ADamagedIndexRunIsReplacedByThePacksOwnIndexes) {
  Disk disk;
  std::unique_ptr<Store> store = Open(disk.env).value();
  std::vector<FileRef> files;
  for (uint64_t i = 0; i < 12; ++i) {
    files.push_back(PutInto(*store, RandomBytes((size_t{2} << 20) + 1, i)).value());
  }
  store.reset();
  for (const bool while_open : {false, true}) {
    const std::vector<std::string> runs = Runs(disk);
    ASSERT_FALSE(runs.empty());
    if (while_open) {
      store = Open(disk.env).value();
    }
    for (const std::string& run : runs) {
      disk.memory.FlipBit(run, 8 * 100 + 2);  // in the first block
      disk.memory.FlipBit(run, 8 * (disk.memory.Stat(run)->size - 10) + 2);
    }
    store = Open(disk.env).value();
    for (uint64_t i = 0; i < files.size(); ++i) {
      EXPECT_TRUE(GetFrom(*store, files[i].id) == RandomBytes((size_t{2} << 20) + 1, i));
    }
    for (uint64_t i = 20; i < 32; ++i) {  // makes runs anew
      files.push_back(PutInto(*store, RandomBytes((size_t{2} << 20) + 1, i)).value());
    }
    files.resize(12);
    store.reset();
  }
}

}  // namespace
}  // namespace stetig::blob
