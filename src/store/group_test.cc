// Group commit, queues, deadlines and hooks; on both stores.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <latch>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "store/testing/things.h"

namespace stetig::store {
namespace {

using ::testing::ElementsAre;
using testing::kCount;
using testing::kInsert;
using testing::kInsertId;
using testing::QueryInt;

/// Keeps the writer busy with one closure, so that what is submitted meanwhile becomes one group.
class GroupTest : public testing::ThingsTest {
 protected:
  void HoldWriter() {
    go_ = std::promise<void>();
    std::promise<void> entered;
    held_ = Submit([go = go_.get_future().share(), &entered, first = true](Transaction&) mutable {
      if (std::exchange(first, false)) {
        entered.set_value();
      }
      go.wait();
      return OkStatus();
    });
    entered.get_future().wait();
  }
  void LetWriterGo() {
    go_.set_value();
    EXPECT_TRUE(held_.get().ok());
  }
  std::future<Status> Submit(Database::WriteFn fn, Deadline deadline = Soon()) {
    auto promise = std::make_shared<std::promise<Status>>();
    auto answer = promise->get_future();
    db().SubmitWrite(
        std::move(fn), [promise](Status status) { promise->set_value(std::move(status)); },
        deadline);
    return answer;
  }
  std::future<Status> SubmitRead(Database::ReadFn fn, Deadline deadline = Soon()) {
    auto promise = std::make_shared<std::promise<Status>>();
    auto answer = promise->get_future();
    db().SubmitRead(
        std::move(fn), [promise](Status status) { promise->set_value(std::move(status)); },
        deadline);
    return answer;
  }

 private:
  std::promise<void> go_;
  std::future<Status> held_;
};

TEST_P(GroupTest, CommitsWhatWaitsTogether) {
  HoldWriter();
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 40; ++i) {
    answers.push_back(Submit([i](Transaction& tx) { return tx.Execute(kInsertId, {i}); }));
  }
  const DatabaseStats before = db().stats();
  EXPECT_EQ(before.write_queue, 40);
  LetWriterGo();
  for (auto& answer : answers) {
    EXPECT_EQ(answer.get(), OkStatus());
  }
  EXPECT_EQ(Count(), 40);
  const DatabaseStats after = db().stats();
  EXPECT_EQ(after.commits - before.commits, 2) << "the closure that held the writer, and the group";
  EXPECT_EQ(after.writes - before.writes, 41);
  EXPECT_EQ(after.group_sizes[5] - before.group_sizes[5], 1) << "a group of 32 to 63";
  EXPECT_EQ(after.group_reruns, before.group_reruns);
}

TEST_P(GroupTest, KeepsToTheGroupLimit) {
  Reopen({.group_limit = 8});
  HoldWriter();
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(Submit([i](Transaction& tx) { return tx.Execute(kInsertId, {i}); }));
  }
  const DatabaseStats before = db().stats();
  LetWriterGo();
  for (auto& answer : answers) {
    EXPECT_EQ(answer.get(), OkStatus());
  }
  EXPECT_EQ(db().stats().commits - before.commits, 4);
}

TEST_P(GroupTest, AClosureThatFailsBeforeItWritesFailsAlone) {
  HoldWriter();
  std::atomic<int> runs = 0;
  auto good = [&runs](int id) {
    return [&runs, id](Transaction& tx) {
      ++runs;
      return tx.Execute(kInsertId, {id});
    };
  };
  auto first = Submit(good(1));
  auto refused = Submit([](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const int64_t count, QueryInt(tx, kCount));
    return Err(Code::kNotFound, "saw " + std::to_string(count));
  });
  auto last = Submit(good(2));
  LetWriterGo();
  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(refused.get(), Status(Code::kNotFound, "saw 1"))
      << "it sees what its group has written";
  EXPECT_TRUE(last.get().ok());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(db().stats().group_reruns, 0);
  EXPECT_EQ(Count(), 2);
}

TEST_P(GroupTest, AClosureThatFailsAfterItHasWrittenIsUndoneAlone) {
  HoldWriter();
  std::map<int, int> runs;  // only the writer's thread touches it while the group runs
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 10; ++i) {
    answers.push_back(Submit([&runs, i](Transaction& tx) -> Status {
      ++runs[i];
      TRY(tx.Execute(kInsertId, {i}));
      return i % 4 == 3 ? Status(Code::kFailedPrecondition, "no") : OkStatus();
    }));
  }
  LetWriterGo();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(answers[static_cast<size_t>(i)].get().code(),
              i % 4 == 3 ? Code::kFailedPrecondition : Code::kOk)
        << i;
  }
  EXPECT_EQ(Count(), 8);
  EXPECT_EQ(runs[0], 2);
  EXPECT_EQ(runs[9], 1) << "had not run when the first one failed";
  EXPECT_EQ(db().stats().group_reruns, 1);
}

