// How words go to bash and come back.
#include "completion.h"

#include <gtest/gtest.h>

namespace stetig::app {
namespace {

constexpr std::string_view kBreaks = " \t\n\"'><=;|&(:";

TEST(ShellLine, SplitsWordsAndKeepsTheOneBeingWritten) {
  const ShellLine line = SplitShellLine("stetig task 'a b' \"c\\\"d\" e\\ f --ti", kBreaks);
  EXPECT_EQ(line.words, (std::vector<std::string>{"task", "a b", "c\"d", "e f"}));
  EXPECT_EQ(line.current, "--ti");
  EXPECT_EQ(line.kept, 0U);
  EXPECT_EQ(line.quote, 0);
}

TEST(ShellLine, AnEmptyWordIsOne) {
  EXPECT_EQ(SplitShellLine("stetig task create --title '' ", kBreaks).words,
            (std::vector<std::string>{"task", "create", "--title", ""}));
}

TEST(ShellLine, SkipsAssignmentsBeforeTheProgram) {
  EXPECT_EQ(SplitShellLine("A=b stetig task ", kBreaks).words, (std::vector<std::string>{"task"}));
}

TEST(ShellLine, KeepsWhatStandsBeforeABreakOrAnOpenQuote) {
  const ShellLine colon = SplitShellLine("stetig run get a:b", kBreaks);
  EXPECT_EQ(colon.current, "a:b");
  EXPECT_EQ(colon.kept, 2U);
  EXPECT_EQ(SplitShellLine("stetig run get a\\:b", kBreaks).kept, 0U);
  EXPECT_EQ(SplitShellLine("stetig task list --project=CH", kBreaks).kept, 10U);
  const ShellLine quoted = SplitShellLine("stetig model get 'a b:c", kBreaks);
  EXPECT_EQ(quoted.current, "a b:c");
  EXPECT_EQ(quoted.kept, 0U);
  EXPECT_EQ(quoted.quote, '\'');
}

TEST(ShellLine, HasNoTroubleWithHalfALine) {
  for (const std::string_view line :
       {"", " ", "\\", "'", "\"", "stetig \\", "stetig \"\\", "a=b"}) {
    SplitShellLine(line, kBreaks);
    SplitShellLine(line, "");
  }
}

TEST(QuotedForShell, EscapesWhatBashWouldRead) {
  EXPECT_EQ(QuotedForShell("a b$(c)`d`", 0), "a\\ b\\$\\(c\\)\\`d\\`");
  EXPECT_EQ(QuotedForShell("it's", '\''), "it'\\''s");
  EXPECT_EQ(QuotedForShell("$a \"b\" c\\", '"'), "\\$a \\\"b\\\" c\\\\");
}

TEST(MayBeOffered, OnlyOneLineWithoutOrders) {
  EXPECT_TRUE(MayBeOffered("churn model: v2"));
  EXPECT_TRUE(MayBeOffered("Prüfung 日本"));
  for (const std::string_view evil : {"", "a\nb", "\x1b[31m", "a\tb", "\xc2\x9b", "\xe2\x80\xae"}) {
    EXPECT_FALSE(MayBeOffered(evil)) << evil;
  }
}

}  // namespace
}  // namespace stetig::app
