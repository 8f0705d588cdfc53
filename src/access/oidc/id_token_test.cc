#include "access/oidc/id_token.h"

#include <gtest/gtest.h>

#include "access/oidc/jose.h"

namespace stetig::access::oidc {
namespace {

constexpr int64_t kNow = 1'700'000'000;  // seconds

Expected Wanted() {
  return {.issuer = "https://login.example.org",
          .client_id = "stetig",
          .nonce = "n-0S6_WzA2Mj",
          .now = {kNow * 1000}};
}

json::Object Claims() {
  return {{"iss", "https://login.example.org"},
          {"sub", "24400320"},
          {"aud", "stetig"},
          {"nonce", "n-0S6_WzA2Mj"},
          {"exp", kNow + 300},
          {"iat", kNow}};
}

/// The detail of the refusal of good claims with these changes ("ok": taken). A null takes away.
std::string Outcome(std::initializer_list<json::Member> changes) {
  json::Value claims(Claims());
  for (const auto& [name, value] : changes) {
    if (value.IsNull()) {
      std::erase_if(*claims.AsObject(), [&](const auto& one) { return one.first == name; });
    } else {
      claims.Set(name, value);
    }
  }
  const Status status = CheckIdToken(claims, Wanted());
  if (status.ok()) return "ok";
  EXPECT_EQ(status.code(), Code::kUnauthenticated);
  return std::string(status.detail());
}

TEST(IdTokenTest, AGoodOneIsTaken) {
  EXPECT_EQ(Outcome({}), "ok");
  EXPECT_EQ(Outcome({{"aud", json::Array{"stetig"}}}), "ok");
  EXPECT_EQ(Outcome({{"aud", json::Array{"other", "stetig"}}, {"azp", "stetig"}}), "ok");
  EXPECT_EQ(Outcome({{"azp", "stetig"}, {"nbf", kNow - 1}, {"exp", double{kNow} + 0.5}}), "ok");
}

TEST(IdTokenTest, EachWrongClaimIsNamed) {
  EXPECT_EQ(Outcome({{"iss", "https://login.example.org/"}}), kWrongIssuer);
  EXPECT_EQ(Outcome({{"iss", nullptr}}), kWrongIssuer);
  EXPECT_EQ(Outcome({{"iss", 5}}), kWrongIssuer);
  EXPECT_EQ(Outcome({{"aud", "another"}}), kWrongAudience);
  EXPECT_EQ(Outcome({{"aud", nullptr}}), kWrongAudience);
  EXPECT_EQ(Outcome({{"aud", json::Array{}}}), kWrongAudience);
  EXPECT_EQ(Outcome({{"aud", json::Array{5}}}), kTokenMalformed);
  EXPECT_EQ(Outcome({{"aud", json::Array{"stetig", "other"}}}), kWrongParty);
  EXPECT_EQ(Outcome({{"azp", "other"}}), kWrongParty);
  EXPECT_EQ(Outcome({{"azp", 5}}), kWrongParty);
  EXPECT_EQ(Outcome({{"nonce", "another"}}), kWrongNonce);
  EXPECT_EQ(Outcome({{"nonce", nullptr}}), kWrongNonce);
  EXPECT_EQ(Outcome({{"nonce", ""}}), kWrongNonce);
  EXPECT_EQ(Outcome({{"sub", nullptr}}), kNoSubject);
  EXPECT_EQ(Outcome({{"sub", ""}}), kNoSubject);
  EXPECT_EQ(Outcome({{"sub", std::string(256, 'x')}}), kNoSubject);
  EXPECT_EQ(Outcome({{"exp", nullptr}}), kTokenMalformed);
  EXPECT_EQ(Outcome({{"iat", nullptr}}), kTokenMalformed);
  EXPECT_EQ(Outcome({{"exp", "1700000300"}}), kTokenMalformed);
  EXPECT_EQ(Outcome({{"exp", 1e300}}), kTokenMalformed);
  EXPECT_EQ(Outcome({{"nbf", true}}), kTokenMalformed);
}

TEST(IdTokenTest, TimesMayDifferByTheSkewAndNoMore) {
  EXPECT_EQ(Outcome({{"exp", kNow - 59}}), "ok");
  EXPECT_EQ(Outcome({{"exp", kNow - 60}}), kTokenExpired);
  EXPECT_EQ(Outcome({{"iat", kNow + 60}}), "ok");
  EXPECT_EQ(Outcome({{"iat", kNow + 61}}), kTokenFromFuture);
  EXPECT_EQ(Outcome({{"nbf", kNow + 61}}), kTokenFromFuture);
  EXPECT_EQ(Outcome({{"iat", kNow - 660}}), "ok");
  EXPECT_EQ(Outcome({{"iat", kNow - 661}}), kTokenTooOld);
}

json::Object Info(json::Object more) {
  more.emplace_back("sub", "24400320");
  return more;
}

TEST(IdTokenTest, APersonHasNameAndGroups) {
  const auto read = [](json::Object claims, const ClaimNames& names = {}) {
    return ReadPerson(json::Value(Info(std::move(claims))), names);
  };
  auto ada = read({{"preferred_username", "ada"}, {"groups", json::Array{"b", "a", "b"}}});
  ASSERT_TRUE(ada.has_value());
  EXPECT_EQ(ada->name, "ada");
  EXPECT_EQ(ada->groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read({{"preferred_username", "ada"}})->groups, std::nullopt);
  EXPECT_EQ(read({{"preferred_username", "ada"}, {"groups", "one"}})->groups,
            (std::vector<std::string>{"one"}));
  EXPECT_EQ(read({{"preferred_username", "ada"}, {"groups", json::Array{}}})->groups,
            std::vector<std::string>());
  EXPECT_EQ(read({{"n", "x"}, {"g", json::Array{"y"}}}, {.name = "n", .groups = "g"})->groups,
            (std::vector<std::string>{"y"}));
  EXPECT_EQ(read({}).error().detail(), kNoName);
  EXPECT_EQ(read({{"preferred_username", json::Array{"ada"}}}).error().detail(), kNoName);
  EXPECT_EQ(read({{"preferred_username", "a"}, {"groups", json::Array{1}}}).error().detail(),
            kTokenMalformed);
  json::Array many;
  for (size_t i = 0; i <= kMaxGroups; ++i) many.emplace_back(std::to_string(i));
  EXPECT_FALSE(read({{"preferred_username", "a"}, {"groups", std::move(many)}}).has_value());
}

TEST(IdTokenTest, AnEmailAddressIsANameOnlyWhenVerified) {
  const ClaimNames names{.name = "email"};
  const auto read = [&](json::Object more) {
    more.emplace_back("email", "ada@example.org");
    return ReadPerson(json::Value(Info(std::move(more))), names);
  };
  EXPECT_TRUE(read({{"email_verified", true}}).has_value());
  EXPECT_EQ(read({}).error().detail(), kEmailNotVerified);
  EXPECT_EQ(read({{"email_verified", false}}).error().detail(), kEmailNotVerified);
  EXPECT_EQ(read({{"email_verified", "true"}}).error().detail(), kEmailNotVerified);
}

}  // namespace
}  // namespace stetig::access::oidc
