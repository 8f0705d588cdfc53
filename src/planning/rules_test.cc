#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "planning/fields.h"
#include "planning/testing/fixture.h"

namespace stetig::planning {
namespace {

using ::testing::HasSubstr;
using testing::Message;
using testing::Outcome;

/// Every status of every kind with the statuses that a record may go to from it, by hand; "*": all.
const std::map<std::string, std::map<std::string, std::set<std::string>>> kWays = {
    {"project", {{"active", {"*"}}, {"paused", {"*"}}, {"closed", {"*"}}}},
    {"requirement",
     {{"draft", {"proposed", "retired"}},
      {"proposed", {"draft", "approved", "rejected", "retired"}},
      {"approved", {"met", "proposed", "retired"}},
      {"rejected", {"draft", "retired"}},
      {"met", {"approved", "proposed", "retired"}},
      {"retired", {}}}},
    {"task",
     {{"backlog", {"*"}},
      {"ready", {"*"}},
      {"doing", {"*"}},
      {"review", {"*"}},
      {"done", {"*"}},
      {"dropped", {"*"}}}},
    {"change_request",
     {{"open", {"triaged", "rejected"}},
      {"triaged", {"open", "approved", "rejected"}},
      {"approved", {"working"}},
      {"rejected", {"open"}},
      {"working", {"done"}},
      {"done", {"working"}}}},
    {"feedback", {{"open", {"*"}}, {"accepted", {"*"}}, {"declined", {"*"}}, {"resolved", {"*"}}}},
    {"service_level", {{"draft", {"*"}}, {"agreed", {"*"}}, {"ended", {"*"}}}},
    {"review", {{"planned", {"*"}}, {"held", {"*"}}, {"cancelled", {"*"}}}},
    {"decision",
     {{"proposed", {"*"}}, {"accepted", {"*"}}, {"rejected", {"*"}}, {"superseded", {"*"}}}},
    {"comment", {{"posted", {"*"}}, {"hidden", {"*"}}}},
};

/// What a record of each kind needs besides its title.
const std::map<std::string, std::string> kNeeds = {
    {"project", R"(,"key":"P1")"},
    {"change_request", R"(,"triage":"change")"},
    {"feedback", R"(,"about_type":"run","about_id":"r1")"},
    {"service_level", R"(,"customer":"C")"},
    {"review", R"(,"date":"2026-11-27")"},
    {"comment", R"(,"text":"C","about_type":"run","about_id":"r1")"},
};

TEST(KindsTest, TheTableOfWaysNamesEveryKindAndStatus) {
  ASSERT_EQ(Kinds().size(), kWays.size());
  for (const KindDef& kind : Kinds()) {
    const auto& ways = kWays.at(std::string(kind.name));
    ASSERT_EQ(ways.size(), kind.statuses.size()) << kind.name;
    for (const std::string_view from : kind.statuses) {
      for (const std::string_view to : kind.statuses) {
        const std::set<std::string>& targets = ways.at(std::string(from));
        const bool expected =
            from == to || targets.contains("*") || targets.contains(std::string(to));
        EXPECT_EQ(MayMove(kind, from, to), expected) << kind.name << " " << from << " " << to;
      }
    }
  }
}

TEST(KindsTest, TheTableOfKindsIsSound) {
  std::set<std::string_view> plurals;
  std::map<std::string_view, FieldType> types;
  for (const KindDef& kind : Kinds()) {
    EXPECT_TRUE(plurals.insert(kind.plural).second) << kind.plural;
    std::set<std::string_view> names = {
        "id",    "kind",   "project",    "number",     "revision",   "version",    "title",
        "owner", "status", "created_at", "created_by", "updated_at", "updated_by", "record_no"};
    for (const FieldDef& field : kind.fields) {
      EXPECT_TRUE(names.insert(field.name).second) << kind.name << " " << field.name;
      EXPECT_FALSE(field.doc.empty());
      // SQL may cast a field before it has looked at the kind (columns.cc).
      EXPECT_EQ(types.emplace(field.name, field.type).first->second, field.type) << field.name;
      EXPECT_EQ(field.type == FieldType::kChoice, !field.choices.empty()) << field.name;
    }
    for (const std::string_view settled : kind.settled) {
      EXPECT_TRUE(MayMove(kind, settled, kind.reopened)) << kind.name;
    }
  }
  EXPECT_EQ(Kinds().front().name, kProject);
}

class RulesTest : public testing::PlanningTest {
 protected:
  Record MakeLevel(std::string_view hours) {
    return Make("service_level", std::string(R"({"title":"L","customer":"C","response_hours":)") +
                                     std::string(hours) + "}");
  }
  /// `respond_by` of a record in hours after it was made; nothing when there is none.
  static std::optional<double> HoursOf(const Record& change) {
    const json::Value fields{json::Object(change.fields)};
    const json::Value* time = fields.Find("respond_by");
    if (time == nullptr) return std::nullopt;
    return static_cast<double>(*time->AsInt64() - change.created.ms) / 3'600'000;
  }
  static std::string Of(const Record& record, std::string_view field) {
    const json::Value fields{json::Object(record.fields)};
    const json::Value* value = fields.Find(field);
    return value == nullptr ? "" : *value->AsString();
  }
};
STETIG_ON_BOTH_STORES(RulesTest);

TEST_P(RulesTest, RecordsGoTheWaysOfTheirKindAndNoOthers) {
  MakeProject();
  int made = 0;
  for (const auto& [kind, ways] : kWays) {
    for (const auto& [from, targets] : ways) {
      for (const auto& [to, unused] : ways) {
        if (kind == "project" && from != "active") continue;  // any move: the pure test covers it
        std::string needs = kNeeds.contains(kind) ? kNeeds.at(kind) : "";
        if (kind == "project") needs = R"(,"key":"P)" + std::to_string(++made) + "\"";
        const Record record =
            Import(kind, R"({"title":"T","status":")" + from + "\"" + needs + "}");
        const auto moved = Patch(record.id, R"({"status":")" + to + "\"}");
        const bool may = from == to || targets.contains("*") || targets.contains(to);
        EXPECT_EQ(Outcome(moved), may ? "ok" : "failed_precondition/status_move")
            << kind << " " << from << " " << to;
        EXPECT_EQ(Get(record.id)->status, may ? to : from);
      }
    }
  }
}

