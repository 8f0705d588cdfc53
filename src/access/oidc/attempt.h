// A sign-in that is under way, kept by the browser: no server-side state, so that whoever asks to
// sign in and never does costs nothing, and any replica may take the callback.
//
// A cookie holds a random secret with what was asked for. State, nonce and the PKCE verifier are
// derived from the whole cookie, each by its own label: the callback's state must be the one of the
// cookie that comes with it, the ID token must hold its nonce, the provider must know the challenge
// of its verifier. Changing anything in the cookie changes all three. Pure functions; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/status.h"

namespace stetig::access::oidc {

/// From asking to sign in until the callback.
inline constexpr std::chrono::minutes kAttemptLife{10};
inline constexpr size_t kMaxReturnTo = 1'024;

// Details of refusals.
inline constexpr char kNoAttempt[] = "sign_in_not_begun";
inline constexpr char kAttemptExpired[] = "sign_in_expired";
inline constexpr char kWrongState[] = "wrong_state";

/// The command line that waits on this person's machine (RFC 8252 section 7.3).
struct Waiting {
  uint16_t port = 0;      ///< of its listener on 127.0.0.1
  std::string challenge;  ///< S256 of its verifier: 43 characters of base64url
  std::string state;      ///< to be handed back: 1 to 128 characters of base64url
};

struct Attempt {
  std::string secret;
  WallTime begun;
  std::string redirect_uri;
  std::string return_to;  ///< a path of ours
  std::optional<Waiting> waiting;

  /// Value of the cookie: characters of base64url and '.'.
  std::string ToCookie() const;
  std::string State() const;
  std::string Nonce() const;
  std::string Verifier() const;
};

/// kInvalidArgument: `return_to` is no path of this server ("//host", "/\host", a URL, control
/// characters, too long), or `waiting` has an odd port, challenge or state.
Result<Attempt> BeginAttempt(std::string redirect_uri, std::string return_to,
                             std::optional<Waiting> waiting, WallTime now, Random& random);

/// The attempt of a callback. kUnauthenticated: kNoAttempt (no cookie, or none of ours),
/// kAttemptExpired, kWrongState.
Result<Attempt> ResumeAttempt(std::string_view cookie, std::string_view state, WallTime now);

/// RFC 7636 section 4.2: BASE64URL(SHA256(verifier)).
std::string ChallengeOf(std::string_view verifier);

}  // namespace stetig::access::oidc
