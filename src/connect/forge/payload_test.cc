// Payloads as Gitea 1.26.0 sent them (tests/support/gitea-1.26.0), and GitHub's where they differ.
#include "connect/forge/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace stetig::connect::forge {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHead = "754730dacfa5330e5045ac7cbd4e1bba5d10c976";
constexpr std::string_view kMerge = "26024049ae3890634cc4c09e636961eb34276ecd";
constexpr std::string_view kBranch = "feature/CHURN-3-x";

std::string Recorded(const std::string& name) {
  std::ifstream file(std::string(STETIG_SOURCE_DIR) + "/tests/support/gitea-1.26.0/" + name +
                     ".json");
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Delivery Read(std::string_view event, const std::string& name) {
  auto delivery = ParseWebhook(event, Recorded(name));
  EXPECT_TRUE(delivery.has_value()) << name << ": " << delivery.error().message();
  return delivery.value_or(Delivery());
}

TEST(PayloadTest, APushToANewBranch) {
  const Delivery push = Read("push", "push-new-branch");
  EXPECT_EQ(push.repository, "root1/churn");
  EXPECT_FALSE(push.partial);
  ASSERT_EQ(push.facts.branches.size(), 1U);
  const Branch& branch = push.facts.branches[0];
  EXPECT_EQ(branch.name, kBranch);
  EXPECT_EQ(branch.before, "");
  ASSERT_EQ(push.facts.commits.size(), 1U);
  EXPECT_EQ(push.facts.commits[0].sha, branch.head);
  EXPECT_EQ(push.facts.commits[0].message, "CHURN-1: first\n\nTask: CHURN-2\n");
  EXPECT_EQ(push.facts.commits[0].author, "root1");
}

TEST(PayloadTest, APushSaysWhatItCameAfter) {
  const Delivery first = Read("push", "push-new-branch");
  const Delivery second = Read("push", "push");
  ASSERT_EQ(second.facts.branches.size(), 1U);
  EXPECT_EQ(second.facts.branches[0].before, first.facts.branches[0].head);
  EXPECT_EQ(second.facts.branches[0].head, kHead);
  EXPECT_LT(first.facts.branches[0].version, second.facts.branches[0].version);
}

TEST(PayloadTest, AMergeRequestFromOpenedToMerged) {
  const Delivery opened = Read("pull_request", "pull-opened");
  ASSERT_EQ(opened.facts.merge_requests.size(), 1U);
  const MergeRequest& first = opened.facts.merge_requests[0];
  EXPECT_EQ(first.number, 1);
  EXPECT_EQ(first.state, "open");
  EXPECT_EQ(first.title, "CHURN-3: model");
  EXPECT_EQ(first.source_branch, kBranch);
  EXPECT_EQ(first.target_branch, "main");
  EXPECT_EQ(first.head, kHead);
  EXPECT_EQ(first.merge_commit, "");
  const Delivery merged = Read("pull_request", "pull-merged");
  ASSERT_EQ(merged.facts.merge_requests.size(), 1U);
  const MergeRequest& last = merged.facts.merge_requests[0];
  EXPECT_EQ(last.state, "merged");
  EXPECT_EQ(last.title, "CHURN-3: a better model");
  EXPECT_EQ(last.merge_commit, kMerge);
  EXPECT_LT(first.version, last.version);
}

TEST(PayloadTest, TheListSaysTheSameAsTheLastWebhook) {
  auto pulls = ParsePulls(Recorded("page-pulls"));
  ASSERT_TRUE(pulls.has_value()) << pulls.error().message();
  // The branch is deleted by now: Gitea's ref is another one then.
  EXPECT_EQ(*pulls, Read("pull_request", "pull-merged").facts.merge_requests);
}

TEST(PayloadTest, AGiteaReviewIsThatOfItsSender) {
  const Delivery delivery = Read("pull_request_rejected", "review-rejected");
  ASSERT_EQ(delivery.facts.reviews.size(), 1U);
  const Review& review = delivery.facts.reviews[0];
  EXPECT_EQ(review.merge_request, 1);
  EXPECT_EQ(review.reviewer, (Person{2, "grace"}));
  EXPECT_EQ(review.state, "changes_requested");
  EXPECT_EQ(review.commit, kHead);
  EXPECT_EQ(Read("pull_request_approved", "review-approved").facts.reviews[0].state, "approved");
  // Comments are no verdict.
  EXPECT_TRUE(Read("pull_request_comment", "review-approved").facts.empty());
}

TEST(PayloadTest, TheListOfReviews) {
  auto reviews = ParseReviews(Recorded("page-reviews"), 1);
  ASSERT_TRUE(reviews.has_value()) << reviews.error().message();
  ASSERT_EQ(reviews->size(), 2U);
  EXPECT_EQ((*reviews)[0].state, "dismissed");  // Gitea does so when the next comes
  EXPECT_EQ((*reviews)[1].state, "approved");
  EXPECT_LT((*reviews)[0].version, (*reviews)[1].version);
}

TEST(PayloadTest, StatusesOfWebhooksAndOfLists) {
  const Delivery pending = Read("status", "status-pending");
  const Delivery success = Read("status", "status-success");
  ASSERT_EQ(pending.facts.statuses.size(), 1U);
  ASSERT_EQ(success.facts.statuses.size(), 1U);
  EXPECT_EQ(success.facts.statuses[0].commit, kHead);
  EXPECT_EQ(success.facts.statuses[0].context, "ci/build");
  EXPECT_EQ(success.facts.statuses[0].state, "success");
  EXPECT_LT(pending.facts.statuses[0].version, success.facts.statuses[0].version);
  auto listed = ParseStatuses(Recorded("page-statuses"), kHead);
  ASSERT_TRUE(listed.has_value()) << listed.error().message();
  EXPECT_EQ(*listed, pending.facts.statuses);
}

TEST(PayloadTest, CommitsAndBranchesOfLists) {
  auto commits = ParseCommits(Recorded("page-commits"));
  ASSERT_TRUE(commits.has_value()) << commits.error().message();
  ASSERT_EQ(commits->size(), 4U);
  EXPECT_EQ((*commits)[0].sha, kMerge);
  const Delivery push = Read("push", "push-merge");
  // What a list says of a commit is what the push said.
  EXPECT_THAT(*commits, ::testing::Contains(push.facts.commits[0]));
  auto branches = ParseBranches(Recorded("page-branches"), {5});
  ASSERT_TRUE(branches.has_value()) << branches.error().message();
  ASSERT_EQ(branches->size(), 1U);
  EXPECT_EQ((*branches)[0].head, kMerge);
}

TEST(PayloadTest, GitHubsReviewAndPush) {
  auto review = ParseWebhook("pull_request_review", R"({"action":"submitted",
    "repository":{"id":1,"full_name":"a/b"},
    "pull_request":{"number":3,"title":"t","state":"open","updated_at":"2026-11-27T08:00:00Z"},
    "review":{"id":7,"state":"approved","user":{"id":2,"login":"g"},
      "submitted_at":"2026-11-27T08:00:01Z","commit_id":null}})");
  ASSERT_TRUE(review.has_value()) << review.error().message();
  EXPECT_TRUE(review->facts.merge_requests.empty());
  ASSERT_EQ(review->facts.reviews.size(), 1U);
  EXPECT_EQ(review->facts.reviews[0].version, (Version{{1'795'766'401'000}, 7}));
  const std::string sha(40, 'a');
  auto push = ParseWebhook("push", R"({"ref":"refs/heads/x","before":")" + sha +
                                       R"(","after":"0000000000000000000000000000000000000000",
    "deleted":true,"commits":[],"repository":{"id":1,"full_name":"a/b","pushed_at":1795766401}})");
  ASSERT_TRUE(push.has_value()) << push.error().message();
  EXPECT_EQ(push->facts.branches[0].head, "");
  EXPECT_EQ(push->facts.branches[0].version.at, WallTime{1'795'766'401'000});
}

