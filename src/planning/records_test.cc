#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "planning/fields.h"
#include "planning/testing/fixture.h"

namespace stetig::planning {
namespace {

using std::chrono::milliseconds;
using testing::Fields;
using ::testing::HasSubstr;
using testing::Message;
using testing::Outcome;
using testing::Text;

class RecordsTest : public testing::PlanningTest {
 protected:
  std::vector<Revision> History(std::string reference, int64_t page = 100) {
    std::vector<Revision> all;
    std::string token;
    do {
      auto got = Run(service().ListRevisions("", reference, page, token, Soon()));
      EXPECT_TRUE(got.has_value()) << got.error().ToString();
      if (!got) break;
      EXPECT_LE(static_cast<int64_t>(got->items.size()), page);
      std::ranges::move(got->items, std::back_inserter(all));
      token = got->next_page_token;
    } while (!token.empty());
    return all;
  }
};
STETIG_ON_BOTH_STORES(RecordsTest);

TEST_P(RecordsTest, AProjectIsFoundByIdKeyAndPartOfTheId) {
  const Record made = MakeProject("CHURN", R"(,"goal":"Less churn","owner":"bob")");
  EXPECT_TRUE(IsUlid(made.id));
  EXPECT_EQ(made.kind, "project");
  EXPECT_EQ(made.project, made.id);
  EXPECT_EQ(made.key, "CHURN");
  EXPECT_EQ(made.number, 0);
  EXPECT_EQ(made.revision, 1);
  EXPECT_EQ(made.version, 1);
  EXPECT_EQ(made.status, "active");
  EXPECT_EQ(made.owner, "bob");
  EXPECT_EQ(made.created, clock_.Now());
  EXPECT_EQ(made.updated, clock_.Now());
  EXPECT_EQ(made.created_by, "ada");
  EXPECT_EQ(Text(made.fields), R"({"key":"CHURN","goal":"Less churn","risk_class":"minimal"})");
  for (const std::string& reference : {made.id, std::string("CHURN"), made.id.substr(0, 6)}) {
    const auto found = Get(reference, "project");
    ASSERT_TRUE(found.has_value()) << reference << found.error().ToString();
    EXPECT_EQ(found->id, made.id);
    EXPECT_EQ(found->fingerprint, made.fingerprint);
    EXPECT_EQ(Text(found->fields), Text(made.fields));
    EXPECT_EQ(found->created, made.created);
  }
}

TEST_P(RecordsTest, WhatNamesNothingIsNotFound) {
  MakeProject();
  const Record task = Make("task", R"({"title":"T"})");
  for (const std::string& reference :
       {std::string(), std::string("CHURN-2"), std::string("CHURN-0"), std::string("CHURN--1"),
        std::string("CHURN-1x"), std::string("churn-1"), std::string("OTHER"),
        std::string("OTHER-1"), std::string("01ARZ3NDEKTSV4RRFFQ69G5FAV"), task.id.substr(0, 5),
        task.id + "0", std::string("%"), std::string("' OR 1=1 --"), std::string(100'000, 'X'),
        std::string("CHURN-99999999999999999999")}) {
    EXPECT_EQ(Outcome(Get(reference)), "not_found/record_not_found") << reference.substr(0, 40);
  }
  EXPECT_EQ(Outcome(Get("CHURN-1", "requirement")), "not_found/other_kind");
  EXPECT_EQ(Message(Get("CHURN-1", "requirement")), "CHURN-1 is a task, expected a requirement");
  EXPECT_EQ(Outcome(Get("CHURN-1", "task")), "ok");
}

TEST_P(RecordsTest, APartOfAnIdMustFitOneRecordOnly) {
  BeginNewIds();
  MakeProject();
  // Ids of one millisecond are one apart; those of 32 share their first nine characters.
  clock_.Advance(milliseconds(1));
  const Record one = Make("task", R"({"title":"A"})");
  clock_.Advance(milliseconds(1));
  const Record two = Make("task", R"({"title":"B"})");
  EXPECT_EQ(Outcome(Get(one.id.substr(0, 9))), "invalid_argument/ambiguous_prefix");
  EXPECT_THAT(Message(Get(one.id.substr(0, 9))), HasSubstr("several ids"));
  EXPECT_EQ(Get(one.id.substr(0, 25))->id, one.id);
  EXPECT_EQ(Get(two.id.substr(0, 25))->id, two.id);
  clock_.Advance(std::chrono::hours(24 * 365 * 40));
  const Record late = Make("task", R"({"title":"C"})");
  EXPECT_EQ(Get(late.id.substr(0, 6))->id, late.id);
  EXPECT_EQ(Outcome(Get(late.id.substr(0, 5))), "not_found/record_not_found");
  ASSERT_TRUE(Delete(two.id).ok());
  EXPECT_EQ(Outcome(Get(two.id)), "not_found/record_not_found");
  EXPECT_EQ(Outcome(Get(two.id.substr(0, 25))), "not_found/record_not_found");
}

TEST_P(RecordsTest, AFormerKeyLeadsToTheProjectForEver) {
  const Record project = MakeProject("OLD");
  const Record task = Make("task", R"({"title":"T"})", "OLD");
  EXPECT_EQ(task.key, "OLD-1");
  ASSERT_TRUE(Patch("OLD", R"({"key":"NEW"})").has_value());
  EXPECT_EQ(Get("OLD")->id, project.id);
  EXPECT_EQ(Get("NEW")->key, "NEW");
  EXPECT_EQ(Get("OLD-1")->id, task.id);
  EXPECT_EQ(Get("OLD-1")->key, "NEW-1");
  EXPECT_EQ(Make("task", R"({"title":"U"})", "OLD").key, "NEW-2");
  // Nobody else may have it, but its own project may again.
  EXPECT_EQ(Outcome(Create("project", R"({"title":"P","key":"OLD"})")), "already_exists/key_taken");
  EXPECT_EQ(Patch("NEW", R"({"key":"OLD"})")->key, "OLD");
  EXPECT_EQ(Get("NEW-2")->key, "OLD-2");
  const Record other = MakeProject("OTHER");
  EXPECT_EQ(Outcome(Patch("OTHER", R"({"key":"NEW"})")), "already_exists/key_taken");
  EXPECT_EQ(Get("OTHER")->revision, 1);
  ASSERT_TRUE(Delete("OTHER").ok());
  EXPECT_EQ(Outcome(Create("project", R"({"title":"P","key":"OTHER"})")),
            "already_exists/key_taken");
}

TEST_P(RecordsTest, KeysOfProjectsAreCheckedBeforeTheyAreTaken) {
  for (const char* bad : {"a", "A", "churn", "CH-URN", "1A", "Ä1", "ABCDEFGHIJKLMNOPQ"}) {
    const auto made = Create("project", std::string(R"({"title":"P","key":")") + bad + "\"}");
    EXPECT_EQ(Outcome(made), "invalid_argument/invalid_field") << bad;
    EXPECT_THAT(Message(made), HasSubstr("'key'"));
  }
  EXPECT_EQ(Outcome(Create("project", R"({"title":"P"})")), "invalid_argument/invalid_field");
  EXPECT_EQ(Head(), 0);
  MakeProject();
  EXPECT_EQ(Outcome(Patch("CHURN", R"({"key":"no"})")), "invalid_argument/invalid_field");
  EXPECT_EQ(Outcome(Patch("CHURN", R"({"key":null})")), "invalid_argument/invalid_field");
}

TEST_P(RecordsTest, NumbersRunOverAllKindsAndAreNeverGivenAgain) {
  MakeProject();
  MakeProject("OTHER");
  EXPECT_EQ(Make("task", R"({"title":"T"})").key, "CHURN-1");
  EXPECT_EQ(Make("requirement", R"({"title":"R"})").key, "CHURN-2");
  EXPECT_EQ(Make("task", R"({"title":"T"})", "OTHER").key, "OTHER-1");
  EXPECT_EQ(Make("decision", R"({"title":"D"})").number, 3);
  ASSERT_TRUE(Delete("CHURN-3").ok());
  EXPECT_EQ(Make("task", R"({"title":"T"})").key, "CHURN-4");
  // A refused one takes no number.
  EXPECT_FALSE(Create("change_request", R"({"title":"C","status":"approved"})").has_value());
  EXPECT_EQ(Make("task", R"({"title":"T"})").key, "CHURN-5");
}

TEST_P(RecordsTest, ARecordNeedsAProjectThatIsThere) {
  EXPECT_EQ(Outcome(Create("task", R"({"title":"T"})", "CHURN")), "not_found/record_not_found");
  const auto none = Create("task", R"({"title":"T"})", "");
  EXPECT_EQ(Outcome(none), "invalid_argument/invalid_field");
  EXPECT_THAT(Message(none), HasSubstr("'project' is missing"));
  MakeProject();
  Make("task", R"({"title":"T"})");
  EXPECT_EQ(Outcome(Create("task", R"({"title":"U"})", "CHURN-1")), "not_found/other_kind");
}

TEST_P(RecordsTest, ARequirementKeepsItsHistoryWholeAndInOrder) {
  MakeProject();
  const Record made = Make("requirement", R"({"title":"R","text":"one","source":"law"})");
  clock_.Advance(milliseconds(1000));
  const Record second = Must(Patch("CHURN-1", R"({"text":"two","source":null})", 1, "bob"));
  EXPECT_EQ(second.revision, 2);
  EXPECT_EQ(second.version, 2);
  EXPECT_NE(second.fingerprint, made.fingerprint);
  EXPECT_EQ(second.updated.ms, made.created.ms + 1000);
  EXPECT_EQ(second.updated_by, "bob");
  EXPECT_EQ(second.created, made.created);
  EXPECT_EQ(second.created_by, "ada");
  const Record third = Must(Patch("CHURN-1", R"({"owner":"eve","path":"r.md"})"));
  EXPECT_EQ(third.revision, 3);
  EXPECT_EQ(third.version, 2);
  EXPECT_EQ(third.fingerprint, second.fingerprint);
  const Record fourth = Must(Patch("CHURN-1", R"({"text":"one"})"));
  EXPECT_EQ(fourth.version, 3);
  EXPECT_EQ(fourth.fingerprint, made.fingerprint);

  for (const int64_t page : {1, 2, 3, 4, 100}) {
    const std::vector<Revision> history = History("CHURN-1", page);
    ASSERT_EQ(history.size(), 4U);
    EXPECT_EQ(history[0].revision, 4);
    EXPECT_EQ(history[1].version, 2);
    EXPECT_EQ(history[2].actor, "bob");
    EXPECT_EQ(history[2].time.ms, made.created.ms + 1000);
    EXPECT_EQ(Text(history[3].document),
              R"({"title":"R","owner":"","status":"draft","text":"one","type":"quality",)"
              R"("source":"law"})");
    EXPECT_EQ(Text(history[2].document),
              R"({"title":"R","owner":"","status":"draft","text":"two","type":"quality"})");
    EXPECT_EQ(Text(history[1].document),
              R"({"title":"R","owner":"eve","status":"draft","text":"two","type":"quality",)"
              R"("path":"r.md"})");
  }
}

TEST_P(RecordsTest, TokensOfAnotherHistoryAreRefused) {
  MakeProject();
  Make("task", R"({"title":"T"})");
  Make("task", R"({"title":"U"})");
  Must(Patch("CHURN-1", R"({"title":"V"})"));
  const auto page = Must(Run(service().ListRevisions("", "CHURN-1", 1, "", Soon())));
  const auto get = [&](const std::string& reference, int64_t limit, const std::string& token) {
    return Outcome(Run(service().ListRevisions("", reference, limit, token, Soon())));
  };
  EXPECT_EQ(get("CHURN-1", 1, page.next_page_token), "ok");
  EXPECT_EQ(get("CHURN-2", 1, page.next_page_token), "invalid_argument/");
  EXPECT_EQ(get("CHURN-1", 1, "x"), "invalid_argument/");
  EXPECT_EQ(get("CHURN-1", 0, ""), "invalid_argument/");
  EXPECT_EQ(get("CHURN-1", kMaxPage, ""), "ok");
  EXPECT_EQ(get("CHURN-1", kMaxPage + 1, ""), "invalid_argument/");
  EXPECT_EQ(get("CHURN-9", 1, ""), "not_found/record_not_found");
}

TEST_P(RecordsTest, ChangesNameTheRevisionTheyRestOn) {
  MakeProject();
  Make("task", R"({"title":"T"})");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"title":"U"})", 2)),
            "failed_precondition/revision_mismatch");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"title":"U"})", 1)), "ok");
  EXPECT_EQ(Outcome(Patch("CHURN-1", R"({"title":"V"})", 1)),
            "failed_precondition/revision_mismatch");
  EXPECT_EQ(Outcome(Delete("CHURN-1", 1)), "failed_precondition/revision_mismatch");
  EXPECT_EQ(Outcome(Delete("CHURN-1", 2)), "ok");
}

