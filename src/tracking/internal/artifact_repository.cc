#include "tracking/internal/artifact_repository.h"

#include <algorithm>
#include <array>

#include "tracking/internal/rows.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kFind{
    "SELECT parent, name, manifest, size, sha256, modified_time FROM artifacts WHERE parent = $1 "
    "AND name = $2"};
constexpr Statement kChildren{
    "SELECT parent, name, manifest, size, sha256, modified_time FROM artifacts WHERE parent = $1 "
    "AND name > $2 ORDER BY name LIMIT $3"};
constexpr Statement kUpsert{
    "INSERT INTO artifacts (parent, name, manifest, size, sha256, modified_time) VALUES ($1, $2, "
    "$3, $4, $5, $6) "
    "ON CONFLICT (parent, name) DO UPDATE SET manifest = excluded.manifest, size = excluded.size, "
    "sha256 = excluded.sha256, "
    "modified_time = excluded.modified_time"};
constexpr Statement kEnsureFolder{
    "INSERT INTO artifacts (parent, name, manifest, size, sha256, modified_time) VALUES ($1, $2, "
    "NULL, 0, NULL, $3) "
    "ON CONFLICT (parent, name) DO NOTHING"};
constexpr Statement kDelete{"DELETE FROM artifacts WHERE parent = $1 AND name = $2"};
// '0' is the character after '/': the range holds every path that starts with "<folder>/".
constexpr Statement kDeleteBelow{
    "DELETE FROM artifacts WHERE parent = $1 OR (parent >= $2 AND parent < $3)"};
constexpr Statement kHasChild{"SELECT 1 FROM artifacts WHERE parent = $1 LIMIT 1"};
constexpr Statement kManifests{
    "SELECT DISTINCT manifest FROM artifacts WHERE manifest IS NOT NULL AND manifest > $1 ORDER BY "
    "manifest LIMIT $2"};

ArtifactRow ToArtifact(const Row& row) {
  return {.parent = std::string(row.Text(0)),
          .name = std::string(row.Text(1)),
          .manifest = std::string(row.Text(2)),
          .size = row.Int(3),
          .sha256 = std::string(row.Text(4)),
          .modified_time = row.Int(5)};
}

/// "a/b/c" → "a", "a/b".
std::vector<std::string_view> FoldersAbove(std::string_view path) {
  std::vector<std::string_view> folders;
  for (size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    folders.push_back(path.substr(0, slash));
  }
  return folders;
}

}  // namespace

PathParts SplitPath(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos
             ? PathParts{.parent = {}, .name = path}
             : PathParts{.parent = path.substr(0, slash), .name = path.substr(slash + 1)};
}

Result<std::optional<ArtifactRow>> FindArtifact(store::Session& session, std::string_view path) {
  const PathParts parts = SplitPath(path);
  std::optional<ArtifactRow> found;
  TRY(session.Query(kFind, {parts.parent, parts.name}, [&](const Row& row) {
    found = ToArtifact(row);
    return OkStatus();
  }));
  return found;
}

Result<std::vector<ArtifactRow>> ReadParents(store::Session& session, std::string_view path) {
  std::vector<std::array<Value, 2>> values;
  for (const std::string_view folder : FoldersAbove(path)) {
    const PathParts parts = SplitPath(folder);
    values.push_back({Value(parts.parent), Value(parts.name)});
  }
  std::vector<ArtifactRow> rows;
  if (values.empty()) {
    return rows;
  }
  const std::vector<Params> batch(values.begin(), values.end());
  TRY(session.QueryMany(kFind, batch, [&](size_t, const Row& row) {
    rows.push_back(ToArtifact(row));
    return OkStatus();
  }));
  return rows;
}

Result<std::vector<ArtifactRow>> ReadChildren(store::Session& session, std::string_view folder,
                                              std::string_view after, int64_t limit) {
  std::vector<ArtifactRow> rows;
  TRY(session.Query(kChildren, {folder, after, limit}, [&](const Row& row) {
    rows.push_back(ToArtifact(row));
    return OkStatus();
  }));
  return rows;
}

Status UpsertArtifact(store::Transaction& tx, const ArtifactRow& row) {
  return tx.Execute(kUpsert, {row.parent, row.name, OrNull(std::string_view(row.manifest)),
                              row.size, OrNull(std::string_view(row.sha256)), row.modified_time});
}

Status EnsureParents(store::Transaction& tx, std::string_view path, int64_t now) {
  std::vector<std::array<Value, 3>> values;
  for (const std::string_view folder : FoldersAbove(path)) {
    const PathParts parts = SplitPath(folder);
    values.push_back({Value(parts.parent), Value(parts.name), Value(now)});
  }
  if (values.empty()) {
    return OkStatus();
  }
  const std::vector<Params> rows(values.begin(), values.end());
  return tx.ExecuteMany(kEnsureFolder, rows);
}

Result<int64_t> DeleteTree(store::Transaction& tx, std::string_view path) {
  const PathParts parts = SplitPath(path);
  const std::string first = std::string(path) + "/";
  const std::string end = std::string(path) + "0";
  ASSIGN_OR_RETURN(const int64_t below, tx.Changed(kDeleteBelow, {path, first, end}));
  ASSIGN_OR_RETURN(const int64_t self, tx.Changed(kDelete, {parts.parent, parts.name}));
  return below + self;
}

Status PruneEmptyParents(store::Transaction& tx, std::string_view path) {
  std::vector<std::string_view> folders = FoldersAbove(path);
  std::ranges::reverse(folders);
  for (const std::string_view folder : folders) {
    bool used = false;
    TRY(tx.Query(kHasChild, {folder}, [&](const Row&) {
      used = true;
      return OkStatus();
    }));
    if (used) {
      break;
    }
    const PathParts parts = SplitPath(folder);
    TRY(tx.Execute(kDelete, {parts.parent, parts.name}));
  }
  return OkStatus();
}

Result<std::vector<std::string>> ReadManifests(store::Session& session, std::string_view after,
                                               int64_t limit) {
  std::vector<std::string> manifests;
  TRY(session.Query(kManifests, {after, limit}, [&](const Row& row) {
    manifests.emplace_back(row.Text(0));
    return OkStatus();
  }));
  return manifests;
}

}  // namespace stetig::tracking
