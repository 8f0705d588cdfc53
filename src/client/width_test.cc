// Expected widths: Unicode Standard Annex 11 (wcwidth 0.2 gives the same for these).
#include "client/width.h"

#include <gtest/gtest.h>

namespace stetig::client {
namespace {

TEST(WidthTest, WideCharactersTakeTwoColumnsAndMarksNone) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("größe"), 5);
  EXPECT_EQ(DisplayWidth("日本語"), 6);
  EXPECT_EQ(DisplayWidth("한국"), 4);
  EXPECT_EQ(DisplayWidth("😀"), 2);
  EXPECT_EQ(DisplayWidth("ｆｕｌｌ"), 8);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);     // a combining acute
  EXPECT_EQ(DisplayWidth("a\u200bb"), 2);    // a zero width space
  EXPECT_EQ(DisplayWidth("ﾊﾝｶｸ"), 4);        // half-width Katakana
  EXPECT_EQ(DisplayWidth("α→∞"), 3);         // ambiguous: one
  EXPECT_EQ(DisplayWidth("\U00020000"), 2);  // CJK extension B
}

TEST(WidthTest, MalformedBytesCountOneEach) {
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2);
  EXPECT_EQ(DisplayWidth("a\xe6\x97"), 3);
}

TEST(WidthTest, ShortensToTheWidthAndNeverBeyond) {
  EXPECT_EQ(Shortened("abc", 3), "abc");
  EXPECT_EQ(Shortened("abcd", 3), "ab…");
  EXPECT_EQ(Shortened("日本語", 6), "日本語");
  EXPECT_EQ(Shortened("日本語", 5), "日本…");
  EXPECT_EQ(Shortened("日本語", 4), "日…");
  EXPECT_EQ(Shortened("日本語", 1), "…");
  EXPECT_EQ(Shortened("e\u0301e\u0301e\u0301", 2), "e\u0301…");
}

TEST(WidthTest, OneLineHoldsNoOrdersToATerminal) {
  EXPECT_EQ(OneLine("a\tb\nc\r\x1b[31md\x7f"), "a b c  [31md ");
  EXPECT_EQ(OneLine("a\u009b31mb"), "a 31mb");  // CSI as one character
  EXPECT_EQ(OneLine("a\u2028b\u202ec\u2066d"), "a b c d");
  EXPECT_EQ(OneLine("größe 日本 😀"), "größe 日本 😀");
  EXPECT_EQ(OneLine(std::string_view("a\0b", 3)), "a b");
}

TEST(WidthTest, WithoutOrdersKeepsLinesAndTabs) {
  EXPECT_EQ(WithoutOrders("a\tb\nc\x1b[2Jd\u009b2J"), "a\tb\nc [2Jd 2J");
}

}  // namespace
}  // namespace stetig::client
