#include "store/testing/fixture.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace stetig::store::testing {
namespace {

constexpr const char* kVariable = "STETIG_TEST_POSTGRES";

std::string ServerUrl() {
  const char* url = std::getenv(kVariable);
  return url == nullptr ? std::string() : std::string(url);
}

std::string FreshName() {
  static std::atomic<int> count{0};
  return fmt::format("stetig_test_{}_{}", getpid(), count.fetch_add(1));
}

// The same server, another database.
std::string WithDatabase(const std::string& url, const std::string& name) {
  const size_t authority = url.find("://") + 3;
  const size_t path = std::min(url.find('/', authority), url.size());
  const size_t query = std::min(url.find('?', authority), url.size());
  return url.substr(0, std::min(path, query)) + "/" + name + url.substr(query);
}

Status RunOnServer(const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(ServerUrl().c_str()),
                                                                &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return Err(Code::kUnavailable, PQerrorMessage(connection.get()));
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  return PQresultStatus(result.get()) == PGRES_COMMAND_OK
             ? OkStatus()
             : Err(Code::kInternal, PQerrorMessage(connection.get()));
}

}  // namespace

Result<std::unique_ptr<TestDatabase>> TestDatabase::Make(Dialect dialect) {
  if (dialect == Dialect::kSqlite) {
    std::string folder = (std::filesystem::temp_directory_path() / "stetig-test-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) {
      return Err(Code::kUnavailable, "no folder for a test database");
    }
    return std::unique_ptr<TestDatabase>(
        new TestDatabase(dialect, "sqlite://" + folder + "/store.db", folder));
  }
  const std::string server = ServerUrl();
  if (server.empty()) {
    return Err(Code::kFailedPrecondition,
               fmt::format("{} is not set: run `tools/postgres.sh start DIR` and set it to the URL "
                           "that it prints, or to \"off\" to leave "
                           "PostgreSQL out",
                           kVariable));
  }
  std::string name = FreshName();
  TRY(RunOnServer(fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)));
  return std::unique_ptr<TestDatabase>(new TestDatabase(dialect, WithDatabase(server, name), name));
}

TestDatabase::~TestDatabase() {
  if (dialect_ == Dialect::kSqlite) {
    std::error_code ignored;
    std::filesystem::remove_all(name_, ignored);
    return;
  }
  const Status dropped = RunOnServer(fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
  EXPECT_TRUE(dropped.ok()) << dropped.ToString();
}

std::vector<Dialect> Stores() {
  if (ServerUrl() == "off") {
    return {Dialect::kSqlite};
  }
  return {Dialect::kSqlite, Dialect::kPostgres};
}

std::vector<Dialect> ServerStores() {
  std::vector<Dialect> stores = Stores();
  std::erase(stores, Dialect::kSqlite);
  return stores;
}

std::string StoreName(const ::testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::kSqlite ? "Sqlite" : "Postgres";
}

void DatabaseTest::SetUp() {
  auto place = TestDatabase::Make(GetParam());
  ASSERT_TRUE(place) << place.error().ToString();
  place_ = *std::move(place);
  Reopen();
}

void DatabaseTest::TearDown() {
  db_.reset();
  place_.reset();
}

void DatabaseTest::Reopen(const DatabaseOptions& options) {
  ASSERT_NE(place_, nullptr);
  db_.reset();
  auto db = Open(place_->url(), options);
  ASSERT_TRUE(db) << db.error().ToString();
  db_ = *std::move(db);
  const Status migrated = db_->Migrate(migrations_);
  ASSERT_TRUE(migrated.ok()) << migrated.ToString();
}

}  // namespace stetig::store::testing
