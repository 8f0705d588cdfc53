// A process that uploads, reuses and sweeps is killed at random moments; what it acknowledged must
// be there.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "base/testing/rounds.h"
#include "blob/testing/fixture.h"
#include "io/loop.h"

namespace stetig::blob {
namespace {

using testing::RandomBytes;

struct Ack {
  ManifestId id;
  uint64_t seed = 0;
};

std::vector<std::byte> FileOf(uint64_t seed) {
  return RandomBytes(1000 + seed * 7919 % 700'000, seed % 50);
}

std::unique_ptr<Store> OpenStore(const std::string& folder, io::Pool& pool) {
  return OpenLocal({.folder = folder,
                    .env = &io::Env::System(),
                    .pool = &pool,
                    .clock = &Clock::System(),
                    .pack_bytes = size_t{1} << 20})
      .value();
}

// The child: writes an Ack into the pipe for each file that Finish() has acknowledged, until it is
// killed.
[[noreturn]] void UploadForEver(const std::string& folder, int pipe, uint64_t seed) {
  io::Pool pool({.name = "blob-kill", .threads = 3});
  const std::unique_ptr<Store> store = OpenStore(folder, pool);
  std::vector<std::thread> threads;
  for (uint64_t worker = 0; worker < 3; ++worker) {
    threads.emplace_back([&, worker] {
      for (uint64_t i = 0;; ++i) {
        Ack ack{.seed = seed * 1000 + worker * 300 + i % 300};
        ack.id = testing::PutInto(*store, FileOf(ack.seed)).value().id;
        if (::write(pipe, &ack, sizeof(ack)) != sizeof(ack)) {
          std::_Exit(1);
        }
      }
    });
  }
  for (;;) {
    ::pause();
  }
}

TEST(Kill, AcknowledgedFilesSurviveKillsAtRandomMoments) {
  const testing::TempFolder folder;
  std::mt19937_64 random(1);
  std::map<ManifestId, uint64_t> acknowledged;
  size_t rounds_with_acks = 0;
  const int rounds = stetig::testing::Rounds(20);
  for (int round = 0; round < rounds; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      UploadForEver(folder.path(), pipe[1], static_cast<uint64_t>(round));
    }
    ::close(pipe[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 120));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const size_t before = acknowledged.size();
    for (Ack ack; ::read(pipe[0], &ack, sizeof(ack)) == sizeof(ack);) {
      acknowledged[ack.id] = ack.seed;
    }
    rounds_with_acks += acknowledged.size() > before ? 1 : 0;
    ::close(pipe[0]);

    io::Pool pool({.name = "blob-kill", .threads = 2});
    const std::unique_ptr<Store> store = OpenStore(folder.path(), pool);
    const VerifyReport report = io::RunSync(store->Verify(/*deep=*/true)).value();
    ASSERT_TRUE(report.problems.empty()) << report.problems.front();
    for (const auto& [id, seed] : acknowledged) {
      const Result<std::vector<std::byte>> read = testing::GetFrom(*store, id);
      ASSERT_TRUE(read.has_value()) << "round " << round << ": " << read.error().ToString();
      ASSERT_TRUE(*read == FileOf(seed));
    }
  }
  EXPECT_GT(rounds_with_acks, 0U);
}

}  // namespace
}  // namespace stetig::blob
