// Repeated, parallel and final calls: idempotency keys, races for a key, deletion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "planning/testing/fixture.h"

namespace stetig::planning {
namespace {

using ::testing::HasSubstr;
using testing::Message;
using testing::Outcome;

constexpr std::string_view kTask = R"({"title":"T","estimate_hours":2,"labels":["a"]})";

class ReplayTest : public testing::PlanningTest {
 protected:
  /// Runs `call(i)` for i below `count` on a thread each, and says how each ended.
  template <class F>
  std::multiset<std::string> InParallel(int count, F call) {
    std::vector<std::string> outcomes(static_cast<size_t>(count));
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] { outcomes[static_cast<size_t>(i)] = Outcome(call(i)); });
    }
    for (std::thread& thread : threads) thread.join();
    return {outcomes.begin(), outcomes.end()};
  }
};
STETIG_ON_BOTH_STORES(ReplayTest);

TEST_P(ReplayTest, ARepeatedCreateAnswersWithTheRecordOfTheFirst) {
  MakeProject();
  const Record first = Must(Create("task", kTask, "CHURN", "k1"));
  const int64_t head = Head();
  clock_.Advance(std::chrono::milliseconds(10));
  EXPECT_EQ(Create("task", kTask, "CHURN", "k1")->id, first.id);
  // The order of the values is no difference.
  EXPECT_EQ(Create("task", R"({"labels":["a"],"estimate_hours":2,"title":"T"})", "CHURN", "k1")->id,
            first.id);
  EXPECT_EQ(Head(), head);
  // It is the record as it is now.
  Must(Patch("CHURN-1", R"({"title":"U"})"));
  EXPECT_EQ(Create("task", kTask, "CHURN", "k1")->title, "U");
  EXPECT_EQ(Create("task", kTask, "CHURN", "k1")->revision, 2);
}

TEST_P(ReplayTest, AKeyStandsForItsCallersValuesOnly) {
  MakeProject();
  MakeProject("OTHER");
  const Record first = Must(Create("task", kTask, "CHURN", "k1"));
  const std::string reused = "failed_precondition/idempotency_key_reused";
  EXPECT_EQ(Outcome(Create("task", R"({"title":"U"})", "CHURN", "k1")), reused);
  EXPECT_EQ(Outcome(Create("review", R"({"title":"T","date":"2026-01-01"})", "CHURN", "k1")),
            reused);
  EXPECT_EQ(Outcome(Create("task", kTask, "OTHER", "k1")), reused);
  const Record others = Must(Create("task", kTask, "CHURN", "k1", "bob"));
  EXPECT_NE(others.id, first.id);
  EXPECT_EQ(others.key, "CHURN-2");
  EXPECT_EQ(Create("task", kTask, "CHURN", "k2")->key, "CHURN-3");
  EXPECT_EQ(Create("task", kTask)->key, "CHURN-4");
  EXPECT_EQ(Create("task", kTask)->key, "CHURN-5");
}

TEST_P(ReplayTest, KeysHaveALimitAndNoNul) {
  MakeProject();
  EXPECT_EQ(Outcome(Create("task", kTask, "CHURN", std::string(255, 'k'))), "ok");
  EXPECT_EQ(Outcome(Create("task", kTask, "CHURN", std::string(256, 'k'))), "invalid_argument/");
  const auto code = [&](std::string key) {
    return Create("task", kTask, "CHURN", std::move(key)).error().code();
  };
  EXPECT_EQ(code(std::string("a\0b", 3)), Code::kInvalidArgument);
  EXPECT_EQ(code("\xff"), Code::kInvalidArgument);
}

TEST_P(ReplayTest, ARefusedCreateLeavesItsKeyFree) {
  EXPECT_FALSE(Create("task", kTask, "CHURN", "k1").has_value());
  MakeProject();
  EXPECT_EQ(Create("task", kTask, "CHURN", "k1")->key, "CHURN-1");
}

TEST_P(ReplayTest, AKeyDoesNotBringADeletedRecordBack) {
  MakeProject();
  Must(Create("task", kTask, "CHURN", "k1"));
  ASSERT_TRUE(Delete("CHURN-1").ok());
  const auto again = Create("task", kTask, "CHURN", "k1");
  EXPECT_EQ(Outcome(again), "failed_precondition/record_deleted");
  EXPECT_THAT(Message(again), HasSubstr("CHURN-1"));
  EXPECT_EQ(Create("task", kTask, "CHURN", "k2")->key, "CHURN-2");
}

TEST_P(ReplayTest, OneOfManyGetsAProjectsKey) {
  constexpr int kCallers = 8;
  const auto outcomes =
      InParallel(kCallers, [&](int) { return Create("project", R"({"title":"P","key":"SAME"})"); });
  EXPECT_EQ(outcomes.count("ok"), 1U);
  EXPECT_EQ(outcomes.count("already_exists/key_taken"), size_t{kCallers - 1});
  EXPECT_EQ(Head(), 1);
}

