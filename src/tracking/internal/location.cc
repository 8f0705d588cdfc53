#include "tracking/internal/location.h"

#include <algorithm>
#include <array>

#include "base/paths.h"
#include "base/text.h"

namespace stetig::tracking {
namespace {

constexpr size_t kMaxLocationLength = 2048;
constexpr size_t kMaxPathBytes = 4096;

constexpr std::string_view kAlpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kSchemeCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";

/// Schemes whose last path segment may carry ";params" (Python's urlparse).
constexpr std::array<std::string_view, 6> kParamSchemes = {"",     "ftp",  "sftp",
                                                           "hdfs", "http", "https"};

Status CheckScheme(const UriParts& parts, std::string_view location,
                   std::string_view default_root) {
  const std::string scheme = AsciiLower(parts.scheme);
  const bool names_host =
      SchemeNamesHost(scheme) || (scheme == "mlflow-artifacts" && !parts.authority.empty());
  const UriParts root = SplitUri(default_root);
  const bool trusted = AsciiLower(root.scheme) == scheme &&
                       AsciiLower(root.authority) == AsciiLower(parts.authority);
  if (names_host && !trusted) {
    return Err(Code::kInvalidArgument,
               fmt::format("'artifact_location' cannot use the '{0}' scheme: the '{0}' scheme "
                           "addresses a host other than the "
                           "tracking server's configured artifact storage, so the server would "
                           "connect to the host named in the "
                           "URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES "
                           "environment variable on the server to "
                           "allow it.",
                           scheme));
  }
  if (location.starts_with("runs:")) {
    return Err(Code::kInvalidArgument,
               fmt::format("Artifact location cannot be a runs:/ URI. Given: '{}'", location));
  }
  return OkStatus();
}

}  // namespace

UriParts SplitUri(std::string_view uri) {
  UriParts parts;
  std::string_view rest = uri;
  const size_t colon = rest.find(':');
  if (colon != std::string_view::npos && colon > 0 && kAlpha.contains(rest[0]) &&
      rest.substr(0, colon).find_first_not_of(kSchemeCharacters) == std::string_view::npos) {
    parts.scheme = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    parts.has_authority = true;
    parts.authority = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  if (const size_t hash = rest.find('#'); hash != std::string_view::npos) {
    parts.fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  if (const size_t question = rest.find('?'); question != std::string_view::npos) {
    parts.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  parts.path = rest;
  return parts;
}

std::string AppendToUri(std::string_view uri, std::string_view path) {
  const UriParts parts = SplitUri(uri);
  std::string joined;
  if (!parts.scheme.empty()) {
    joined.append(parts.scheme).append(":");
  }
  if (parts.has_authority || AsciiLower(parts.scheme) == "file") {
    joined.append("//").append(parts.authority);
  }
  joined.append(parts.path);
  const bool starts_path = parts.path.empty() && !parts.has_authority;
  if (!starts_path && !joined.ends_with('/')) {
    joined += '/';
  }
  joined.append(path);
  if (!parts.query.empty()) {
    joined.append("?").append(parts.query);
  }
  return joined;
}

Status ValidateArtifactLocation(std::string_view location, std::string_view default_root) {
  const UriParts parts = SplitUri(location);
  const std::string scheme = AsciiLower(parts.scheme);
  const bool params = std::ranges::find(kParamSchemes, scheme) != kParamSchemes.end() &&
                      parts.path.substr(parts.path.rfind('/') + 1).contains(';');
  if (!parts.fragment.empty() || params) {
    return Err(Code::kInvalidArgument,
               "'artifact_location' URL can't include fragments or params.");
  }
  const std::optional<std::string> query = PercentDecodeFully(parts.query);
  if (!query || query->contains("..")) {
    return Err(Code::kInvalidArgument, "Invalid query string");
  }
  TRY(CheckScheme(parts, location, default_root));
  if (CodePoints(location) > kMaxLocationLength) {
    return Err(Code::kInvalidArgument,
               fmt::format("Invalid artifact path length. The length of the artifact path cannot "
                           "be greater than {} characters. To "
                           "configure this limit, please set the "
                           "MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable.",
                           kMaxLocationLength));
  }
  if (LeavesItsFolder(parts.path)) {
    return Err(Code::kInvalidArgument,
               "'artifact_location' must not contain '..' or control characters in its path.");
  }
  return OkStatus();
}

Status ValidateArtifactPath(std::string_view path) {
  const auto abnormal = [](std::string_view segment) { return segment.empty() || segment == "."; };
  const bool normal = path.empty() || !std::ranges::any_of(Split(path, '/'), abnormal);
  if (path.size() > kMaxPathBytes || !normal || !IsSafeRelativePath(path)) {
    return Err(Code::kInvalidArgument, "Invalid path");
  }
  return OkStatus();
}

}  // namespace stetig::tracking
