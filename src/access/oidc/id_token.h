// What an ID token must say (OpenID Connect Core 1.0 section 3.1.3.7), and what it says about a
// person. Pure functions; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "base/status.h"

namespace stetig::access::oidc {

// Details of refusals.
inline constexpr char kWrongIssuer[] = "wrong_issuer";
inline constexpr char kWrongAudience[] = "wrong_audience";
inline constexpr char kWrongParty[] = "wrong_authorized_party";
inline constexpr char kWrongNonce[] = "wrong_nonce";
inline constexpr char kTokenExpired[] = "token_expired";
inline constexpr char kTokenTooOld[] = "token_too_old";
inline constexpr char kTokenFromFuture[] = "token_from_future";
inline constexpr char kNoSubject[] = "no_subject";
inline constexpr char kNoName[] = "no_name";
inline constexpr char kEmailNotVerified[] = "email_not_verified";

/// How far our clock and the provider's may differ.
inline constexpr std::chrono::seconds kClockSkew{60};
/// A token is taken out of the code's answer at once, so an old one is somebody else's.
inline constexpr std::chrono::minutes kMaxTokenAge{10};
inline constexpr size_t kMaxSubjectBytes = 255;
inline constexpr size_t kMaxGroups = 200;

struct Expected {
  std::string issuer;
  std::string client_id;
  std::string nonce;
  WallTime now;
};

/// kUnauthenticated with the detail of the first claim that is not as expected; kTokenMalformed for
/// one that is absent or of the wrong type.
Status CheckIdToken(const json::Value& claims, const Expected& expected);

/// Which claims say what.
struct ClaimNames {
  std::string name = "preferred_username";
  std::string groups = "groups";
};

/// A person as the provider knows them. Issuer and subject together are who they are; the name is
/// only what they are called.
struct Person {
  std::string subject;
  std::string name;
  /// Ascending, each once; nothing: the provider says nothing about groups.
  std::optional<std::vector<std::string>> groups;
};

/// `claims` have been checked. kUnauthenticated: kNoSubject, kNoName (absent or no text; groups
/// that are no list of texts), kEmailNotVerified (the name is an e-mail address that the provider
/// does not vouch for).
Result<Person> ReadPerson(const json::Value& claims, const ClaimNames& names);

}  // namespace stetig::access::oidc
