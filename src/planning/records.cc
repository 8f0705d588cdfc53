// Use cases of records: make, read, change, delete, list, history.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "base/digest.h"
#include "base/ids.h"
#include "planning/internal/columns.h"
#include "planning/internal/impl.h"
#include "query/page_token.h"

namespace stetig::planning {
namespace {

constexpr size_t kMaxIdempotencyKey = 255;

void Take(Content content, Record& record) {
  record.title = std::move(content.title);
  record.owner = std::move(content.owner);
  record.status = std::move(content.status);
  record.fields = std::move(content.fields);
}

/// The names of what differs, in the order of the kind's table.
json::Array Changed(const KindDef& kind, const Content& before, const Content& after) {
  json::Array names;
  if (before.title != after.title) names.emplace_back("title");
  if (before.owner != after.owner) names.emplace_back("owner");
  if (before.status != after.status) names.emplace_back("status");
  const json::Value a{json::Object(before.fields)};
  const json::Value b{json::Object(after.fields)};
  // The order of an object's members means nothing, here as in fingerprints.
  const auto text = [](const json::Value* value) {
    return value == nullptr ? std::string() : json::DumpSorted(*value);
  };
  for (const FieldDef& field : kind.fields) {
    if (text(a.Find(field.name)) != text(b.Find(field.name))) names.emplace_back(field.name);
  }
  return names;
}

Status Note(store::Transaction& tx, const Principal& who, const Record& record,
            std::string_view what, json::Array changed, bool imported = false) {
  json::Object payload = {{"key", record.key},         {"title", record.title},
                          {"status", record.status},   {"revision", record.revision},
                          {"version", record.version}, {"fingerprint", record.fingerprint}};
  if (!changed.empty()) payload.emplace_back("changed", std::move(changed));
  if (imported) payload.emplace_back("imported", true);
  journal::Event event{.time = record.updated,
                       .project = record.project,
                       .actor = who.user,
                       .kind = fmt::format("{}.{}", record.kind, what),
                       .subject = {record.kind, record.id},
                       .payload = json::Dump(json::Value(std::move(payload))),
                       .request_id = who.request_id};
  const json::Value fields{json::Object(record.fields)};
  const json::Value* type = fields.Find("about_type");
  const json::Value* id = fields.Find("about_id");
  if (type != nullptr && id != nullptr) event.refs.push_back({*type->AsString(), *id->AsString()});
  return journal::Append(tx, event);
}

/// A project's key is kept beside the fields as well: that is what references look up.
Status TakeKeyOfProject(store::Transaction& tx, repository::RecordRow& row) {
  if (row.record.kind != kProject) return OkStatus();
  const json::Value fields{json::Object(row.record.fields)};
  const std::string& key = *fields.Find("key")->AsString();
  if (!IsProjectKey(key)) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("field 'key' is '{}', expected 2 to 16 of A-Z, 0-9 and _, a letter first", key),
        "invalid_field");
  }
  if (key == row.record.key) return OkStatus();
  row.record.key = key;
  return repository::TakeKey(tx, row.project_no, key, row.record.updated);
}

Result<Record> Make(store::Transaction& tx, const Principal& who, const CreateRecord& request,
                    const Content& content, WallTime now) {
  const KindDef& kind = KindOf(request.kind);
  repository::RecordRow row;
  Record& record = row.record;
  record.kind = request.kind;
  record.id = NewUlid(now);
  if (request.kind != kProject) {
    if (request.project.empty()) {
      return Err(
          Code::kInvalidArgument,
          fmt::format("field 'project' is missing, expected the project of the {}", kind.name),
          "invalid_field");
    }
    ASSIGN_OR_RETURN(const repository::RecordRow project, Resolve(tx, kProject, request.project));
    row.project_no = project.record_no;
    record.project = project.record.id;
    record.key = project.record.key;
  } else {
    record.project = record.id;
  }
  Take(content, record);
  record.revision = record.version = 1;
  record.fingerprint = FingerprintOf(kind, content);
  record.created = record.updated = now;
  record.created_by = record.updated_by = who.user;
  TRY(ApplyRules(tx, who, nullptr, row));
  TRY(repository::Insert(tx, row));
  TRY(TakeKeyOfProject(tx, row));
  if (record.number != 0) record.key += fmt::format("-{}", record.number);
  TRY(repository::AddRevision(tx, row));
  TRY(Note(tx, who, record, "created", {}, request.imported));
  return record;
}

/// Work begins at the beginning: what has been approved or agreed elsewhere is imported.
Status CheckBeginning(const KindDef& kind, const std::string& status) {
  const auto beginnings = kind.statuses.first(kind.beginnings);
  if (std::ranges::find(beginnings, status) != beginnings.end()) return OkStatus();
  return Err(
      Code::kFailedPrecondition,
      fmt::format("a new {} cannot begin as '{}', expected {}{}; an import may keep its status",
                  kind.name, status, beginnings.size() > 1 ? "one of " : "",
                  fmt::join(beginnings, ", ")),
      "initial_status");
}

