// The tree of artifacts: which manifest stands at which path. Paths are relative and normal; "" is
// the root. Functions run inside the caller's closure; errors as Session or Transaction, besides
// those named.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/database.h"

namespace stetig::tracking {

struct ArtifactRow {
  std::string parent;
  std::string name;
  std::string manifest;  ///< empty: a folder
  int64_t size = 0;
  std::string sha256;
  int64_t modified_time = 0;

  bool IsFolder() const { return manifest.empty(); }
  std::string Path() const { return parent.empty() ? name : parent + "/" + name; }
};

/// A path cut at its last "/".
struct PathParts {
  std::string_view parent;
  std::string_view name;
};
PathParts SplitPath(std::string_view path);

Result<std::optional<ArtifactRow>> FindArtifact(store::Session& session, std::string_view path);
/// The rows of every folder above `path` that exist, outermost first, files in their place
/// included.
Result<std::vector<ArtifactRow>> ReadParents(store::Session& session, std::string_view path);
/// Direct children of a folder, by name, those with names greater than `after`, at most `limit`.
Result<std::vector<ArtifactRow>> ReadChildren(store::Session& session, std::string_view folder,
                                              std::string_view after, int64_t limit);

/// Writes a file's row, or replaces what it says.
Status UpsertArtifact(store::Transaction& tx, const ArtifactRow& row);
/// Makes every folder above `path` that is not there.
Status EnsureParents(store::Transaction& tx, std::string_view path, int64_t now);
/// Deletes the row at `path` and everything below it. Returns how many rows went.
Result<int64_t> DeleteTree(store::Transaction& tx, std::string_view path);
/// Deletes the folders above `path` that have become empty.
Status PruneEmptyParents(store::Transaction& tx, std::string_view path);

/// Distinct manifests greater than `after`, ascending, at most `limit`.
Result<std::vector<std::string>> ReadManifests(store::Session& session, std::string_view after,
                                               int64_t limit);

}  // namespace stetig::tracking
