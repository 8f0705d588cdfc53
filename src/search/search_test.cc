#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "query/filter.h"
#include "search/conditions.h"
#include "search/keyset.h"
#include "store/testing/fixture.h"

namespace stetig::search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Item {
  std::string name;
  int64_t number = 0;
  friend bool operator==(const Item&, const Item&) = default;
};

/// Filters over a table of our own.
class SearchTest : public store::testing::DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    if (HasFatalFailure()) {
      return;
    }
    Must({"CREATE TABLE items (name TEXT NOT NULL, number BIGINT NOT NULL, score DOUBLE PRECISION)",
          "CREATE TABLE items (name TEXT COLLATE \"C\" NOT NULL, number BIGINT NOT NULL, score "
          "DOUBLE PRECISION)"});
  }

  void Must(const std::pair<store::Literal, store::Literal>& sql) {
    store::SqlBuilder text(GetParam() == store::Dialect::kSqlite ? sql.first : sql.second);
    Must(text);
  }
  void Must(const store::SqlBuilder& sql) {
    Status done = Write([sql](store::Transaction& tx) {
      return tx.Query(sql, [](const store::Row&) { return OkStatus(); });
    });
    ASSERT_TRUE(done.ok()) << done.ToString();
  }
  void Put(std::string_view name, int64_t number, std::optional<double> score = std::nullopt) {
    store::SqlBuilder sql("INSERT INTO items (name, number, score) VALUES (");
    sql.Bind(name).Add(", ").Bind(number).Add(", ");
    if (score) {
      sql.Bind(*score);
    } else {
      sql.Add("NULL");
    }
    Must(sql.Add(")"));
  }
  std::vector<Item> Select(const store::SqlBuilder& sql) {
    std::vector<Item> items;
    Status done = Read([&](store::Session& session) {
      items.clear();
      return session.Query(sql, [&](const store::Row& row) {
        items.push_back({std::string(row.Text(0)), row.Int(1)});
        return OkStatus();
      });
    });
    EXPECT_TRUE(done.ok()) << done.ToString();
    return items;
  }
  /// Names that pass a filter in which `name` is a text, `creation_time` the number and
  /// `last_update_time` the score.
  std::vector<std::string> Names(std::string_view filter) {
    auto parsed = query::ParseFilter(filter, query::Subject::kExperiments);
    EXPECT_TRUE(parsed.has_value() && parsed->has_value()) << filter;
    store::SqlBuilder sql("SELECT name, number FROM items WHERE ");
    const auto add = [](store::SqlBuilder& to, const query::Clause& clause) -> Status {
      if (clause.field.key == "name") {
        AddTextComparison(to, "name", clause.op, clause.value, GetParam());
      } else if (clause.field.key == "creation_time") {
        AddIntegerComparison(to, "number", clause.op, clause.value);
      } else {
        AddRealComparison(to, "score", clause.op, clause.value);
      }
      return OkStatus();
    };
    Status added = AddFilter(sql, **parsed, add);
    EXPECT_TRUE(added.ok()) << added.ToString();
    sql.Add(" ORDER BY name");
    std::vector<std::string> names;
    for (Item& item : Select(sql)) {
      names.push_back(std::move(item.name));
    }
    return names;
  }
};

TEST_P(SearchTest, LikeKnowsTwoWildcardsAndNoEscape) {
  for (const char* name : {R"(a\b)", "a%b", "ab", "AB", "a*b", "a[b]", R"(tail\)"}) {
    Put(name, 0);
  }
  EXPECT_THAT(Names(R"(name LIKE 'a\%')"), ElementsAre(R"(a\b)"));
  EXPECT_THAT(Names(R"(name LIKE '%\')"), ElementsAre(R"(tail\)"));
  EXPECT_THAT(Names("name LIKE 'a_'"), ElementsAre("ab"));
  EXPECT_THAT(Names("name LIKE 'a*b'"), ElementsAre("a*b"));
  EXPECT_THAT(Names("name LIKE 'a[b]'"), ElementsAre("a[b]"));
  EXPECT_THAT(Names("name ILIKE 'aB'"), ElementsAre("AB", "ab"));
}