TEST_P(RecordsTest, WhatChangesNothingLeavesNoTrace) {
  MakeProject("CHURN", R"(,"wip_limits":{"doing":3,"review":2})");
  const Record task = Make("task", R"({"title":"T","estimate_hours":2,"labels":["a","b"]})");
  const int64_t head = Head();
  clock_.Advance(milliseconds(5));
  for (const char* same :
       {"{}", R"({"title":"T"})", R"({"estimate_hours":2.0})", R"({"estimate_hours":2})",
        R"({"labels":["a","b"],"owner":"","status":"backlog"})", R"({"owner":null,"due":null})",
        R"({"priority":"normal"})", R"({"priority":null})"}) {
    const auto answer = Patch("CHURN-1", same, 1, "bob");
    ASSERT_TRUE(answer.has_value()) << same;
    EXPECT_EQ(answer->revision, 1) << same;
    EXPECT_EQ(answer->updated, task.updated);
    EXPECT_EQ(answer->updated_by, "ada");
  }
  // The order of an object's members means nothing.
  EXPECT_EQ(Patch("CHURN", R"({"wip_limits":{"review":2,"doing":3}})")->revision, 1);
  EXPECT_EQ(Head(), head);
  EXPECT_EQ(History("CHURN-1").size(), 1U);
  // The order of a list does.
  EXPECT_EQ(Patch("CHURN-1", R"({"labels":["b","a"]})")->revision, 2);
}

