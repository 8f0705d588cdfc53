#include "access/oidc/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "base/text.h"

namespace stetig::access::oidc {
namespace {

constexpr size_t kMaxCookie = 3'900;
constexpr size_t kMaxState = 128;
constexpr size_t kSecretLength = 43;  // 256 bits in base64url
constexpr size_t kParts = 7;

bool IsBase64Url(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string Encoded(const Sha256Digest& digest) {
  return Base64UrlEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string Derive(const Attempt& attempt, std::string_view label) {
  return Encoded(HmacSha256(attempt.secret, fmt::format("{}\n{}", label, attempt.ToCookie())));
}

Status CheckReturnTo(std::string_view path) {
  const bool odd = std::ranges::any_of(path, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F ||
           c == '\\';
  });
  if (!path.starts_with('/') || path.starts_with("//") || odd || path.size() > kMaxReturnTo) {
    return Err(Code::kInvalidArgument,
               fmt::format("parameter 'return_to' is '{}', expected an escaped path of this server",
                           FirstCodePoints(path, 80)),
               "invalid_parameter");
  }
  return OkStatus();
}

Status CheckWaiting(const Waiting& waiting) {
  if (waiting.port < 1024) {
    return Err(Code::kInvalidArgument,
               fmt::format("parameter 'port' is {}, expected 1024 to 65535", waiting.port),
               "invalid_parameter");
  }
  if (waiting.challenge.size() != kSecretLength || !IsBase64Url(waiting.challenge)) {
    return Err(Code::kInvalidArgument,
               "parameter 'challenge' is no SHA-256 in base64url, expected 43 characters",
               "invalid_parameter");
  }
  if (waiting.state.empty() || waiting.state.size() > kMaxState || !IsBase64Url(waiting.state)) {
    return Err(Code::kInvalidArgument, "parameter 'state' is not 1 to 128 characters of base64url",
               "invalid_parameter");
  }
  return OkStatus();
}

Failure NoAttempt() {
  return Err(Code::kUnauthenticated,
             "this browser has not begun to sign in here, expected the sign-in page first",
             kNoAttempt);
}

}  // namespace

std::string ChallengeOf(std::string_view verifier) { return Encoded(Sha256(verifier)); }

std::string Attempt::ToCookie() const {
  return fmt::format("{}.{}.{}.{}.{}.{}.{}", secret, begun.ms, Base64UrlEncode(redirect_uri),
                     Base64UrlEncode(return_to), waiting ? waiting->port : 0,
                     waiting ? waiting->challenge : "", waiting ? waiting->state : "");
}

std::string Attempt::State() const { return Derive(*this, "state"); }
std::string Attempt::Nonce() const { return Derive(*this, "nonce"); }
std::string Attempt::Verifier() const { return Derive(*this, "verifier"); }

Result<Attempt> BeginAttempt(std::string redirect_uri, std::string return_to,
                             std::optional<Waiting> waiting, WallTime now, Random& random) {
  TRY(CheckReturnTo(return_to));
  if (waiting) TRY(CheckWaiting(*waiting));
  return Attempt{.secret = NewTokenSecret(random),
                 .begun = now,
                 .redirect_uri = std::move(redirect_uri),
                 .return_to = std::move(return_to),
                 .waiting = std::move(waiting)};
}

Result<Attempt> ResumeAttempt(std::string_view cookie, std::string_view state, WallTime now) {
  const std::vector<std::string_view> parts = Split(cookie, '.');
  if (cookie.size() > kMaxCookie || parts.size() != kParts || parts[0].size() != kSecretLength ||
      !IsBase64Url(parts[0])) {
    return NoAttempt();
  }
  const auto begun = ParseInt64(parts[1]);
  auto redirect_uri = Base64UrlDecode(parts[2]);
  auto return_to = Base64UrlDecode(parts[3]);
  const auto port = ParseInt64(parts[4]);
  if (!begun || !redirect_uri || !return_to || !port || *port < 0 || *port > 65535 ||
      !CheckReturnTo(*return_to).ok()) {
    return NoAttempt();
  }
  Attempt attempt{.secret = std::string(parts[0]),
                  .begun = {*begun},
                  .redirect_uri = *std::move(redirect_uri),
                  .return_to = *std::move(return_to),
                  .waiting = std::nullopt};
  if (*port != 0) {
    attempt.waiting = Waiting{.port = static_cast<uint16_t>(*port),
                              .challenge = std::string(parts[5]),
                              .state = std::string(parts[6])};
    if (!CheckWaiting(*attempt.waiting).ok()) return NoAttempt();
  }
  if (attempt.ToCookie() != cookie) return NoAttempt();
  if (!ConstantTimeEquals(attempt.State(), state)) {
    return Err(Code::kUnauthenticated,
               "the answer of the provider belongs to another sign-in than this browser's",
               kWrongState);
  }
  const int64_t life = std::chrono::duration_cast<std::chrono::milliseconds>(kAttemptLife).count();
  if (now.ms + 60'000 < *begun || now.ms > *begun + life) {
    return Err(
        Code::kUnauthenticated,
        fmt::format("the sign-in took more than {} minutes, expected less", kAttemptLife.count()),
        kAttemptExpired);
  }
  return attempt;
}

}  // namespace stetig::access::oidc
