#include "query/page_token.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "query/like.h"

namespace stetig::query {
namespace {

std::vector<CursorValue> SomeValues() {
  return {int64_t{-5}, 2.5, std::string("a\0b", 3), std::monostate()};
}

TEST(PageTokenTest, CarriesItsValues) {
  const std::string token = EncodePageToken(7, SomeValues());
  EXPECT_EQ(
      token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
      std::string::npos);
  const auto values = DecodePageToken(token, 7);
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, SomeValues());
}

TEST(PageTokenTest, BelongsToOneQuery) {
  const std::string token = EncodePageToken(7, SomeValues());
  const auto values = DecodePageToken(token, 8);
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().code(), Code::kInvalidArgument);
}

TEST(PageTokenTest, EveryChangedCharacterIsFound) {
  const std::string token = EncodePageToken(7, SomeValues());
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(DecodePageToken(changed, 7)) << i;
    EXPECT_FALSE(DecodePageToken(token.substr(0, i), 7)) << i;
  }
  EXPECT_FALSE(DecodePageToken("", 7));
  EXPECT_FALSE(DecodePageToken("eyJvZmZzZXQiOiAwfQ==", 7));
  EXPECT_FALSE(DecodePageToken("!!", 7));
}

TEST(PageTokenTest, FingerprintSeesOrderAndCuts) {
  EXPECT_NE(Fingerprint("a").Add("b").Add("c").value(), Fingerprint("a").Add("bc").value());
  EXPECT_NE(Fingerprint("a").Add("b").Add("c").value(), Fingerprint("a").Add("c").Add("b").value());
  EXPECT_NE(Fingerprint("a").Add("").value(), Fingerprint("a").value());
  EXPECT_NE(Fingerprint("a").Add(int64_t{1}).value(), Fingerprint("a").Add(int64_t{2}).value());
}

TEST(PageTokenTest, AnyValuesComeBack) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& texts,
                           const std::vector<int64_t>& integers, uint64_t fingerprint) {
    std::vector<CursorValue> values(texts.begin(), texts.end());
    values.insert(values.end(), integers.begin(), integers.end());
    const auto back = DecodePageToken(EncodePageToken(fingerprint, values), fingerprint);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == values);
  }));
}

TEST(LikeTest, GlobMeansTheSame) { EXPECT_EQ(GlobOfLike("a%_*?[b]"), "a*?[*][?][[]b]"); }

}  // namespace
}  // namespace stetig::query
