#include "access/oidc/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_value.h"
#include "base/text.h"

namespace stetig::access::oidc {
namespace {

constexpr int kMaxDepth = 16;
constexpr size_t kMaxUrl = 2'000;

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

Failure BadUrl(std::string_view url, std::string_view why) {
  return Err(Code::kInvalidArgument, fmt::format("'{}' {}", FirstCodePoints(url, 200), why));
}

Result<std::string> UrlOf(const json::Value& document, std::string_view name) {
  const json::Value* value = document.Find(name);
  if (value == nullptr || value->AsString() == nullptr) {
    return Err(Code::kInvalidArgument, fmt::format("the provider's metadata have no '{}'", name));
  }
  return *value->AsString();
}

Result<Endpoint> EndpointOf(const json::Value& document, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string url, UrlOf(document, name));
  auto endpoint = ParseEndpoint(url);
  if (!endpoint) {
    return Err(Code::kInvalidArgument,
               fmt::format("the provider's '{}': {}", name, endpoint.error().message()));
  }
  return endpoint;
}

/// Whether a list of the document holds `word`; `otherwise` where there is no such list.
bool Lists(const json::Value& document, std::string_view name, std::string_view word,
           bool otherwise) {
  const json::Value* list = document.Find(name);
  if (list == nullptr || list->AsArray() == nullptr) return otherwise;
  return std::ranges::any_of(*list->AsArray(), [&](const json::Value& one) {
    return one.AsString() != nullptr && *one.AsString() == word;
  });
}

}  // namespace

Result<Endpoint> ParseEndpoint(std::string_view url) {
  const bool odd = std::ranges::any_of(url, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F ||
           c == '\\';
  });
  if (odd || url.size() > kMaxUrl) return BadUrl(url, "is no URL");
  Endpoint endpoint;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    endpoint.tls = false;
    endpoint.port = 80;
  } else {
    return BadUrl(url, "is no URL of https");
  }
  if (rest.contains('#')) return BadUrl(url, "has a fragment, expected none");
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  endpoint.target = rest.substr(end);
  if (!endpoint.target.starts_with('/')) endpoint.target.insert(0, "/");
  if (authority.contains('@')) return BadUrl(url, "names a user, expected none");
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto port = ParseInt64(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return BadUrl(url, "has no port of 1 to 65535");
    endpoint.port = static_cast<uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  endpoint.host = authority;
  if (endpoint.host.empty()) return BadUrl(url, "has no host");
  if (!endpoint.tls && !IsLoopback(endpoint.host)) {
    return BadUrl(url, "is not encrypted, expected https (http only to this machine)");
  }
  return endpoint;
}

Result<Metadata> ParseMetadata(std::string_view text, std::string_view issuer) {
  ASSIGN_OR_RETURN(const json::Value document,
                   json::Parse(text, {.bytes = kMaxMetadataBytes, .depth = kMaxDepth}));
  Metadata made;
  ASSIGN_OR_RETURN(made.issuer, UrlOf(document, "issuer"));
  // Discovery 1.0 section 4.3: exactly the one that was asked.
  if (made.issuer != issuer) {
    return Err(Code::kInvalidArgument,
               fmt::format("the provider calls itself '{}', expected '{}' (oidc-issuer)",
                           FirstCodePoints(made.issuer, 200), issuer));
  }
  ASSIGN_OR_RETURN(made.authorization_endpoint, UrlOf(document, "authorization_endpoint"));
  ASSIGN_OR_RETURN([[maybe_unused]] const Endpoint authorization,
                   EndpointOf(document, "authorization_endpoint"));
  ASSIGN_OR_RETURN(made.token, EndpointOf(document, "token_endpoint"));
  ASSIGN_OR_RETURN(made.keys, EndpointOf(document, "jwks_uri"));
  if (document.Find("userinfo_endpoint") != nullptr) {
    ASSIGN_OR_RETURN(made.userinfo, EndpointOf(document, "userinfo_endpoint"));
    made.has_userinfo = true;
  }
  if (!Lists(document, "response_types_supported", "code", /*otherwise=*/true)) {
    return Err(Code::kInvalidArgument, "the provider offers no authorisation codes");
  }
  if (!Lists(document, "code_challenge_methods_supported", "S256", /*otherwise=*/true)) {
    return Err(Code::kInvalidArgument, "the provider offers no PKCE with S256");
  }
  constexpr std::string_view kMethods = "token_endpoint_auth_methods_supported";
  made.secret_in_body = !Lists(document, kMethods, "client_secret_basic", /*otherwise=*/true) &&
                        Lists(document, kMethods, "client_secret_post", /*otherwise=*/false);
  const json::Value* named = document.Find("authorization_response_iss_parameter_supported");
  made.names_issuer = named != nullptr && named->AsBool() != nullptr && *named->AsBool();
  return made;
}

}  // namespace stetig::access::oidc
