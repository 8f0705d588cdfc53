#include "query/records.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace stetig::query {
namespace {

using testing::HasSubstr;

constexpr RecordField kFields[] = {
    {.name = "title", .kind = RecordFieldKind::kText, .sortable = true},
    {.name = "case", .kind = RecordFieldKind::kText},
    {.name = "hours", .kind = RecordFieldKind::kNumber, .sortable = true},
    {.name = "created_at", .kind = RecordFieldKind::kTime, .sortable = true},
};

/// The filter as it is printed; a refusal as "! message".
std::string Parsed(std::string_view text) {
  const auto filter = ParseRecordFilter(text, kFields);
  if (!filter) {
    EXPECT_EQ(filter.error().code(), Code::kInvalidArgument);
    return fmt::format("! {}", filter.error().message());
  }
  return *filter ? Print(**filter) : "";
}

std::string Ordered(const std::vector<std::string>& order_by) {
  const auto orders = ParseRecordOrder(order_by, kFields);
  if (!orders) {
    EXPECT_EQ(orders.error().code(), Code::kInvalidArgument);
    return fmt::format("! {}", orders.error().message());
  }
  std::string out;
  for (const Order& order : *orders) {
    out += fmt::format("{}{} ", order.field.key, order.ascending ? "+" : "-");
  }
  return out;
}

TEST(RecordFilterTest, EachKindOfFieldHasItsOperatorsAndValues) {
  for (const std::string text : {"title = 'a'",
                                 "title != 'a'",
                                 "title < 'a'",
                                 "title <= 'a'",
                                 "title > 'a'",
                                 "title >= 'a'",
                                 "title LIKE 'a%'",
                                 "title ILIKE '%'",
                                 "title IN ('a')",
                                 "title IN ('a', 'b')",
                                 "title NOT IN ('a')",
                                 "title IS NULL",
                                 "title IS NOT NULL",
                                 "case = 'x'",
                                 "hours = 5",
                                 "hours != -5",
                                 "hours < 2.5",
                                 "hours <= 250.5",
                                 "hours > 0",
                                 "hours >= 0",
                                 "hours IS NULL",
                                 "hours IS NOT NULL",
                                 "created_at > 1795762800123",
                                 "created_at IS NULL",
                                 "title = 'a' AND hours = 5",
                                 "title = 'a' OR (NOT (hours = 5))",
                                 "(title = 'a' OR hours = 5) AND case = ''",
                                 "title = '2026-11-27'"}) {
    EXPECT_EQ(Parsed(text), text);
  }
  EXPECT_EQ(Parsed(""), "");
  EXPECT_THAT(Parsed("   "), HasSubstr("Could not be parsed"));
  EXPECT_EQ(Parsed(R"(title="it's")"), R"(title = "it's")");
  EXPECT_EQ(Parsed("`title` = 'a' and \"hours\" > 1"), "title = 'a' AND hours > 1");
  EXPECT_EQ(Parsed("title not in (\"a\", 'b',) or title is not null"),
            "title NOT IN ('a', 'b') OR title IS NOT NULL");
  EXPECT_EQ(Parsed("NOT NOT title = '\\'"), "NOT (NOT (title = \"\\\"))");
}

TEST(RecordFilterTest, TimesMayBeTexts) {
  // From Python's datetime.
  EXPECT_EQ(Parsed("created_at >= '2026-11-27'"), "created_at >= 1795737600000");
  EXPECT_EQ(Parsed("created_at < \"2026-11-27T08:00:00.123+01:00\""), "created_at < 1795762800123");
  EXPECT_EQ(Parsed("NOT (created_at = '1969-12-31T23:59:59.999Z' OR hours = 1)"),
            "NOT (created_at = -1 OR hours = 1)");
  EXPECT_EQ(Parsed("created_at > 'tomorrow'"),
            "! field 'created_at' is a time, expected one like '2026-11-27' or "
            "'2026-11-27T08:00:00Z', found 'tomorrow'");
  EXPECT_THAT(Parsed("created_at LIKE '2026%'"), HasSubstr("'created_at' is a time"));
  EXPECT_THAT(Parsed("created_at IN ('2026-11-27')"), HasSubstr("'created_at' is a time"));
}

TEST(RecordFilterTest, RefusalsNameWhatWasFoundAndExpected) {
  const std::pair<const char*, const char*> cases[] = {
      {"nonsense = 'a'",
       "! unknown field 'nonsense' in filter, expected one of title, case, hours, created_at"},
      {"TITLE = 'a'", "! unknown field 'TITLE' in filter"},
      {"tags.title = 'a'", "! unknown field 'tags.title' in filter"},
      {"nonsense IS NULL", "! unknown field 'nonsense'"},
      {"title = 'a' AND (hours = 1 OR NOT nonsense = 2)", "! unknown field 'nonsense'"},
      {"title = 5", "! field 'title' is a text, expected a quoted text such as 'abc' behind ="},
      {"title < 5", "! field 'title' is a text, expected a quoted text such as 'abc' behind <"},
      {"title LIKE 5", "behind LIKE"},
      {"title IN (1)", "! field 'title'"},
      {"title IN ('a', 1)", "! field 'title'"},
      {"title IN ()", "! field 'title'"},
      {"title NOT IN ()", "! field 'title'"},
      {"title = a", "not quoted"},
      {"hours = 'a'", "! field 'hours' is a number, expected a number behind ="},
      {"hours >= '5'", "! field 'hours' is a number, expected a number behind >="},
      {"hours LIKE '5'",
       "! field 'hours' is a number and knows no LIKE, expected one of = != < <= > >="},
      {"hours IN ('5')", "! field 'hours' is a number and knows no IN"},
      {"hours IN (5)", "! field 'hours' "},
      {"title ~ 'a'", "! "},
      {"title == 'a'", "! "},
      {"title <> 'a'", "! "},
      {"title", "! "},
      {"title =", "! "},
      {"= 'a'", "! "},
      {"'a' = title", "! "},
      {"(title = 'a'", "! "},
      {"title = 'a')", "! "},
      {"title = 'a' OR", "! "},
      {"title = 'a", "! "},
      {"title = 'a'; DROP TABLE x", "! "},
      {"title BETWEEN 'a' AND 'b'", "! "},
      {"title IS 'a'", "! "},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Parsed(text), HasSubstr(message)) << text;
    EXPECT_TRUE(Parsed(text).starts_with("! ")) << text;
  }
}

TEST(RecordFilterTest, MessagesAreShortAndTextInUtf8) {
  std::string name = "`";
  for (int i = 0; i < 500; ++i) name += "xä";
  name += "`";
  const std::string unknown = Parsed(name + " = 'a'");
  EXPECT_LT(unknown.size(), 400U);
  EXPECT_TRUE(IsValidUtf8(unknown)) << unknown;
  const std::string time = Parsed("created_at > '" + name + "'");
  EXPECT_LT(time.size(), 400U);
  EXPECT_TRUE(IsValidUtf8(time)) << time;
}

TEST(RecordFilterTest, LimitsAreThoseOfEveryFilter) {
  EXPECT_THAT(Parsed(std::string(kMaxFilterBytes + 1, ' ')), HasSubstr("at most 65536"));
  std::string many = "hours = 1";
  for (size_t i = 1; i < kMaxClauses; ++i) many += " AND hours = 1";
  EXPECT_FALSE(Parsed(many).starts_with("!"));
  EXPECT_THAT(Parsed(many + " AND hours = 1"), HasSubstr("more than 256 comparisons"));
  EXPECT_THAT(Parsed(std::string(50, '(') + "hours = 1" + std::string(50, ')')),
              HasSubstr("deeper than 32"));
}

TEST(RecordOrderTest, SortableFieldsInBothDirections) {
  EXPECT_EQ(Ordered({}), "");
  EXPECT_EQ(Ordered({"title"}), "title+ ");
  EXPECT_EQ(Ordered({"title ASC", "hours desc", "created_at DESC"}), "title+ hours- created_at- ");
  EXPECT_EQ(Ordered({"`title` DESC"}), "title- ");
}

TEST(RecordOrderTest, OthersAreRefused) {
  EXPECT_EQ(Ordered({"case"}),
            "! unknown field 'case' in order_by, expected one of title, hours, created_at");
  EXPECT_THAT(Ordered({"nonsense DESC"}), HasSubstr("unknown field 'nonsense' in order_by"));
  EXPECT_THAT(Ordered({"title", "title DESC"}), HasSubstr("duplicate fields"));
  for (const char* bad : {"", " ", "title down", "title ASC hours", "title,", "'title'", "5",
                          "title; DROP TABLE x", "(title)", "tags.title"}) {
    EXPECT_TRUE(Ordered({bad}).starts_with("! ")) << bad;
  }
  EXPECT_THAT(Ordered(std::vector<std::string>(kMaxOrders + 1, "title")), HasSubstr("at most 32"));
}

}  // namespace
}  // namespace stetig::query
