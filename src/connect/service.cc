#include "connect/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ids.h"
#include "base/text.h"
#include "connect/git_output.h"
#include "connect/internal/impl.h"
#include "query/page_token.h"

namespace stetig::connect {
namespace {

constexpr int64_t kMinPoll = 10;
constexpr int64_t kMaxPoll = 604'800;
constexpr size_t kMinSha = 7;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '/';
}

Status CheckName(std::string_view name) {
  if (!name.empty() && name.size() <= 200 && std::ranges::all_of(name, IsNameByte) &&
      !name.starts_with('-') && !name.starts_with('.')) {
    return OkStatus();
  }
  return Err(
      Code::kInvalidArgument,
      fmt::format("field 'name' is '{}', expected at most 200 letters, digits, '.', '_', '-' "
                  "and '/', and no '.' or '-' in front",
                  CleanGitText(name, 80)),
      "invalid_field");
}

Status CheckPoll(int64_t seconds) {
  if (seconds == 0 || (seconds >= kMinPoll && seconds <= kMaxPoll)) return OkStatus();
  return Err(Code::kInvalidArgument,
             fmt::format("field 'poll_seconds' is {}, expected 0 (only when asked) or {} to {}",
                         seconds, kMinPoll, kMaxPoll),
             "invalid_field");
}

Status Note(store::Transaction& tx, const Principal& who, const SourceRepository& source,
            std::string_view what, WallTime now) {
  json::Object payload = {
      {"name", source.name}, {"url", source.url}, {"poll_seconds", source.poll_seconds}};
  return journal::Append(tx, {.time = now,
                              .project = source.project,
                              .actor = who.user,
                              .kind = fmt::format("source_repository.{}", what),
                              .subject = {"source_repository", source.id},
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = who.request_id});
}

}  // namespace

Result<repository::SourceRow> RequireSource(store::Session& session, std::string_view reference) {
  ASSIGN_OR_RETURN(auto row, repository::FindSource(session, reference));
  if (row) return std::move(*row);
  return Err(Code::kNotFound,
             fmt::format("repository '{}' not found", FirstCodePoints(reference, 80)),
             "repository_not_found");
}

Status CheckLimit(int64_t limit) {
  if (limit >= 1 && limit <= kMaxPage) return OkStatus();
  return Err(Code::kInvalidArgument,
             fmt::format("parameter 'limit' is {}, expected 1 to {}", limit, kMaxPage),
             "invalid_parameter");
}

Result<int64_t> PlaceOf(std::string_view token, uint64_t print) {
  if (token.empty()) return 0;
  ASSIGN_OR_RETURN(const auto cursor, query::DecodePageToken(token, print));
  const auto* place = cursor.size() == 1 ? std::get_if<int64_t>(&cursor.front()) : nullptr;
  if (place == nullptr) {
    return Err(Code::kInvalidArgument, "the page token is of another list", "invalid_parameter");
  }
  return *place;
}

std::string TokenOf(int64_t place, uint64_t print) {
  const query::CursorValue value = place;
  return query::EncodePageToken(print, std::span(&value, 1));
}

Task<std::string> Service::Impl::ProjectId(std::string reference, Deadline deadline) {
  if (reference.empty()) co_return std::string();
  std::string kind(planning::kProject);
  auto found = co_await planning.Get(std::move(kind), std::move(reference), deadline);
  ASSIGN_OR_CO_RETURN(const planning::Record project, std::move(found));
  co_return project.id;
}

Service::Service(store::Database& db, planning::Service& planning, ServiceOptions options)
    : impl_(std::make_unique<Impl>(db, planning, std::move(options))) {}
Service::~Service() = default;

