// What every store must do; runs on SQLite and PostgreSQL.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "store/testing/things.h"

namespace stetig::store {
namespace {

using ::testing::ElementsAre;

using testing::kByName;
using testing::kInsert;
using testing::kInsertId;
using testing::kInsertPart;
using testing::kSelect;
using testing::QueryInt;

class StoreTest : public testing::ThingsTest {};

TEST_P(StoreTest, ReadsBackWhatWasWritten) {
  const std::string body("\0\x01\xff\xfe", 4);
  Status written = Write([&](Transaction& tx) {
    return tx.Execute(kInsert, {int64_t{7}, "sieben ü 𝛼", 0.1, std::as_bytes(std::span(body))});
  });
  ASSERT_TRUE(written.ok()) << written.ToString();
  Status read = Read([&](Session& session) {
    return session.Query(kSelect, {}, [&](const Row& row) {
      EXPECT_EQ(row.Int(0), 7);
      EXPECT_EQ(row.Text(1), "sieben ü 𝛼");
      EXPECT_EQ(row.Real(2), 0.1);
      EXPECT_EQ(row.Bytes(3).size(), body.size());
      EXPECT_TRUE(std::ranges::equal(row.Bytes(3), std::as_bytes(std::span(body))));
      return OkStatus();
    });
  });
  EXPECT_TRUE(read.ok()) << read.ToString();
}

TEST_P(StoreTest, AnswersNothingOfAWriteThatFailed) {
  Status written = Write([](Transaction& tx) -> Status {
    TRY(tx.Execute(kInsertId, {1}));
    return Err(Code::kNotFound, "no such thing");
  });
  EXPECT_EQ(written, Status(Code::kNotFound, "no such thing"));
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreTest, KeepsInfinitiesAndReadsNaNAsNull) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const double values[] = {kInf, -kInf, std::nan(""), 5e-324, 1.7976931348623157e308, -1e-7};
  Status written = Write([&](Transaction& tx) -> Status {
    for (int i = 0; i < 6; ++i) {
      TRY(tx.Execute(kInsert, {i, nullptr, values[i], nullptr}));
    }
    return OkStatus();
  });
  ASSERT_TRUE(written.ok()) << written.ToString();
  std::vector<double> back;
  std::vector<bool> null;
  Status read = Read([&](Session& session) {
    return session.Query(kSelect, {}, [&](const Row& row) {
      back.push_back(row.Real(2));
      null.push_back(row.IsNull(2));
      EXPECT_TRUE(row.IsNull(1));
      EXPECT_EQ(row.Text(1), "");
      EXPECT_TRUE(row.Bytes(3).empty());
      return OkStatus();
    });
  });
  ASSERT_TRUE(read.ok()) << read.ToString();
  ASSERT_EQ(back.size(), 6);
  EXPECT_TRUE(std::isnan(back[2]));
  EXPECT_THAT(null, ElementsAre(false, false, true, false, false, false));
  for (const size_t i : {0U, 1U, 3U, 4U, 5U}) {
    EXPECT_EQ(back[i], values[i]);
  }
}

TEST_P(StoreTest, TakesParametersInAnyOrderAndTwice) {
  static constexpr Statement kOdd{
      "SELECT count(*) FROM things WHERE id > $2 AND id < $1 AND id <> $2"};
  Status written = Write([](Transaction& tx) -> Status {
    for (int i = 0; i < 10; ++i) {
      TRY(tx.Execute(kInsertId, {i}));
    }
    return OkStatus();
  });
  ASSERT_TRUE(written.ok()) << written.ToString();
  Result<int64_t> count = Read([](Session& session) { return QueryInt(session, kOdd, {8, 2}); });
  ASSERT_TRUE(count) << count.error().ToString();
  EXPECT_EQ(*count, 5);
}

TEST_P(StoreTest, RefusesTextThatEitherStoreWouldNotTake) {
  for (const std::string_view text : {std::string_view("a\0b", 3), std::string_view("\xff\xfe"),
                                      std::string_view("\xed\xa0\x80")}) {
    Status written =
        Write([&](Transaction& tx) { return tx.Execute(kInsert, {1, text, nullptr, nullptr}); });
    EXPECT_EQ(written.code(), Code::kInvalidArgument) << written.ToString();
  }
  EXPECT_EQ(Count(), 0);
}

TEST_P(StoreTest, NamesWhatWentWrongByItsCode) {
  const auto code_of = [&](auto fn) { return Write(std::move(fn)).code(); };
  ASSERT_EQ(
      code_of([](Transaction& tx) { return tx.Execute(kInsert, {1, "a", nullptr, nullptr}); }),
      Code::kOk);
  EXPECT_EQ(code_of([](Transaction& tx) { return tx.Execute(kInsertId, {1}); }),
            Code::kAlreadyExists);
  EXPECT_EQ(
      code_of([](Transaction& tx) { return tx.Execute(kInsert, {2, "a", nullptr, nullptr}); }),
      Code::kAlreadyExists);
  EXPECT_EQ(code_of([](Transaction& tx) { return tx.Execute(kInsertPart, {99, "x"}); }),
            Code::kFailedPrecondition);
  EXPECT_EQ(code_of([](Transaction& tx) { return tx.Execute(kInsertPart, {1, "bad"}); }),
            Code::kFailedPrecondition);
  EXPECT_EQ(code_of([](Transaction& tx) { return tx.Execute(kInsertPart, {1, nullptr}); }),
            Code::kInvalidArgument);
  static constexpr Statement kWrong{"SELECT nonsense FROM nowhere"};
  EXPECT_EQ(code_of([](Transaction& tx) {
              return tx.Query(kWrong, {}, [](const Row&) { return OkStatus(); });
            }),
            Code::kInternal);
  EXPECT_EQ(code_of([](Transaction& tx) { return tx.Execute(kInsertId, {1, 2}); }), Code::kInternal)
      << "one parameter too many";
  EXPECT_EQ(Count(), 1);
}

TEST_P(StoreTest, SaysHowManyRowsChanged) {
  static constexpr Statement kRename{"UPDATE things SET name = $1 WHERE id >= $2"};
  static constexpr Statement kPut{"INSERT INTO things (id) VALUES ($1) ON CONFLICT DO NOTHING"};
  Result<std::vector<int64_t>> counts = Write([](Transaction& tx) -> Result<std::vector<int64_t>> {
    std::vector<int64_t> changed;
    for (const int id : {1, 2, 2}) {
      ASSIGN_OR_RETURN(const int64_t rows, tx.Changed(kPut, {id}));
      changed.push_back(rows);
    }
    ASSIGN_OR_RETURN(const int64_t none, tx.Changed(kRename, {"x", 3}));
    ASSIGN_OR_RETURN(const int64_t one, tx.Changed(kRename, {"x", 2}));
    changed.push_back(none);
    changed.push_back(one);
    return changed;
  });
  ASSERT_TRUE(counts) << counts.error().ToString();
  EXPECT_THAT(*counts, ElementsAre(1, 1, 0, 0, 1));
}

TEST_P(StoreTest, SeesItsOwnWritesAndTheRowFunctionMayStop) {
  std::vector<int64_t> seen;
  Status written = Write([&](Transaction& tx) -> Status {
    seen.clear();
    const std::vector<Value> ids = {1, 2, 3};
    const std::vector<Params> rows = {Params(&ids[0], 1), Params(&ids[1], 1), Params(&ids[2], 1)};
    TRY(tx.ExecuteMany(kInsertId, rows));
    const Status stopped = tx.Query(kSelect, {}, [&](const Row& row) -> Status {
      seen.push_back(row.Int(0));
      return seen.size() == 2 ? Status(Code::kCancelled, "enough") : OkStatus();
    });
    EXPECT_EQ(stopped, Status(Code::kCancelled, "enough"));
    return OkStatus();
  });
  ASSERT_TRUE(written.ok()) << written.ToString();
  EXPECT_THAT(seen, ElementsAre(1, 2));
  EXPECT_EQ(Count(), 3);
}

TEST_P(StoreTest, RunsOneQueryForManyParameters) {
  ASSERT_TRUE(Write([](Transaction& tx) -> Status {
                TRY(tx.Execute(kInsert, {1, "a", nullptr, nullptr}));
                return tx.Execute(kInsert, {2, "b", nullptr, nullptr});
              }).ok());
  std::vector<std::pair<size_t, int64_t>> found;
  Status read = Read([&](Session& session) {
    const std::vector<Value> names = {"b", "none", "a"};
    const std::vector<Params> batch = {Params(&names[0], 1), Params(&names[1], 1),
                                       Params(&names[2], 1)};
    return session.QueryMany(kByName, batch, [&](size_t index, const Row& row) {
      found.emplace_back(index, row.Int(0));
      return OkStatus();
    });
  });
  ASSERT_TRUE(read.ok()) << read.ToString();
  EXPECT_THAT(found, ElementsAre(std::pair(0, 2), std::pair(2, 1)));
}

TEST_P(StoreTest, RunsSqlPutTogetherFromPieces) {
  ASSERT_TRUE(Write([](Transaction& tx) -> Status {
                for (int i = 0; i < 20; ++i) {
                  TRY(tx.Execute(kInsert, {i, "n" + std::to_string(i), i * 0.5, nullptr}));
                }
                return OkStatus();
              }).ok());
  SqlBuilder condition("size > ");
  condition.Bind(2.0).Add(" AND name <> ").Bind(std::string_view("n7"));
  SqlBuilder sql("SELECT id FROM things WHERE id < ");
  sql.Bind(int64_t{9}).Add(" AND ").Add(condition).Add(" ORDER BY id DESC");
  EXPECT_EQ(sql.text(),
            "SELECT id FROM things WHERE id < $1 AND size > $2 AND name <> $3 ORDER BY id DESC");
  for (int round = 0; round < 3; ++round) {
    std::vector<int64_t> ids;
    Status read = Read([&](Session& session) {
      return session.Query(sql, [&](const Row& row) {
        ids.push_back(row.Int(0));
        return OkStatus();
      });
    });
    ASSERT_TRUE(read.ok()) << read.ToString();
    EXPECT_THAT(ids, ElementsAre(8, 6, 5));
  }
}

TEST_P(StoreTest, KeepsWorkingWhenTheCacheOfTextsOverflows) {
  static constexpr Literal kPieces[] = {" + 1", " + 2"};
  for (int i = 0; i < 200; ++i) {
    SqlBuilder sql("SELECT 0");
    int64_t expected = 0;
    for (int bit = 0; bit < 8; ++bit) {
      sql.Add(kPieces[(i >> bit) & 1]);
      expected += 1 + ((i >> bit) & 1);
    }
    Result<int64_t> sum = Read([&](Session& session) -> Result<int64_t> {
      int64_t answer = -1;
      TRY(session.Query(sql, [&](const Row& row) {
        answer = row.Int(0);
        return OkStatus();
      }));
      return answer;
    });
    ASSERT_TRUE(sum) << sum.error().ToString();
    EXPECT_EQ(*sum, expected);
  }
}

TEST_P(StoreTest, SortsTextByBytes) {
  ASSERT_TRUE(Write([](Transaction& tx) -> Status {
                int id = 0;
                for (const char* name : {"b", "B", "a", "ä", "A", "_", "z", "Z"}) {
                  TRY(tx.Execute(kInsert, {id++, name, nullptr, nullptr}));
                }
                return OkStatus();
              }).ok());
  static constexpr Statement kNames{"SELECT name FROM things WHERE name > $1 ORDER BY name"};
  std::vector<std::string> names;
  ASSERT_TRUE(Read([&](Session& session) {
                return session.Query(kNames, {"A"}, [&](const Row& row) {
                  names.emplace_back(row.Text(0));
                  return OkStatus();
                });
              }).ok());
  EXPECT_THAT(names, ElementsAre("B", "Z", "_", "a", "b", "z", "ä"));
}

TEST_P(StoreTest, IsStillThereAfterARestart) {
  ASSERT_TRUE(Write([](Transaction& tx) { return tx.Execute(kInsertId, {5}); }).ok());
  Reopen();
  EXPECT_EQ(Count(), 1);
}

STETIG_ON_BOTH_STORES(StoreTest);

}  // namespace
}  // namespace stetig::store
