#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "planning/internal/columns.h"
#include "planning/testing/fixture.h"
#include "planning/testing/naive_filter.h"

namespace stetig::planning {
namespace {

using query::Node;
using query::Operator;
using ::testing::HasSubstr;
using testing::Message;
using testing::Outcome;

/// What people and attackers write; no text holds both kinds of quotes or ends in a
/// backslash, which no filter can hold.
const std::vector<std::string> kTexts = {
    "",           "a",       "A",    "ab",          "Ab",
    "b",          "%",       "_",    "a%",          "a_b",
    "a*b",        "a?b",     "[a]",  "]",           "\\ ",
    "a\\b",       "ä",       "Ä",    "ß 模型 🙂",   "5",
    "5.0",        "null",    "true", "it's",        "\"a\"",
    "--",         "/* x */", "$1",   "{}",          "%s",
    " a ",        "a, b",    ";",    "' OR '1'='1", "'; DROP TABLE planning_records; --",
    "x') OR (1=1"};
const std::vector<std::string> kStatuses = {"backlog", "ready", "doing", "done"};
const std::vector<double> kNumbers = {0,         -0.0,   1,     2,  2.5,    0.1,
                                      0.1 + 0.2, 1e-300, 1e300, -7, 1.0 / 3};
/// Those that an estimate may be.
const std::vector<double> kHours = {0, -0.0, 1, 2, 2.5, 0.1, 0.1 + 0.2, 1e-300, 1e5, 1.0 / 3};
const std::vector<std::string> kPatterns = {
    "%",   "a%",  "%b",  "_",   "__",   "%_%",     "A%",  "%ä%", "%Ä%", "%*%",    "%?%",
    "[a]", "%[%", "%]%", "\\%", "%\\%", "%\"a\"%", "%'%", "",    "%5%", "[\"a\"%"};

class ListTest : public testing::PlanningTest {
 protected:
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  bool Chance(unsigned percent) { return random_() % 100 < percent; }

  /// Tasks with all that a filter can meet, spread over two projects, in the order they were made.
  void MakeTasks(int count) {
    MakeProject("ONE");
    MakeProject("TWO");
    for (int i = 0; i < count; ++i) {
      json::Object values = {{"title", Chance(50) ? Pick(kTexts) + "." : "t" + Pick(kTexts)},
                             {"owner", Pick(kTexts)},
                             {"status", Pick(kStatuses)}};
      if (Chance(60)) values.emplace_back("text", Pick(kTexts));
      if (Chance(50)) values.emplace_back("priority", Chance(50) ? "high" : "low");
      if (Chance(60)) values.emplace_back("estimate_hours", Pick(kHours));
      if (Chance(50)) values.emplace_back("due", Chance(50) ? "2026-11-27" : "2026-01-01");
      if (Chance(50)) values.emplace_back("labels", json::Array{Pick(kTexts), Pick(kTexts)});
      const std::string user = Chance(50) ? "ada" : "bob";
      CreateRecord request{.kind = "task",
                           .project = Chance(50) ? "ONE" : "TWO",
                           .values = std::move(values),
                           .imported = true};
      Record made = Must(Run(service().Create(Who(user), std::move(request), Soon())));
      if (Chance(40)) made = Must(Patch(made.id, R"({"title":"changed"})"));
      if (Chance(40)) clock_.Advance(std::chrono::milliseconds(random_() % 3));
      tasks_.push_back(std::move(made));
    }
  }

  query::Clause RandomClause() {
    using enum Operator;
    static const std::vector<std::string> kNumeric = {"number",     "version",    "revision",
                                                      "created_at", "updated_at", "estimate_hours"};
    static const std::vector<std::string> kText = {
        "id",         "project",    "title",    "status", "owner", "text",
        "created_by", "updated_by", "priority", "due",    "labels"};
    static const std::vector<Operator> kOrdering = {kEqual,   kNotEqual,     kLess,   kLessEqual,
                                                    kGreater, kGreaterEqual, kIsNull, kIsNotNull};
    query::Clause clause;
    const bool number = Chance(40);
    clause.field.key = Pick(number ? kNumeric : kText);
    clause.op = Pick(kOrdering);
    if (!number && Chance(50)) clause.op = Pick(std::vector{kLike, kILike, kIn, kNotIn});
    if (clause.op == kIsNull || clause.op == kIsNotNull) return clause;
    const Record& some = Pick(tasks_);
    if (number) {
      const bool time = clause.field.key.ends_with("_at");
      if (time) clause.value = some.created.ms;
      if (!time && Chance(50)) clause.value = int64_t{1} + static_cast<int64_t>(random_() % 3);
      if (!time && clause.value.index() == 0) clause.value = Pick(kNumbers);
      return clause;
    }
    const auto text = [&]() -> std::string {
      const testing::NaiveRecord values = testing::NaiveOf(some);
      const auto own = values.find(clause.field.key);
      if (own == values.end() || Chance(30)) return Pick(kTexts);
      const auto& found = std::get<std::string>(own->second);
      return found.contains('"') && found.contains('\'') ? Pick(kTexts) : found;
    };
    if (clause.op == kLike || clause.op == kILike) {
      clause.value = Pick(kPatterns);
    } else if (clause.op == kIn || clause.op == kNotIn) {
      clause.value = std::vector<std::string>{text(), text(), Pick(kTexts)};
    } else {
      clause.value = text();
    }
    return clause;
  }