TEST_P(RulesTest, ARefusedMoveNamesTheWaysThereAre) {
  MakeProject();
  Make("requirement", R"({"title":"R"})");
  EXPECT_EQ(Message(Patch("CHURN-1", R"({"status":"met"})")),
            "CHURN-1 cannot go from 'draft' to 'met', expected one of proposed, retired");
  Must(Patch("CHURN-1", R"({"status":"retired"})"));
  EXPECT_EQ(Message(Patch("CHURN-1", R"({"status":"draft"})")),
            "CHURN-1 cannot go from 'retired' to 'draft': 'retired' is final");
}

TEST_P(RulesTest, AColumnHoldsNoMoreThanItsLimit) {
  MakeProject("CHURN", R"(,"wip_limits":{"doing":2})");
  MakeProject("OTHER");
  for (int i = 0; i < 3; ++i) Make("task", R"({"title":"T"})");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"status":"doing"})")), "ok");
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"status":"doing"})")), "ok");
  EXPECT_EQ(Outcome(Patch("CHURN-3", R"({"status":"doing"})")), "failed_precondition/wip_limit");
  EXPECT_THAT(Message(Patch("CHURN-3", R"({"status":"doing"})")),
              HasSubstr("column 'doing' holds 2 tasks, and CHURN allows 2"));
  EXPECT_EQ(Outcome(Create("task", R"({"title":"T","status":"doing"})")),
            "failed_precondition/wip_limit");
  // Other columns, other projects, other kinds and what is already there are free.
  EXPECT_EQ(Outcome(Patch("CHURN-3", R"({"status":"review"})")), "ok");
  EXPECT_EQ(Outcome(Create("task", R"({"title":"T","status":"doing"})", "OTHER")), "ok");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"title":"U","status":"doing"})")), "ok");
  // A lower limit drives nobody out.
  Must(Patch("CHURN", R"({"wip_limits":{"doing":1}})"));
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"title":"V"})")), "ok");
  Must(Patch("CHURN-1", R"({"status":"done"})"));
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"status":"doing"})")), "failed_precondition/wip_limit");
  ASSERT_TRUE(Delete("CHURN-2").ok());
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"status":"doing"})")), "ok");
  Must(Patch("CHURN", R"({"wip_limits":null})"));
  EXPECT_EQ(Outcome(Patch("CHURN-3", R"({"status":"doing"})")), "ok");
}

