// The discovery document of an OpenID provider (OpenID Connect Discovery 1.0 section 4) and the
// URLs in it. Readers of outside bytes: pure, bounded, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace stetig::access::oidc {

inline constexpr size_t kMaxMetadataBytes = size_t{256} << 10;

/// A URL that we may call.
struct Endpoint {
  bool tls = true;
  std::string host;
  uint16_t port = 443;
  std::string target = "/";  ///< path and query, escaped
};

/// https, or http to this machine (tests, a provider on the same host). kInvalidArgument: anything
/// else, a user, a fragment, control characters or blanks.
Result<Endpoint> ParseEndpoint(std::string_view url);

struct Metadata {
  std::string issuer;
  std::string authorization_endpoint;  ///< a URL with at most a query
  Endpoint token;
  Endpoint keys;
  bool has_userinfo = false;
  Endpoint userinfo;
  bool secret_in_body = false;  ///< client_secret_post, where client_secret_basic is not offered
  bool names_issuer = false;    ///< RFC 9207: the callback has to have "iss"
};

/// kInvalidArgument: no such document; another issuer than the one that was asked; an endpoint that
/// is missing or not to be called; no "code", no S256 where methods are listed.
Result<Metadata> ParseMetadata(std::string_view text, std::string_view issuer);

}  // namespace stetig::access::oidc