TEST_P(RecordsTest, ANewVersionTakesASettledRecordBack) {
  MakeProject();
  Import("requirement", R"({"title":"R","text":"one","status":"approved"})");
  Import("service_level", R"({"title":"L","customer":"C","status":"agreed"})");
  Import("decision", R"({"title":"D","status":"accepted"})");
  EXPECT_EQ(Patch("CHURN-1", R"({"source":"a law"})")->status, "approved");
  EXPECT_EQ(Patch("CHURN-2", R"({"customer":"Another"})")->status, "agreed");
  EXPECT_EQ(Patch("CHURN-1", R"({"text":"two"})")->status, "proposed");
  EXPECT_EQ(Patch("CHURN-2", R"({"period_days":30})")->status, "draft");
  EXPECT_EQ(Patch("CHURN-3", R"({"title":"E"})")->status, "proposed");
  // Nor does another settled status keep it settled.
  Must(Patch("CHURN-1", R"({"status":"approved"})"));
  const Record back = Must(Patch("CHURN-1", R"({"text":"three","status":"met"})"));
  EXPECT_EQ(back.status, "proposed");
  // It may go elsewhere with the new version.
  Must(Patch("CHURN-1", R"({"status":"approved"})"));
  EXPECT_EQ(Patch("CHURN-1", R"({"text":"four","status":"retired"})")->status, "retired");
  const std::vector<Revision> history = History("CHURN-1");
  EXPECT_THAT(Text(history[0].document), HasSubstr(R"("status":"retired")"));
}

