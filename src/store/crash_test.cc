// kill -9 of a process that writes: everything it was told is durable is there, once, and no
// closure is there in part.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <random>
#include <set>

#include "base/testing/rounds.h"
#include "store/testing/things.h"

namespace stetig::store {
namespace {

constexpr int kRowsPerWrite = 3;

class CrashTest : public testing::ThingsTest {
 protected:
  /// In the child: writes for ever, 16 closures at a time, and reports the number of each that was
  /// acknowledged.
  [[noreturn]] static void WriteForEver(const std::string& url, int report) {
    auto db = Open(url, {});
    if (!db) {
      _exit(1);
    }
    std::vector<std::future<Status>> flying;
    for (int64_t number = 0;; ++number) {
      auto promise = std::make_shared<std::promise<Status>>();
      flying.push_back(promise->get_future());
      (*db)->SubmitWrite(
          [number](Transaction& tx) { return WriteRows(tx, number); },
          [promise, number, report](Status status) {
            // One write of eight bytes to a pipe is never torn.
            if (status.ok() && write(report, &number, sizeof number) != sizeof number) {
              _exit(2);
            }
            promise->set_value(std::move(status));
          },
          Soon());
      if (flying.size() == 16) {
        for (auto& one : flying) {
          one.wait();
        }
        flying.clear();
      }
    }
  }

  static Status WriteRows(Transaction& tx, int64_t number) {
    for (int part = 0; part < kRowsPerWrite; ++part) {
      TRY(tx.Execute(testing::kInsert, {number * kRowsPerWrite + part, nullptr,
                                        static_cast<double>(number), nullptr}));
    }
    return OkStatus();
  }

  /// Starts a writer, kills it after it has acknowledged `until` writes; answers all it had
  /// acknowledged.
  std::set<int64_t> RunAndKill(int until) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      close(ends[0]);
      WriteForEver(url(), ends[1]);
    }
    close(ends[1]);
    std::set<int64_t> acknowledged;
    int64_t number = 0;
    while (read(ends[0], &number, sizeof number) == sizeof number) {
      acknowledged.insert(number);
      if (acknowledged.size() == static_cast<size_t>(until)) {
        kill(child, SIGKILL);
      }
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself";
    return acknowledged;
  }
};

TEST_P(CrashTest, KeepsEveryAcknowledgedWriteAndNoneInPart) {
  const int kills = stetig::testing::Rounds(20);
  std::mt19937 random(42);
  static constexpr Statement kClear{"DELETE FROM things"};
  static constexpr Statement kNumbers{"SELECT size, count(*) FROM things GROUP BY size"};
  for (int round = 0; round < kills; ++round) {
    Close();
    const std::set<int64_t> acknowledged = RunAndKill(1 + static_cast<int>(random() % 300));
    Reopen();
    std::set<int64_t> found;
    Status read = Read([&](Session& session) {
      return session.Query(kNumbers, {}, [&](const Row& row) {
        EXPECT_EQ(row.Int(1), kRowsPerWrite) << "write " << row.Real(0) << " is there in part";
        found.insert(static_cast<int64_t>(row.Real(0)));
        return OkStatus();
      });
    });
    ASSERT_EQ(read, OkStatus());
    for (const int64_t number : acknowledged) {
      EXPECT_TRUE(found.contains(number))
          << "round " << round << ": acknowledged write " << number << " is lost";
    }
    ASSERT_EQ(Write([](Transaction& tx) { return tx.Execute(kClear, {}); }), OkStatus());
  }
}

STETIG_ON_BOTH_STORES(CrashTest);

}  // namespace
}  // namespace stetig::store
