#include "planning/attachment_repository.h"

namespace stetig::planning::repository {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kFindNewest{
    "SELECT a.name, a.version, a.manifest, a.size, a.sha256, a.content_type, a.created_at, "
    "a.created_by, r.id FROM planning_attachments a JOIN planning_records r ON r.record_no = "
    "a.record_no WHERE a.record_no = $1 AND a.name = $2 AND a.removed_at IS NULL ORDER BY "
    "a.version DESC LIMIT 1"};
constexpr Statement kFindVersion{
    "SELECT a.name, a.version, a.manifest, a.size, a.sha256, a.content_type, a.created_at, "
    "a.created_by, r.id FROM planning_attachments a JOIN planning_records r ON r.record_no = "
    "a.record_no WHERE a.record_no = $1 AND a.name = $2 AND a.version = $3 AND a.removed_at IS "
    "NULL"};
constexpr Statement kList{
    "SELECT a.name, a.version, a.manifest, a.size, a.sha256, a.content_type, a.created_at, "
    "a.created_by, r.id FROM planning_attachments a JOIN planning_records r ON r.record_no = "
    "a.record_no WHERE a.record_no = $1 AND a.name > $2 AND a.removed_at IS NULL AND a.version = "
    "(SELECT max(b.version) FROM planning_attachments b WHERE b.record_no = a.record_no AND b.name "
    "= a.name AND b.removed_at IS NULL) ORDER BY a.name LIMIT $3"};
constexpr Statement kVersions{
    "SELECT a.name, a.version, a.manifest, a.size, a.sha256, a.content_type, a.created_at, "
    "a.created_by, r.id FROM planning_attachments a JOIN planning_records r ON r.record_no = "
    "a.record_no WHERE a.record_no = $1 AND a.name = $2 AND a.version < $3 AND a.removed_at IS "
    "NULL ORDER BY a.version DESC LIMIT $4"};
constexpr Statement kCountRows{"SELECT count(*) FROM planning_attachments WHERE record_no = $1"};
constexpr Statement kLastVersion{
    "SELECT coalesce(max(version), 0) FROM planning_attachments WHERE record_no = $1 AND name = "
    "$2"};
constexpr Statement kInsert{
    "INSERT INTO planning_attachments (record_no, name, version, manifest, size, sha256, "
    "content_type, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Statement kRemoveAll{
    "UPDATE planning_attachments SET removed_at = $3 WHERE record_no = $1 AND name = $2 AND "
    "removed_at IS NULL"};
constexpr Statement kRemoveOne{
    "UPDATE planning_attachments SET removed_at = $3 WHERE record_no = $1 AND name = $2 AND "
    "version = $4 AND removed_at IS NULL"};
constexpr Statement kManifests{
    "SELECT DISTINCT a.manifest FROM planning_attachments a JOIN planning_records r ON r.record_no "
    "= a.record_no WHERE a.manifest > $1 AND a.removed_at IS NULL AND r.deleted = 0 ORDER BY "
    "a.manifest LIMIT $2"};

Attachment ToAttachment(const Row& row) {
  return {.record = std::string(row.Text(8)),
          .name = std::string(row.Text(0)),
          .version = row.Int(1),
          .manifest = std::string(row.Text(2)),
          .size = row.Int(3),
          .sha256 = std::string(row.Text(4)),
          .content_type = std::string(row.Text(5)),
          .created = {row.Int(6)},
          .created_by = std::string(row.Text(7))};
}

Result<std::vector<Attachment>> Read(store::Session& session, const Statement& statement,
                                     std::initializer_list<store::Value> params) {
  std::vector<Attachment> found;
  TRY(session.Query(statement, params, [&](const Row& row) {
    found.push_back(ToAttachment(row));
    return OkStatus();
  }));
  return found;
}

Result<int64_t> Number(store::Session& session, const Statement& statement,
                       std::initializer_list<store::Value> params) {
  int64_t number = 0;
  TRY(session.Query(statement, params, [&](const Row& row) {
    number = row.Int(0);
    return OkStatus();
  }));
  return number;
}

}  // namespace

Result<std::optional<Attachment>> FindAttachment(store::Session& session, int64_t record_no,
                                                 std::string_view name,
                                                 std::optional<int64_t> version) {
  auto read = version ? Read(session, kFindVersion, {record_no, name, *version})
                      : Read(session, kFindNewest, {record_no, name});
  ASSIGN_OR_RETURN(std::vector<Attachment> found, std::move(read));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<std::vector<Attachment>> ListAttachments(store::Session& session, int64_t record_no,
                                                std::string_view after, int64_t limit) {
  return Read(session, kList, {record_no, after, limit});
}

Result<std::vector<Attachment>> ListAttachmentVersions(store::Session& session, int64_t record_no,
                                                       std::string_view name, int64_t before,
                                                       int64_t limit) {
  return Read(session, kVersions, {record_no, name, before, limit});
}

Result<AttachmentCounts> CountAttachments(store::Session& session, int64_t record_no,
                                          std::string_view name) {
  AttachmentCounts counts;
  ASSIGN_OR_RETURN(counts.rows, Number(session, kCountRows, {record_no}));
  ASSIGN_OR_RETURN(counts.last_version, Number(session, kLastVersion, {record_no, name}));
  return counts;
}

Status InsertAttachment(store::Transaction& tx, int64_t record_no, const Attachment& attachment) {
  return tx.Execute(kInsert, {record_no, attachment.name, attachment.version, attachment.manifest,
                              attachment.size, attachment.sha256, attachment.content_type,
                              attachment.created.ms, attachment.created_by});
}

Result<int64_t> RemoveAttachments(store::Transaction& tx, int64_t record_no, std::string_view name,
                                  std::optional<int64_t> version, WallTime now) {
  if (version) return tx.Changed(kRemoveOne, {record_no, name, now.ms, *version});
  return tx.Changed(kRemoveAll, {record_no, name, now.ms});
}

Result<std::vector<std::string>> AttachedManifests(store::Session& session, std::string_view after,
                                                   int64_t limit) {
  std::vector<std::string> names;
  TRY(session.Query(kManifests, {after, limit}, [&](const Row& row) {
    names.emplace_back(row.Text(0));
    return OkStatus();
  }));
  return names;
}

}  // namespace stetig::planning::repository