TEST_P(GroupTest, AStatementThatFailsHurtsOnlyItsClosure) {
  ASSERT_TRUE(Write([](Transaction& tx) { return tx.Execute(kInsertId, {5}); }).ok());
  HoldWriter();
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 10; ++i) {
    // PostgreSQL learns of the conflict only when the group commits.
    answers.push_back(Submit([i](Transaction& tx) -> Status {
      TRY(tx.Execute(kInsertId, {100 + i}));
      return tx.Execute(kInsertId, {i});
    }));
  }
  LetWriterGo();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(answers[static_cast<size_t>(i)].get().code(),
              i == 5 ? Code::kAlreadyExists : Code::kOk)
        << i;
  }
  EXPECT_EQ(Count(), 19);
}

TEST_P(GroupTest, ALaterClosureIsNotBlamedForTheStatementOfAnEarlierOne) {
  ASSERT_TRUE(Write([](Transaction& tx) { return tx.Execute(kInsertId, {1}); }).ok());
  HoldWriter();
  auto culprit = Submit([](Transaction& tx) { return tx.Execute(kInsertId, {1}); });
  auto innocent = Submit([](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const int64_t count, QueryInt(tx, kCount));
    return tx.Execute(kInsertId, {100 + count});
  });
  LetWriterGo();
  EXPECT_EQ(culprit.get().code(), Code::kAlreadyExists);
  EXPECT_TRUE(innocent.get().ok());
  EXPECT_EQ(Count(), 2);
}

TEST_P(GroupTest, AnExceptionIsAnErrorOfItsClosure) {
  HoldWriter();
  auto bad = Submit([](Transaction& tx) -> Status {
    TRY(tx.Execute(kInsertId, {1}));
    throw std::runtime_error("oops");
  });
  auto good = Submit([](Transaction& tx) { return tx.Execute(kInsertId, {2}); });
  LetWriterGo();
  EXPECT_EQ(bad.get().code(), Code::kInternal);
  EXPECT_TRUE(good.get().ok());
  EXPECT_EQ(Count(), 1);
}

TEST_P(GroupTest, HooksRunOnceAfterTheCommitAndOnlyOfWhatWasCommitted) {
  static constinit const Topic topic;
  static constinit const Topic other;
  std::vector<int> hooks;
  std::atomic<int> woken = 0;
  std::atomic<int> others = 0;
  std::promise<void> wake;
  Listener listener = db().Listen(topic, [&] {
    ++woken;
    wake.set_value();
  });
  Listener idle = db().Listen(other, [&] { ++others; });
  HoldWriter();
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 4; ++i) {
    answers.push_back(Submit([&hooks, i](Transaction& tx) -> Status {
      tx.AfterCommit([&hooks, i] { hooks.push_back(i); });
      tx.Announce(topic);
      TRY(tx.Execute(kInsertId, {i}));
      return i == 1 ? Status(Code::kAborted, "no") : OkStatus();
    }));
  }
  EXPECT_TRUE(hooks.empty());
  LetWriterGo();
  for (auto& answer : answers) {
    answer.wait();
  }
  EXPECT_THAT(hooks, ElementsAre(0, 2, 3)) << "hooks run before anybody is answered";
  wake.get_future().wait();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(others, 0);
  listener = Listener();
  ASSERT_TRUE(Write([](Transaction& tx) -> Status {
                tx.Announce(topic);
                return tx.Execute(kInsertId, {9});
              }).ok());
  Close();
  EXPECT_EQ(woken, 1) << "the listener has gone";
}

TEST_P(GroupTest, AWriteThatIsStillQueuedAtItsDeadlineIsNotRun) {
  HoldWriter();
  auto late = Submit([](Transaction& tx) { return tx.Execute(kInsertId, {1}); },
                     After(std::chrono::milliseconds(1)));
  auto good = Submit([](Transaction& tx) { return tx.Execute(kInsertId, {2}); });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  LetWriterGo();
  EXPECT_EQ(late.get().code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(good.get().ok());
  EXPECT_EQ(Count(), 1);
}

TEST_P(GroupTest, AFullQueueRefusesAtOnce) {
  Reopen({.readers = 1, .write_queue = 3, .read_queue = 2});
  HoldWriter();
  std::vector<std::future<Status>> answers;
  for (int i = 0; i < 4; ++i) {
    answers.push_back(Submit([i](Transaction& tx) { return tx.Execute(kInsertId, {i}); }));
  }
  EXPECT_EQ(answers[3].get().code(), Code::kResourceExhausted);
  LetWriterGo();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(answers[static_cast<size_t>(i)].get().ok());
  }

  std::promise<void> entered;
  std::promise<void> go;
  auto held = SubmitRead([&](Session&) {
    entered.set_value();
    go.get_future().wait();
    return OkStatus();
  });
  entered.get_future().wait();
  std::vector<std::future<Status>> reads;
  for (int i = 0; i < 3; ++i) {
    reads.push_back(SubmitRead([](Session& session) {
      return QueryInt(session, kCount) ? OkStatus() : Status(Code::kInternal, "?");
    }));
  }
  EXPECT_EQ(reads[2].get().code(), Code::kResourceExhausted);
  go.set_value();
  EXPECT_TRUE(held.get().ok());
  EXPECT_TRUE(reads[0].get().ok());
  EXPECT_TRUE(reads[1].get().ok());
}