TEST(PayloadTest, APushThatListsLessThanItBroughtIsPartial) {
  std::string text = Recorded("push");
  const std::string total = "\"total_commits\": 1";
  ASSERT_NE(text.find(total), std::string::npos);
  text.replace(text.find(total), total.size(), "\"total_commits\": 9");
  auto push = ParseWebhook("push", text);
  ASSERT_TRUE(push.has_value());
  EXPECT_TRUE(push->partial);
}

TEST(PayloadTest, AnErrorSaysWhatAndWhere) {
  const auto message = [](std::string_view event, std::string_view body) {
    auto read = ParseWebhook(event, body);
    EXPECT_FALSE(read.has_value());
    return read ? std::string() : std::string(read.error().message());
  };
  EXPECT_THAT(message("push", "{"), HasSubstr("line 1"));
  EXPECT_EQ(message("push", "{}"), "repository.id is missing, expected an integer");
  const std::string begin = R"({"repository":{"id":1,"full_name":"a/b"},)";
  EXPECT_EQ(message("push", begin + R"("ref":5})"), "ref is a number, expected a string");
  EXPECT_EQ(message("status", begin + R"("sha":"abc","context":"c"})"),
            "sha is 'abc', expected a hash of 40 or 64 hex digits");
  EXPECT_EQ(
      message("pull_request", begin + R"("pull_request":{"number":1,"title":"t","state":"lost"}})"),
      "pull_request.state is 'lost', expected open or closed");
  EXPECT_EQ(message("push", begin + R"("ref":"refs/heads/a","after":")" + std::string(40, 'a') +
                                R"(","before":")" + std::string(40, 'b') + R"(","commits":{}})"),
            "commits is a object, expected an array");
}

TEST(PayloadTest, ALongMessageKeepsItsTrailers) {
  const std::string long_text(100'000, 'x');
  auto commits = ParseCommits(R"([{"sha":")" + std::string(40, 'a') +
                              R"(","commit":{"message":"ü subject\n\n)" + long_text +
                              R"(\n\nTask: CHURN-2"}}])");
  ASSERT_TRUE(commits.has_value()) << commits.error().message();
  const std::string& message = (*commits)[0].message;
  EXPECT_LE(message.size(), kMaxMessage);
  EXPECT_TRUE(message.starts_with("ü subject"));
  EXPECT_TRUE(message.ends_with("\n\nTask: CHURN-2"));
}

}  // namespace
}  // namespace stetig::connect::forge