/// What an idempotency key stands for: the same key with other values is a mistake.
std::string DigestOf(const CreateRecord& request) {
  const json::Array parts = {request.kind, request.project, json::Value(request.values)};
  return ToHex(Sha256(json::DumpSorted(json::Value(parts))));
}

Result<std::optional<Record>> MadeBefore(store::Session& session, const Principal& who,
                                         const CreateRecord& request) {
  if (request.idempotency_key.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const auto before,
                   repository::FindRequest(session, who.user, request.idempotency_key));
  if (!before) return std::nullopt;
  if (before->digest != DigestOf(request)) {
    return Err(Code::kFailedPrecondition,
               fmt::format("idempotency key '{}' came with other values before, expected a new key",
                           request.idempotency_key),
               "idempotency_key_reused");
  }
  ASSIGN_OR_RETURN(auto row, repository::FindByNo(session, before->record_no));
  if (!row) return Err(Code::kDataLoss, "the record of an idempotency key is missing");
  ASSIGN_OR_RETURN(const auto live, repository::FindById(session, row->record.id));
  if (!live) {
    return Err(Code::kFailedPrecondition,
               fmt::format("idempotency key '{}' made {}, which is deleted, expected a new key",
                           request.idempotency_key, row->record.key),
               "record_deleted");
  }
  return std::move(row->record);
}

Status CheckRevision(const Record& record, std::optional<int64_t> if_revision) {
  if (!if_revision || *if_revision == record.revision) return OkStatus();
  return Err(Code::kFailedPrecondition,
             fmt::format("{} has revision {}, expected {}: somebody changed it meanwhile",
                         record.key, record.revision, *if_revision),
             detail::kRevisionMismatch);
}

Result<Record> Change(store::Transaction& tx, const Principal& who, const UpdateRecord& request,
                      WallTime now) {
  ASSIGN_OR_RETURN(repository::RecordRow row, Resolve(tx, request.kind, request.reference));
  Record& record = row.record;
  TRY(CheckRevision(record, request.if_revision));
  const KindDef& kind = KindOf(record.kind);
  const Record before = record;
  const Content old_content = ContentOf(before);
  ASSIGN_OR_RETURN(Content content, Patched(kind, old_content, request.changes));
  const std::string fingerprint = FingerprintOf(kind, content);
  const bool new_version = fingerprint != before.fingerprint;
  const auto settled = [&kind](std::string_view status) {
    return std::ranges::find(kind.settled, status) != kind.settled.end();
  };
  if (new_version && settled(before.status) && settled(content.status)) {
    content.status = kind.reopened;
  }
  Take(std::move(content), record);
  record.updated = now;
  record.updated_by = who.user;
  TRY(ApplyRules(tx, who, &before, row));
  json::Array changed = Changed(kind, old_content, ContentOf(record));
  if (changed.empty()) return before;
  record.revision = before.revision + 1;
  record.version = before.version + (new_version ? 1 : 0);
  record.fingerprint = fingerprint;
  TRY(TakeKeyOfProject(tx, row));
  TRY(repository::Update(tx, row));
  TRY(repository::AddRevision(tx, row));
  TRY(Note(tx, who, record, "updated", std::move(changed)));
  return record;
}

struct List {
  std::string kind;
  std::string project;
  repository::Listing listing;
  uint64_t fingerprint = 0;
};

Result<List> PrepareList(const ListRecords& request) {
  TRY(CheckLimit(request.limit));
  const KindDef& kind = KindOf(request.kind);
  List list{.kind = request.kind, .project = request.project, .listing = {}};
  const std::vector<query::RecordField> fields = internal::SearchFields(kind);
  repository::Listing& listing = list.listing;
  ASSIGN_OR_RETURN(listing.filter, query::ParseRecordFilter(request.filter, fields));
  ASSIGN_OR_RETURN(listing.orders, query::ParseRecordOrder(request.order_by, fields));
  listing.orders.push_back({.field = {.key = "record_no"}});
  listing.limit = request.limit + 1;
  query::Fingerprint fingerprint("planning");
  fingerprint.Add(request.kind).Add(request.project).Add(request.filter);
  for (const std::string& order : request.order_by) fingerprint.Add(order);
  list.fingerprint = fingerprint.value();
  if (!request.page_token.empty()) {
    ASSIGN_OR_RETURN(listing.cursor, query::DecodePageToken(request.page_token, list.fingerprint));
  }
  return list;
}

