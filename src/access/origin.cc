#include "access/origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace stetig::access {
namespace {

/// "[::1]:5000" -> "::1"; "host:5000" -> "host"; a name without port stays.
std::string_view StripPort(std::string_view host) {
  if (host.starts_with('[')) {
    size_t end = host.find(']');
    return end == std::string_view::npos ? std::string_view() : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool IsPrivateV4(const std::array<unsigned char, 4>& a) {
  return a[0] == 127 || a[0] == 10 || (a[0] == 172 && (a[1] & 0xF0) == 16) ||
         (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
}

bool IsPrivateV6(const std::array<unsigned char, 16>& a) {
  bool loopback =
      a[15] == 1 && std::all_of(a.begin(), a.end() - 1, [](unsigned char c) { return c == 0; });
  return loopback || (a[0] & 0xFE) == 0xFC || (a[0] == 0xFE && (a[1] & 0xC0) == 0x80);
}

/// Localhost, and addresses that no public name server can hand out for a name of an attacker's
/// page without being the address itself.
bool IsLocal(std::string_view name) {
  if (EqualsIgnoreCase(name, "localhost") ||
      (name.size() > 10 && EqualsIgnoreCase(name.substr(name.size() - 10), ".localhost"))) {
    return true;
  }
  std::string text(name);
  std::array<unsigned char, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) {
    return IsPrivateV4(v4);
  }
  std::array<unsigned char, 16> v6{};
  return inet_pton(AF_INET6, text.c_str(), v6.data()) == 1 && IsPrivateV6(v6);
}

bool IsLoopbackName(std::string_view name) {
  std::string text(name);
  std::array<unsigned char, 4> v4{};
  bool loopback_v4 = inet_pton(AF_INET, text.c_str(), v4.data()) == 1 && v4[0] == 127;
  return loopback_v4 || EqualsIgnoreCase(name, "localhost") || name == "::1";
}

bool MatchesPattern(std::string_view name, std::string_view pattern) {
  if (pattern == "*") {
    return true;
  }
  if (pattern.starts_with("*.")) {
    std::string_view suffix = pattern.substr(1);
    return name.size() > suffix.size() &&
           EqualsIgnoreCase(name.substr(name.size() - suffix.size()), suffix);
  }
  return EqualsIgnoreCase(name, pattern);
}

}  // namespace

bool HostAllowed(std::string_view host, const std::vector<std::string>& allowed) {
  std::string_view name = StripPort(host);
  if (name.empty()) {
    return false;
  }
  return IsLocal(name) || std::ranges::any_of(allowed, [&](const std::string& pattern) {
           return MatchesPattern(name, pattern) || MatchesPattern(host, pattern);
         });
}

bool OriginAllowed(std::optional<std::string_view> origin, std::string_view host,
                   const std::vector<std::string>& allowed) {
  if (!origin) {
    return true;
  }
  if (std::ranges::any_of(allowed, [&](const std::string& one) {
        return one == "*" || EqualsIgnoreCase(*origin, one);
      })) {
    return true;
  }
  size_t scheme = origin->find("://");
  if (scheme == std::string_view::npos) {
    return false;
  }
  std::string_view authority = origin->substr(scheme + 3);
  return EqualsIgnoreCase(authority, host) || IsLoopbackName(StripPort(authority));
}

}  // namespace stetig::access
