#include "access/oidc/id_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "access/oidc/jose.h"
#include "base/digest.h"
#include "base/text.h"

namespace stetig::access::oidc {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr size_t kShown = 200;  // code points of a foreign value in a message
constexpr double kMostSeconds = 1e12;

Failure Refuse(std::string message, const char* detail) {
  return Err(Code::kUnauthenticated, std::move(message), detail);
}

std::string_view Shown(std::string_view text) { return FirstCodePoints(text, kShown); }

/// A NumericDate (RFC 7519 section 2): seconds, fractions allowed.
Result<std::optional<WallTime>> TimeOf(const json::Value& claims, std::string_view name) {
  const json::Value* value = claims.Find(name);
  if (value == nullptr) return std::nullopt;
  double seconds = std::nan("");
  if (const int64_t* whole = value->AsInt64()) seconds = static_cast<double>(*whole);
  if (const double* real = value->AsDouble()) seconds = *real;
  if (!(std::abs(seconds) <= kMostSeconds)) {
    return Refuse(fmt::format("claim '{}' of the ID token is no time", name), kTokenMalformed);
  }
  return WallTime{static_cast<int64_t>(seconds * 1000)};
}

Result<WallTime> Required(const json::Value& claims, std::string_view name) {
  ASSIGN_OR_RETURN(const std::optional<WallTime> time, TimeOf(claims, name));
  if (!time) {
    return Refuse(fmt::format("claim '{}' of the ID token is missing", name), kTokenMalformed);
  }
  return *time;
}

std::string TextOf(const json::Value& claims, std::string_view name) {
  const json::Value* value = claims.Find(name);
  return value != nullptr && value->AsString() != nullptr ? *value->AsString() : std::string();
}

Status CheckAudience(const json::Value& claims, const std::string& client_id) {
  std::vector<std::string> audience;
  if (const json::Value* value = claims.Find("aud")) {
    if (value->AsString() != nullptr) audience.push_back(*value->AsString());
    if (value->AsArray() != nullptr) {
      for (const json::Value& one : *value->AsArray()) {
        if (one.AsString() == nullptr) {
          return Refuse("claim 'aud' of the ID token is no list of texts", kTokenMalformed);
        }
        audience.push_back(*one.AsString());
      }
    }
  }
  if (std::ranges::find(audience, client_id) == audience.end()) {
    return Refuse(fmt::format("the ID token is for '{}', expected '{}'",
                              audience.empty() ? "" : Shown(audience.front()), client_id),
                  kWrongAudience);
  }
  const json::Value* party = claims.Find("azp");
  if (party == nullptr && audience.size() == 1) return OkStatus();
  const std::string name = TextOf(claims, "azp");
  if (name != client_id) {
    return Refuse(
        fmt::format("the ID token was given to '{}', expected '{}'", Shown(name), client_id),
        kWrongParty);
  }
  return OkStatus();
}

Status CheckTimes(const json::Value& claims, WallTime now) {
  const int64_t skew = duration_cast<milliseconds>(kClockSkew).count();
  const int64_t age = duration_cast<milliseconds>(kMaxTokenAge).count();
  ASSIGN_OR_RETURN(const WallTime expires, Required(claims, "exp"));
  ASSIGN_OR_RETURN(const WallTime issued, Required(claims, "iat"));
  ASSIGN_OR_RETURN(const std::optional<WallTime> not_before, TimeOf(claims, "nbf"));
  if (now.ms >= expires.ms + skew) {
    return Refuse(fmt::format("the ID token ended at {}, it is {}", FormatIso8601(expires),
                              FormatIso8601(now)),
                  kTokenExpired);
  }
  const WallTime begins = not_before ? std::max(issued, *not_before) : issued;
  if (begins.ms > now.ms + skew) {
    return Refuse(fmt::format("the ID token begins at {}, it is {}", FormatIso8601(begins),
                              FormatIso8601(now)),
                  kTokenFromFuture);
  }
  if (issued.ms < now.ms - age - skew) {
    return Refuse(fmt::format("the ID token was issued at {}, expected at most {} minutes ago",
                              FormatIso8601(issued), kMaxTokenAge.count()),
                  kTokenTooOld);
  }
  return OkStatus();
}

Result<std::optional<std::vector<std::string>>> GroupsOf(const json::Value& claims,
                                                         const std::string& name) {
  const json::Value* value = name.empty() ? nullptr : claims.Find(name);
  if (value == nullptr || value->IsNull()) return std::nullopt;
  std::vector<std::string> groups;
  if (value->AsString() != nullptr) {
    groups.push_back(*value->AsString());
  } else if (value->AsArray() != nullptr) {
    for (const json::Value& one : *value->AsArray()) {
      if (one.AsString() == nullptr) {
        return Refuse(fmt::format("claim '{}' is no list of texts", name), kTokenMalformed);
      }
      groups.push_back(*one.AsString());
    }
  } else {
    return Refuse(fmt::format("claim '{}' is no list of texts", name), kTokenMalformed);
  }
  std::ranges::sort(groups);
  groups.erase(std::ranges::unique(groups).begin(), groups.end());
  if (groups.size() > kMaxGroups) {
    return Refuse(fmt::format("claim '{}' names {} groups, expected at most {}", name,
                              groups.size(), kMaxGroups),
                  kTokenMalformed);
  }
  return groups;
}

}  // namespace

Status CheckIdToken(const json::Value& claims, const Expected& expected) {
  if (const std::string issuer = TextOf(claims, "iss"); issuer != expected.issuer) {
    return Refuse(
        fmt::format("the ID token comes from '{}', expected '{}'", Shown(issuer), expected.issuer),
        kWrongIssuer);
  }
  TRY(CheckAudience(claims, expected.client_id));
  TRY(CheckTimes(claims, expected.now));
  if (!ConstantTimeEquals(TextOf(claims, "nonce"), expected.nonce)) {
    return Refuse("the ID token was made for another sign-in", kWrongNonce);
  }
  if (const std::string subject = TextOf(claims, "sub");
      subject.empty() || subject.size() > kMaxSubjectBytes) {
    return Refuse(fmt::format("claim 'sub' of the ID token has {} bytes, expected 1 to {}",
                              subject.size(), kMaxSubjectBytes),
                  kNoSubject);
  }
  return OkStatus();
}

Result<Person> ReadPerson(const json::Value& claims, const ClaimNames& names) {
  Person person{
      .subject = TextOf(claims, "sub"), .name = TextOf(claims, names.name), .groups = std::nullopt};
  if (person.subject.empty()) return Refuse("the provider names no subject", kNoSubject);
  if (person.name.empty()) {
    return Refuse(fmt::format("the provider's claim '{}' holds no user name", names.name), kNoName);
  }
  const json::Value* verified = claims.Find("email_verified");
  if (names.name == "email" &&
      (verified == nullptr || verified->AsBool() == nullptr || !*verified->AsBool())) {
    return Refuse("the provider has not verified the e-mail address", kEmailNotVerified);
  }
  ASSIGN_OR_RETURN(person.groups, GroupsOf(claims, names.groups));
  return person;
}

}  // namespace stetig::access::oidc