TEST_P(RecordsTest, EveryChangeIsOneEvent) {
  const Record project = MakeProject();
  const Record made = Import("requirement", R"({"title":"R","text":"one","status":"approved"})");
  clock_.Advance(milliseconds(7));
  const Record changed =
      Must(Patch("CHURN-1", R"({"text":"two","owner":"bob","criteria":["metrics.a > 1"]})"));
  const Record comment =
      Make("comment",
           R"({"title":"C","text":"Good","about_type":"model_version","about_id":"churn/3"})");
  ASSERT_TRUE(Delete("CHURN-1").ok());
  const std::vector<journal::Event> events = Events();
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0].kind, "project.created");
  EXPECT_EQ(events[1].kind, "requirement.created");
  EXPECT_EQ(events[2].kind, "requirement.updated");
  EXPECT_EQ(events[3].kind, "comment.created");
  EXPECT_EQ(events[4].kind, "requirement.deleted");
  EXPECT_EQ(events[1].payload,
            R"({"key":"CHURN-1","title":"R","status":"approved","revision":1,"version":1,)"
            R"("fingerprint":")" +
                made.fingerprint + R"(","imported":true})");
  EXPECT_EQ(events[2].payload,
            R"({"key":"CHURN-1","title":"R","status":"proposed","revision":2,"version":2,)"
            R"("fingerprint":")" +
                changed.fingerprint + R"(","changed":["owner","status","text","criteria"]})");
  EXPECT_EQ(json::Parse(events[4].payload)->Find("revision")->AsInt64()[0], 3);
  EXPECT_EQ(events[2].time, changed.updated);
  for (const journal::Event& event : events) {
    EXPECT_EQ(event.project, project.id);
    EXPECT_EQ(event.actor, "ada");
    EXPECT_EQ(event.request_id, "req-1");
  }
  EXPECT_EQ(events[1].subject, (journal::Ref{"requirement", made.id}));
  EXPECT_TRUE(events[1].refs.empty());
  EXPECT_EQ(events[3].subject, (journal::Ref{"comment", comment.id}));
  EXPECT_EQ(events[3].refs, (std::vector<journal::Ref>{{"model_version", "churn/3"}}));
}