TEST_P(ReplayTest, ManyWithOneIdempotencyKeyMakeOneRecord) {
  MakeProject();
  constexpr int kCallers = 8;
  const auto outcomes =
      InParallel(kCallers, [&](int) { return Create("task", kTask, "CHURN", "k1"); });
  EXPECT_EQ(outcomes.count("ok"), size_t{kCallers});
  EXPECT_EQ(Head(), 2);
}

TEST_P(ReplayTest, ParallelCreatesGetAllNumbersOnce) {
  MakeProject();
  constexpr int kCallers = 10;
  InParallel(kCallers, [&](int) { return Create("task", kTask); });
  for (int i = 1; i <= kCallers; ++i) {
    EXPECT_EQ(Outcome(Get("CHURN-" + std::to_string(i))), "ok") << i;
  }
  EXPECT_EQ(Create("task", kTask)->number, kCallers + 1);
}

TEST_P(ReplayTest, OfParallelChangesOfOneRevisionOneIsMade) {
  MakeProject();
  Make("task", kTask);
  const auto outcomes = InParallel(6, [&](int i) {
    return Patch("CHURN-1", "{\"title\":\"by " + std::to_string(i) + "\"}", 1);
  });
  EXPECT_EQ(outcomes.count("ok"), 1U);
  EXPECT_EQ(outcomes.count("failed_precondition/revision_mismatch"), 5U);
  EXPECT_EQ(Get("CHURN-1")->revision, 2);
}

TEST_P(ReplayTest, ADeletedRecordIsNowhereButInItsHistory) {
  MakeProject();
  const Record task = Make("task", kTask);
  ASSERT_TRUE(Delete("CHURN-1", 1).ok());
  const std::string gone = "not_found/record_not_found";
  EXPECT_EQ(Outcome(Get("CHURN-1")), gone);
  EXPECT_EQ(Outcome(Get(task.id)), gone);
  EXPECT_EQ(Outcome(Patch(task.id, R"({"title":"U"})")), gone);
  EXPECT_EQ(Outcome(Delete(task.id)), gone);
  EXPECT_EQ(Outcome(Run(service().ListRevisions("", task.id, 10, "", Soon()))), gone);
  const auto page = Must(Run(service().List({.kind = "task"}, Soon())));
  EXPECT_TRUE(page.items.empty());

  // What stays: its revisions, with what it was when it was deleted, and who did it.
  static constexpr store::Statement kDocuments{
      "SELECT r.revision, r.document, r.actor FROM planning_revisions r JOIN planning_records p ON "
      "p.record_no = r.record_no WHERE p.id = $1 ORDER BY r.revision"};
  auto documents = Read([&](store::Session& session) -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    TRY(session.Query(kDocuments, {task.id}, [&](const store::Row& row) {
      found.push_back(std::to_string(row.Int(0)) + " " + std::string(row.Text(2)) + " " +
                      std::string(row.Text(1)));
      return OkStatus();
    }));
    return found;
  });
  const std::string document =
      R"({"title":"T","owner":"","status":"backlog","priority":"normal","estimate_hours":2.0,)"
      R"("labels":["a"]})";
  EXPECT_EQ(Must(std::move(documents)),
            (std::vector<std::string>{"1 ada " + document, "2 ada " + document}));
}

TEST_P(ReplayTest, AProjectIsDeletedEmptyOnly) {
  MakeProject();
  Make("task", kTask);
  const Status full = Delete("CHURN");
  EXPECT_EQ(Outcome(full), "failed_precondition/project_not_empty");
  EXPECT_THAT(std::string(full.message()), HasSubstr("holds 1 record"));
  ASSERT_TRUE(Delete("CHURN-1").ok());
  ASSERT_TRUE(Delete("CHURN").ok());
  EXPECT_EQ(Outcome(Get("CHURN")), "not_found/record_not_found");
  EXPECT_EQ(Outcome(Create("task", kTask)), "not_found/record_not_found");
  EXPECT_EQ(Events().back().kind, "project.deleted");
}

TEST_P(ReplayTest, EverythingIsThereAfterARestart) {
  const Record project = MakeProject();
  const Record task = Must(Create("task", kTask, "CHURN", "k1"));
  Reopen();
  Service again(db(), clock_);
  EXPECT_EQ(Run(again.Get("", "CHURN-1", Soon()))->id, task.id);
  const CreateRecord request{.kind = "task",
                             .project = "CHURN",
                             .values = testing::Fields(kTask),
                             .idempotency_key = "k1"};
  EXPECT_EQ(Run(again.Create(Who(), request, Soon()))->id, task.id);
}

}  // namespace
}  // namespace stetig::planning
