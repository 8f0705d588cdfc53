#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace stetig {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Text, KnowsWellFormedUtf8) {
  for (std::string_view good :
       {""sv, "a\0b"sv, "é中😀"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(IsValidUtf8(good));
    EXPECT_EQ(FindInvalidUtf8(good), std::nullopt);
  }
  // Unicode 14, table 3-7: overlong, surrogates, beyond U+10FFFF, lone and missing continuation
  // bytes.
  for (std::string_view bad :
       {"\x80"sv, "\xC0\xAF"sv, "\xC1\xBF"sv, "\xE0\x80\x80"sv, "\xED\xA0\x80"sv,
        "\xF0\x80\x80\x80"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xC3"sv, "\xE4\xB8"sv,
        "\xF0\x9F\x98"sv, "\xC3("sv}) {
    std::string text = "é" + std::string(bad) + "x";
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(bad);
    EXPECT_EQ(FindInvalidUtf8(text), 2u) << testing::PrintToString(bad);
  }
}

RC_GTEST_PROP(Text, TakesApartWhatItPutTogether, ()) {
  auto points = *rc::gen::container<std::vector<uint32_t>>(
      rc::gen::suchThat(rc::gen::inRange<uint32_t>(0, 0x110000),
                        [](uint32_t c) { return c < 0xD800 || c > 0xDFFF; }));
  std::string text;
  for (uint32_t c : points) {
    AppendUtf8(text, c);
  }
  RC_ASSERT(IsValidUtf8(text));
  RC_ASSERT(CodePoints(text) == points.size());
  std::string_view rest = text;
  for (uint32_t c : points) {
    RC_ASSERT(TakeCodePoint(rest) == char32_t{c});
  }
  RC_ASSERT(rest.empty());
  size_t half = points.size() / 2;
  RC_ASSERT(CodePoints(FirstCodePoints(text, half)) == half);
  RC_ASSERT(IsValidUtf8(FirstCodePoints(text, half)));
}

RC_GTEST_PROP(Text, AgreesWithTheLibraryOnAnyBytes, (std::string bytes)) {
  std::string_view rest = bytes;
  while (TakeCodePoint(rest)) {
  }
  RC_ASSERT(rest.empty() == IsValidUtf8(bytes));
}

TEST(Text, KnowsPythonsWordCharacters) {
  // re.match(r'\w', c) of CPython 3.11.
  for (char32_t c : U"aZ09_éßÄ中あ한ж٣ª²½ⅣǅĿ"sv) {
    EXPECT_TRUE(IsWordCodePoint(c)) << static_cast<uint32_t>(c);
  }
  for (char32_t c : U" -./:@[`{\u007f\u00a0×÷€–😀\u0300\u200d\uFFFD"sv) {
    EXPECT_FALSE(IsWordCodePoint(c)) << static_cast<uint32_t>(c);
  }
  size_t count = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    count += IsWordCodePoint(c) ? 1 : 0;
  }
  EXPECT_EQ(count, 133548u);  // sum(bool(re.match(r'\w', chr(c))) for c in range(0x110000))
}

TEST(Text, KnowsNormalRelativePaths) {
  // posixpath.normpath(p) == p and p != '.' and not p.startswith(('..', '/')), computed with
  // CPython.
  for (const char* good : {"a", "a/b", "a.b", ".a", "a..b", "a/..b", " ", "a/.b", "é/中"}) {
    EXPECT_TRUE(IsNormalRelativePath(good)) << good;
  }
  for (const char* bad : {"", ".", "..", "../a", "a/..", "a/../b", "./a", "a/.", "a//b", "/a",
                          "//a", "a/", "/", "..a", "..."}) {
    EXPECT_FALSE(IsNormalRelativePath(bad)) << bad;
  }
}