TEST_P(RecordsTest, ARefusedChangeLeavesNothingBehind) {
  MakeProject();
  Make("requirement", R"({"title":"R"})");
  const int64_t head = Head();
  EXPECT_FALSE(Patch("CHURN-1", R"({"title":"S","status":"met"})").has_value());
  EXPECT_FALSE(Patch("CHURN-1", R"({"title":"S","text":5})").has_value());
  EXPECT_FALSE(Patch("CHURN-1", R"({"title":"S","nonsense":5})").has_value());
  EXPECT_EQ(Get("CHURN-1")->title, "R");
  EXPECT_EQ(Head(), head);
  EXPECT_EQ(History("CHURN-1").size(), 1U);
}

TEST_P(RecordsTest, AnUpdateMayNameTheKind) {
  MakeProject();
  Make("task", R"({"title":"T"})");
  UpdateRecord request{.kind = "requirement", .reference = "CHURN-1", .changes = {}};
  EXPECT_EQ(Outcome(Run(service().Update(Who(), request, Soon()))), "not_found/other_kind");
  EXPECT_EQ(Outcome(Run(service().Delete(Who(), "requirement", "CHURN-1", {}, Soon()))),
            "not_found/other_kind");
}

TEST_P(RecordsTest, TextsOfEveryScriptComeBackAsTheyWere) {
  const char* text = R"x({"title":"'; DROP TABLE planning_records; -- \" \\ 模型 🙂 e\u0301",)x"
                     R"x("text":"a\u0001\r\n\t\u2028 $1 %s {} \ud83d\ude00"})x";
  MakeProject();
  Make("task", text);
  const Record found = Must(Get("CHURN-1"));
  const json::Object expected = Fields(text);
  EXPECT_EQ(found.title, *expected[0].second.AsString());
  EXPECT_EQ(*json::Value(found.fields).Find("text"), expected[1].second);
  EXPECT_EQ(*json::Value(History("CHURN-1")[0].document).Find("text"), expected[1].second);
}

}  // namespace
}  // namespace stetig::planning
