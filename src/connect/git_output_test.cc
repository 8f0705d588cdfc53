#include "connect/git_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace stetig::connect {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kC(64, 'c');

std::string Log(std::initializer_list<std::string_view> fields) {
  std::string output;
  for (const std::string_view field : fields) (output += field) += '\0';
  return output;
}

TEST(ParseLog, TakesFieldsApart) {
  const auto commits = ParseLog(
      Log({kA, kB + " " + kC, "Ada", "ada@x", "1700000000", "1700000001", "Subject\n\nBody\n"}) +
      Log({kB, "", "", "", "", "", ""}));
  ASSERT_TRUE(commits) << commits.error().message();
  ASSERT_EQ(commits->size(), 2U);
  const Commit& commit = commits->front();
  EXPECT_EQ(commit.sha, kA);
  EXPECT_THAT(commit.parents, ElementsAre(kB, kC));
  EXPECT_EQ(commit.author_name, "Ada");
  EXPECT_EQ(commit.authored.ms, 1'700'000'000'000);
  EXPECT_EQ(commit.committed.ms, 1'700'000'001'000);
  EXPECT_EQ(commit.subject, "Subject");
  EXPECT_EQ(commit.body, "\n\nBody\n");
  EXPECT_EQ(commits->back().authored.ms, 0);
}

TEST(ParseLog, CutsWhatIsLong) {
  const std::string body(size_t{1} << 20, 'y');
  const auto commits = ParseLog(Log(
      {kA, "", std::string(5'000, 'n'), "e", "1", "1", std::string(5'000, 'x') + "\n\n" + body}));
  ASSERT_TRUE(commits);
  EXPECT_EQ(commits->front().subject.size(), kMaxSubject);
  EXPECT_EQ(commits->front().author_name.size(), kMaxPerson);
  EXPECT_LE(commits->front().body.size(), kMaxMessage);
}

TEST(ParseLog, RefusesWhatGitDoesNotPrint) {
  for (const std::string& output :
       {std::string("x"), Log({kA, ""}), Log({"abc", "", "", "", "", "", ""}),
        Log({kA, "HEAD", "", "", "", "", ""}), Log({kA, "", "", "", "", "", ""}) + "x"}) {
    const auto commits = ParseLog(output);
    ASSERT_FALSE(commits);
    EXPECT_EQ(commits.error().code(), Code::kDataLoss);
  }
}

TEST(ParseLog, DatesBeyondTheCalendarAreItsEnds) {
  const auto at = [](std::string_view seconds) {
    return FormatIso8601(ParseLog(Log({kA, "", "", "", seconds, seconds, ""}))->front().authored);
  };
  EXPECT_EQ(at("4102444800"), "2100-01-01T00:00:00.000Z");
  EXPECT_EQ(at("-1"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at("9223372036854775807"), "9999-12-31T23:59:59.000Z");
  EXPECT_EQ(at("soon"), "1970-01-01T00:00:00.000Z");
}

TEST(ParseRefs, KeepsWhatLeadsToCommits) {
  const std::string output = kA + "  commit  refs/heads/main\n" + kB + " " + kA +
                             " tag commit refs/tags/v1\n" + kB + "  commit  refs/tags/light\n" +
                             kC + "  blob  refs/tags/blob\n" + kC + " " + kB +
                             " tag tree refs/tags/tree\n" + kA + "  commit  refs/notes/x\n";
  const auto refs = ParseRefs(output, 10);
  ASSERT_TRUE(refs) << refs.error().message();
  EXPECT_THAT(*refs,
              ElementsAre(GitRef{RefKind::kBranch, "main", kA}, GitRef{RefKind::kTag, "v1", kA},
                          GitRef{RefKind::kTag, "light", kB}));
  EXPECT_EQ(ParseRefs(output, 2).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(ParseRefs("hello\n", 2).error().code(), Code::kDataLoss);
}

TEST(CleanGitText, IsTextWhateverItWas) {
  EXPECT_EQ(CleanGitText("a\xff\x1b[2J\r\n\tb\x7f", 100), "a\xEF\xBF\xBD [2J\n b ");
  EXPECT_EQ(CleanGitText("\xC3\xA4\xC3\xA4", 3), "\xC3\xA4");
  EXPECT_TRUE(IsValidUtf8(CleanGitText("\xed\xa0\x80\xf5\xc0\x80", 100)));
}

constexpr std::string_view kPatch =
    "diff --git a/f b/f\nindex 1111111..2222222 100644\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@ head\n"
    " one\n+two\n three\n";

std::map<std::string, std::string> Read(std::string_view output, size_t step = SIZE_MAX) {
  PatchReader reader;
  for (size_t at = 0; at < output.size();) {
    const std::string_view piece = output.substr(at, step);
    reader.Feed(piece);
    at += piece.size();
  }
  return reader.Take();
}

std::string Shown(const std::string& sha, std::string_view patch) {
  return std::string(1, '\0') + sha + "\n\n" + std::string(patch);
}

TEST(PatchReader, IsTheSameInPieces) {
  const std::string output = Shown(kA, kPatch) + Shown(kB, kPatch);
  const auto whole = Read(output);
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole.at(kA), whole.at(kB));
  for (const size_t step : {1U, 2U, 7U, 64U}) EXPECT_EQ(Read(output, step), whole);
}

TEST(PatchReader, PlacesAndBlanksDoNotCountButLinesDo) {
  const auto of = [](std::string_view patch) { return Read(Shown(kA, patch)).at(kA); };
  const auto with = [](std::string_view from, std::string_view to) {
    std::string patch(kPatch);
    return patch.replace(patch.find(from), from.size(), to);
  };
  EXPECT_EQ(of(with("@@ -1,2 +1,3 @@ head", "@@ -7,2 +9,3 @@")), of(kPatch));
  EXPECT_EQ(of(with("+two", "+ t w o")), of(kPatch));
  EXPECT_EQ(of(with("2222222", "3333333")), of(kPatch));
  EXPECT_NE(of(with("+two", "+too")), of(kPatch));
  EXPECT_NE(of(with(" three", " four")), of(kPatch));
  EXPECT_NE(of(with("b/f", "b/g")), of(kPatch));
}

TEST(PatchReader, NothingAndTooMuchHaveNoIdentity) {
  const std::string line = "+" + std::string(PatchReader::kMaxLine, 'x') + "\n";
  const auto found =
      Read(Shown(kA, "") + Shown(kB, std::string(kPatch) + line) + Shown(kC, kPatch));
  EXPECT_EQ(found.size(), 1U);
  EXPECT_TRUE(found.contains(kC));
}

}  // namespace
}  // namespace stetig::connect