TEST_P(SearchTest, AndOrNotNestAsWritten) {
  Put("a", 1);
  Put("b", 2);
  Put("c", 3);
  EXPECT_THAT(Names("name = 'a' OR name = 'b' AND creation_time > 5"), ElementsAre("a"));
  EXPECT_THAT(Names("(name = 'a' OR name = 'b') AND creation_time > 1"), ElementsAre("b"));
  EXPECT_THAT(Names("NOT (name = 'a' OR creation_time = 3)"), ElementsAre("b"));
}

TEST_P(SearchTest, NanDiffersFromEveryNumberAndComparesWithNone) {
  Put("nan", 0);
  Put("one", 0, 1.0);
  EXPECT_THAT(Names("last_update_time != 1"), ElementsAre("nan"));
  EXPECT_THAT(Names("last_update_time != 2"), ElementsAre("nan", "one"));
  EXPECT_THAT(Names("last_update_time < 2"), ElementsAre("one"));
  EXPECT_THAT(Names("last_update_time >= 2"), IsEmpty());
}

TEST_P(SearchTest, ErrorOfAClauseEndsTheWalk) {
  auto parsed =
      query::ParseFilter("name = 'a' AND (name = 'b' OR name = 'c')", query::Subject::kExperiments);
  ASSERT_TRUE(parsed.has_value());
  store::SqlBuilder sql("");
  int calls = 0;
  const auto add = [&calls](store::SqlBuilder&, const query::Clause&) -> Status {
    return ++calls == 2 ? Status(Code::kInvalidArgument, "no") : OkStatus();
  };
  EXPECT_EQ(AddFilter(sql, **parsed, add), Status(Code::kInvalidArgument, "no"));
  EXPECT_EQ(calls, 2);
}

// Pages of two over all items must be the items sorted, in each mix of directions.
TEST_P(SearchTest, PagesTogetherAreTheSortedRows) {
  std::vector<Item> all;
  for (const char* name : {"a", "b", "c"}) {
    for (int64_t number = 0; number < 3; ++number) {
      Put(name, number);
      all.push_back({name, number});
    }
  }
  for (const auto& [by_name, by_number] : std::vector<std::pair<bool, bool>>{
           {true, true}, {true, false}, {false, true}, {false, false}}) {
    const SortColumn columns[] = {{.sql = "name", .ascending = by_name, .is_text = true},
                                  {.sql = "number", .ascending = by_number}};
    std::ranges::sort(all, [&](const Item& x, const Item& y) {
      if (x.name != y.name) {
        return by_name ? x.name < y.name : x.name > y.name;
      }
      return by_number ? x.number < y.number : x.number > y.number;
    });
    std::vector<Item> seen;
    std::vector<query::CursorValue> cursor;
    for (size_t page = 0; page <= all.size(); ++page) {
      store::SqlBuilder sql("SELECT name, number FROM items WHERE number >= 0");
      if (!cursor.empty()) {
        ASSERT_TRUE(AddCursor(sql, columns, cursor).ok());
      }
      AddOrder(sql, columns);
      const std::vector<Item> items = Select(sql.Add(" LIMIT 2"));
      if (items.empty()) {
        break;
      }
      seen.insert(seen.end(), items.begin(), items.end());
      cursor = {items.back().name, items.back().number};
    }
    EXPECT_EQ(seen, all);
  }
}

TEST_P(SearchTest, CursorOfAnotherOrderIsRefused) {
  const SortColumn columns[] = {{.sql = "name", .is_text = true}, {.sql = "number"}};
  const std::vector<std::vector<query::CursorValue>> wrong = {
      {}, {"a"}, {"a", "1"}, {int64_t{1}, int64_t{1}}, {"a", int64_t{1}, int64_t{1}}, {"a", 1.0}};
  for (const auto& cursor : wrong) {
    store::SqlBuilder sql("x");
    EXPECT_EQ(AddCursor(sql, columns, cursor).code(), Code::kInvalidArgument);
    EXPECT_EQ(sql.text(), "x");
  }
}

STETIG_ON_BOTH_STORES(SearchTest);

}  // namespace
}  // namespace stetig::search
