// Where artifacts lie: checking and joining the URIs that clients and the configuration give.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace stetig::tracking {

/// The parts of a URI as Python's urlsplit sees them; views into the text.
struct UriParts {
  std::string_view scheme;     ///< as written; empty for a plain path
  std::string_view authority;  ///< between "//" and the path
  bool has_authority = false;
  std::string_view path;
  std::string_view query;     ///< without "?"
  std::string_view fragment;  ///< without "#"
};
UriParts SplitUri(std::string_view uri);

/// Appends a relative path to the path of `uri`, before its query: ("s3://b/x?v=1", "7/artifacts")
/// → "s3://b/x/7/artifacts?v=1".
std::string AppendToUri(std::string_view uri, std::string_view path);

/// Whether an experiment may keep its artifacts there. Refused (kInvalidArgument, MLflow's texts
/// where it has one): a fragment or params,
/// ".." in path or query however encoded, control characters, runs:/ URIs, more than 2048 code
/// points, and schemes that name a host to connect to unless it is that of `default_root`. Local
/// paths pass: the client writes there, the server never does.
Status ValidateArtifactLocation(std::string_view location, std::string_view default_root);

/// Whether `path` is a safe, relative and normal path of the artifact store; "" is its root.
/// kInvalidArgument "Invalid path".
Status ValidateArtifactPath(std::string_view path);

}  // namespace stetig::tracking
