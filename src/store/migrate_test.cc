#include <gmock/gmock.h>

#include "store/internal/migrator.h"
#include "store/testing/fixture.h"

namespace stetig::store {
namespace {

using ::testing::ElementsAre;

TEST(StatementsOf, TranslatesTypesAndKeepsTheLinesOfItsDialect) {
  const std::string_view sql =
      "-- A comment; with a semicolon at its end;\n"
      "CREATE TABLE t (\n"
      "  a BIGINT PRIMARY KEY,  -- the table's key\n"
      "  b TEXT NOT NULL DEFAULT 'BIGINT TEXT',\n"
      "  \"TEXT\" DOUBLE PRECISION, c BYTEA, TEXTURE BIGINT\n"
      ")\n"
      "--sqlite: STRICT\n"
      ";\n"
      "\n"
      "--postgres: CREATE INDEX i ON t USING brin (a);\n"
      "DROP TABLE u";
  EXPECT_THAT(StatementsOf(sql, Dialect::kSqlite),
              ElementsAre("\nCREATE TABLE t (\n"
                          "  a INTEGER PRIMARY KEY,  \n"
                          "  b TEXT NOT NULL DEFAULT 'BIGINT TEXT',\n"
                          "  \"TEXT\" REAL, c BLOB, TEXTURE INTEGER\n"
                          ")\n STRICT\n\n",
                          "\n\nDROP TABLE u\n"));
  EXPECT_THAT(StatementsOf(sql, Dialect::kPostgres),
              ElementsAre("\nCREATE TABLE t (\n"
                          "  a BIGINT PRIMARY KEY,  \n"
                          "  b TEXT COLLATE \"C\" NOT NULL DEFAULT 'BIGINT TEXT',\n"
                          "  \"TEXT\" DOUBLE PRECISION, c BYTEA, TEXTURE BIGINT\n"
                          ")\n\n\n",
                          "\n CREATE INDEX i ON t USING brin (a)\n", "DROP TABLE u\n"));
}

class MigrateTest : public testing::DatabaseTest {
 protected:
  bool HasTable(const Statement& probe) {
    return Read([&](Session& session) {
             return session.Query(probe, {}, [](const Row&) { return OkStatus(); });
           })
        .ok();
  }
};

constexpr Migration kFirst{"m", "0001_first", "CREATE TABLE first (id BIGINT);\n"};
constexpr Migration kSecond{"m", "0002_second", "CREATE TABLE second (id BIGINT);\n"};
constexpr Statement kProbeFirst{"SELECT id FROM first"};
constexpr Statement kProbeSecond{"SELECT id FROM second"};

TEST_P(MigrateTest, SaysWhatIsPendingAndChangesNothing) {
  using Names = std::vector<std::string>;
  const Migration one[] = {kFirst};
  const Migration both[] = {kFirst, kSecond};
  const Migration other[] = {{kFirst.module, kFirst.name, "CREATE TABLE other (id BIGINT);\n"}};
  EXPECT_EQ(PendingMigrations(db(), both).value(), (Names{"m/0001_first", "m/0002_second"}));
  EXPECT_FALSE(HasTable(kProbeFirst));
  ASSERT_EQ(db().Migrate(one), OkStatus());
  EXPECT_EQ(PendingMigrations(db(), both).value(), Names{"m/0002_second"});
  EXPECT_FALSE(HasTable(kProbeSecond));
  ASSERT_EQ(db().Migrate(both), OkStatus());
  EXPECT_EQ(PendingMigrations(db(), both).value(), Names{});
  const auto newer = PendingMigrations(db(), one);
  ASSERT_FALSE(newer.has_value());
  EXPECT_EQ(newer.error().detail(), detail::kNewerDatabase);
  EXPECT_EQ(PendingMigrations(db(), other).error().code(), Code::kFailedPrecondition);
}

TEST_P(MigrateTest, AToolWorksBesideTheProcessThatHoldsTheDatabase) {
  const Migration one[] = {kFirst};
  ASSERT_EQ(db().Migrate(one), OkStatus());
  auto beside = Open(url(), {.exclusive = false});
  ASSERT_TRUE(beside.has_value()) << beside.error().ToString();
  static constexpr Statement kInsert{"INSERT INTO first (id) VALUES ($1)"};
  const auto insert = [](int64_t id) {
    return [id](Transaction& tx) -> Status { return tx.Execute(kInsert, {id}); };
  };
  for (int64_t id = 0; id < 20; ++id) {
    EXPECT_EQ(io::RunSync((*beside)->Write(insert(2 * id), Soon())), OkStatus());
    EXPECT_EQ(Write(insert(2 * id + 1)), OkStatus());
  }
  beside->reset();
  int64_t rows = 0;
  EXPECT_EQ(Read([&](Session& session) -> Status {
              return session.Query(kProbeFirst, {}, [&](const Row&) {
                ++rows;
                return OkStatus();
              });
            }),
            OkStatus());
  EXPECT_EQ(rows, 40);
}

TEST_P(MigrateTest, AppliesEachOnce) {
  const Migration one[] = {kFirst};
  const Migration both[] = {kFirst, kSecond};
  EXPECT_EQ(db().Migrate(one), OkStatus());
  EXPECT_FALSE(HasTable(kProbeSecond));
  EXPECT_EQ(db().Migrate(both), OkStatus());
  EXPECT_EQ(db().Migrate(both), OkStatus());
  EXPECT_TRUE(HasTable(kProbeFirst));
  EXPECT_TRUE(HasTable(kProbeSecond));
}

TEST_P(MigrateTest, RefusesAChangedText) {
  const Migration one[] = {kFirst};
  const Migration changed[] = {{"m", "0001_first", "CREATE TABLE first (id BIGINT, name TEXT);\n"}};
  ASSERT_EQ(db().Migrate(one), OkStatus());
  EXPECT_EQ(db().Migrate(changed).code(), Code::kFailedPrecondition);
}

TEST_P(MigrateTest, RefusesADatabaseThatIsNewer) {
  const Migration both[] = {kFirst, kSecond};
  const Migration one[] = {kFirst};
  const Migration other[] = {{"other", "0001_other", "CREATE TABLE other (id BIGINT);\n"}};
  ASSERT_EQ(db().Migrate(both), OkStatus());
  EXPECT_EQ(db().Migrate(one).detail(), detail::kNewerDatabase);
  EXPECT_EQ(db().Migrate(other), OkStatus()) << "other modules are no matter of this call";
}

TEST_P(MigrateTest, AFailedOneLeavesNothing) {
  const Migration bad[] = {
      {"m", "0001_bad", "CREATE TABLE first (id BIGINT);\nCREATE TABLE nonsense nonsense;\n"}};
  const Status failed = db().Migrate(bad);
  EXPECT_EQ(failed.code(), Code::kInternal) << failed.ToString();
  EXPECT_FALSE(HasTable(kProbeFirst));
  const Migration good[] = {kFirst};
  EXPECT_EQ(db().Migrate(good), OkStatus());
}

STETIG_ON_BOTH_STORES(MigrateTest);

}  // namespace
}  // namespace stetig::store
