// TA7: flip any byte of any row or tile, and the verifier names that entry; kill -9 in the middle
// of tiling and signing, and everything still fits.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "base/testing/rounds.h"
#include "journal/testing/fixture.h"
#include "journal/verify.h"
#include "store/testing/raw_sqlite.h"

namespace stetig::journal {
namespace {

constexpr auto kPageTime = std::chrono::seconds(20);

using store::testing::RawDatabase;

struct Column {
  std::string table;
  std::string name;
};

class FlipTest : public testing::AuditTest {
 protected:
  /// 257 × 256 + 100 entries would fill a second level; 1,300 have two levels of tiles. One entry
  /// has the first form, some have erased texts.
  void Prepare() {
    Entry old{.event = {.time = {1}, .actor = "old", .kind = "k", .subject = {"s", "i"}},
              .form = kFirstForm};
    const LeafHash hash = HashLeaf(old);
    static constexpr store::Statement kOld{
        "INSERT INTO journal_events (seq, time, tenant, project, actor, kind, subject_type, "
        "subject_id, refs, payload, request_id, leaf_hash) VALUES (1, 1, 'default', '', 'old', "
        "'k', 's', 'i', '[]', '{}', '', $1)"};
    ASSERT_TRUE(Write([hash](store::Transaction& tx) {
                  return tx.Execute(kOld, {std::span<const std::byte>(hash)});
                }).ok());
    AppendUpTo(300);
    ASSERT_EQ(Sign().value(), 301);
    AppendUpTo(600);
    auto erase = [](store::Transaction& tx) { return Erase(tx, {.seq = 31, .by = "eve"}); };
    ASSERT_EQ(Write(erase).value(), 2);
    AppendUpTo(1'100);
    FillAll();
    ASSERT_EQ(Sign().value(), 1'102);
  }

  Report Verify() {
    auto report =
        Run(VerifyStore(db(), {.keys = {Key().verifier()}, .witness = std::nullopt}, kPageTime));
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    return report.value_or(Report());
  }

  /// What the finding must be when bit `bit` of a cell of the row with these keys was flipped.
  static void Expect(const Column& column, const std::vector<RawDatabase::Cell>& keys, size_t bit,
                     const Finding& found) {
    const int64_t key = RawDatabase::IntOf(keys[0]);
    const int64_t changed = key ^ static_cast<int64_t>(uint64_t{1} << (bit % 64));
    if (column.table == "journal_events") {
      EXPECT_EQ(found.kind, Finding::Kind::kEntry);
      EXPECT_EQ(found.seq, key);
    } else if (column.table == "journal_texts") {
      EXPECT_EQ(found.kind, Finding::Kind::kEntry);
      EXPECT_TRUE(found.seq == key || (column.name == "seq" && found.seq == changed));
    } else if (column.table == "journal_checkpoints") {
      EXPECT_EQ(found.kind, Finding::Kind::kCheckpoint);
      EXPECT_EQ(found.seq, column.name == "size" ? changed : key);
    } else {
      EXPECT_EQ(found.kind, Finding::Kind::kTile);
      if (column.name == "hashes") {
        const int64_t index =
            RawDatabase::IntOf(keys[1]) * 256 + static_cast<int64_t>(bit / 8 / 32);
        EXPECT_EQ(found.seq, key == 0 ? index + 1 : index * 256 + 1);
      }
    }
  }

  void FlipSome(RawDatabase& raw, const Column& column, const std::string& key_columns,
                std::mt19937& random, int times) {
    const auto rows = raw.Query("SELECT " + key_columns + ", " + column.name + " FROM " +
                                column.table + " ORDER BY 1, 2");
    ASSERT_FALSE(rows.empty());
    for (int i = 0, tries = 0; i < times && tries < 100 * times; ++tries) {
      const auto& row = rows[random() % rows.size()];
      RawDatabase::Cell cell = row.back();
      if (cell.bytes.empty()) {
        continue;
      }
      const size_t bit = random() % (cell.bytes.size() * 8);
      cell.bytes[bit / 8] = static_cast<char>(cell.bytes[bit / 8] ^ (1 << (bit % 8)));
      std::string where = " WHERE ";
      std::string where_changed = where;
      size_t at = 0;
      for (const std::string& name :
           key_columns.contains(',')
               ? std::vector<std::string>{key_columns.substr(0, key_columns.find(',')),
                                          key_columns.substr(key_columns.find(' ') + 1)}
               : std::vector<std::string>{key_columns}) {
        const std::string join = at == 0 ? "" : " AND ";
        const RawDatabase::Cell& now = name == column.name ? cell : row[at];
        where += fmt::format("{}{} = {}", join, name, RawDatabase::IntOf(row[at]));
        where_changed += fmt::format("{}{} = {}", join, name, RawDatabase::IntOf(now));
        ++at;
      }
      const std::string set = "UPDATE " + column.table + " SET " + column.name + " = ?1";
      if (!raw.Set(set + where, cell)) {
        continue;  // two rows of one key: the database itself refuses
      }
      const Report report = Verify();
      SCOPED_TRACE(fmt::format("{}.{}{} bit {}: {}", column.table, column.name, where, bit,
                               report.finding ? report.finding->what : "nothing found"));
      ASSERT_TRUE(report.finding);
      Expect(column, row, bit, *report.finding);
      ASSERT_TRUE(raw.Set(set + where_changed, row.back()));
      ++i;
    }
  }
};

TEST_P(FlipTest, AnyFlippedBitOfAnyColumnIsFoundAndNamed) {
  Prepare();
  ASSERT_FALSE(Verify().finding) << Verify().finding->what;
  RawDatabase raw(url().substr(std::string("sqlite://").size()));
  std::mt19937 random(20'261'127);
  const std::pair<const char*, const char*> keys[] = {{"journal_events", "seq"},
                                                      {"journal_texts", "seq, place"},
                                                      {"journal_tiles", "level, tile_no"},
                                                      {"journal_checkpoints", "size"}};
  for (const auto& [table, key_columns] : keys) {
    for (const auto& info :
         raw.Query(fmt::format("SELECT name FROM pragma_table_info('{}')", table))) {
      FlipSome(raw, {table, info[0].bytes}, key_columns, random, stetig::testing::Rounds(6));
      if (HasFatalFailure()) {
        return;
      }
    }
  }
  EXPECT_FALSE(Verify().finding) << Verify().finding->what;
}

class TilingCrashTest : public testing::AuditTest {
 protected:
  /// In the child: appends, tiles and signs for ever, and reports each step.
  [[noreturn]] static void WorkForEver(const std::string& url, int report) {
    auto db = store::Open(url, {});
    if (!db) {
      _exit(1);
    }
    Audit audit(**db);
    for (int64_t number = 0;; ++number) {
      auto append = [number](store::Transaction& tx) -> Status {
        for (int64_t i = 0; i < 200; ++i) {
          TRY(Append(tx, Made(number * 200 + i)));
        }
        return OkStatus();
      };
      const bool well = io::RunSync((*db)->Write(std::move(append), Soon())).ok() &&
                        io::RunSync(audit.FillTiles(1, Soon())).has_value() &&
                        io::RunSync(audit.SignCheckpoint(Key(), 1, Soon())).has_value();
      if (!well || write(report, "s", 1) != 1) {
        _exit(2);
      }
    }
  }

  void WorkAndKill(int steps, int more_micros) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      close(ends[0]);
      WorkForEver(url(), ends[1]);
    }
    close(ends[1]);
    char step = 0;
    for (int i = 0; i < steps; ++i) {
      ASSERT_EQ(read(ends[0], &step, 1), 1) << "the child ended by itself";
    }
    usleep(static_cast<useconds_t>(more_micros));  // somewhere within the next step
    kill(child, SIGKILL);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
};

TEST_P(TilingCrashTest, AKillAtAnyMomentLeavesItVerifiable) {
  std::mt19937 random(5);
  for (int round = 0; round < stetig::testing::Rounds(15); ++round) {
    Close();
    WorkAndKill(1 + static_cast<int>(random() % 4), static_cast<int>(random() % 20'000));
    ASSERT_FALSE(HasFatalFailure());
    Reopen();
    auto report =
        Run(VerifyStore(db(), {.keys = {Key().verifier()}, .witness = std::nullopt}, kPageTime));
    ASSERT_TRUE(report.has_value()) << report.error().ToString();
    ASSERT_FALSE(report->finding) << "round " << round << ": " << report->finding->what;
    ASSERT_GT(report->entries, 0);
  }
  FillAll();
  EXPECT_FALSE(
      Run(VerifyStore(db(), {.keys = {Key().verifier()}, .witness = std::nullopt}, kPageTime))
          ->finding);
}

// Of SQLite's bytes; verify_test.cc changes rows on both stores.
INSTANTIATE_TEST_SUITE_P(Stores, FlipTest, ::testing::Values(store::Dialect::kSqlite),
                         store::testing::StoreName);
STETIG_ON_BOTH_STORES(TilingCrashTest);

}  // namespace
}  // namespace stetig::journal
