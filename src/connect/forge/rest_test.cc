#include "connect/forge/rest.h"

#include <gtest/gtest.h>

namespace stetig::connect::forge {
namespace {

using std::chrono::milliseconds;

TEST(AddressTest, IsTakenApart) {
  auto plain = ParseAddress("http://127.0.0.1:3000/api/v1/");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(std::tie(plain->host, plain->base), std::make_tuple("127.0.0.1", "/api/v1"));
  EXPECT_EQ(plain->port, 3000);
  EXPECT_FALSE(plain->tls);
  auto tls = ParseAddress("https://api.github.com");
  ASSERT_TRUE(tls.has_value());
  EXPECT_EQ(std::tie(tls->host, tls->base), std::make_tuple("api.github.com", ""));
  EXPECT_EQ(tls->port, 443);
  EXPECT_TRUE(tls->tls);
  auto six = ParseAddress("http://[::1]:81/x");
  ASSERT_TRUE(six.has_value());
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 81);
}

TEST(AddressTest, OthersAreRefused) {
  for (const char* wrong :
       {"", "ftp://x", "http://", "http:///x", "http://u:p@x/", "http://x/?q", "http://x/#f",
        "http://x:0", "http://x:65536", "http://x:y", "http://[::1", "http://x y", "x",
        "http://x\n", "http://ü", "file:///etc/passwd"}) {
    EXPECT_FALSE(ParseAddress(wrong).has_value()) << wrong;
  }
}

TEST(BackoffTest, DoublesUpToAnHourAndHalfOfItIsChance) {
  EXPECT_EQ(Backoff(1, 0), milliseconds(2'500));
  EXPECT_EQ(Backoff(1, 1), milliseconds(5'000));
  EXPECT_EQ(Backoff(2, 1), milliseconds(10'000));
  EXPECT_EQ(Backoff(4, 0.5), milliseconds(30'000));
  EXPECT_EQ(Backoff(11, 1), milliseconds(3'600'000));
  EXPECT_EQ(Backoff(1'000'000, 1), milliseconds(3'600'000));
  EXPECT_EQ(Backoff(0, 1), milliseconds(5'000));
}

TEST(HttpDateTest, ReadsTheExampleOfTheRfc) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), WallTime{784'111'777'000});
  for (const char* wrong : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 28:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace stetig::connect::forge
