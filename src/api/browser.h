// What tells a browser's request apart: its cookies, and the address that it knows us by. Pure
// functions over a request; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.h"
#include "http/message.h"

namespace stetig::api {

/// Cookies of ours. Where the browser speaks TLS they have the prefix "__Host-": then no other host
/// and no plain connection can have set them.
enum class Cookie : unsigned char {
  kSession,  ///< secret of an access::Session
  kAttempt,  ///< of a sign-in that is under way
};

/// Whether the browser reaches us by TLS: directly, or at an address that the settings give as
/// https (a proxy speaks TLS there).
bool BySecureChannel(const Options& options, const http::Request& request);

/// "https://ml.example.org": what the browser has in its address bar. kPermissionDenied
/// ("host_not_allowed"): Host is none of Options::redirect_hosts, or, where there are none, none
/// that may be served.
Result<std::string> PublicOrigin(const Options& options, const http::Request& request);

/// The value of the cookie; nothing: it is not there, or there twice. Only the name of this
/// channel's cookie counts.
std::optional<std::string> FindCookie(const Options& options, const http::Request& request,
                                      Cookie cookie);

/// Values of Set-Cookie. `value` has no characters that a cookie may not have.
std::string SetCookie(const Options& options, const http::Request& request, Cookie cookie,
                      std::string_view value, std::chrono::seconds life);
std::string ClearCookie(const Options& options, const http::Request& request, Cookie cookie);

}  // namespace stetig::api