TEST(Text, ComparesAsciiWithoutCase) {
  EXPECT_EQ(AsciiLower("AbZ[É"), "abz[É");
  EXPECT_TRUE(EqualsIgnoreCase("Content-TYPE", "content-type"));
  EXPECT_FALSE(EqualsIgnoreCase("a@", "a`"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
  EXPECT_EQ(Trim(" \t\r\n\f\va b\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, ParsesNumbersStrictly) {
  EXPECT_EQ(ParseInt64("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(ParseInt64("9223372036854775807"), INT64_MAX);
  for (const char* bad :
       {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "1_0", "--1"}) {
    EXPECT_EQ(ParseInt64(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(ParseDouble("1.5e3"), 1500.0);
  EXPECT_EQ(ParseDouble("-.5"), -0.5);
  EXPECT_EQ(ParseDouble("1e-400"), 0.0);
  for (const char* bad : {"", "nan", "inf", "-inf", "1e400", "0x1p3", " 1", "1 ", "+1", "1e", ".",
                          "e5", "infinity", "1.2.3"}) {
    EXPECT_EQ(ParseDouble(bad), std::nullopt) << bad;
  }
}

TEST(Text, DecodesPercentEscapesOnce) {
  EXPECT_EQ(PercentDecode("a%20b%2Fc+d"), "a b/c+d");
  EXPECT_EQ(PercentDecode("a+b%2b", true), "a b+");
  EXPECT_EQ(PercentDecode("%252e"), "%2e");
  EXPECT_EQ(PercentDecode("%00"), "\0"s);
  for (const char* bad : {"%", "a%2", "%zz", "%2g", "%%20"}) {
    EXPECT_EQ(PercentDecode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(PercentEncode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(PercentEncode("a/b", "/"), "a/b");
}

TEST(Text, DecodesPercentEscapesUntilNothingChanges) {
  EXPECT_EQ(PercentDecodeLenient("100%/%2e%zz%%2541%+"), "100%/.%zz%%41%+");
  EXPECT_EQ(PercentDecodeLenient("a+b%2B%", /*plus_is_blank=*/true), "a b+%");
  EXPECT_EQ(PercentDecodeFully("a%25252e%252e%2e"), "a...");
  EXPECT_EQ(PercentDecodeFully("100%/%2e%zz%%2541%"), "100%/.%zz%A%");
  EXPECT_EQ(PercentDecodeFully("%"), "%");
  std::string deep = "%2e";
  for (int round = 0; round < 8; ++round) {
    deep.insert(1, "25");
  }
  EXPECT_EQ(PercentDecodeFully(deep), ".");
  EXPECT_EQ(PercentDecodeFully(deep.insert(1, "2525")), std::nullopt);
}

TEST(Text, EncodesRfc4648Vectors) {
  std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                   {"f", "Zg=="},
                                                   {"fo", "Zm8="},
                                                   {"foo", "Zm9v"},
                                                   {"foob", "Zm9vYg=="},
                                                   {"fooba", "Zm9vYmE="},
                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(Base64Encode(plain), encoded);
    EXPECT_EQ(Base64Decode(encoded), plain);
  }
  EXPECT_EQ(HexEncode("foobar"), "666f6f626172");
  EXPECT_EQ(HexDecode("666F6f626172"), "foobar");
  EXPECT_EQ(Base64UrlEncode("\xfb\xff\xfe"), "-__-");
  for (const char* bad :
       {"Z", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Zm 9", "Zm9v=", "-__-", "Zg==Zg=="}) {
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"6", "6g", "0x"}) {
    EXPECT_EQ(HexDecode(bad), std::nullopt) << bad;
  }
}

RC_GTEST_PROP(Text, EncodingsTurnBack, (std::string bytes)) {
  RC_ASSERT(Base64Decode(Base64Encode(bytes)) == bytes);
  RC_ASSERT(Base64UrlDecode(Base64UrlEncode(bytes)) == bytes);
  RC_ASSERT(HexDecode(HexEncode(bytes)) == bytes);
  RC_ASSERT(PercentDecode(PercentEncode(bytes)) == bytes);
}

TEST(Text, FormatsTimesInUtc) {
  EXPECT_EQ(FormatIso8601({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatIso8601({1'700'000'000'123}), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(FormatIso8601({-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatIso8601({INT64_MAX}), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatIso8601({INT64_MIN}), "0000-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace stetig
