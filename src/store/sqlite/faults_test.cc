// What only a file can suffer.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/sqlite/connection.h"
#include "store/testing/things.h"

namespace stetig::store {
namespace {

using ::testing::HasSubstr;

class SqliteFaultsTest : public testing::ThingsTest {
 protected:
  std::string path() const { return url().substr(std::string_view("sqlite://").size()); }
  Status OpenStatus(const DatabaseOptions& options = {}) {
    auto db = Open(url(), options);
    return db ? OkStatus() : Status(db.error());
  }
  Status Insert(int64_t id, size_t bytes) {
    const std::string body(bytes, 'x');
    return Write([&](Transaction& tx) {
      return tx.Execute(testing::kInsert, {id, nullptr, nullptr, std::as_bytes(std::span(body))});
    });
  }
};

TEST_P(SqliteFaultsTest, OnlyTheOwnerMayReadTheFiles) {
  ASSERT_EQ(Insert(1, 10), OkStatus());
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat info{};
    ASSERT_EQ(stat((path() + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_P(SqliteFaultsTest, ASecondOpenIsRefused) {
  const Status second = OpenStatus();
  EXPECT_EQ(second.code(), Code::kFailedPrecondition);
  EXPECT_EQ(second.detail(), detail::kLocked);
  Close();
  EXPECT_EQ(OpenStatus(), OkStatus());
}

TEST(SqliteErrors, AFullDiskAndNoMemoryAreToldApart) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &db), SQLITE_OK);
  EXPECT_EQ(sqlite::ErrorOf(db, SQLITE_FULL).detail(), detail::kDiskFull);
  EXPECT_EQ(sqlite::ErrorOf(db, SQLITE_NOMEM).detail(), detail::kOutOfMemory);
  EXPECT_EQ(sqlite::ErrorOf(db, SQLITE_NOMEM).code(), Code::kResourceExhausted);
  sqlite3_close(db);
}

TEST_P(SqliteFaultsTest, AFileThatIsNoDatabaseIsDataLoss) {
  Close();
  std::ofstream(path()) << std::string(8'192, '?');
  EXPECT_EQ(OpenStatus().code(), Code::kDataLoss);
}

TEST_P(SqliteFaultsTest, AnotherProgramsDatabaseIsLeftAlone) {
  Close();
  std::filesystem::remove(path());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_EQ(OpenStatus().detail(), detail::kForeignFile);
}

TEST_P(SqliteFaultsTest, AMissingFileIsMadeOnlyWhenAsked) {
  Close();
  std::filesystem::remove(path());
  EXPECT_EQ(OpenStatus({.create = false}).code(), Code::kNotFound);
  EXPECT_EQ(OpenStatus(), OkStatus());
}

TEST_P(SqliteFaultsTest, AFolderOrMissingParentIsAnErrorWithoutItsPath) {
  for (const std::string bad : {"sqlite:///proc/self", "sqlite:///nonexistent/store.db"}) {
    auto db = Open(bad, {});
    ASSERT_FALSE(db);
    EXPECT_THAT(std::string(db.error().message()), ::testing::Not(HasSubstr("nonexistent")));
  }
}

TEST_P(SqliteFaultsTest, AFullDiskRefusesWritesAndRecovers) {
  ASSERT_EQ(Insert(1, 100), OkStatus());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 256 * 1'024, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status refused = Insert(2, 1'000'000);
  const Status again = Insert(3, 1'000'000);
  EXPECT_EQ(Count(), 1) << "reading goes on";
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(refused.code(), Code::kResourceExhausted) << refused.ToString();
  EXPECT_EQ(again.code(), Code::kResourceExhausted) << again.ToString();
  EXPECT_EQ(Insert(4, 1'000'000), OkStatus());
  Reopen();
  EXPECT_EQ(Count(), 2);
}

TEST_P(SqliteFaultsTest, ADamagedPageIsDataLossAndNeverAWrongAnswer) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(Insert(i, 1'000), OkStatus());
  }
  Close();
  const auto size = static_cast<off_t>(std::filesystem::file_size(path()));
  const int file = open(path().c_str(), O_WRONLY);
  const std::string zeros(4'096, '\xff');
  for (off_t page = 5 * 4'096; page + 4'096 <= size; page += 4'096) {
    ASSERT_EQ(pwrite(file, zeros.data(), zeros.size(), page), 4'096);
  }
  close(file);
  Reopen();
  Result<int64_t> sum = Read([](Session& session) {
    static constexpr Statement kSum{"SELECT sum(length(body)) FROM things"};
    return testing::QueryInt(session, kSum);
  });
  ASSERT_FALSE(sum);
  EXPECT_EQ(sum.error().code(), Code::kDataLoss) << sum.error().ToString();
}

TEST_P(SqliteFaultsTest, ACheckpointThatFailsIsSaidAndNotCountedAsDone) {
  ASSERT_EQ(Insert(0, 20'000'000), OkStatus());
  Reopen();  // the log is empty, the file has 20 MB
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = std::filesystem::file_size(path()), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  ::testing::internal::CaptureStderr();
  // The log has room for these, the file does not.
  for (int i = 1; i <= 120 && db().stats().checkpoints_failed == 0; ++i) {
    EXPECT_EQ(Insert(i, 100'000), OkStatus());
  }
  for (const Deadline limit = Soon();
       db().stats().checkpoints_failed == 0 && std::chrono::steady_clock::now() < limit;) {
    std::this_thread::yield();
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_GE(db().stats().checkpoints_failed, 1);
  EXPECT_EQ(db().stats().checkpoints, 0);
  EXPECT_THAT(log, HasSubstr("could not be copied"));
}

TEST_P(SqliteFaultsTest, TheLogStaysShortUnderSteadyWriting) {
  for (int i = 0; i < 600; ++i) {
    ASSERT_EQ(Insert(i, 100'000), OkStatus());
  }
  const DatabaseStats stats = db().stats();
  EXPECT_GT(stats.checkpoints, 0);
  // 60 MB were written; the bound is loose because the copying thread may be late on a busy
  // machine.
  EXPECT_LT(std::filesystem::file_size(path() + "-wal"), 48'000'000);
  Close();
  EXPECT_FALSE(std::filesystem::exists(path() + "-wal")) << "a clean end leaves one file";
}

INSTANTIATE_TEST_SUITE_P(Stores, SqliteFaultsTest, ::testing::Values(Dialect::kSqlite),
                         testing::StoreName);

}  // namespace
}  // namespace stetig::store
