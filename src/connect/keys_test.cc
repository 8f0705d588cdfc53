#include "connect/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stetig::connect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Commit Message(std::string subject, std::string body = {}) {
  Commit commit;
  commit.subject = std::move(subject);
  commit.body = std::move(body);
  return commit;
}

/// "KEY rule" of each mention.
std::vector<std::string> Rules(const Commit& commit, std::string_view branch = {}) {
  std::vector<std::string> rules;
  for (const Mention& mention : MentionsOf(commit, branch)) {
    rules.push_back(mention.key + " " + RuleOf(mention));
  }
  return rules;
}

TEST(Keys, StandAtTheBordersOfWords) {
  EXPECT_THAT(KeysIn("CHURN-12, (A1_B-3) CHURN-12: X-1. SHA-256/UTF-8"),
              ElementsAre("CHURN-12", "A1_B-3", "X-1", "SHA-256", "UTF-8"));
  EXPECT_THAT(KeysIn("churn-12 aCHURN-12 CHURN-12a CHURN-12_ -CHURN-12 CHURN- 1A-2 \xC3\xA4X-1"),
              IsEmpty());
  EXPECT_THAT(KeysIn("X-1234567890123 X-123456789012"), ElementsAre("X-123456789012"));
  EXPECT_THAT(KeysIn(""), IsEmpty());
}

TEST(Keys, CountWhereTheyAreTrustedMost) {
  const Commit commit = Message("A-1 and A-2", "\nA-1 A-2 A-3 A-4\n\nTask: A-1\nRefs: A-5 A-1\n");
  EXPECT_THAT(Rules(commit, "feature/A-3-x"), ElementsAre("A-1 trailer Task", "A-5 trailer Refs",
                                                          "A-2 subject", "A-3 branch", "A-4 body"));
}

TEST(Keys, OfOtherTrailersAreBody) {
  EXPECT_THAT(Rules(Message("x", "\n\nReviewed-by: A-1\n")), ElementsAre("A-1 body"));
}

TEST(Keys, OfAMergesSubjectAreThoseOfItsBranch) {
  EXPECT_THAT(Rules(Message("Merge branch 'A-1-fix' into main")), ElementsAre("A-1 branch"));
  EXPECT_THAT(Rules(Message("Merge pull request #7 from ada/A-1")), ElementsAre("A-1 branch"));
  EXPECT_THAT(Rules(Message("Merge A-1")), ElementsAre("A-1 subject"));
}

TEST(Keys, AreFewPerCommit) {
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += " A-" + std::to_string(i);
  EXPECT_THAT(MentionsOf(Message("x", many), ""), SizeIs(kMaxMentions));
}

TEST(Keys, KeepTheTextAroundThem) {
  const std::string far(500, 'w');
  const auto mentions =
      MentionsOf(Message("x", "\nbefore\n" + far + " A-1 " + far + "\nafter"), "");
  ASSERT_THAT(mentions, SizeIs(1));
  EXPECT_LE(mentions[0].span.size(), kMaxSpan);
  EXPECT_THAT(mentions[0].span, ::testing::HasSubstr(" A-1 "));
  EXPECT_THAT(mentions[0].span, ::testing::Not(::testing::HasSubstr("before")));
}

// What `git interpret-trailers --parse` of git 2.39 says of the same messages.
TEST(Trailers, AreThoseOfGit) {
  const auto names = [](std::string_view body) {
    std::vector<std::string> found;
    for (const Trailer& trailer : TrailersOf(body))
      found.push_back(trailer.name + "=" + trailer.value);
    return found;
  };
  EXPECT_THAT(names("\n\nText\n\nTask: A-1\nRefs: A-2\n"), ElementsAre("Task=A-1", "Refs=A-2"));
  EXPECT_THAT(names("\n\nText\n\nTask: A-1\n  and A-2\n"), ElementsAre("Task=A-1 and A-2"));
  EXPECT_THAT(names("\n\nText\nTask: A-1\n"), IsEmpty());
  EXPECT_THAT(names("\n\nTask: A-1\n\nText\n"), IsEmpty());
  EXPECT_THAT(names("\n\nA\n\nwords\nTask: A-1\nSigned-off-by: A <a@b>\n"),
              ElementsAre("Task=A-1", "Signed-off-by=A <a@b>"));
  EXPECT_THAT(names(""), IsEmpty());
}

TEST(PickedFrom, NeedsALineOfItsOwnAndAWholeHash) {
  const std::string sha(40, 'a');
  EXPECT_EQ(PickedFrom("\nText\n(cherry picked from commit " + sha + ")\n"), sha);
  EXPECT_EQ(PickedFrom("\nText (cherry picked from commit " + sha + ")\n"), "");
  EXPECT_EQ(PickedFrom("\n(cherry picked from commit " + sha + "\n"), "");
  EXPECT_EQ(PickedFrom("\n(cherry picked from commit abc)\n"), "");
}

}  // namespace
}  // namespace stetig::connect
