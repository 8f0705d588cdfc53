// Use cases of links.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ids.h"
#include "base/text.h"
#include "planning/internal/impl.h"
#include "planning/link_repository.h"
#include "planning/phases.h"
#include "query/page_token.h"

namespace stetig::planning {
namespace {

constexpr size_t kMaxId = 500;
constexpr std::string_view kBases[] = {"asserted", "derived", "verified"};

Status CheckEnd(std::string_view which, const Ref& ref) {
  const bool plain = IsValidUtf8(ref.type) && IsValidUtf8(ref.id) && !ref.type.contains('\0') &&
                     !ref.id.contains('\0');
  if (!ref.type.empty() && !ref.id.empty() && ref.type.size() <= 64 && ref.id.size() <= kMaxId &&
      plain) {
    return OkStatus();
  }
  return Err(
      Code::kInvalidArgument,
      fmt::format("'{}' has type '{}' and id '{}', expected a type and an id of at most {} bytes",
                  which, FirstCodePoints(ref.type, 64), FirstCodePoints(ref.id, 80), kMaxId),
      "invalid_field");
}

Status CheckType(std::string_view link_type) {
  std::vector<std::string_view> names;
  for (const LinkTypeDef& type : LinkTypes()) names.push_back(type.name);
  if (std::ranges::find(names, link_type) != names.end()) return OkStatus();
  return Err(Code::kInvalidArgument,
             fmt::format("field 'type' is '{}', expected one of {}", FirstCodePoints(link_type, 80),
                         fmt::join(names, ", ")),
             "invalid_field");
}

Status CheckLink(const NewLink& link) {
  TRY(CheckType(link.type));
  if (std::ranges::find(kBases, link.basis) == std::end(kBases)) {
    return Err(Code::kInvalidArgument,
               fmt::format("field 'basis' is '{}', expected one of {}",
                           FirstCodePoints(link.basis, 80), fmt::join(kBases, ", ")),
               "invalid_field");
  }
  TRY(CheckEnd("from", link.from));
  TRY(CheckEnd("to", link.to));
  for (const std::string* text : {&link.rule, &link.evidence}) {
    if (text->size() > 2000 || !IsValidUtf8(*text) || text->contains('\0')) {
      return Err(Code::kInvalidArgument, "'rule' and 'evidence' are texts of at most 2000 bytes",
                 "invalid_field");
    }
  }
  return OkStatus();
}

/// An end of a link with the record it names, if it is one.
struct End {
  Ref ref;
  std::optional<repository::RecordRow> record;
  int64_t project_no = 0;  ///< 0: of no project
};

/// A phase of a project: "CHURN/modeling".
Result<End> ResolvePhase(store::Session& session, const Ref& ref) {
  const size_t slash = ref.id.rfind('/');
  const PhaseDef* phase =
      slash == std::string::npos ? nullptr : FindPhase(ref.id.substr(slash + 1));
  if (phase == nullptr) {
    return Err(Code::kInvalidArgument,
               fmt::format("'{}' is no phase, expected one like CHURN/modeling",
                           FirstCodePoints(ref.id, 80)),
               "invalid_field");
  }
  ASSIGN_OR_RETURN(const repository::RecordRow project,
                   Resolve(session, kProject, ref.id.substr(0, slash)));
  return End{.ref = {.type = ref.type, .id = fmt::format("{}/{}", project.record.id, phase->name)},
             .record = {},
             .project_no = project.record_no};
}

Result<End> ResolveEnd(store::Session& session, const Ref& ref) {
  if (ref.type == kPhaseType) return ResolvePhase(session, ref);
  End end{.ref = ref, .record = {}};
  if (FindKind(ref.type) == nullptr) return end;
  ASSIGN_OR_RETURN(end.record, Resolve(session, ref.type, ref.id));
  end.ref.id = end.record->record.id;
  end.project_no = end.record->project_no;
  return end;
}

Status Note(store::Transaction& tx, const Principal& who, const repository::LinkRow& row,
            const std::string& project, std::string_view what, WallTime now) {
  const Link& link = row.link;
  const auto end = [](const Ref& ref) { return json::Array{ref.type, ref.id}; };
  json::Object payload = {{"type", link.type},
                          {"from", end(link.from)},
                          {"to", end(link.to)},
                          {"basis", link.basis},
                          {"rule", link.rule},
                          {"evidence", link.evidence},
                          {"valid_from", link.created.ms}};
  return journal::Append(tx, {.time = now,
                              .project = project,
                              .actor = who.user,
                              .kind = fmt::format("link.{}", what),
                              .subject = {"link", link.id},
                              .refs = {{link.from.type, link.from.id}, {link.to.type, link.to.id}},
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = who.request_id});
}

Result<std::string> ProjectIdOf(store::Session& session, int64_t project_no) {
  if (project_no == 0) return std::string();
  ASSIGN_OR_RETURN(const auto project, repository::FindByNo(session, project_no));
  return project ? project->record.id : std::string();
}

Result<Link> Add(store::Transaction& tx, const Principal& who, const NewLink& request,
                 WallTime now) {
  ASSIGN_OR_RETURN(End from, ResolveEnd(tx, request.from));
  ASSIGN_OR_RETURN(End to, ResolveEnd(tx, request.to));
  if (from.ref == to.ref) {
    return Err(Code::kInvalidArgument, "'from' and 'to' are the same, expected two things",
               "invalid_field");
  }
  repository::LinkRow row;
  row.link = {.id = NewUlid(now),
              .type = request.type,
              .from = from.ref,
              .to = to.ref,
              .basis = request.basis,
              .rule = request.rule,
              .evidence = request.evidence,
              .to_fingerprint = to.record ? to.record->record.fingerprint : "",
              .created = now,
              .created_by = who.user,
              .ended = {}};
  ASSIGN_OR_RETURN(auto same, repository::FindLiveLink(tx, row.link));
  if (same) return std::move(same->link);
  row.project_no = to.project_no != 0 ? to.project_no : from.project_no;
  TRY(repository::InsertLink(tx, row));
  ASSIGN_OR_RETURN(const std::string project, ProjectIdOf(tx, row.project_no));
  TRY(Note(tx, who, row, project, "asserted", now));
  return row.link;
}

Result<repository::LinkRow> RequireLink(store::Session& session, std::string_view id) {
  ASSIGN_OR_RETURN(auto row, repository::FindLink(session, id));
  if (!row) {
    return Err(Code::kNotFound, fmt::format("link '{}' not found", FirstCodePoints(id, 80)),
               "link_not_found");
  }
  return std::move(*row);
}

Result<Page<Link>> Find(store::Session& session, const ListLinks& request, int64_t after,
                        uint64_t fingerprint) {
  repository::LinkListing listing{.from = request.from,
                                  .to = request.to,
                                  .type = request.type,
                                  .suspect_only = request.suspect_only,
                                  .ended_too = request.ended_too,
                                  .after = after,
                                  .limit = request.limit + 1};
  ASSIGN_OR_RETURN(listing.project_no, ResolveProject(session, request.project));
  for (std::optional<Ref>* end : {&listing.from, &listing.to}) {
    if (!*end) continue;
    ASSIGN_OR_RETURN(End resolved, ResolveEnd(session, **end));
    **end = std::move(resolved.ref);
  }
  ASSIGN_OR_RETURN(std::vector<repository::LinkRow> rows, repository::ListLinks(session, listing));
  Page<Link> page;
  if (static_cast<int64_t>(rows.size()) > request.limit) {
    rows.pop_back();
    const query::CursorValue place = rows.back().link_no;
    page.next_page_token = query::EncodePageToken(fingerprint, std::span(&place, 1));
  }
  for (repository::LinkRow& row : rows) page.items.push_back(std::move(row.link));
  return page;
}

}  // namespace

Task<Link> Service::AddLink(Principal who, NewLink request, Deadline deadline) {
  CO_TRY(CheckLink(request));
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), request = std::move(request), now](store::Transaction& tx) {
    return Add(tx, who, request, now);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<Link> Service::GetLink(std::string id, Deadline deadline) {
  auto read = [id = std::move(id)](store::Session& session) -> Result<Link> {
    ASSIGN_OR_RETURN(repository::LinkRow row, RequireLink(session, id));
    return std::move(row.link);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<Link>> Service::FindLinks(ListLinks request, Deadline deadline) {
  CO_TRY(CheckLimit(request.limit));
  if (!request.type.empty()) CO_TRY(CheckType(request.type));
  query::Fingerprint print("planning_links");
  print.Add(request.project).Add(request.type).Add(request.suspect_only).Add(request.ended_too);
  for (const std::optional<Ref>* end : {&request.from, &request.to}) {
    print.Add(*end ? (*end)->type : "").Add(*end ? (*end)->id : "");
  }
  int64_t after = 0;
  if (!request.page_token.empty()) {
    ASSIGN_OR_CO_RETURN(const auto cursor,
                        query::DecodePageToken(request.page_token, print.value()));
    const auto* place = cursor.size() == 1 ? std::get_if<int64_t>(&cursor.front()) : nullptr;
    if (place == nullptr)
      co_return Err(Code::kInvalidArgument, "the page token is of another list");
    after = *place;
  }
  auto read = [request = std::move(request), after, print = print.value()](
                  store::Session& session) { return Find(session, request, after, print); };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Link> Service::ReviewLink(Principal who, std::string id, Deadline deadline) {
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), id = std::move(id),
                now](store::Transaction& tx) -> Result<Link> {
    ASSIGN_OR_RETURN(repository::LinkRow row, RequireLink(tx, id));
    if (!row.link.suspect) return std::move(row.link);
    ASSIGN_OR_RETURN(const auto to, repository::FindById(tx, row.link.to.id));
    if (!to) {
      return Err(Code::kFailedPrecondition,
                 "the record that the link leads to is deleted, expected the link to be ended",
                 "record_deleted");
    }
    TRY(repository::SetLinkFingerprint(tx, row.link_no, to->record.fingerprint));
    row.link.to_fingerprint = to->record.fingerprint;
    row.link.suspect = false;
    ASSIGN_OR_RETURN(const std::string project, ProjectIdOf(tx, row.project_no));
    TRY(Note(tx, who, row, project, "reviewed", now));
    return std::move(row.link);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<Link> Service::EndLink(Principal who, std::string id, Deadline deadline) {
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), id = std::move(id),
                now](store::Transaction& tx) -> Result<Link> {
    ASSIGN_OR_RETURN(repository::LinkRow row, RequireLink(tx, id));
    if (row.link.ended) return std::move(row.link);
    TRY(repository::EndLink(tx, row.link_no, now));
    row.link.ended = now;
    row.link.suspect = false;
    ASSIGN_OR_RETURN(const std::string project, ProjectIdOf(tx, row.project_no));
    TRY(Note(tx, who, row, project, "ended", now));
    return std::move(row.link);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

}  // namespace stetig::planning
