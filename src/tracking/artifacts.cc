// Use cases of the artifact index.
#include <limits>
#include <utility>

#include "base/text.h"
#include "query/page_token.h"
#include "tracking/internal/artifact_repository.h"
#include "tracking/internal/events.h"
#include "tracking/internal/experiment_repository.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/location.h"
#include "tracking/internal/sight.h"

namespace stetig::tracking {
namespace {

constexpr size_t kMaxManifestPage = 10'000;
constexpr int64_t kMaxListed = 10'000;

Service::ArtifactEntry ToEntry(const ArtifactRow& row) {
  return {.path = row.Path(),
          .is_dir = row.IsFolder(),
          .size = static_cast<uint64_t>(row.size),
          .manifest = row.manifest};
}

Status CheckFilePath(std::string_view path) {
  TRY(ValidateArtifactPath(path));
  return path.empty() ? Err(Code::kInvalidArgument, "Invalid path") : OkStatus();
}

/// The name after which a page begins.
Result<std::string> NameOfToken(std::string_view token, uint64_t fingerprint) {
  if (token.empty()) {
    return std::string();
  }
  ASSIGN_OR_RETURN(std::vector<query::CursorValue> values,
                   query::DecodePageToken(token, fingerprint));
  auto* name = values.size() == 1 ? std::get_if<std::string>(&values[0]) : nullptr;
  if (name == nullptr) {
    return Err(Code::kInvalidArgument, "Invalid page token, it is not one of this list");
  }
  return std::move(*name);
}

/// The first `limit` children that `who` sees; hidden folders are in the root alone.
Result<std::vector<ArtifactRow>> SeenChildren(store::Session& session, const Principal& who,
                                              const std::string& path, std::string after,
                                              int64_t limit) {
  if (!who.scope || !path.empty()) return ReadChildren(session, path, after, limit);
  std::vector<ArtifactRow> seen;
  for (;;) {
    ASSIGN_OR_RETURN(std::vector<ArtifactRow> rows, ReadChildren(session, path, after, limit));
    const bool last = std::cmp_less(rows.size(), limit);
    if (!rows.empty()) after = rows.back().name;
    for (ArtifactRow& row : rows) {
      if (who.SeesExperiment(row.name)) seen.push_back(std::move(row));
      if (std::cmp_equal(seen.size(), limit)) return seen;
    }
    if (last) return seen;
  }
}

Status NoSuchArtifact(std::string_view path) {
  return Status(Code::kNotFound, fmt::format("No such artifact: '{}'", path));
}

/// kInvalidArgument when a file stands where `path` needs a folder, or a folder where it is to be a
/// file.
Status CheckPlace(store::Session& session, std::string_view path,
                  const std::optional<ArtifactRow>& there) {
  if (there && there->IsFolder()) {
    return Err(Code::kInvalidArgument,
               fmt::format("artifact path '{}' is a folder, expected a file or nothing", path));
  }
  ASSIGN_OR_RETURN(const std::vector<ArtifactRow> parents, ReadParents(session, path));
  for (const ArtifactRow& parent : parents) {
    if (!parent.IsFolder()) {
      return Err(
          Code::kInvalidArgument,
          fmt::format("artifact path '{}' is a file, expected a folder or nothing", parent.Path()));
    }
  }
  return OkStatus();
}

/// Where `who` does not see everything, a folder of an experiment takes writes only where there is
/// one that they see and may change: whether another one exists is not told.
Status CheckMayPut(store::Session& session, const Principal& who, std::string_view path) {
  if (!who.scope) return OkStatus();
  const std::string id(ExperimentOfPath(path));
  if (const auto no = ParseInt64(id)) {
    TRY(GetExperimentRow(session, who, *no));
    return OkStatus();
  }
  return who.MayInExperiment(id) ? OkStatus()
                                 : Status(Code::kPermissionDenied, access::DenialOf(who));
}

Status CheckMayDelete(const Principal& who, std::string_view path) {
  if (who.MayInExperiment(ExperimentOfPath(path))) return OkStatus();
  return Status(Code::kPermissionDenied, access::DenialOf(who));
}

}  // namespace

Task<> Service::PutArtifact(Principal who, std::string path, std::string manifest, uint64_t size,
                            std::string sha256, Deadline deadline) {
  CO_TRY(CheckFilePath(path));
  if (manifest.empty() || size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    co_return Err(Code::kInvalidArgument, "an artifact needs a manifest and a size below 2^63");
  }
  auto write = [who = std::move(who), path = std::move(path), manifest = std::move(manifest),
                sha256 = std::move(sha256), size = static_cast<int64_t>(size),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    TRY(CheckMayPut(tx, who, path));
    ASSIGN_OR_RETURN(const std::optional<ArtifactRow> there, FindArtifact(tx, path));
    TRY(CheckPlace(tx, path, there));
    if (there && there->manifest == manifest) {
      return OkStatus();
    }
    const PathParts parts = SplitPath(path);
    TRY(EnsureParents(tx, path, now.ms));
    TRY(UpsertArtifact(tx, {.parent = std::string(parts.parent),
                            .name = std::string(parts.name),
                            .manifest = manifest,
                            .size = size,
                            .sha256 = sha256,
                            .modified_time = now.ms}));
    return Record(tx, {who, now}, there ? "artifact.replaced" : "artifact.stored",
                  ArtifactRef(path), {}, {{"manifest", manifest}, {"sha256", sha256}});
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<Service::ArtifactEntry> Service::GetArtifact(Principal who, std::string path,
                                                  Deadline deadline) {
  CO_TRY(CheckFilePath(path));
  auto read = [who = std::move(who),
               path = std::move(path)](store::Session& session) -> Result<ArtifactEntry> {
    ASSIGN_OR_RETURN(const std::optional<ArtifactRow> row, FindArtifact(session, path));
    if (!row || !SeesPath(who, path)) {
      return Err(NoSuchArtifact(path));
    }
    return ToEntry(*row);
  };
  auto entry = co_await impl_->db.Read(std::move(read), deadline);
  co_return entry;
}

Task<Page<Service::ArtifactEntry>> Service::ListArtifacts(Principal who,
                                                          tracking::ListArtifacts query,
                                                          Deadline deadline) {
  CO_TRY(ValidateArtifactPath(query.path));
  if (query.max_results < 1 || query.max_results > kMaxListed) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("a list of artifacts has 1 to {} of them on a page, found {}",
                              kMaxListed, query.max_results));
  }
  const uint64_t fingerprint = query::Fingerprint("artifacts").Add(query.path).value();
  ASSIGN_OR_CO_RETURN(std::string after, NameOfToken(query.page_token, fingerprint));
  auto read = [who = std::move(who), path = std::move(query.path), limit = query.max_results,
               after = std::move(after),
               fingerprint](store::Session& session) -> Result<Page<ArtifactEntry>> {
    Page<ArtifactEntry> page;
    if (!SeesPath(who, path)) return page;
    ASSIGN_OR_RETURN(std::vector<ArtifactRow> rows,
                     SeenChildren(session, who, path, after, limit + 1));
    if (static_cast<int64_t>(rows.size()) > limit) {
      rows.pop_back();
      const query::CursorValue last = rows.back().name;
      page.next_page_token = query::EncodePageToken(fingerprint, std::span(&last, 1));
    }
    page.items.reserve(rows.size());
    for (const ArtifactRow& row : rows) {
      page.items.push_back(ToEntry(row));
    }
    return page;
  };
  auto page = co_await impl_->db.Read(std::move(read), deadline);
  co_return page;
}

Task<> Service::DeleteArtifact(Principal who, std::string path, Deadline deadline) {
  CO_TRY(CheckFilePath(path));
  auto write = [who = std::move(who), path = std::move(path),
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const std::optional<ArtifactRow> row, FindArtifact(tx, path));
    if (!row || !SeesPath(who, path)) {
      return NoSuchArtifact(path);
    }
    TRY(CheckMayDelete(who, path));
    ASSIGN_OR_RETURN(const int64_t count, DeleteTree(tx, path));
    TRY(PruneEmptyParents(tx, path));
    return Record(tx, {who, now}, "artifact.deleted", ArtifactRef(path), {},
                  {{"rows", std::to_string(count)}, {"manifest", row->manifest}});
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<std::vector<std::string>> Service::LiveManifests(std::string after, size_t limit,
                                                      Deadline deadline) {
  auto read = [after = std::move(after),
               limit = std::min(limit, kMaxManifestPage)](store::Session& session) {
    return ReadManifests(session, after, static_cast<int64_t>(limit));
  };
  auto manifests = co_await impl_->db.Read(std::move(read), deadline);
  co_return manifests;
}

}  // namespace stetig::tracking
