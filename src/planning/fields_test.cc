// The kind of these tests has a field of every type; the kinds of stetig itself are tested in
// rules_test.cc and records_test.cc.
#include "planning/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/digest.h"
#include "planning/testing/fixture.h"

namespace stetig::planning {
namespace {

using testing::Fields;
using ::testing::HasSubstr;
using testing::Message;
using testing::Outcome;
using testing::Text;
using enum FieldType;

constexpr std::array kColours = {std::string_view("red"), std::string_view("green")};
constexpr std::array kFields = {
    FieldDef{.name = "word", .type = kText, .doc = "A word.", .required = true, .versioned = true},
    FieldDef{.name = "line", .type = kText},
    FieldDef{.name = "body", .type = kMarkdown, .versioned = true},
    FieldDef{.name = "colour", .type = kChoice, .choices = kColours, .initial = "red"},
    FieldDef{.name = "shade", .type = kChoice, .choices = kColours},
    FieldDef{.name = "count", .type = kInteger, .versioned = true},
    FieldDef{.name = "weight", .type = kNumber},
    FieldDef{.name = "flag", .type = kFlag},
    FieldDef{.name = "day", .type = kDate},
    FieldDef{.name = "at", .type = kTime},
    FieldDef{.name = "person", .type = kUser},
    FieldDef{.name = "list", .type = kTexts},
    FieldDef{.name = "conditions", .type = kCriteria},
    FieldDef{.name = "thing", .type = kObject, .versioned = true},
    FieldDef{.name = "once", .type = kText, .access = Access::kOnCreate},
    FieldDef{.name = "mine", .type = kText, .access = Access::kRead},
};
constexpr std::array kStatuses = {std::string_view("new"), std::string_view("old"),
                                  std::string_view("gone")};
constexpr std::array kMoves = {Transition{.from = "new", .to = "old"},
                               Transition{.from = "*", .to = "gone"}};
const KindDef kKind{.name = "sample",
                    .plural = "samples",
                    .doc = "A sample.",
                    .fields = kFields,
                    .statuses = kStatuses,
                    .transitions = kMoves};

/// A new record with one more value than it must have.
Result<Content> With(std::string_view name, json::Value value) {
  json::Object values = {{"title", "T"}, {"word", "w"}};
  values.emplace_back(name, std::move(value));
  return NewContent(kKind, values);
}

json::Value Json(std::string_view text) { return *json::Parse(text); }

/// What is stored for a value in JSON: "—" when it is refused.
std::string Stored(std::string_view name, json::Value value) {
  const auto content = With(name, std::move(value));
  if (!content) {
    EXPECT_EQ(Outcome(content), "invalid_argument/invalid_field");
    EXPECT_THAT(Message(content), HasSubstr(std::string(name)));
    return "—";
  }
  const json::Value fields{json::Object(content->fields)};
  const json::Value* stored = fields.Find(name);
  return stored == nullptr ? "" : json::Dump(*stored);
}

struct Case {
  const char* field;
  const char* value;
  const char* stored;  ///< null: as given; "—": refused
};

constexpr Case kCases[] = {
    {"line", R"("a")", nullptr},
    {"line", R"("")", nullptr},
    {"line", R"("Überprüfung 模型 🙂")", nullptr},
    {"line", R"("a\tb")", "—"},
    {"line", R"("a\nb")", "—"},
    {"line", R"("a\u0000b")", "—"},
    {"line", R"("a\u001fb")", "—"},
    {"line", R"("a\u007fb")", "—"},  // DEL
    {"line", R"("a\u0085b")", "—"},  // next line
    {"line", R"("a\u2028b")", "—"},  // line separator
    {"line", R"("a\u00a0b")", "\"a\u00a0b\""},
    {"line", "1", "—"},
    {"line", "true", "—"},
    {"line", R"(["a"])", "—"},
    {"line", R"({"a":1})", "—"},
    {"body", R"("# A\n\n* b\tc\r\n")", nullptr},
    {"body", R"("a\u0000b")", "—"},
    {"body", "5", "—"},
    {"colour", R"("green")", nullptr},
    {"colour", R"("Green")", "—"},
    {"colour", R"("")", "—"},
    {"colour", "0", "—"},
    {"colour", "null", "\"red\""},
    {"shade", "null", ""},
    {"count", "0", nullptr},
    {"count", "-7", nullptr},
    {"count", "9223372036854775807", nullptr},
    {"count", "-9223372036854775808", nullptr},
    {"count", "9223372036854775808", "—"},
    {"count", "1.5", "—"},
    {"count", R"("1")", "—"},
    {"count", "true", "—"},
    {"weight", "2.5", nullptr},
    {"weight", "2", "2.0"},
    {"weight", "1e300", "1e+300"},
    {"weight", "18446744073709551616", "1.8446744073709552e+19"},
    {"weight", R"("2")", "—"},
    {"weight", "false", "—"},
    {"flag", "true", nullptr},
    {"flag", "false", nullptr},
    {"flag", "1", "—"},
    {"flag", R"("true")", "—"},
    {"day", R"("2026-11-27")", nullptr},
    {"day", R"("2024-02-29")", nullptr},
    {"day", R"("2000-02-29")", nullptr},
    {"day", R"("2026-02-29")", "—"},
    {"day", R"("1900-02-29")", "—"},
    {"day", R"("2026-13-01")", "—"},
    {"day", R"("2026-00-10")", "—"},
    {"day", R"("2026-04-31")", "—"},
    {"day", R"("2026-4-3")", "—"},
    {"day", R"("27.11.2026")", "—"},
    {"day", R"("2026-11-27T08:00:00Z")", "—"},
    {"day", R"("2026-11-27 ")", "—"},
    {"day", "20261127", "—"},
    {"at", "0", nullptr},
    {"at", "1795762800123", nullptr},
    {"at", R"("2026-11-27T08:00:00.123+01:00")", "1795762800123"},
    {"at", R"("2026-11-27")", "1795737600000"},
    {"at", "-1", "—"},
    {"at", R"("1969-12-31T23:59:59Z")", "—"},  // as -1000
    {"at", "1.5", "—"},
    {"at", R"("tomorrow")", "—"},
    {"person", R"("ada")", nullptr},
    {"person", R"("ada\u0000")", "—"},
    {"list", "[]", nullptr},
    {"list", R"(["a","","ä"])", nullptr},
    {"list", R"(["a\nb"])", "—"},
    {"list", R"(["a",1])", "—"},
    {"list", R"([["a"]])", "—"},
    {"list", R"("a")", "—"},
    {"list", R"({"a":"b"})", "—"},
    {"thing", "{}", nullptr},
    {"thing", R"({"b":[1,2.5,null,true,"ü"],"a":{"c":"d"}})", nullptr},
    {"thing", R"({"a":"b\u0000"})", "—"},
    {"thing", R"({"a":[{"b\u0000":1}]})", "—"},
    {"thing", R"({"a":"\\u0000"})", nullptr},  // a backslash and "u0000": no NUL
    {"thing", "[]", "—"},
    {"thing", R"("{}")", "—"},
};

TEST(FieldsTest, EachTypeTakesItsValuesAndNoOthers) {
  for (const auto& [field, value, stored] : kCases) {
    EXPECT_EQ(Stored(field, Json(value)), stored == nullptr ? std::string(value) : stored)
        << field << " " << value;
  }
}

std::string Repeat(std::string_view piece, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

TEST(FieldsTest, SizesHaveLimits) {
  // Lines count code points, Markdown and objects bytes.
  EXPECT_NE(Stored("line", Repeat("ü", kMaxLine)), "—");
  EXPECT_EQ(Stored("line", Repeat("ü", kMaxLine + 1)), "—");
  EXPECT_NE(Stored("person", Repeat("ü", 128)), "—");
  EXPECT_EQ(Stored("person", Repeat("ü", 129)), "—");
  EXPECT_NE(Stored("body", Repeat("x", kMaxMarkdown)), "—");
  EXPECT_EQ(Stored("body", Repeat("x", kMaxMarkdown + 1)), "—");
  EXPECT_NE(Stored("list", json::Array(kMaxTexts, "a")), "—");
  EXPECT_EQ(Stored("list", json::Array(kMaxTexts + 1, "a")), "—");
  EXPECT_EQ(Stored("list", json::Array{Repeat("x", kMaxLine + 1)}), "—");
  const size_t frame = std::string_view(R"({"a":""})").size();
  EXPECT_NE(Stored("thing", json::Object{{"a", Repeat("x", kMaxObject - frame)}}), "—");
  EXPECT_EQ(Stored("thing", json::Object{{"a", Repeat("x", kMaxObject - frame + 1)}}), "—");
}

TEST(FieldsTest, WhatJsonCannotHoldIsRefused) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double number : {inf, -inf, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(Stored("weight", number), "—");
    EXPECT_EQ(Stored("thing", json::Object{{"a", json::Array{number}}}), "—");
  }
}

json::Value Nested(int depth) {
  json::Value value = json::Object();
  for (int i = 1; i < depth; ++i) {
    json::Value outer;
    outer.Set("a", std::move(value));
    value = std::move(outer);
  }
  return value;
}

TEST(FieldsTest, ObjectsNestOnlySoDeepThatTheyCanBeReadAgain) {
  EXPECT_NE(Stored("thing", Nested(kMaxObjectDepth)), "—");
  EXPECT_EQ(Stored("thing", Nested(kMaxObjectDepth + 1)), "—");
  EXPECT_EQ(Stored("thing", Nested(5000)), "—");
}

TEST(FieldsTest, ARefusalShowsWhatWasFoundShortly) {
  const auto content = With("line", json::Array{Repeat("ü", 100'000)});
  EXPECT_LT(Message(content).size(), 500U);
  EXPECT_EQ(Message(With("count", "x")), "field 'count' is \"x\", expected an integer");
  EXPECT_EQ(Message(With("shade", "x")), "field 'shade' is \"x\", expected one of red, green");
  EXPECT_THAT(Message(With("nonsense", 1)), HasSubstr("no field 'nonsense'"));
  EXPECT_THAT(Message(With("nonsense", 1)), HasSubstr("title, owner, status, word, line"));
  EXPECT_EQ(Outcome(With("nonsense", 1)), "invalid_argument/unknown_field");
}

TEST(FieldsTest, CriteriaAreConditionsOnMetrics) {
  for (const char* good : {"metrics.accuracy >= 0.9", "metrics.a > 1 AND metrics.b < 2",
                           "metrics.a > 1 OR NOT (metrics.b < 2 AND metrics.c != 3)",
                           "metrics.`a b` = 1", "NOT metrics.a > -1e-3", "((metrics.a > 1))"}) {
    EXPECT_EQ(Stored("conditions", json::Array{good}), json::Dump(json::Array{good}));
  }
  for (const char* bad :
       {"", "   ", "accuracy", "metrics.a >", "metrics.a LIKE 'x'", "metrics.a > 'x'",
        "params.a = 'x'", "metrics.a > 1 AND tags.b = 'x'", "metrics.a > 1 OR NOT (status = 'x')",
        "(metrics.a > 1", "metrics.a IS NULL", "metrics.a IN ('x')", "start_time > 5",
        "metrics.a > 1\nAND metrics.b > 1", "'", "metrics.a > 1; DROP TABLE runs"}) {
    EXPECT_EQ(Stored("conditions", json::Array{bad}), "—") << bad;
  }
  EXPECT_EQ(Stored("conditions", json::Array{Repeat("(", 200) + "metrics.a>1" + Repeat(")", 200)}),
            "—");
}

TEST(FieldsTest, ANewRecordHasATitleAndWhatIsRequired) {
  const auto outcome = [](std::string_view values) {
    return Message(NewContent(kKind, Fields(values)));
  };
  EXPECT_EQ(outcome(R"({"title":"T","word":"w"})"), "");
  EXPECT_THAT(outcome(R"({"word":"w"})"), HasSubstr("'title' is missing"));
  EXPECT_THAT(outcome(R"({"title":"","word":"w"})"), HasSubstr("'title' is empty"));
  EXPECT_THAT(outcome(R"({"title":" \u0020","word":"w"})"), HasSubstr("'title' is empty"));
  EXPECT_THAT(outcome(R"({"title":5,"word":"w"})"), HasSubstr("'title' is 5"));
  EXPECT_THAT(outcome(R"({"title":null,"word":"w"})"), HasSubstr("'title' is "));
  EXPECT_THAT(outcome(R"({"title":"T"})"), HasSubstr("'word' is missing"));
  EXPECT_THAT(outcome(R"({"title":"T","word":null})"), HasSubstr("'word' is null"));
  EXPECT_THAT(outcome(R"({"title":"T","word":"  "})"), HasSubstr("'word' is empty"));
  EXPECT_THAT(outcome(R"({"title":"T","word":"w","status":"odd"})"), HasSubstr("new, old, gone"));
  EXPECT_THAT(outcome(R"({"title":"T","word":"w","owner":7})"), HasSubstr("'owner' is 7"));
  EXPECT_THAT(outcome(R"({"title":"T","word":"w","mine":"x"})"), HasSubstr("no field 'mine'"));
  EXPECT_EQ(NewContent(kKind, Fields(R"({"title":"T","word":"w","status":null})"))->status, "new");
}

TEST(FieldsTest, FieldsKeepTheOrderOfTheTable) {
  const auto content = NewContent(
      kKind, Fields(R"({"thing":{},"day":"2026-11-27","title":"T","word":"w","line":"l"})"));
  EXPECT_EQ(Text(content->fields),
            R"({"word":"w","line":"l","colour":"red","day":"2026-11-27","thing":{}})");
  const auto patched = Patched(kKind, *content, Fields(R"({"flag":true,"body":"b"})"));
  EXPECT_EQ(Text(patched->fields),
            R"({"word":"w","line":"l","body":"b","colour":"red","flag":true,"day":"2026-11-27",)"
            R"("thing":{}})");
}

TEST(FieldsTest, AMergePatchReplacesAndTakesAway) {
  const auto content = NewContent(
      kKind, Fields(R"({"title":"T","owner":"ada","word":"w","line":"l","colour":"green",)"
                    R"("thing":{"a":1,"b":2},"once":"o"})"));
  ASSERT_TRUE(content);
  const auto patched =
      Patched(kKind, *content, Fields(R"({"line":null,"owner":null,"thing":{"c":3},"day":null})"));
  ASSERT_TRUE(patched);
  EXPECT_EQ(patched->owner, "");
  // The top level is merged, not what is in a field.
  EXPECT_EQ(Text(patched->fields), R"({"word":"w","colour":"green","thing":{"c":3},"once":"o"})");
  // A choice that has an initial value goes back to it.
  const auto reset = Patched(kKind, *content, Fields(R"({"colour":null})"));
  EXPECT_EQ(Text(reset->fields),
            R"({"word":"w","line":"l","colour":"red","thing":{"a":1,"b":2},"once":"o"})");
  for (const char* refused :
       {R"({"title":null})", R"({"title":""})", R"({"word":null})", R"({"word":""})",
        R"({"status":null})", R"({"status":"odd"})", R"({"once":"p"})", R"({"once":null})",
        R"({"mine":"x"})", R"({"id":"x"})", R"({"revision":5})", R"({"":1})"}) {
    EXPECT_FALSE(Patched(kKind, *content, Fields(refused)).has_value()) << refused;
  }
  EXPECT_EQ(Text(Patched(kKind, *content, {})->fields), Text(content->fields));
}

TEST(FieldsTest, TheFingerprintChangesExactlyWithVersionedFieldsAndTheTitle) {
  const auto content = NewContent(kKind, Fields(R"({"title":"T","word":"w"})"));
  const std::string before = FingerprintOf(kKind, *content);
  for (const auto& [change, differs] : std::vector<std::pair<const char*, bool>>{
           {R"({"title":"U"})", true},
           {R"({"word":"v"})", true},
           {R"({"body":""})", true},
           {R"({"count":0})", true},
           {R"({"thing":{}})", true},
           {R"({"owner":"bob"})", false},
           {R"({"status":"gone"})", false},
           {R"({"line":"l"})", false},
           {R"({"colour":"green"})", false},
           {R"({"weight":1})", false},
           {R"({"list":["a"]})", false},
           {R"({"word":"w"})", false},
       }) {
    const auto patched = Patched(kKind, *content, Fields(change));
    EXPECT_EQ(FingerprintOf(kKind, *patched) != before, differs) << change;
  }
  // Made once with Python: sha256(json.dumps({"title": "Ü", "word": "w", "count": 2, "thing":
  // {"b": 1, "a": 2}}, sort_keys=True, separators=(",", ":")))
  const auto full =
      NewContent(kKind, Fields(R"({"title":"Ü","word":"w","count":2,"thing":{"b":1,"a":2}})"));
  EXPECT_EQ(FingerprintOf(kKind, *full),
            "738e1fb84ec6435460539be36f26d69a102cfa486c7bdd5e49e2ddbd6d63f788");
}

TEST(FieldsTest, StatusesMoveAlongTheTable) {
  EXPECT_TRUE(MayMove(kKind, "new", "old"));
  EXPECT_TRUE(MayMove(kKind, "new", "new"));
  EXPECT_TRUE(MayMove(kKind, "old", "gone"));
  EXPECT_FALSE(MayMove(kKind, "old", "new"));
  EXPECT_FALSE(MayMove(kKind, "gone", "old"));
}

TEST(FieldsTest, ProjectKeysAreShortAndPlain) {
  for (const char* good : {"AB", "A1", "A_", "CHURN", "ABCDEFGHIJKLMNOP"}) {
    EXPECT_TRUE(IsProjectKey(good)) << good;
  }
  for (const char* bad :
       {"", "A", "1A", "_A", "ab", "Ab", "A-B", "A B", "ÄB", "ABCDEFGHIJKLMNOPQ", "AB\n"}) {
    EXPECT_FALSE(IsProjectKey(bad)) << bad;
  }
}

}  // namespace
}  // namespace stetig::planning