  Node RandomNode(int depth) {
    Node node;
    if (depth == 0 || Chance(30)) {
      node.clause = RandomClause();
      return node;
    }
    node.kind = Pick(std::vector{Node::Kind::kAnd, Node::Kind::kOr, Node::Kind::kNot});
    const size_t children = node.kind == Node::Kind::kNot ? 1 : 2 + random_() % 2;
    for (size_t i = 0; i < children; ++i) node.children.push_back(RandomNode(depth - 1));
    return node;
  }

  Result<Page<Record>> List(ListRecords request) {
    return Run(service().List(std::move(request), Soon()));
  }
  std::vector<std::string> Keys(ListRecords request) {
    const auto page = List(std::move(request));
    EXPECT_TRUE(page.has_value()) << page.error().ToString();
    std::vector<std::string> keys;
    if (!page) return keys;
    EXPECT_EQ(page->next_page_token, "");
    for (const Record& record : page->items) keys.push_back(record.key);
    return keys;
  }
  std::vector<std::string> Tasks(std::string filter) {
    return Keys({.kind = "task", .filter = std::move(filter), .limit = kMaxPage});
  }

  std::mt19937 random_{20261127};
  std::vector<Record> tasks_;
};
STETIG_ON_BOTH_STORES(ListTest);

TEST_P(ListTest, AnyFilterMeansWhatItSays) {
  MakeTasks(40);
  size_t matched = 0;
  for (int round = 0; round < 500; ++round) {
    const Node node = RandomNode(3);
    std::vector<std::string> expected;
    for (const Record& task : tasks_) {
      if (testing::NaiveMatch(testing::NaiveOf(task), node) == true) expected.push_back(task.key);
    }
    matched += expected.size();
    ASSERT_EQ(Tasks(query::Print(node)), expected) << query::Print(node);
  }
  EXPECT_GT(matched, 1000U);  // else the filters are no test
}

TEST_P(ListTest, AnyOrderIsTheOneAskedFor) {
  MakeTasks(30);
  const std::vector<std::string> fields = {"number", "title",      "status",
                                           "owner",  "created_at", "updated_at"};
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> names = fields;
    std::ranges::shuffle(names, random_);
    names.resize(1 + random_() % 3);
    std::vector<bool> down;
    std::vector<std::string> order_by;
    for (const std::string& name : names) {
      down.push_back(Chance(50));
      order_by.push_back(name + (down.back() ? " DESC" : Chance(50) ? " ASC" : ""));
    }
    std::vector<size_t> sorted(tasks_.size());  // equal ones in the order they were made
    std::iota(sorted.begin(), sorted.end(), size_t{0});
    std::ranges::sort(sorted, [&](size_t a, size_t b) {
      const auto left = testing::NaiveOf(tasks_[a]);
      const auto right = testing::NaiveOf(tasks_[b]);
      for (size_t i = 0; i < names.size(); ++i) {
        const auto& x = left.at(names[i]);
        const auto& y = right.at(names[i]);
        if (x != y) return down[i] ? y < x : x < y;
      }
      return a < b;
    });
    std::vector<std::string> expected;
    for (const size_t at : sorted) expected.push_back(tasks_[at].key);
    ASSERT_EQ(Keys({.kind = "task", .order_by = order_by, .limit = kMaxPage}), expected)
        << ::testing::PrintToString(order_by);
  }
}

TEST_P(ListTest, PagesOfEverySizeHoldEachRecordOnce) {
  MakeTasks(17);
  for (const ListRecords& request : std::vector<ListRecords>{
           {.kind = "task"},
           {.kind = "task", .order_by = {"title"}},
           {.kind = "task", .order_by = {"status DESC", "owner"}},
           {.kind = "task", .order_by = {"updated_at DESC", "created_at", "title DESC"}},
           {.kind = "task", .project = "ONE", .filter = "number > 2", .order_by = {"status"}},
       }) {
    ListRecords whole = request;
    whole.limit = kMaxPage;
    const std::vector<std::string> expected = Keys(whole);
    for (int64_t size = 1; size <= 18; ++size) {
      ListRecords part = request;
      part.limit = size;
      std::vector<std::string> keys;
      do {
        const auto page = Must(List(part));
        ASSERT_LE(static_cast<int64_t>(page.items.size()), size);
        ASSERT_TRUE(page.next_page_token.empty() ||
                    static_cast<int64_t>(page.items.size()) == size);
        for (const Record& record : page.items) keys.push_back(record.key);
        part.page_token = page.next_page_token;
      } while (!part.page_token.empty() && keys.size() <= expected.size());
      ASSERT_EQ(keys, expected) << size;
    }
  }
}

TEST_P(ListTest, ATokenGoesWithItsListOnly) {
  MakeTasks(6);
  ListRecords request{.kind = "task", .filter = "number > 0", .order_by = {"title"}, .limit = 2};
  const std::string token = Must(List(request)).next_page_token;
  ASSERT_NE(token, "");
  const auto outcome = [&](auto change) {
    ListRecords other = request;
    other.page_token = token;
    change(other);
    return Outcome(List(other));
  };
  EXPECT_EQ(outcome([](ListRecords&) {}), "ok");
  EXPECT_EQ(outcome([](ListRecords& r) { r.limit = 5; }), "ok");
  const std::string refused = "invalid_argument/";
  EXPECT_EQ(outcome([](ListRecords& r) { r.kind = "requirement"; }), refused);
  EXPECT_EQ(outcome([](ListRecords& r) { r.project = "ONE"; }), refused);
  EXPECT_EQ(outcome([](ListRecords& r) { r.filter = "number > 1"; }), refused);
  EXPECT_EQ(outcome([](ListRecords& r) { r.order_by = {"title DESC"}; }), refused);
  EXPECT_EQ(outcome([](ListRecords& r) { r.order_by = {"title", "owner"}; }), refused);
  EXPECT_EQ(outcome([](ListRecords& r) { r.page_token = "x"; }), refused);
  EXPECT_EQ(outcome([](ListRecords& r) { r.page_token.pop_back(); }), refused);
}

TEST_P(ListTest, WhatCannotBeAskedIsRefused) {
  MakeProject();
  const auto list = [&](ListRecords request) {
    request.kind = "task";
    return Message(List(std::move(request)));
  };
  EXPECT_THAT(list({.limit = 0}), HasSubstr("limit is 0, expected 1 to 1000"));
  EXPECT_THAT(list({.limit = kMaxPage + 1}), HasSubstr("limit is 1001"));
  EXPECT_THAT(list({.project = "NONE"}), HasSubstr("project 'NONE' not found"));
  EXPECT_THAT(list({.filter = "goal = 'x'"}), HasSubstr("unknown field 'goal' in filter"));
  EXPECT_THAT(list({.filter = "record_no > 1"}), HasSubstr("unknown field 'record_no'"));
  EXPECT_THAT(list({.filter = "fields = 'x'"}), HasSubstr("unknown field 'fields'"));
  EXPECT_THAT(list({.order_by = {"priority"}}), HasSubstr("unknown field 'priority' in order_by"));
  EXPECT_THAT(list({.order_by = {"record_no"}}), HasSubstr("unknown field 'record_no'"));
  const std::string nul("title = 'a\0b'", 13);
  EXPECT_EQ(Outcome(List({.kind = "task", .filter = nul})), "invalid_argument/");
  EXPECT_EQ(Outcome(List({.kind = "task", .filter = "title = '\xff'"})), "invalid_argument/");
  EXPECT_EQ(Outcome(List({.kind = "task", .filter = "title IN ()"})), "invalid_argument/");
}

TEST_P(ListTest, LongPatternsAndListsAreAnswered) {
  MakeProject();
  Make("task", R"({"title":"abc"})");
  const std::string wide(60'000, '%');
  EXPECT_EQ(Tasks("title LIKE '" + wide + "'").size(), 1U);
  EXPECT_EQ(Tasks("title ILIKE '" + wide + "'").size(), 1U);
  std::string list = "'abc'";
  for (int i = 0; i < 5000; ++i) list += ",'x'";
  EXPECT_EQ(Tasks("title IN (" + list + ")").size(), 1U);
  std::string many = "title = 'abc'";
  for (int i = 1; i < 256; ++i) many += " AND estimate_hours IS NULL";
  EXPECT_EQ(Tasks(many).size(), 1U);
}

TEST_P(ListTest, ListsAndObjectsAreComparedAsCompactJson) {
  MakeProject();
  Make("task", R"({"title":"T","labels":["urgent", "ä \"b\""]})");
  Make("service_level",
       R"({"title":"L","customer":"C","response_hours":{"urgent": 4, "normal": 24.50}})");
  EXPECT_EQ(Tasks(R"(labels LIKE '%"urgent"%')").size(), 1U);
  EXPECT_EQ(Tasks(R"(labels = '["urgent","ä \"b\""]')").size(), 1U);
  EXPECT_EQ(Tasks(R"(labels = '["urgent", "ä \"b\""]')").size(), 0U);
  const auto levels = [&](const char* filter) {
    return Keys({.kind = "service_level", .filter = filter}).size();
  };
  EXPECT_EQ(levels(R"(response_hours = '{"urgent":4,"normal":24.5}')"), 1U);
  EXPECT_EQ(levels(R"(response_hours LIKE '%"urgent":4%')"), 1U);
  EXPECT_EQ(levels(R"(response_hours IS NOT NULL AND target IS NULL)"), 1U);
}

TEST_P(ListTest, IntegersAreComparedExactly) {
  MakeProject();
  Make("service_level", R"({"title":"L","customer":"C","period_days":1})");
  // No field takes a number that a double would round, so it is written past the checks.
  static constexpr store::Statement kSetDays{
      "UPDATE planning_records SET fields = '{\"period_days\":9007199254740993}' WHERE kind = "
      "'service_level'"};
  ASSERT_TRUE(
      Write([](store::Transaction& tx) -> Status { return tx.Execute(kSetDays, {}); }).ok());
  const auto levels = [&](const char* filter) {
    return Keys({.kind = "service_level", .filter = filter}).size();
  };
  EXPECT_EQ(levels("period_days = 9007199254740993"), 1U);
  EXPECT_EQ(levels("period_days = 9007199254740992"), 0U);
  EXPECT_EQ(levels("period_days > 9007199254740992"), 1U);
  EXPECT_EQ(levels("period_days > 9007199254740992.0"), 1U);
  EXPECT_EQ(levels("period_days > 2.5 AND version > 0.5 AND version < 1.5"), 1U);
  EXPECT_EQ(levels("version = 1.0 AND number = 1e0 AND NOT number = 1.5"), 1U);
  EXPECT_EQ(levels("period_days < 1e400 AND period_days > -1e400"), 1U);
}

TEST_P(ListTest, FlagsAreTheWordsTrueAndFalse) {
  // No kind has a flag yet.
  static constexpr std::array kFields = {FieldDef{.name = "flag", .type = FieldType::kFlag}};
  const KindDef kind{.name = "task", .fields = kFields};
  static constexpr store::Statement kSet{
      "UPDATE planning_records SET fields = '{\"flag\":true}' WHERE number = $1"};
  MakeProject();
  Make("task", R"({"title":"T"})");
  ASSERT_TRUE(Write([](store::Transaction& tx) { return tx.Execute(kSet, {1}); }).ok());
  const auto count = [&](const char* filter) {
    const auto node = query::ParseRecordFilter(filter, internal::SearchFields(kind));
    EXPECT_TRUE(node.has_value()) << node.error().ToString();
    store::SqlBuilder sql(
        "SELECT r.record_no FROM planning_records r JOIN planning_records p ON p.record_no = "
        "r.project_no WHERE r.number = 1 AND ");
    EXPECT_TRUE(internal::AddFilter(sql, db().dialect(), kind, **node).ok());
    int rows = 0;
    const Status read = Read([&](store::Session& session) {
      return session.Query(sql, [&](const store::Row&) {
        ++rows;
        return OkStatus();
      });
    });
    EXPECT_TRUE(read.ok()) << read.ToString();
    return rows;
  };
  EXPECT_EQ(count("flag = 'true'"), 1);
  EXPECT_EQ(count("flag != 'true'"), 0);
  EXPECT_EQ(count("flag IN ('false')"), 0);
  EXPECT_EQ(count("flag IS NULL"), 0);
}

}  // namespace
}  // namespace stetig::planning
