// What a repository's tests stand on: a fresh database, once on SQLite and once on PostgreSQL.
//
//   class RunsTest : public store::testing::DatabaseTest {
//    protected:
//     RunsTest() : DatabaseTest(tracking::Migrations(), journal::Migrations()) {}
//   };
//   TEST_P(RunsTest, AnswersWhatWasWritten) {
//     Status written = Run(service_.CreateRun(…));       // runs a Task to its end
//   }
//   STETIG_ON_BOTH_STORES(RunsTest);
//
// PostgreSQL's half needs STETIG_TEST_POSTGRES=postgresql://… of a throw-away server
// (tools/postgres.sh start DIR) and *fails* without it; STETIG_TEST_POSTGRES=off leaves it out.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "io/loop.h"
#include "store/database.h"

namespace stetig {

/// How GoogleTest shows a Status.
inline void PrintTo(const Status& status, std::ostream* out) { *out << status.ToString(); }

}  // namespace stetig

namespace stetig::store::testing {

/// A database of its own for one test, dropped with it.
class TestDatabase {
 public:
  /// kFailedPrecondition: STETIG_TEST_POSTGRES is not set.
  static Result<std::unique_ptr<TestDatabase>> Make(Dialect dialect);
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase();

  /// What store::Open takes.
  const std::string& url() const { return url_; }

 private:
  TestDatabase(Dialect dialect, std::string url, std::string name)
      : dialect_(dialect), url_(std::move(url)), name_(std::move(name)) {}

  Dialect dialect_;
  std::string url_;
  std::string name_;  ///< folder of SQLite's file, or name of PostgreSQL's database
};

/// The stores to test: SQLite and, unless switched off, PostgreSQL.
std::vector<Dialect> Stores();
/// PostgreSQL alone, for what only a server can suffer; nothing when it is switched off.
std::vector<Dialect> ServerStores();
std::string StoreName(const ::testing::TestParamInfo<Dialect>& info);

/// A test with a fresh, migrated database. Fails when the store cannot be had.
class DatabaseTest : public ::testing::TestWithParam<Dialect> {
 protected:
  template <class... Spans>
  explicit DatabaseTest(Spans... migrations) {
    (migrations_.insert(migrations_.end(), migrations.begin(), migrations.end()), ...);
  }
  void SetUp() override;
  void TearDown() override;

  Database& db() { return *db_; }
  const std::string& url() const { return place_->url(); }
  /// Closes the database and opens it again, as after a restart.
  void Reopen(const DatabaseOptions& options = {});
  /// Closes it; db() is gone until Reopen.
  void Close() { db_.reset(); }

  /// Runs a task to its end on a loop of its own.
  template <class R>
  R Run(io::Awaitable<R> task) {
    return io::RunSync(std::move(task));
  }
  /// Runs one closure and waits for it.
  template <class F>
  auto Write(F fn) {
    return io::RunSync(db().Write(std::move(fn), Soon()));
  }
  template <class F>
  auto Read(F fn) {
    return io::RunSync(db().Read(std::move(fn), Soon()));
  }
  /// The deadline of everything in a test that should not take long.
  static Deadline Soon() { return After(std::chrono::seconds(20)); }

 private:
  std::vector<Migration> migrations_;
  std::unique_ptr<TestDatabase> place_;
  std::unique_ptr<Database> db_;
};

}  // namespace stetig::store::testing

#define STETIG_ON_BOTH_STORES(Test)                                                               \
  INSTANTIATE_TEST_SUITE_P(Stores, Test, ::testing::ValuesIn(::stetig::store::testing::Stores()), \
                           ::stetig::store::testing::StoreName);                                  \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Test)
