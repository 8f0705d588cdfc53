// What is kept depends on the set of facts alone: in order, shuffled, repeated, and with gaps that
// a poll closes.
#include "connect/forge/apply.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "connect/forge/repository.h"
#include "connect/migrations.h"
#include "journal/migrations.h"
#include "journal/service.h"
#include "planning/migrations.h"
#include "store/testing/fixture.h"

namespace stetig::connect::forge {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kStart = 1'795'766'400'000;
constexpr store::Statement kFacts{
    "SELECT kind, key, document FROM forge_facts WHERE repository_no = $1 ORDER BY kind, key"};
constexpr store::Statement kOpenEdges{
    "SELECT owner, type, from_type, from_id, to_type, to_id, rule FROM forge_edges "
    "WHERE repository_no = $1 ORDER BY owner, type, from_id, to_id"};

std::string Sha(int number) { return fmt::format("{:040x}", number); }
WallTime At(int second) { return {kStart + second * 1'000}; }

Commit MakeCommit(int number, std::string message) {
  return {.sha = Sha(number),
          .message = std::move(message),
          .author = "Ada",
          .at = At(number),
          .url = "http://forge/" + Sha(number)};
}
MergeRequest MakeRequest(std::string title, std::string state, int second) {
  MergeRequest request{.number = 1,
                       .title = std::move(title),
                       .state = std::move(state),
                       .source_branch = "topic",
                       .target_branch = "main",
                       .head = Sha(2),
                       .author = {.id = 7, .login = "ada"},
                       .url = "http://forge/1",
                       .version = {.at = At(second), .rank = 0}};
  if (request.state == "merged") {
    request.merge_commit = Sha(50);
    request.closed_at = At(second);
    request.version.rank = 2;
  }
  return request;
}
Facts Push(std::string branch, std::vector<Commit> commits, int second) {
  Facts facts;
  facts.branches.push_back({.name = std::move(branch),
                            .head = commits.back().sha,
                            .before = {},
                            .version = {.at = At(second), .rank = 0}});
  facts.commits = std::move(commits);
  return facts;
}
Facts Of(MergeRequest request) {
  Facts facts;
  facts.merge_requests.push_back(std::move(request));
  return facts;
}
Facts Of(Review review) {
  Facts facts;
  facts.reviews.push_back(std::move(review));
  return facts;
}
Facts StatusSaid(std::string state, int id) {
  Facts facts;
  facts.statuses.push_back({.commit = Sha(2),
                            .context = "ci/build",
                            .state = std::move(state),
                            .description = {},
                            .url = {},
                            .version = {.at = At(30), .rank = id}});
  return facts;
}
Review MakeReview(std::string state, int second) {
  return {.merge_request = 1,
          .reviewer = {.id = 9, .login = "grace"},
          .state = std::move(state),
          .commit = Sha(2),
          .version = {.at = At(second), .rank = second}};
}

std::vector<Facts> Story() {
  return {Push("topic", {MakeCommit(1, "first\n\nTask: CHURN-2")}, 1),
          Push("topic", {MakeCommit(2, "CHURN-3 second")}, 2),
          Of(MakeRequest("CHURN-2: a model", "open", 10)),
          Of(MakeRequest("CHURN-4: a better model", "open", 20)),
          Of(MakeReview("changes_requested", 25)),
          Of(MakeReview("approved", 28)),
          StatusSaid("pending", 1),
          StatusSaid("success", 2),
          Of(MakeRequest("CHURN-4: a better model", "merged", 40)),
          Push("main", {MakeCommit(50, "Merge topic")}, 41),
          Push("topic", {MakeCommit(60, "after the merge")}, 60)};
}

class ApplyTest : public store::testing::DatabaseTest {
 protected:
  ApplyTest() : DatabaseTest(journal::Migrations(), planning::Migrations(), Migrations()) {}

  Applied Take(const Facts& facts, int64_t no = 1, Source source = Source::kWebhook) {
    const Intake intake{.repository_no = no,
                        .repository = "churn",
                        .source = source,
                        .now = {kStart + 1'000'000 + ++ticks_},
                        .request_id = "r"};
    auto applied = Write([&, intake](store::Transaction& tx) -> Result<Applied> {
      return Apply(tx, intake, facts, keys_);
    });
    EXPECT_TRUE(applied.has_value()) << applied.error().ToString();
    return applied.value_or(Applied());
  }

  std::vector<std::string> Rows(const store::Statement& statement, int columns, int64_t no) {
    std::vector<std::string> out;
    const stetig::Status read = Read([&](store::Session& session) -> stetig::Status {
      return session.Query(statement, {no}, [&](const store::Row& row) {
        std::string line;
        for (int i = 0; i < columns; ++i) line += (i > 0 ? " " : "") + std::string(row.Text(i));
        out.push_back(std::move(line));
        return OkStatus();
      });
    });
    EXPECT_TRUE(read.ok()) << read.ToString();
    return out;
  }
  std::vector<std::string> FactsOf(int64_t no) { return Rows(kFacts, 3, no); }
  std::vector<std::string> EdgesOf(int64_t no) { return Rows(kOpenEdges, 7, no); }

  Keys keys_ = {{"CHURN-2", journal::Ref{"task", "T2"}},
                {"CHURN-3", journal::Ref{"requirement", "R3"}},
                {"CHURN-4", journal::Ref{"task", "T4"}}};
  int64_t ticks_ = 0;
};

TEST_P(ApplyTest, ARequestWithItsCommitsReviewAndStatusBecomesEdges) {
  for (const Facts& facts : Story()) Take(facts);
  EXPECT_THAT(
      EdgesOf(1),
      ElementsAre(
          "commit/" + Sha(1) + " done_in task T2 commit " + Sha(1) + " trailer Task",
          "commit/" + Sha(2) + " done_in requirement R3 commit " + Sha(2) + " subject",
          "merge_request/1 done_in task T4 merge_request churn/1 merge request",
          "merge_request/1/commits merged_as merge_request churn/1 commit " + Sha(50) + " merge",
          "merge_request/1/commits merged_by commit " + Sha(1) + " merge_request churn/1 branch",
          "merge_request/1/commits merged_by commit " + Sha(2) + " merge_request churn/1 head",
          "review/1/9 approves approval merge_request/churn/1/9 merge_request churn/1 review",
          "status/" + Sha(2) + "/ci/build checked_by commit " + Sha(2) + " ci_run churn/" + Sha(2) +
              "/ci/build status"));
}

TEST_P(ApplyTest, NeitherOrderNorRepetitionMatters) {
  const std::vector<Facts> story = Story();
  for (const Facts& facts : story) Take(facts, 1);
  const auto facts_in_order = FactsOf(1);
  const auto edges_in_order = EdgesOf(1);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<Facts> twice = story;
    twice.insert(twice.end(), story.begin(), story.end());
    std::ranges::shuffle(twice, random);
    const int64_t no = 1 + seed;
    for (const Facts& facts : twice) Take(facts, no);
    EXPECT_EQ(FactsOf(no), facts_in_order) << "seed " << seed;
    EXPECT_EQ(EdgesOf(no), edges_in_order) << "seed " << seed;
  }
}

TEST_P(ApplyTest, WhatIsRepeatedWritesNoEvent) {
  for (const Facts& facts : Story()) Take(facts);
  auto before = Run(journal::Journal(db()).Head(Soon()));
  ASSERT_TRUE(before.has_value());
  for (const Facts& facts : Story()) {
    const Applied again = Take(facts);
    EXPECT_EQ(again.taken, 0);
  }
  EXPECT_EQ(Run(journal::Journal(db()).Head(Soon())), before);
}

TEST_P(ApplyTest, AnEditedTitleEndsTheOldEdge) {
  Take(Of(MakeRequest("CHURN-2: a model", "open", 10)));
  EXPECT_THAT(EdgesOf(1),
              Contains("merge_request/1 done_in task T2 merge_request churn/1 merge request"));
  Take(Of(MakeRequest("CHURN-4: a model", "open", 20)));
  EXPECT_THAT(EdgesOf(1),
              Contains("merge_request/1 done_in task T4 merge_request churn/1 merge request"));
  EXPECT_THAT(EdgesOf(1),
              Not(Contains("merge_request/1 done_in task T2 merge_request churn/1 merge request")));
  // The older webhook comes late.
  EXPECT_EQ(Take(Of(MakeRequest("CHURN-2: a model", "open", 10))).stale, 1);
  EXPECT_THAT(EdgesOf(1),
              Contains("merge_request/1 done_in task T4 merge_request churn/1 merge request"));
}

TEST_P(ApplyTest, WithinOneSecondThePollIsRight) {
  MergeRequest closed = MakeRequest("CHURN-4", "closed", 10);
  closed.version.rank = 1;
  const MergeRequest reopened = MakeRequest("CHURN-4", "open", 10);
  Take(Of(closed));
  EXPECT_EQ(Take(Of(reopened)).stale, 1);  // it cannot know better
  EXPECT_EQ(Take(Of(reopened), 1, Source::kPoll).taken, 1);
  EXPECT_EQ(Take(Of(closed)).stale, 1);
  EXPECT_THAT(FactsOf(1), ElementsAre(::testing::HasSubstr("\"state\":\"open\"")));
}

TEST_P(ApplyTest, PushesWithinOneSecondFollowEachOther) {
  const auto push = [](int before, int head) {
    Facts facts;
    facts.branches.push_back({.name = "main",
                              .head = Sha(head),
                              .before = before == 0 ? "" : Sha(before),
                              .version = {.at = At(5), .rank = 0}});
    return facts;
  };
  for (const auto& facts : {push(0, 9), push(9, 3)}) Take(facts, 1);
  for (const auto& facts : {push(9, 3), push(0, 9)}) Take(facts, 2);
  EXPECT_THAT(FactsOf(1), ElementsAre(::testing::HasSubstr("\"head\":\"" + Sha(3))));
  EXPECT_EQ(FactsOf(2), FactsOf(1));
}

TEST_P(ApplyTest, ARecordThatComesLaterIsFoundByTheNextPoll) {
  keys_["CHURN-2"] = std::nullopt;
  Take(Push("topic", {MakeCommit(1, "first\n\nTask: CHURN-2\nRefs: UTF-8")}, 1));
  EXPECT_THAT(EdgesOf(1), IsEmpty());
  const auto unresolved = [&] {
    auto rows =
        Read([](store::Session& session) { return repository::Unresolved(session, 1, 10); });
    EXPECT_TRUE(rows.has_value());
    return rows.value_or(std::vector<std::pair<std::string, repository::FactRow>>());
  };
  const auto waiting = unresolved();
  ASSERT_EQ(waiting.size(), 1U);
  keys_["CHURN-2"] = journal::Ref{"task", "T2"};
  const Intake intake{.repository_no = 1, .repository = "churn", .now = At(9)};
  EXPECT_TRUE(Write([&](store::Transaction& tx) -> stetig::Status {
                return Resolve(tx, intake, waiting[0].first, waiting[0].second.key,
                               waiting[0].second.document, keys_);
              }).ok());
  EXPECT_THAT(EdgesOf(1), ElementsAre("commit/" + Sha(1) + " done_in task T2 commit " + Sha(1) +
                                      " trailer Task"));
  EXPECT_THAT(unresolved(), IsEmpty());
}

TEST_P(ApplyTest, PersonalNamesAreErasableTexts) {
  Take(Push("topic", {MakeCommit(1, "first")}, 1));
  auto events = Run(journal::Journal(db()).Read(0, 10, {}, Soon()));
  ASSERT_TRUE(events.has_value());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().texts, std::vector<std::string>{"Ada"});
  EXPECT_EQ(events->front().payload.find("Ada"), std::string::npos);
  EXPECT_THAT(FactsOf(1), Not(Contains(::testing::HasSubstr("Ada"))));
}

STETIG_ON_BOTH_STORES(ApplyTest);

}  // namespace
}  // namespace stetig::connect::forge
