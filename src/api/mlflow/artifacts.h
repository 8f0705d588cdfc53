// Files of runs, models and the artifact proxy: from URIs to paths of the artifact store, and bytes
// in and out.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "api/mlflow/endpoint.h"

namespace stetig::api::mlflow {

/// The path in the artifact store of a URI that this server keeps
/// ("mlflow-artifacts:/1/abc/artifacts" → "1/abc/artifacts"); nothing for storage that clients
/// reach themselves.
std::optional<std::string> ProxiedPath(std::string_view uri);

/// `parent` and `child` with one slash between; either may be empty.
std::string JoinPath(std::string_view parent, std::string_view child);

/// MLflow's rule for paths out of requests, after decoding until nothing changes: no "..", no
/// absolute path (POSIX, Windows, file:), no '#', no control characters. kInvalidArgument "Invalid
/// path".
Status CheckSafePath(std::string_view path);

/// The file at `path`, as an attachment; Range and If-Range are honoured. kNotFound,
/// kInvalidArgument (a folder), kDataLoss.
Task<http::Response> Download(Call call, std::string path);

/// Streams the request's body into the artifact store at `path`; the answer comes after bytes and
/// row are durable.
Task<> Upload(Call call, std::string path);

/// What to list: paths are given relative to `root`.
struct FileList {
  std::string root;
  std::string folder;
  std::string root_uri;    ///< shown when not empty
  std::string page_token;  ///< of this list
  int64_t limit = 0;       ///< files in one answer, 1 or more; more of them: next_page_token
};

/// Lists of runs and models: MLflow's clients ask for further pages of them.
inline constexpr int64_t kMaxListedFiles = 100'000;
/// Of the proxy's lists, which know no pages.
inline constexpr int64_t kAllFiles = std::numeric_limits<int64_t>::max();

/// `{"root_uri","files":[{"path","is_dir","file_size"}…],"next_page_token"}` of the direct children
/// of a folder.
Task<http::Response> ListFiles(Call call, FileList list);

}  // namespace stetig::api::mlflow
