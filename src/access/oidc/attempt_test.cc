#include "access/oidc/attempt.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"

namespace stetig::access::oidc {
namespace {

constexpr WallTime kNow{1'700'000'000'000};
constexpr const char* kRedirect = "https://ml.example.org/api/v1/sign-in/callback";

Attempt Begin(std::optional<Waiting> waiting = {}, uint64_t seed = 1) {
  SeededRandom random(seed);
  auto begun = BeginAttempt(kRedirect, "/board?x=1", std::move(waiting), kNow, random);
  EXPECT_TRUE(begun.has_value());
  return begun ? *begun : Attempt{};
}

std::string Outcome(std::string_view cookie, std::string_view state, WallTime now = kNow) {
  auto resumed = ResumeAttempt(cookie, state, now);
  return resumed ? "ok" : std::string(resumed.error().detail());
}

const Waiting kWaiting{.port = 40'000,
                       .challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                       .state = "of-the_command"};

TEST(AttemptTest, TheChallengeIsTheOneOfRfc7636AppendixB) {
  EXPECT_EQ(ChallengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(AttemptTest, TheCookieBringsEverythingBack) {
  for (const auto& waiting : {std::optional<Waiting>(), std::optional<Waiting>(kWaiting)}) {
    const Attempt begun = Begin(waiting);
    auto resumed = ResumeAttempt(begun.ToCookie(), begun.State(), kNow);
    ASSERT_TRUE(resumed.has_value()) << resumed.error().ToString();
    EXPECT_EQ(resumed->redirect_uri, kRedirect);
    EXPECT_EQ(resumed->return_to, "/board?x=1");
    EXPECT_EQ(resumed->Nonce(), begun.Nonce());
    EXPECT_EQ(resumed->Verifier(), begun.Verifier());
    EXPECT_EQ(resumed->waiting.has_value(), waiting.has_value());
    if (waiting) {
      EXPECT_EQ(resumed->waiting->port, 40'000);
      EXPECT_EQ(resumed->waiting->state, "of-the_command");
    }
  }
}

TEST(AttemptTest, EachValueIsItsOwnAndNothingOfTheSecret) {
  const Attempt one = Begin();
  const Attempt two = Begin({}, 2);
  const std::set<std::string> all = {one.State(), one.Nonce(), one.Verifier(), one.secret,
                                     two.State(), two.Nonce(), two.Verifier(), two.secret};
  EXPECT_EQ(all.size(), 8U);
  // RFC 7636 section 4.1: 43 to 128 unreserved characters.
  EXPECT_EQ(one.Verifier().size(), 43U);
}

TEST(AttemptTest, AnyChangeOfTheCookieIsAnotherSignIn) {
  const Attempt begun = Begin(kWaiting);
  const std::string cookie = begun.ToCookie();
  for (size_t i = 0; i < cookie.size(); ++i) {
    std::string other = cookie;
    other[i] = other[i] == 'B' ? 'C' : 'B';
    const std::string outcome = Outcome(other, begun.State());
    EXPECT_TRUE(outcome == kWrongState || outcome == kNoAttempt) << i << " " << outcome;
  }
  EXPECT_EQ(Outcome(cookie, ""), kWrongState);
  EXPECT_EQ(Outcome(cookie, Begin({}, 2).State()), kWrongState);
  EXPECT_EQ(Outcome("", begun.State()), kNoAttempt);
  EXPECT_EQ(Outcome(cookie + ".", begun.State()), kNoAttempt);
  EXPECT_EQ(Outcome(std::string(5'000, 'a'), begun.State()), kNoAttempt);
}

TEST(AttemptTest, ItEndsAfterTenMinutes) {
  const Attempt begun = Begin();
  const std::string cookie = begun.ToCookie();
  EXPECT_EQ(Outcome(cookie, begun.State(), {kNow.ms + 600'000}), "ok");
  EXPECT_EQ(Outcome(cookie, begun.State(), {kNow.ms + 600'001}), kAttemptExpired);
  EXPECT_EQ(Outcome(cookie, begun.State(), {kNow.ms - 60'001}), kAttemptExpired);
}

TEST(AttemptTest, OnlyPathsOfOursAreReturnedTo) {
  SeededRandom random(1);
  const auto taken = [&](const std::string& path) {
    return BeginAttempt(kRedirect, path, {}, kNow, random).has_value();
  };
  for (const char* path : {"/", "/a/b?c=d#e", "/%2F/x", "/a//b"}) EXPECT_TRUE(taken(path)) << path;
  for (const std::string& path :
       {std::string(), std::string("//evil.example"), std::string("/\\evil.example"),
        std::string("https://evil.example"), std::string("evil"), std::string("/a\r\nX: y"),
        std::string("/a b"), std::string("/\t/evil.example"), std::string("\\\\evil.example"),
        std::string("/é"), "/" + std::string(kMaxReturnTo, 'x')}) {
    EXPECT_FALSE(taken(path)) << path;
  }
}

TEST(AttemptTest, ACommandLineHasAPortAChallengeAndAState) {
  SeededRandom random(1);
  const auto taken = [&](Waiting waiting) {
    return BeginAttempt(kRedirect, "/", std::move(waiting), kNow, random).has_value();
  };
  EXPECT_TRUE(taken(kWaiting));
  for (const auto& [port, challenge, state] :
       std::initializer_list<std::tuple<uint16_t, std::string, std::string>>{
           {uint16_t{80}, kWaiting.challenge, "s"},
           {uint16_t{0}, kWaiting.challenge, "s"},
           {uint16_t{40'000}, "short", "s"},
           {uint16_t{40'000}, std::string(43, '.'), "s"},
           {uint16_t{40'000}, kWaiting.challenge, ""},
           {uint16_t{40'000}, kWaiting.challenge, "a&b"},
           {uint16_t{40'000}, kWaiting.challenge, std::string(129, 's')}}) {
    EXPECT_FALSE(taken({.port = port, .challenge = challenge, .state = state}));
  }
}

}  // namespace
}  // namespace stetig::access::oidc