Result<Page<Record>> ReadList(store::Session& session, const List& list) {
  repository::Listing listing = list.listing;
  listing.kind = list.kind;
  ASSIGN_OR_RETURN(listing.project_no, ResolveProject(session, list.project));
  ASSIGN_OR_RETURN(std::vector<repository::RecordRow> rows, repository::List(session, listing));
  Page<Record> page;
  if (static_cast<int64_t>(rows.size()) == listing.limit) {
    rows.pop_back();
    page.next_page_token =
        query::EncodePageToken(list.fingerprint, repository::CursorOf(rows.back(), listing.orders));
  }
  for (repository::RecordRow& row : rows) page.items.push_back(std::move(row.record));
  return page;
}

}  // namespace

Task<Record> Service::Create(Principal who, CreateRecord request, Deadline deadline) {
  if (request.idempotency_key.size() > kMaxIdempotencyKey) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("the idempotency key has {} bytes, at most {} are allowed",
                              request.idempotency_key.size(), kMaxIdempotencyKey));
  }
  const KindDef& kind = KindOf(request.kind);
  ASSIGN_OR_CO_RETURN(Content content, NewContent(kind, request.values));
  if (!request.imported) CO_TRY(CheckBeginning(kind, content.status));
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), request = std::move(request), content = std::move(content),
                now](store::Transaction& tx) -> Result<Record> {
    ASSIGN_OR_RETURN(auto before, MadeBefore(tx, who, request));
    if (before) return std::move(*before);
    ASSIGN_OR_RETURN(Record record, Make(tx, who, request, content, now));
    if (!request.idempotency_key.empty()) {
      ASSIGN_OR_RETURN(const auto row, repository::FindById(tx, record.id));
      TRY(repository::KeepRequest(tx, who.user, request.idempotency_key, DigestOf(request),
                                  row->record_no));
    }
    return record;
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<Record> Service::Get(std::string kind, std::string reference, Deadline deadline) {
  auto read = [kind = std::move(kind),
               reference = std::move(reference)](store::Session& session) -> Result<Record> {
    ASSIGN_OR_RETURN(repository::RecordRow row, Resolve(session, kind, reference));
    return std::move(row.record);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<Record>> Service::List(ListRecords request, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(planning::List list, PrepareList(request));
  auto read = [list = std::move(list)](store::Session& session) { return ReadList(session, list); };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Record> Service::Update(Principal who, UpdateRecord request, Deadline deadline) {
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), request = std::move(request), now](store::Transaction& tx) {
    return Change(tx, who, request, now);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::Delete(Principal who, std::string kind, std::string reference,
                       std::optional<int64_t> if_revision, Deadline deadline) {
  const WallTime now = impl_->clock.Now();
  auto write = [who = std::move(who), kind = std::move(kind), reference = std::move(reference),
                if_revision, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::RecordRow row, Resolve(tx, kind, reference));
    TRY(CheckRevision(row.record, if_revision));
    if (row.record.kind == kProject) {
      ASSIGN_OR_RETURN(const int64_t inside, repository::CountLive(tx, row.record_no));
      if (inside > 0) {
        return Err(Code::kFailedPrecondition,
                   fmt::format("{} still holds {} records, expected an empty project: close it "
                               "instead, or delete them first",
                               row.record.key, inside),
                   "project_not_empty");
      }
    }
    row.record.revision += 1;
    row.record.updated = now;
    row.record.updated_by = who.user;
    TRY(repository::Update(tx, row, /*deleted=*/true));
    TRY(repository::AddRevision(tx, row));
    return Note(tx, who, row.record, "deleted", {});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<Page<Revision>> Service::ListRevisions(std::string kind, std::string reference, int64_t limit,
                                            std::string page_token, Deadline deadline) {
  CO_TRY(CheckLimit(limit));
  const uint64_t fingerprint =
      query::Fingerprint("planning_revisions").Add(kind).Add(reference).value();
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!page_token.empty()) {
    ASSIGN_OR_CO_RETURN(const auto cursor, query::DecodePageToken(page_token, fingerprint));
    const auto* place = cursor.size() == 1 ? std::get_if<int64_t>(&cursor.front()) : nullptr;
    if (place == nullptr)
      co_return Err(Code::kInvalidArgument, "the page token is of another list");
    before = *place;
  }
  auto read = [kind = std::move(kind), reference = std::move(reference), before, limit,
               fingerprint](store::Session& session) -> Result<Page<Revision>> {
    ASSIGN_OR_RETURN(const repository::RecordRow row, Resolve(session, kind, reference));
    Page<Revision> page;
    ASSIGN_OR_RETURN(page.items, repository::Revisions(session, row.record_no, before, limit + 1));
    if (static_cast<int64_t>(page.items.size()) > limit) {
      page.items.pop_back();
      const query::CursorValue place = page.items.back().revision;
      page.next_page_token = query::EncodePageToken(fingerprint, std::span(&place, 1));
    }
    return page;
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::planning
