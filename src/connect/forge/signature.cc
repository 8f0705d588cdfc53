#include "connect/forge/signature.h"

#include <string>

#include "base/digest.h"
#include "base/text.h"

namespace stetig::connect::forge {
namespace {

constexpr std::string_view kPrefix = "sha256=";

/// The hex digits that the headers claim; empty: none.
std::string Claimed(const http::Headers& headers) {
  const size_t hub = headers.Count("X-Hub-Signature-256");
  if (hub > 1) return {};
  if (hub == 1) {
    const std::string_view value = headers.Get("X-Hub-Signature-256").value_or("");
    return value.starts_with(kPrefix) ? AsciiLower(value.substr(kPrefix.size())) : std::string();
  }
  if (headers.Count("X-Gitea-Signature") != 1) return {};
  return AsciiLower(headers.Get("X-Gitea-Signature").value_or(""));
}

}  // namespace

bool SignatureFits(const http::Headers& headers, std::string_view body, std::string_view secret) {
  const std::string claimed = Claimed(headers);
  const std::string right = ToHex(HmacSha256(secret, body));
  return ConstantTimeEquals(claimed, right) && !secret.empty();
}

}  // namespace stetig::connect::forge