TEST_P(RulesTest, ParallelMovesDoNotOverfillAColumn) {
  MakeProject("CHURN", R"(,"wip_limits":{"doing":3})");
  constexpr int kTasks = 9;
  for (int i = 0; i < kTasks; ++i) Make("task", R"({"title":"T"})");
  std::vector<std::string> outcomes(kTasks);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kTasks; ++i) {
    threads.emplace_back([&, i] {
      outcomes[i] = Outcome(Patch("CHURN-" + std::to_string(i + 1), R"({"status":"doing"})"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::ranges::count(outcomes, "ok"), 3);
  EXPECT_EQ(std::ranges::count(outcomes, "failed_precondition/wip_limit"), kTasks - 3);
}

TEST_P(RulesTest, LimitsNameColumnsAndNumbers) {
  MakeProject();
  for (const char* bad : {R"({"later":3})", R"({"doing":0})", R"({"doing":-1})", R"({"doing":2.5})",
                          R"({"doing":"3"})", R"({"doing":null})", "[]"}) {
    const auto patched = Patch("CHURN", std::string(R"({"wip_limits":)") + bad + "}");
    EXPECT_EQ(Outcome(patched), "invalid_argument/invalid_field") << bad;
    EXPECT_THAT(Message(patched), HasSubstr("wip_limits"));
  }
  EXPECT_EQ(Outcome(Patch("CHURN", R"({"wip_limits":{}})")), "ok");
}

TEST_P(RulesTest, AChangeRequestIsTriagedBeforeItIsWorkedOn) {
  MakeProject();
  MakeLevel(R"({"normal":24})");
  const std::string triage = "failed_precondition/triage_missing";
  const std::string level = "failed_precondition/service_level_missing";
  Make("change_request", R"({"title":"C"})");
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"status":"triaged"})")), triage);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"status":"triaged","triage":null})")), triage);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"status":"triaged","triage":"bug_fix"})")), level);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"triage":"bug_fix"})")), "ok");
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"status":"triaged"})")), level);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"status":"triaged","service_level":"CHURN-1"})")), "ok");
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"service_level":null})")), level);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"triage":"undecided"})")), triage);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"triage":null})")), triage);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"triage":"change","service_level":null})")), "ok");
  for (const char* status : {"triaged", "approved", "working", "done"}) {
    EXPECT_EQ(
        Outcome(Create("change_request", std::string(R"({"title":"C","status":")") + status + "\"}",
                       "CHURN", "", "ada", /*imported=*/true)),
        triage);
    EXPECT_EQ(Outcome(Create(
                  "change_request",
                  std::string(R"({"title":"C","triage":null,)") + R"("status":")" + status + "\"}",
                  "CHURN", "", "ada", /*imported=*/true)),
              triage);
  }
  // Whatever is rejected needs none.
  Make("change_request", R"({"title":"D"})");
  EXPECT_EQ(Outcome(Patch("CHURN-3", R"({"status":"rejected"})")), "ok");
}

TEST_P(RulesTest, AnAnswerIsDueByTheHoursOfThePriority) {
  MakeProject();
  MakeLevel(R"({"urgent":4,"normal":24,"low":0.5})");
  MakeLevel(R"({"urgent":1})");
  MakeLevel("null");
  const std::pair<const char*, std::optional<double>> cases[] = {
      {R"("service_level":"CHURN-1")", 24},
      {R"("service_level":"CHURN-1","priority":"urgent")", 4},
      {R"("service_level":"CHURN-1","priority":"low")", 0.5},
      {R"("service_level":"CHURN-1","priority":"high")", 24},  // as normal
      {R"("service_level":"CHURN-2","priority":"urgent")", 1},
      {R"("service_level":"CHURN-2","priority":"high")", std::nullopt},
      {R"("service_level":"CHURN-3")", std::nullopt},
      {R"("priority":"urgent")", std::nullopt},
  };
  for (const auto& [values, hours] : cases) {
    const Record made = Make("change_request", std::string(R"({"title":"C",)") + values + "}");
    EXPECT_EQ(HoursOf(made), hours) << values;
    EXPECT_EQ(HoursOf(*Get(made.id)), hours);
  }
  EXPECT_EQ(Outcome(Create("change_request", R"({"title":"C","service_level":"CHURN-99"})")),
            "not_found/record_not_found");
  EXPECT_EQ(Outcome(Create("change_request", R"({"title":"C","service_level":"CHURN-4"})")),
            "not_found/other_kind");
}