constexpr Statement kEndless{
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n "
    "WHERE i < $1"};

TEST_P(GroupTest, AWriteEndsAtItsDeadlineAndLeavesNothingBehind) {
  const auto begun = std::chrono::steady_clock::now();
  auto endless = Submit(
      [](Transaction& tx) -> Status {
        TRY(tx.Execute(kInsertId, {1}));
        auto count = QueryInt(tx, kEndless, {int64_t{1} << 60});
        return count ? OkStatus() : Status(count.error());
      },
      After(std::chrono::milliseconds(100)));
  EXPECT_EQ(endless.get().code(), Code::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(Count(), 0);
  EXPECT_EQ(Submit([](Transaction& tx) { return tx.Execute(kInsertId, {2}); }).get(), OkStatus());
  EXPECT_EQ(Count(), 1) << "the next write works";
}

TEST_P(GroupTest, AStatementThatWritesForEverEndsAtItsDeadlineToo) {
  static constexpr Statement kInsertEndless{
      "INSERT INTO things (id) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
      "SELECT i FROM n WHERE i < $1 AND i > $1 - 2"};
  auto endless = Submit(
      [](Transaction& tx) -> Status {
        auto count = tx.Changed(kInsertEndless, {int64_t{1} << 60});
        return count ? OkStatus() : Status(count.error());
      },
      After(std::chrono::milliseconds(100)));
  EXPECT_EQ(endless.get().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(Count(), 0);
}

TEST_P(GroupTest, AReadEndsAtItsDeadline) {
  const auto begun = std::chrono::steady_clock::now();
  auto endless = SubmitRead(
      [](Session& session) -> Status {
        auto count = QueryInt(session, kEndless, {int64_t{1} << 60});
        return count ? OkStatus() : Status(count.error());
      },
      After(std::chrono::milliseconds(50)));
  EXPECT_EQ(endless.get().code(), Code::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(Count(), 0) << "the next read works";
}

TEST_P(GroupTest, AReadSeesOneStateWhateverIsWrittenMeanwhile) {
  std::promise<void> read_once;
  std::promise<void> written;
  std::atomic<int64_t> first = -1;
  std::atomic<int64_t> second = -1;
  auto read = SubmitRead([&](Session& session) -> Status {
    ASSIGN_OR_RETURN(first, QueryInt(session, kCount));
    read_once.set_value();
    written.get_future().wait();
    ASSIGN_OR_RETURN(second, QueryInt(session, kCount));
    return OkStatus();
  });
  read_once.get_future().wait();
  EXPECT_TRUE(Write([](Transaction& tx) { return tx.Execute(kInsertId, {1}); }).ok());
  written.set_value();
  EXPECT_TRUE(read.get().ok());
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 0);
  EXPECT_EQ(Count(), 1);
}

TEST_P(GroupTest, ClosingFailsWhatWaits) {
  std::promise<void> entered;
  std::promise<void> go;
  auto running = Submit([&, first = true](Transaction& tx) mutable {
    if (std::exchange(first, false)) {
      entered.set_value();
      go.get_future().wait();
    }
    return tx.Execute(kInsertId, {1});
  });
  entered.get_future().wait();
  auto waiting = Submit([](Transaction& tx) { return tx.Execute(kInsertId, {2}); });
  std::thread closing([this] { Close(); });
  while (true) {
    // The queue is closed as soon as it refuses; then the running closure may end.
    if (waiting.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready ||
        closing.joinable()) {
      break;
    }
  }
  go.set_value();
  closing.join();
  const Status ran = running.get();
  EXPECT_TRUE(ran.ok()) << ran.ToString();
  const Status waited = waiting.get();
  EXPECT_TRUE(waited.ok() || waited.code() == Code::kUnavailable) << waited.ToString();
  Reopen();
  EXPECT_EQ(Count(), waited.ok() ? 2 : 1);
}

TEST_P(GroupTest, ManyThreadsMayWriteAndReadAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const int id = t * kEach + i;
        // Every tenth conflicts with one that is there.
        auto written = Submit([id](Transaction& tx) -> Status {
          TRY(tx.Execute(kInsert, {id, "n" + std::to_string(id), nullptr, nullptr}));
          return id % 10 == 9 ? tx.Execute(kInsertId, {id}) : OkStatus();
        });
        auto read = SubmitRead([](Session& session) -> Status {
          auto count = QueryInt(session, kCount);
          return count ? OkStatus() : Status(count.error());
        });
        const Status wrote = written.get();
        const Status counted = read.get();
        if (wrote.code() != (id % 10 == 9 ? Code::kAlreadyExists : Code::kOk) || !counted.ok()) {
          ADD_FAILURE() << id << ": " << wrote.ToString() << ", " << counted.ToString();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(Count(), kThreads * kEach * 9 / 10);
}

STETIG_ON_BOTH_STORES(GroupTest);

}  // namespace
}  // namespace stetig::store
