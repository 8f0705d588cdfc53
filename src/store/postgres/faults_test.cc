// What only a server can suffer: lost connections, restarts, other writers.
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "store/testing/things.h"

namespace stetig::store {
namespace {

using testing::kCount;
using testing::kInsertId;
using testing::QueryInt;

/// Ends every other connection to the database of `url`, and waits until they have gone.
void TerminateOthers(const std::string& url) {
  PGconn* connection = PQconnectdb(url.c_str());
  int left = 1;
  for (const Deadline limit = After(std::chrono::seconds(10));
       left > 0 && std::chrono::steady_clock::now() < limit;) {
    PGresult* result = PQexec(connection,
                              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              "WHERE datname = current_database() AND pid <> pg_backend_pid()");
    EXPECT_EQ(PQresultStatus(result), PGRES_TUPLES_OK) << PQerrorMessage(connection);
    left = PQntuples(result);
    PQclear(result);
  }
  EXPECT_EQ(left, 0);
  PQfinish(connection);
}

class PostgresFaultsTest : public testing::ThingsTest {};

TEST_P(PostgresFaultsTest, AConnectionLostWhileIdleIsReplacedUnseen) {
  ASSERT_EQ(Write([](Transaction& tx) { return tx.Execute(kInsertId, {1}); }), OkStatus());
  ASSERT_EQ(Count(), 1);
  TerminateOthers(url());
  EXPECT_EQ(Write([](Transaction& tx) { return tx.Execute(kInsertId, {2}); }), OkStatus());
  EXPECT_EQ(Count(), 2);
  EXPECT_EQ(db().stats().reconnects, 2);
}

TEST_P(PostgresFaultsTest, AConnectionLostBeforeTheCommitRunsTheClosuresAgain) {
  int runs = 0;
  const Status written = Write([&](Transaction& tx) -> Status {
    TRY(tx.Execute(kInsertId, {1}));
    ASSIGN_OR_RETURN(const int64_t count, QueryInt(tx, kCount));
    EXPECT_EQ(count, 1);
    if (++runs == 1) {
      TerminateOthers(url());
    }
    return tx.Changed(kInsertId, {2}) ? OkStatus() : Status(Code::kUnavailable, "lost");
  });
  EXPECT_EQ(written, OkStatus());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Count(), 2);
}

TEST_P(PostgresFaultsTest, AConnectionLostDuringAReadIsTriedOnceMore) {
  int runs = 0;
  const Result<int64_t> count = Read([&](Session& session) -> Result<int64_t> {
    TRY(QueryInt(session, kCount));
    if (++runs == 1) {
      TerminateOthers(url());
    }
    return QueryInt(session, kCount);
  });
  EXPECT_TRUE(count) << count.error().ToString();
  EXPECT_EQ(runs, 2);
}

TEST_P(PostgresFaultsTest, WritersOfSeveralProcessesTakeTurns) {
  static constexpr Statement kRead{"SELECT id FROM things WHERE name = 'counter'"};
  static constexpr Statement kStore{"UPDATE things SET id = $1 WHERE name = 'counter'"};
  static constexpr Statement kStart{"INSERT INTO things (id, name) VALUES (0, 'counter')"};
  ASSERT_EQ(Write([](Transaction& tx) { return tx.Execute(kStart, {}); }), OkStatus());
  auto other = Open(url(), {});
  ASSERT_TRUE(other);
  constexpr int kEach = 150;
  const auto count_up = [](Database& db) {
    for (int i = 0; i < kEach; ++i) {
      std::promise<Status> done;
      db.SubmitWrite(
          [](Transaction& tx) -> Status {
            ASSIGN_OR_RETURN(const int64_t value, QueryInt(tx, kRead));
            return tx.Execute(kStore, {value + 1});
          },
          [&](Status status) { done.set_value(std::move(status)); }, Soon());
      EXPECT_EQ(done.get_future().get(), OkStatus());
    }
  };
  std::thread thread([&] { count_up(**other); });
  count_up(db());
  thread.join();
  EXPECT_EQ(*Read([](Session& session) { return QueryInt(session, kRead); }), 2 * kEach);
}

INSTANTIATE_TEST_SUITE_P(Stores, PostgresFaultsTest, ::testing::ValuesIn(testing::ServerStores()),
                         testing::StoreName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresFaultsTest);

/// A server of the test's own, which it may stop.
class PostgresRestartTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "stetig-server-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    // The server's own user must be able to enter it.
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
    folder_ = folder;
    url_ = Tool("start");
    ASSERT_TRUE(url_.starts_with("postgresql://")) << url_;
    auto db = Open(url_, {});
    ASSERT_TRUE(db) << db.error().ToString();
    db_ = *std::move(db);
    ASSERT_EQ(db_->Migrate(testing::kThings), OkStatus());
  }
  void TearDown() override {
    db_.reset();
    Tool("remove");
  }

  /// Runs tools/postgres.sh and answers its first line.
  std::string Tool(const std::string& action, const std::string& mode = "") const {
    const std::string command = std::string(STETIG_SOURCE_DIR) + "/tools/postgres.sh " + action +
                                " " + folder_ + " " + mode + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 1'024> line{};
    const std::string first =
        std::fgets(line.data(), line.size(), pipe) == nullptr ? "" : line.data();
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    }
    EXPECT_EQ(pclose(pipe), 0) << first;
    return first.substr(0, first.find('\n'));
  }
  Status Insert(int64_t id) {
    return io::RunSync(db_->Write([id](Transaction& tx) { return tx.Execute(kInsertId, {id}); },
                                  After(std::chrono::seconds(10))));
  }
  Result<int64_t> Count() {
    return io::RunSync(db_->Read([](Session& session) { return QueryInt(session, kCount); },
                                 After(std::chrono::seconds(10))));
  }
  /// All ids, as soon as the store has found the server again.
  Status ReadIdsWhenBack(std::set<int64_t>& ids) {
    static constexpr Statement kIds{"SELECT id FROM things"};
    const Deadline limit = After(std::chrono::seconds(10));
    while (true) {
      Status read = io::RunSync(db_->Read(
          [&](Session& session) {
            ids.clear();
            return session.Query(kIds, {}, [&](const Row& row) {
              ids.insert(row.Int(0));
              return OkStatus();
            });
          },
          limit));
      if (read.code() != Code::kUnavailable || std::chrono::steady_clock::now() >= limit) {
        return read;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::string folder_;
  std::string url_;
  std::unique_ptr<Database> db_;
};

TEST_P(PostgresRestartTest, AServerThatIsAwayIsSaidToBeSoQuicklyAndIsFoundAgain) {
  ASSERT_EQ(Insert(1), OkStatus());
  ASSERT_EQ(*Count(), 1);
  Tool("stop");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(Insert(2).code(), Code::kUnavailable);
  EXPECT_EQ(Count().error().code(), Code::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(6));
  const auto later = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Insert(2).code(), Code::kUnavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - later, std::chrono::seconds(10))
      << "known to be away: refused at once";
  Tool("start");
  const Deadline limit = After(std::chrono::seconds(10));
  Status written = Insert(3);
  while (!written.ok() && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    written = Insert(3);
  }
  EXPECT_EQ(written, OkStatus());
  std::set<int64_t> ids;
  EXPECT_EQ(ReadIdsWhenBack(ids), OkStatus());
  EXPECT_EQ(ids, (std::set<int64_t>{1, 3}));
}

TEST_P(PostgresRestartTest, ACrashOfTheServerUnderLoadLosesNothingAcknowledged) {
  std::set<int64_t> acknowledged;
  std::atomic<int64_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const int64_t id = next++;
        if (Insert(id).ok()) {
          const std::lock_guard lock(mutex);
          acknowledged.insert(id);
        } else {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
      }
    });
  }
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    Tool("stop", "immediate");
    Tool("start");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  stop = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::set<int64_t> found;
  ASSERT_EQ(ReadIdsWhenBack(found), OkStatus());
  EXPECT_FALSE(acknowledged.empty());
  EXPECT_TRUE(std::ranges::includes(found, acknowledged));
}

INSTANTIATE_TEST_SUITE_P(Stores, PostgresRestartTest, ::testing::ValuesIn(testing::ServerStores()),
                         testing::StoreName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresRestartTest);

}  // namespace
}  // namespace stetig::store