TEST_P(RulesTest, TheTimeOfAnswerMovesWithThePriorityAndTheLevelOnly) {
  MakeProject();
  MakeLevel(R"({"urgent":4,"normal":24})");
  Make("change_request", R"({"title":"C","service_level":"CHURN-1"})");
  clock_.Advance(std::chrono::hours(2));
  const Record urgent = Must(Patch("CHURN-2", R"({"priority":"urgent"})"));
  EXPECT_EQ(HoursOf(urgent), 4);  // from when it came, not from now
  // What is agreed later does not move the hour that was promised.
  Must(Patch("CHURN-1", R"({"response_hours":{"urgent":1,"normal":2}})"));
  const int64_t head = Head();
  EXPECT_EQ(Patch("CHURN-2", "{}")->revision, 2);
  EXPECT_EQ(Head(), head);
  EXPECT_EQ(HoursOf(*Patch("CHURN-2", R"({"text":"More"})")), 4);
  EXPECT_EQ(HoursOf(*Patch("CHURN-2", R"({"priority":"normal"})")), 2);
  // Nor does a level that is gone keep anybody from work.
  ASSERT_TRUE(Delete("CHURN-1").ok());
  const auto later = Patch("CHURN-2", R"({"status":"triaged","triage":"bug_fix"})");
  ASSERT_TRUE(later.has_value()) << later.error().ToString();
  EXPECT_EQ(HoursOf(*later), 2);
  EXPECT_EQ(Outcome(Patch("CHURN-2", R"({"service_level":"CHURN-1","priority":"low"})")),
            "not_found/record_not_found");
  EXPECT_EQ(HoursOf(*Patch("CHURN-2", R"({"service_level":null,"triage":"change"})")),
            std::nullopt);
}

TEST_P(RulesTest, HoursToAnAnswerArePositiveAndByPriority) {
  MakeProject();
  for (const char* bad :
       {R"({"soon":1})", R"({"normal":0})", R"({"normal":-2})", R"({"normal":"4"})",
        R"({"normal":null})", R"({"normal":8785})", R"({"normal":1e300})"}) {
    const auto made =
        Create("service_level",
               std::string(R"({"title":"L","customer":"C","response_hours":)") + bad + "}");
    EXPECT_EQ(Outcome(made), "invalid_argument/invalid_field") << bad;
    EXPECT_THAT(Message(made), HasSubstr("response_hours"));
  }
  EXPECT_EQ(Outcome(Create("service_level",
                           R"({"title":"L","customer":"C","response_hours":{"normal":8784}})")),
            "ok");
}

TEST_P(RulesTest, WhoApprovesIsKept) {
  MakeProject();
  Make("change_request", R"({"title":"C","triage":"change"})");
  const auto move = [&](const char* status, const char* user) {
    return Of(Must(Patch("CHURN-1", std::string(R"({"status":")") + status + "\"}", {}, user)),
              "approved_by");
  };
  EXPECT_EQ(move("triaged", "ada"), "");
  EXPECT_EQ(move("approved", "bob"), "bob");
  EXPECT_EQ(Of(*Patch("CHURN-1", R"({"text":"More"})", {}, "eve"), "approved_by"), "bob");
  EXPECT_EQ(move("working", "eve"), "bob");
  EXPECT_EQ(move("done", "eve"), "bob");
  EXPECT_EQ(move("working", "ada"), "bob");
  EXPECT_FALSE(Patch("CHURN-1", R"({"approved_by":"eve"})").has_value());
  Import("change_request", R"({"title":"D","triage":"change","status":"triaged"})");
  EXPECT_EQ(Of(*Patch("CHURN-2", R"({"status":"approved"})", {}, "bob"), "approved_by"), "bob");
  EXPECT_EQ(Of(Import("change_request", R"({"title":"E","triage":"change","status":"approved"})"),
               "approved_by"),
            "ada");
}

