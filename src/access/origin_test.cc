#include "access/origin.h"

#include <gtest/gtest.h>

namespace stetig::access {
namespace {

TEST(HostAllowed, AcceptsLoopbackAndPrivateAddresses) {
  for (const char* host :
       {"localhost", "localhost:5000", "LOCALHOST:1", "a.localhost", "127.0.0.1:5000", "127.9.9.9",
        "[::1]:5000", "10.1.2.3", "172.16.0.1", "172.31.255.255:80", "192.168.1.7:5000",
        "169.254.1.1", "[fd00::1]", "[fe80::1]:5000"}) {
    EXPECT_TRUE(HostAllowed(host, {})) << host;
  }
}

TEST(HostAllowed, RefusesNamesAndPublicAddresses) {
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "8.8.8.8",
        "172.32.0.1", "[2001:db8::1]", "[::1", ":5000", "0x7f000001"}) {
    EXPECT_FALSE(HostAllowed(host, {})) << host;
  }
}

TEST(HostAllowed, TakesListedNames) {
  EXPECT_TRUE(HostAllowed("ml.example.org:443", {"ml.example.org"}));
  EXPECT_TRUE(HostAllowed("a.b.example.org", {"*.example.org"}));
  EXPECT_FALSE(HostAllowed("example.org", {"*.example.org"}));
  EXPECT_FALSE(HostAllowed("evilexample.org", {"*.example.org"}));
  EXPECT_TRUE(HostAllowed("anything.test", {"*"}));
}

TEST(OriginAllowed, LetsProgramsAndTheOwnPagesThrough) {
  EXPECT_TRUE(OriginAllowed(std::nullopt, "ml.example.org", {}));
  EXPECT_TRUE(OriginAllowed("https://ml.example.org", "ml.example.org", {}));
  EXPECT_TRUE(OriginAllowed("http://localhost:5173", "ml.example.org", {}));
  EXPECT_TRUE(
      OriginAllowed("https://ui.example.org", "ml.example.org", {"https://ui.example.org"}));
}

TEST(OriginAllowed, RefusesOtherSites) {
  EXPECT_FALSE(OriginAllowed("https://evil.example", "ml.example.org", {}));
  EXPECT_FALSE(OriginAllowed("null", "ml.example.org", {}));
  EXPECT_FALSE(OriginAllowed("https://ml.example.org.evil.example", "ml.example.org", {}));
  EXPECT_FALSE(OriginAllowed("https://ml.example.org:444", "ml.example.org", {}));
  EXPECT_FALSE(OriginAllowed("http://localhost.evil.example", "ml.example.org", {}));
  EXPECT_FALSE(OriginAllowed("http://127.0.0.1.evil.example", "ml.example.org", {}));
}

}  // namespace
}  // namespace stetig::access
