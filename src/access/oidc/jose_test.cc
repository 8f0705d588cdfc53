#include "access/oidc/jose.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace stetig::access::oidc {
namespace {

// RFC 7515 appendix A.2 and A.3, RFC 8037 appendix A.
constexpr std::string_view kRsa =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB")";
constexpr std::string_view kEc =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
constexpr std::string_view kEd =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
constexpr std::string_view kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr std::string_view kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
constexpr std::string_view kEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view kEdToken =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

std::string RsaToken() {
  return fmt::format("eyJhbGciOiJSUzI1NiJ9.{}.{}", kPayload, kRsaSignature);
}
std::string EcToken() { return fmt::format("eyJhbGciOiJFUzI1NiJ9.{}.{}", kPayload, kEcSignature); }

/// A set of keys; each text is the begin of a JWK without its closing brace.
std::vector<Key> Set(std::initializer_list<std::string> keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "" : ",") + key + "}";
  auto parsed = ParseKeySet(fmt::format(R"({{"keys":[{}]}})", text));
  EXPECT_TRUE(parsed.has_value()) << parsed.error().ToString();
  return parsed ? *parsed : std::vector<Key>();
}

std::string With(std::string_view key, std::string_view more) {
  return fmt::format("{},{}", key, more);
}

/// The detail of the refusal; "ok" when the token is taken.
std::string Outcome(std::string_view token, const std::vector<Key>& keys) {
  auto parsed = ParseToken(token);
  if (!parsed) {
    EXPECT_EQ(parsed.error().code(), Code::kUnauthenticated);
    return std::string(parsed.error().detail());
  }
  auto claims = VerifyToken(*parsed, keys);
  if (claims) return "ok";
  EXPECT_EQ(claims.error().code(), Code::kUnauthenticated);
  return std::string(claims.error().detail());
}

std::string Token(std::string_view header, std::string_view payload = R"({"iss":"joe"})") {
  return fmt::format("{}.{}.AAAA", Base64UrlEncode(header), Base64UrlEncode(payload));
}

TEST(JoseTest, TokensOfRfc7515AreTakenWithTheirClaims) {
  const auto keys = Set({std::string(kRsa), std::string(kEc), std::string(kEd)});
  for (const std::string& token : {RsaToken(), EcToken()}) {
    auto parsed = ParseToken(token);
    ASSERT_TRUE(parsed.has_value());
    auto claims = VerifyToken(*parsed, keys);
    ASSERT_TRUE(claims.has_value()) << claims.error().ToString();
    const json::Value value(*claims);
    EXPECT_EQ(*value.Find("iss")->AsString(), "joe");
    EXPECT_EQ(*value.Find("exp")->AsInt64(), 1300819380);
  }
}

TEST(JoseTest, TheSignatureOfRfc8037HoldsAndItsTextIsNoClaims) {
  EXPECT_EQ(Outcome(kEdToken, Set({std::string(kEd)})), kTokenMalformed);
  std::string other(kEdToken);
  other[other.size() - 5] = other[other.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Outcome(other, Set({std::string(kEd)})), kBadSignature);
}

TEST(JoseTest, NoOtherAlgorithmIsAccepted) {
  const auto keys = Set({std::string(kRsa), std::string(kEc), std::string(kEd)});
  for (const char* name : {"none", "None", "NONE", "HS256", "HS512", "RS512", "PS256", "ES384",
                           "ES256K", "rs256", "", "RSA1_5"}) {
    EXPECT_EQ(Outcome(Token(fmt::format(R"({{"alg":"{}"}})", name)), keys), kAlgorithmRefused)
        << name;
  }
  // RFC 7519 section 6.1: an unsecured token.
  EXPECT_EQ(Outcome(fmt::format("eyJhbGciOiJub25lIn0.{}.", kPayload), keys), kAlgorithmRefused);
  for (const char* header : {"{}", R"({"alg":5})", R"({"alg":["RS256"]})", R"({"alg":null})"}) {
    EXPECT_EQ(Outcome(Token(header), keys), kAlgorithmRefused) << header;
  }
}

TEST(JoseTest, AnAlgorithmTakesKeysOfItsOwnKindOnly) {
  EXPECT_EQ(Outcome(RsaToken(), Set({std::string(kEc), std::string(kEd)})), kUnknownKey);
  EXPECT_EQ(Outcome(EcToken(), Set({std::string(kRsa), std::string(kEd)})), kUnknownKey);
  EXPECT_EQ(Outcome(Token(R"({"alg":"RS256"})"), Set({std::string(kRsa)})), kBadSignature);
}

TEST(JoseTest, TheKeyIsTheOneThatIsNamed) {
  const std::string named = With(kRsa, R"("kid":"a")");
  EXPECT_EQ(Outcome(Token(R"({"alg":"RS256","kid":"b"})"), Set({named})), kUnknownKey);
  EXPECT_EQ(Outcome(Token(R"({"alg":"RS256","kid":"a"})"), Set({named})), kBadSignature);
  EXPECT_EQ(Outcome(RsaToken(), Set({named})), "ok");  // names none, and there is one alone
  EXPECT_EQ(Outcome(RsaToken(), Set({named, With(kRsa, R"("kid":"b")")})), kUnknownKey);
  EXPECT_EQ(Outcome(RsaToken(), {}), kUnknownKey);
}

TEST(JoseTest, MalformedTokensAreRefused) {
  const auto keys = Set({std::string(kRsa)});
  const std::string good = RsaToken();
  for (const std::string& token :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"), good + ".x",
        good + "=", good + " ", " " + good, good.substr(1), good + "\n",
        Token(R"({"alg":"RS256","crit":["b64"],"b64":false})"), Token("[]"), Token("x"),
        Token(R"({"alg":"RS256","kid":5})"), std::string(kMaxTokenBytes + 1, 'a')}) {
    EXPECT_EQ(Outcome(token, keys), kTokenMalformed) << token.substr(0, 80);
  }
}

TEST(JoseTest, KeysForOtherUsesAndBrokenOnesArePassedOver) {
  for (const char* more : {R"("use":"enc")", R"("key_ops":["encrypt"])", R"("alg":"RS512")",
                           R"("alg":"PS256")", R"("key_ops":"verify")"}) {
    EXPECT_TRUE(Set({With(kRsa, more)}).empty()) << more;
  }
  for (const char* more : {R"("use":"sig")", R"("key_ops":["verify"])", R"("alg":"RS256")"}) {
    EXPECT_EQ(Set({With(kRsa, more)}).size(), 1U) << more;
  }
  EXPECT_TRUE(
      Set({R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko")",
           R"({"kty":"RSA","n":"AQAB","e":"AQAB")", R"({"kty":"EC","crv":"P-384")",
           R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")",
           R"({"kty":5)", R"({"x":1)", R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA")"})
          .empty());
}

TEST(JoseTest, WhatIsNoKeySetIsRefused) {
  std::string many = R"({"keys":[)";
  for (size_t i = 0; i <= kMaxKeys; ++i) many += i == 0 ? "{}" : ",{}";
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        many + "]}", std::string(kMaxKeySetBytes, ' ') + R"({"keys":[]})"}) {
    EXPECT_FALSE(ParseKeySet(text).has_value()) << text.substr(0, 80);
  }
}

}  // namespace
}  // namespace stetig::access::oidc
