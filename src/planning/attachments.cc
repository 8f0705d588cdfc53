// Use cases of attachments. The bytes are in the blob store before a row names them: a crash in
// between leaves garbage for the sweep and nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "planning/attachment_repository.h"
#include "planning/internal/visible.h"
#include "planning/names.h"
#include "query/page_token.h"

namespace stetig::planning {
namespace {

constexpr size_t kMaxManifestPage = 10'000;

Failure NoSuchAttachment(const Record& record, std::string_view name,
                         std::optional<int64_t> version) {
  return Err(Code::kNotFound,
             version
                 ? fmt::format("{} has no version {} of an attachment '{}'", record.key, *version,
                               FirstCodePoints(name, 80))
                 : fmt::format("{} has no attachment '{}'", record.key, FirstCodePoints(name, 80)),
             "attachment_not_found");
}

Status CheckRequest(const NewAttachment& request) {
  TRY(CheckAttachmentName(request.name));
  return CheckContentType(request.content_type);
}

/// Room for one more version.
Status CheckCount(const Record& record, const repository::AttachmentCounts& counts) {
  if (counts.rows < kMaxAttachmentVersions) return OkStatus();
  return Err(Code::kFailedPrecondition,
             fmt::format("{} has had {} versions of attachments, at most {} are kept: use another "
                         "record",
                         record.key, counts.rows, kMaxAttachmentVersions),
             "too_many_attachments");
}

Status Note(store::Transaction& tx, const Principal& who, const Record& record,
            std::string_view what, json::Object payload, WallTime now) {
  json::Object whole = {{"record", record.key}};
  whole.insert(whole.end(), payload.begin(), payload.end());
  return journal::Append(tx, {.time = now,
                              .project = record.project,
                              .actor = who.user,
                              .kind = fmt::format("attachment.{}", what),
                              .subject = {record.kind, record.id},
                              .payload = json::Dump(json::Value(std::move(whole))),
                              .request_id = who.request_id});
}

Result<Attachment> Put(store::Transaction& tx, const Principal& who, const NewAttachment& request,
                       WallTime now) {
  ASSIGN_OR_RETURN(const repository::RecordRow row,
                   internal::ResolveFor(tx, who, request.kind, request.reference));
  ASSIGN_OR_RETURN(auto newest,
                   repository::FindAttachment(tx, row.record_no, request.name, std::nullopt));
  // The same bytes again are the same version: a repeated upload makes nothing new.
  if (newest && newest->manifest == request.manifest &&
      newest->content_type == request.content_type) {
    return std::move(*newest);
  }
  ASSIGN_OR_RETURN(const repository::AttachmentCounts counts,
                   repository::CountAttachments(tx, row.record_no, request.name));
  TRY(CheckCount(row.record, counts));
  Attachment made{.record = row.record.id,
                  .name = request.name,
                  .version = counts.last_version + 1,
                  .manifest = request.manifest,
                  .size = static_cast<int64_t>(request.size),
                  .sha256 = request.sha256,
                  .content_type = request.content_type,
                  .created = now,
                  .created_by = who.user};
  TRY(repository::InsertAttachment(tx, row.record_no, made));
  TRY(Note(tx, who, row.record, "added",
           {{"attachment", made.name},
            {"number", made.version},
            {"size", made.size},
            {"sha256", made.sha256},
            {"content_type", made.content_type},
            {"manifest", made.manifest}},
           now));
  return made;
}

/// Where a page begins: one value of the type that the list is ordered by.
template <class T>
Result<T> PlaceOf(const std::string& token, uint64_t fingerprint, T otherwise) {
  if (token.empty()) return otherwise;
  ASSIGN_OR_RETURN(const auto cursor, query::DecodePageToken(token, fingerprint));
  const T* place = cursor.size() == 1 ? std::get_if<T>(&cursor.front()) : nullptr;
  if (place == nullptr) return Err(Code::kInvalidArgument, "the page token is of another list");
  return *place;
}

Page<Attachment> PageOf(std::vector<Attachment> rows, int64_t limit, uint64_t fingerprint,
                        bool by_name) {
  Page<Attachment> page{.items = std::move(rows), .next_page_token = {}};
  if (static_cast<int64_t>(page.items.size()) <= limit) return page;
  page.items.pop_back();
  const Attachment& last = page.items.back();
  const query::CursorValue place =
      by_name ? query::CursorValue(last.name) : query::CursorValue(last.version);
  page.next_page_token = query::EncodePageToken(fingerprint, std::span(&place, 1));
  return page;
}

}  // namespace

Task<> Service::CheckAttachment(Principal who, NewAttachment request, Deadline deadline) {
  CO_TRY(CheckRequest(request));
  auto read = [who = std::move(who),
               request = std::move(request)](store::Session& session) -> Status {
    ASSIGN_OR_RETURN(const repository::RecordRow row,
                     internal::ResolveFor(session, who, request.kind, request.reference));
    ASSIGN_OR_RETURN(const repository::AttachmentCounts counts,
                     repository::CountAttachments(session, row.record_no, request.name));
    return CheckCount(row.record, counts);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Attachment> Service::Attach(Principal who, NewAttachment request, Deadline deadline) {
  CO_TRY(CheckRequest(request));
  if (request.manifest.empty() || request.size > kMaxAttachment) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("an attachment has a manifest and at most {} bytes, found {}",
                              kMaxAttachment, request.size));
  }
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), request = std::move(request), now](store::Transaction& tx) {
    return Put(tx, who, request, now);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<Attachment> Service::GetAttachment(Principal who, AttachmentRef ref, Deadline deadline) {
  CO_TRY(CheckAttachmentName(ref.name));
  auto read = [who = std::move(who),
               ref = std::move(ref)](store::Session& session) -> Result<Attachment> {
    ASSIGN_OR_RETURN(const repository::RecordRow row,
                     internal::ResolveFor(session, who, ref.kind, ref.reference));
    ASSIGN_OR_RETURN(auto found,
                     repository::FindAttachment(session, row.record_no, ref.name, ref.version));
    if (!found) return NoSuchAttachment(row.record, ref.name, ref.version);
    return std::move(*found);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<Attachment>> Service::FindAttachments(Principal who, ListAttachments request,
                                                Deadline deadline) {
  CO_TRY(CheckLimit(request.limit));
  if (!request.name.empty()) CO_TRY(CheckAttachmentName(request.name));
  const uint64_t print = query::Fingerprint("planning_attachments")
                             .Add(request.kind)
                             .Add(request.reference)
                             .Add(request.name)
                             .value();
  const bool newest = request.name.empty();
  std::string after;
  int64_t before = std::numeric_limits<int64_t>::max();
  if (newest) {
    ASSIGN_OR_CO_RETURN(after, PlaceOf<std::string>(request.page_token, print, ""));
  } else {
    ASSIGN_OR_CO_RETURN(before, PlaceOf<int64_t>(request.page_token, print, before));
  }
  auto read = [who = std::move(who), request = std::move(request), after = std::move(after), before,
               newest, print](store::Session& session) -> Result<Page<Attachment>> {
    ASSIGN_OR_RETURN(const repository::RecordRow row,
                     internal::ResolveFor(session, who, request.kind, request.reference));
    const int64_t limit = request.limit + 1;
    auto rows = newest ? repository::ListAttachments(session, row.record_no, after, limit)
                       : repository::ListAttachmentVersions(session, row.record_no, request.name,
                                                            before, limit);
    ASSIGN_OR_RETURN(std::vector<Attachment> found, std::move(rows));
    if (!newest && found.empty() && request.page_token.empty()) {
      return NoSuchAttachment(row.record, request.name, std::nullopt);
    }
    return PageOf(std::move(found), request.limit, print, newest);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<> Service::RemoveAttachment(Principal who, AttachmentRef ref, Deadline deadline) {
  CO_TRY(CheckAttachmentName(ref.name));
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), ref = std::move(ref), now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const repository::RecordRow row,
                     internal::ResolveFor(tx, who, ref.kind, ref.reference));
    ASSIGN_OR_RETURN(const auto found,
                     repository::FindAttachment(tx, row.record_no, ref.name, ref.version));
    if (!found) return NoSuchAttachment(row.record, ref.name, ref.version);
    ASSIGN_OR_RETURN(const int64_t count,
                     repository::RemoveAttachments(tx, row.record_no, ref.name, ref.version, now));
    json::Object payload = {{"attachment", ref.name}, {"versions", count}};
    if (ref.version) payload.emplace_back("number", *ref.version);
    return Note(tx, who, row.record, "removed", std::move(payload), now);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<std::vector<std::string>> Service::LiveManifests(std::string after, size_t limit,
                                                      Deadline deadline) {
  auto read = [after = std::move(after),
               limit = std::min(limit, kMaxManifestPage)](store::Session& session) {
    return repository::AttachedManifests(session, after, static_cast<int64_t>(limit));
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::planning