Task<SourceRepository> Service::AddSource(Principal who, NewSource request, Deadline deadline) {
  CO_TRY(CheckName(request.name));
  CO_TRY(CheckGitUrl(request.url));
  CO_TRY(CheckPoll(request.poll_seconds));
  auto resolved = co_await impl_->ProjectId(std::move(request.project), deadline);
  ASSIGN_OR_CO_RETURN(std::string project, std::move(resolved));
  const WallTime now = impl_->clock.Now();
  SourceRepository source{.id = NewUlid(now),
                          .name = std::move(request.name),
                          .url = std::move(request.url),
                          .project = std::move(project),
                          .poll_seconds = request.poll_seconds,
                          .created = now,
                          .created_by = who.user,
                          .synced = {},
                          .last_error = {}};
  auto write = [who = std::move(who), source,
                now](store::Transaction& tx) -> Result<SourceRepository> {
    TRY(repository::InsertSource(tx, source));
    TRY(Note(tx, who, source, "added", now));
    return source;
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<SourceRepository> Service::GetSource(std::string reference, Deadline deadline) {
  auto read = [reference =
                   std::move(reference)](store::Session& session) -> Result<SourceRepository> {
    ASSIGN_OR_RETURN(repository::SourceRow row, RequireSource(session, reference));
    return std::move(row.source);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<SourceRepository>> Service::ListSources(int64_t limit, std::string page_token,
                                                  Deadline deadline) {
  CO_TRY(CheckLimit(limit));
  const uint64_t print = query::Fingerprint("connect_sources").value();
  ASSIGN_OR_CO_RETURN(const int64_t after, PlaceOf(page_token, print));
  auto read = [limit, after, print](store::Session& session) -> Result<Page<SourceRepository>> {
    ASSIGN_OR_RETURN(auto rows, repository::ListSources(session, after, limit + 1));
    return ToPage<SourceRepository>(
        std::move(rows), limit, print,
        [](const repository::SourceRow& row) { return row.repository_no; },
        [](repository::SourceRow& row) { return std::move(row.source); });
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<SourceRepository> Service::ChangeSource(Principal who, std::string reference,
                                             SourceChanges changes, Deadline deadline) {
  if (changes.url) CO_TRY(CheckGitUrl(*changes.url));
  if (changes.poll_seconds) CO_TRY(CheckPoll(*changes.poll_seconds));
  if (changes.project) {
    auto resolved = co_await impl_->ProjectId(std::move(*changes.project), deadline);
    ASSIGN_OR_CO_RETURN(changes.project, std::move(resolved));
  }
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), reference = std::move(reference),
                changes = std::move(changes),
                now](store::Transaction& tx) -> Result<SourceRepository> {
    ASSIGN_OR_RETURN(repository::SourceRow row, RequireSource(tx, reference));
    SourceRepository& source = row.source;
    source.url = changes.url.value_or(source.url);
    source.project = changes.project.value_or(source.project);
    source.poll_seconds = changes.poll_seconds.value_or(source.poll_seconds);
    TRY(repository::SetSource(tx, row));
    TRY(Note(tx, who, source, "updated", now));
    return std::move(source);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::RemoveSource(Principal who, std::string reference, Deadline deadline) {
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), reference = std::move(reference),
                now](store::Transaction& tx) -> Result<std::string> {
    ASSIGN_OR_RETURN(const repository::SourceRow row, RequireSource(tx, reference));
    TRY(repository::DeleteSource(tx, row.repository_no));
    TRY(Note(tx, who, row.source, "removed", now));
    return row.source.id;
  };
  auto written = co_await impl_->db.Write(std::move(write), deadline);
  ASSIGN_OR_CO_RETURN(const std::string id, std::move(written));
  co_return impl_->git.Remove(id);
}

Task<Commit> Service::GetCommit(std::string sha, Deadline deadline) {
  sha = AsciiLower(sha);
  const bool hex = sha.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex || sha.size() < kMinSha || sha.size() > 64) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("commit '{}' is no hash, expected {} to 64 hexadecimal digits",
                              FirstCodePoints(sha, 80), kMinSha),
                  "invalid_parameter");
  }
  auto read = [sha = std::move(sha)](store::Session& session) -> Result<Commit> {
    ASSIGN_OR_RETURN(auto rows, repository::FindCommits(session, sha));
    if (rows.empty()) {
      return Err(Code::kNotFound, fmt::format("commit '{}' not found", sha), "commit_not_found");
    }
    if (rows.size() == 2 && rows[0].commit.sha != rows[1].commit.sha) {
      return Err(Code::kInvalidArgument,
                 fmt::format("'{}' fits commits {} and {}, expected more digits", sha,
                             rows[0].commit.sha, rows[1].commit.sha),
                 "ambiguous_prefix");
    }
    return std::move(rows.front().commit);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<Commit>> Service::FindCommits(ListCommits request, Deadline deadline) {
  CO_TRY(CheckLimit(request.limit));
  const uint64_t print = query::Fingerprint("connect_commits").Add(request.repository).value();
  ASSIGN_OR_CO_RETURN(const int64_t before, PlaceOf(request.page_token, print));
  auto read = [request = std::move(request), before,
               print](store::Session& session) -> Result<Page<Commit>> {
    repository::CommitListing listing{
        .repository_no = {}, .before = before, .limit = request.limit + 1};
    if (!request.repository.empty()) {
      ASSIGN_OR_RETURN(const repository::SourceRow row, RequireSource(session, request.repository));
      listing.repository_no = row.repository_no;
    }
    ASSIGN_OR_RETURN(auto rows, repository::ListCommits(session, listing));
    return ToPage<Commit>(
        std::move(rows), request.limit, print,
        [](const repository::CommitRow& row) { return row.commit_no; },
        [](repository::CommitRow& row) { return std::move(row.commit); });
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<std::vector<Branch>> Service::ListBranches(std::string repository, Deadline deadline) {
  auto read = [reference =
                   std::move(repository)](store::Session& session) -> Result<std::vector<Branch>> {
    ASSIGN_OR_RETURN(const repository::SourceRow row, RequireSource(session, reference));
    return repository::ListRefs(session, row.repository_no);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::connect
