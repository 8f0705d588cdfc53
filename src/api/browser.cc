#include "api/browser.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/origin.h"
#include "base/text.h"

namespace stetig::api {
namespace {

constexpr size_t kMaxHost = 260;

std::string_view HostOf(const http::Request& request) {
  return request.headers.Get("Host").value_or("");
}

/// Nothing that could end a host inside a URL.
bool IsHost(std::string_view host) {
  return !host.empty() && host.size() <= kMaxHost && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
  });
}

/// The entry of redirect_hosts that this host is; entries are "HOST[:PORT]" with or without scheme.
const std::string* EntryOf(const Options& options, std::string_view host) {
  for (const std::string& entry : options.redirect_hosts) {
    const size_t scheme = entry.find("://");
    const std::string_view name = scheme == std::string::npos
                                      ? std::string_view(entry)
                                      : std::string_view(entry).substr(scheme + 3);
    if (EqualsIgnoreCase(name, host)) return &entry;
  }
  return nullptr;
}

std::string NameOf(const Options& options, const http::Request& request, Cookie cookie) {
  const std::string_view prefix = BySecureChannel(options, request) ? "__Host-" : "";
  return fmt::format("{}stetig_{}", prefix, cookie == Cookie::kSession ? "session" : "sign_in");
}

}  // namespace

bool BySecureChannel(const Options& options, const http::Request& request) {
  if (request.peer.tls) return true;
  const std::string* entry = EntryOf(options, HostOf(request));
  return entry != nullptr && entry->starts_with("https://");
}

Result<std::string> PublicOrigin(const Options& options, const http::Request& request) {
  const std::string_view host = HostOf(request);
  const bool allowed = options.redirect_hosts.empty()
                           ? access::HostAllowed(host, options.allowed_hosts)
                           : EntryOf(options, host) != nullptr;
  if (!IsHost(host) || !allowed) {
    return Err(Code::kPermissionDenied,
               fmt::format("Host is '{}', expected {}", FirstCodePoints(host, 80),
                           options.redirect_hosts.empty() ? "a name of this server (allowed-hosts)"
                                                          : "one of oidc-redirect-hosts"),
               "host_not_allowed");
  }
  return fmt::format("{}://{}", BySecureChannel(options, request) ? "https" : "http", host);
}

std::optional<std::string> FindCookie(const Options& options, const http::Request& request,
                                      Cookie cookie) {
  const std::string name = NameOf(options, request, cookie);
  std::optional<std::string> found;
  for (const auto& [field, value] : request.headers.fields()) {
    if (!EqualsIgnoreCase(field, "Cookie")) continue;
    for (std::string_view pair : Split(value, ';')) {
      pair = Trim(pair);
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      if (found) return std::nullopt;
      found = std::string(pair.substr(equals + 1));
    }
  }
  return found;
}

std::string SetCookie(const Options& options, const http::Request& request, Cookie cookie,
                      std::string_view value, std::chrono::seconds life) {
  // "__Host-" demands Path=/ and Secure. Lax: the provider's redirect back brings the cookies, a
  // form of another site does not.
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}",
                     NameOf(options, request, cookie), value, life.count(),
                     BySecureChannel(options, request) ? "; Secure" : "");
}

std::string ClearCookie(const Options& options, const http::Request& request, Cookie cookie) {
  return SetCookie(options, request, cookie, "", std::chrono::seconds(0));
}

}  // namespace stetig::api
