// What an OpenID provider and a browser send: tokens, keys, metadata, claims, cookies of a sign-in.
// Any bytes give a value or a refusal; no token is taken but the one that was signed, no cookie
// leads to another site. The first byte chooses the reader.
#include <cstdint>
#include <string>
#include <string_view>

#include "access/oidc/attempt.h"
#include "access/oidc/id_token.h"
#include "access/oidc/jose.h"
#include "access/oidc/metadata.h"
#include "base/check.h"

namespace stetig::access::oidc {
namespace {

// RFC 7515 appendix A.3.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
constexpr std::string_view kSigned =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ";
constexpr WallTime kNow{1'700'000'000'000};

void FuzzToken(std::string_view text) {
  static const std::vector<Key> keys = *ParseKeySet(kKeys);
  const auto token = ParseToken(text);
  if (!token) {
    CHECK(token.error().code() == Code::kUnauthenticated && !token.error().detail().empty());
    return;
  }
  const auto claims = VerifyToken(*token, keys);
  CHECK(!claims || token->signed_part == kSigned);
}

void FuzzKeys(std::string_view text) {
  const auto keys = ParseKeySet(text);
  if (!keys) return;
  CHECK(keys->size() <= kMaxKeys);
  for (const Key& key : *keys) {
    [[maybe_unused]] const bool good = key.key.Verify("message", text.substr(0, 64));
  }
}

void CheckEndpoint(const Endpoint& endpoint) {
  CHECK(!endpoint.host.empty() && endpoint.target.starts_with('/') && endpoint.port != 0);
  for (const char c : endpoint.host + endpoint.target) CHECK(c > 0x20 && c < 0x7F);
}

void FuzzMetadata(std::string_view text) {
  const auto metadata = ParseMetadata(text, "https://server.example.com");
  if (metadata) {
    CheckEndpoint(metadata->token);
    CheckEndpoint(metadata->keys);
    CHECK(ParseEndpoint(metadata->authorization_endpoint).has_value());
  }
  if (const auto endpoint = ParseEndpoint(text)) CheckEndpoint(*endpoint);
}

void FuzzClaims(std::string_view text) {
  const auto claims = json::Parse(text, {.bytes = kMaxTokenBytes, .depth = 16});
  if (!claims) return;
  const Status status = CheckIdToken(*claims, {.issuer = "https://server.example.com",
                                               .client_id = "stetig",
                                               .nonce = "nonce",
                                               .now = kNow});
  CHECK(status.ok() || !status.detail().empty());
  if (status.ok()) CHECK(*claims->Find("nonce")->AsString() == "nonce");
  const auto person = ReadPerson(*claims, {});
  if (person) CHECK(!person->name.empty() && !person->subject.empty());
}

void FuzzCookie(std::string_view text) {
  const size_t space = text.find(' ');
  const std::string_view cookie = text.substr(0, space);
  const auto attempt =
      ResumeAttempt(cookie, space == std::string_view::npos ? "" : text.substr(space + 1), kNow);
  if (!attempt) {
    CHECK(attempt.error().code() == Code::kUnauthenticated);
    return;
  }
  CHECK(attempt->ToCookie() == cookie);
  CHECK(attempt->return_to.starts_with('/') && !attempt->return_to.starts_with("//"));
}

}  // namespace
}  // namespace stetig::access::oidc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stetig::access::oidc;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 't':
      FuzzToken(text);
      break;
    case 'k':
      FuzzKeys(text);
      break;
    case 'm':
      FuzzMetadata(text);
      break;
    case 'c':
      FuzzClaims(text);
      break;
    default:
      FuzzCookie(text);
  }
  return 0;
}
