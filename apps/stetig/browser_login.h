// `stetig login` with the browser: a listener on this machine takes the server's answer (RFC 8252),
// bound to this command by PKCE (RFC 7636).
#pragma once

#include <optional>
#include <string>

#include "base/status.h"

namespace stetig::app {

/// The OpenID provider that people of this server sign in through; nothing: none, or a server that
/// knows no sign-in.
std::optional<std::string> ProviderOf(const std::string& url);

/// Prints where to sign in, opens a browser where there is a desktop, waits at most five minutes
/// for the answer and gives the token that the server makes. kPermissionDenied: refused, with the
/// reason. kDeadlineExceeded: nobody signed in. kUnavailable: the server is not there.
Result<std::string> LogInWithBrowser(const std::string& url);

}  // namespace stetig::app