/// The statuses in which a record of each kind may be made, by hand.
const std::map<std::string, std::set<std::string>> kBeginnings = {
    {"project", {"active", "paused"}},
    {"requirement", {"draft", "proposed"}},
    {"task", {"backlog", "ready", "doing"}},
    {"change_request", {"open"}},
    {"feedback", {"open"}},
    {"service_level", {"draft"}},
    {"review", {"planned", "held"}},
    {"decision", {"proposed"}},
    {"comment", {"posted"}},
};

TEST_P(RulesTest, RecordsBeginAtTheBeginningUnlessTheyAreImported) {
  MakeProject();
  int made = 0;
  for (const auto& [kind, ways] : kWays) {
    for (const auto& [status, unused] : ways) {
      std::vector<std::string> values;  // twice: a project's key is taken only once
      for (int i = 0; i < 2; ++i) {
        std::string needs = kNeeds.contains(kind) ? kNeeds.at(kind) : "";
        if (kind == "project") needs = R"(,"key":"Q)" + std::to_string(++made) + "\"";
        values.push_back(R"({"title":"T","status":")" + status + "\"" + needs + "}");
      }
      const int64_t head = Head();
      const bool may = kBeginnings.at(kind).contains(status);
      EXPECT_EQ(Outcome(Create(kind, values[0])), may ? "ok" : "failed_precondition/initial_status")
          << kind << " " << status;
      EXPECT_EQ(Head(), may ? head + 1 : head);
      const Record imported = Import(kind, values[1]);
      EXPECT_EQ(imported.status, status) << kind;
      EXPECT_THAT(Events().back().payload, HasSubstr(R"("imported":true)"));
    }
  }
  EXPECT_EQ(Message(Create("requirement", R"({"title":"T","status":"met"})")),
            "a new requirement cannot begin as 'met', expected one of draft, proposed; an import "
            "may keep its status");
}

TEST_P(RulesTest, NumbersHaveRanges) {
  MakeProject();
  const auto task = [&](std::string_view hours) {
    return Outcome(Create("task", R"({"title":"T","estimate_hours":)" + std::string(hours) + "}"));
  };
  for (const char* hours : {"0", "0.5", "100000"}) EXPECT_EQ(task(hours), "ok") << hours;
  for (const char* hours : {"-1", "-0.001", "100000.1", "1e300"}) {
    EXPECT_EQ(task(hours), "invalid_argument/invalid_field") << hours;
  }
  const auto level = [&](std::string_view more) {
    return Create("service_level", R"({"title":"L","customer":"C")" + std::string(more) + "}");
  };
  for (const char* days : {"1", "3660"}) {
    EXPECT_EQ(Outcome(level(R"(,"period_days":)" + std::string(days))), "ok") << days;
  }
  for (const char* days : {"0", "-7", "3661"}) {
    EXPECT_EQ(Outcome(level(R"(,"period_days":)" + std::string(days))),
              "invalid_argument/invalid_field")
        << days;
  }
  EXPECT_EQ(Message(level(R"(,"period_days":-7)")),
            "field 'period_days' is -7, expected 1 to 3660");
}

TEST_P(RulesTest, APeriodEndsNotBeforeItBegins) {
  MakeProject();
  const auto level = [&](std::string_view more) {
    return Outcome(
        Create("service_level", R"({"title":"L","customer":"C")" + std::string(more) + "}"));
  };
  EXPECT_EQ(level(R"(,"begins":"2026-01-01","ends":"2026-01-01")"), "ok");
  EXPECT_EQ(level(R"(,"ends":"2026-01-01")"), "ok");
  EXPECT_EQ(level(R"(,"begins":"2026-01-02","ends":"2026-01-01")"),
            "invalid_argument/invalid_field");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"begins":"2026-02-01"})")),
            "invalid_argument/invalid_field");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"begins":"2026-02-01","ends":"2027-01-01"})")), "ok");
}

}  // namespace
}  // namespace stetig::planning
