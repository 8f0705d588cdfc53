#include "planning/repository.h"

#include <array>

#include "planning/internal/columns.h"

namespace stetig::planning::repository {
namespace {

using store::Literal;
using store::Row;
using store::SqlBuilder;
using store::Statement;

constexpr Literal kSelect =
    "SELECT r.record_no, r.project_no, r.id, r.kind, p.id, k.key, r.number, r.revision, r.version, "
    "r.fingerprint, r.status, r.title, r.owner, r.created_at, r.created_by, r.updated_at, "
    "r.updated_by, r.fields FROM planning_records r "
    "JOIN planning_records p ON p.record_no = r.project_no "
    "JOIN planning_keys k ON k.project_no = r.project_no AND k.current = 1 ";

constexpr Statement kNextRecord{"SELECT coalesce(max(record_no), 0) + 1 FROM planning_records"};
constexpr Statement kTakeNumber{
    "UPDATE planning_records SET last_number = last_number + 1 WHERE record_no = $1"};
constexpr Statement kLastNumber{"SELECT last_number FROM planning_records WHERE record_no = $1"};
constexpr Statement kInsert{
    "INSERT INTO planning_records (record_no, id, kind, project_no, number, revision, version, "
    "fingerprint, status, title, owner, created_at, created_by, updated_at, updated_by, fields) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"};
constexpr Statement kUpdate{
    "UPDATE planning_records SET revision = $2, version = $3, fingerprint = $4, status = $5, title "
    "= $6, owner = $7, updated_at = $8, updated_by = $9, fields = $10, deleted = $11 WHERE "
    "record_no = $1"};
constexpr Statement kCount{
    "SELECT count(*) FROM planning_records WHERE project_no = $1 AND kind = $2 AND status = $3 AND "
    "record_no <> $4 AND deleted = 0"};
constexpr Statement kCountLive{
    "SELECT count(*) FROM planning_records WHERE project_no = $1 AND record_no <> $1 AND deleted = "
    "0"};
constexpr Statement kOwnerOfKey{"SELECT project_no FROM planning_keys WHERE key = $1"};
constexpr Statement kRetireKeys{
    "UPDATE planning_keys SET current = 0 WHERE project_no = $1 AND current = 1"};
constexpr Statement kPutKey{
    "INSERT INTO planning_keys (key, project_no, current, since) VALUES ($1, $2, 1, $3) "
    "ON CONFLICT (key) DO UPDATE SET current = 1, since = excluded.since"};
constexpr Statement kAddRevision{
    "INSERT INTO planning_revisions (record_no, revision, version, time, actor, document) VALUES "
    "($1, $2, $3, $4, $5, $6)"};
constexpr Statement kRevisions{
    "SELECT revision, version, time, actor, document FROM planning_revisions WHERE record_no = $1 "
    "AND revision < $2 ORDER BY revision DESC LIMIT $3"};
constexpr Statement kFindRequest{
    "SELECT digest, record_no FROM planning_requests WHERE caller = $1 AND request_key = $2"};
constexpr Statement kKeepRequest{
    "INSERT INTO planning_requests (caller, request_key, digest, record_no) VALUES ($1, $2, $3, "
    "$4)"};

Result<json::Object> ReadObject(std::string_view text) {
  auto value = json::Parse(text);
  json::Object* object = value ? value->AsObject() : nullptr;
  if (object == nullptr)
    return Err(Code::kDataLoss, "a stored record of planning is no JSON object");
  return std::move(*object);
}

Result<RecordRow> ToRow(const Row& row) {
  RecordRow found{.record_no = row.Int(0), .project_no = row.Int(1), .record = {}};
  Record& record = found.record;
  record.id = row.Text(2);
  record.kind = row.Text(3);
  record.project = row.Text(4);
  record.key = row.Text(5);
  record.number = row.Int(6);
  if (record.number != 0) record.key += "-" + std::to_string(record.number);
  record.revision = row.Int(7);
  record.version = row.Int(8);
  record.fingerprint = row.Text(9);
  record.status = row.Text(10);
  record.title = row.Text(11);
  record.owner = row.Text(12);
  record.created = {row.Int(13)};
  record.created_by = row.Text(14);
  record.updated = {row.Int(15)};
  record.updated_by = row.Text(16);
  ASSIGN_OR_RETURN(record.fields, ReadObject(row.Text(17)));
  return found;
}

Result<std::vector<RecordRow>> Rows(store::Session& session, const SqlBuilder& sql) {
  std::vector<RecordRow> rows;
  TRY(session.Query(sql, [&](const Row& row) -> Status {
    ASSIGN_OR_RETURN(RecordRow found, ToRow(row));
    rows.push_back(std::move(found));
    return OkStatus();
  }));
  return rows;
}

Result<std::optional<RecordRow>> One(store::Session& session, const SqlBuilder& sql) {
  ASSIGN_OR_RETURN(std::vector<RecordRow> rows, Rows(session, sql));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

Result<int64_t> Number(store::Session& session, const Statement& statement, store::Params params) {
  int64_t number = 0;
  TRY(session.Query(statement, params, [&](const Row& row) {
    number = row.Int(0);
    return OkStatus();
  }));
  return number;
}

/// Title, owner, status and fields as one JSON object.
std::string DocumentOf(const Record& record) {
  json::Object document = {
      {"title", record.title}, {"owner", record.owner}, {"status", record.status}};
  document.insert(document.end(), record.fields.begin(), record.fields.end());
  return json::Dump(json::Value(std::move(document)));
}

}  // namespace

void AddSeen(SqlBuilder& sql, Literal column, Sight projects) {
  if (projects == nullptr || (!projects->only && projects->ids.empty())) return;
  if (projects->ids.empty()) {
    sql.Add(" AND 1 = 0");
    return;
  }
  sql.Add(" AND ").Add(column).Add(projects->only ? Literal(" IN (") : Literal(" NOT IN ("));
  bool first = true;
  for (const std::string& id : projects->ids) {
    if (!first) sql.Add(", ");
    sql.Bind(std::string_view(id));
    first = false;
  }
  sql.Add(")");
}

Result<std::vector<std::string>> HiddenOf(store::Session& session, std::span<const std::string> ids,
                                          const access::Realm& projects) {
  std::vector<std::string> hidden;
  if (ids.empty()) return hidden;
  SqlBuilder sql(
      "SELECT r.id, p.id FROM planning_records r JOIN planning_records p ON p.record_no = "
      "r.project_no WHERE r.id IN (");
  bool first = true;
  for (const std::string& id : ids) {
    if (!first) sql.Add(", ");
    sql.Bind(std::string_view(id));
    first = false;
  }
  sql.Add(")");
  TRY(session.Query(sql, [&](const Row& row) {
    if (projects.Hides(row.Text(1))) hidden.emplace_back(row.Text(0));
    return OkStatus();
  }));
  return hidden;
}

Result<std::optional<RecordRow>> FindById(store::Session& session, std::string_view id,
                                          Sight projects) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE r.deleted = 0 AND r.id = ").Bind(id);
  AddSeen(sql, "p.id", projects);
  return One(session, sql);
}

Result<std::optional<RecordRow>> FindByNo(store::Session& session, int64_t record_no) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE r.record_no = ").Bind(record_no);
  return One(session, sql);
}

Result<std::vector<RecordRow>> FindByIdPrefix(store::Session& session, std::string_view prefix,
                                              Sight projects) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE r.deleted = 0 AND r.id >= ").Bind(prefix).Add(" AND r.id < ");
  sql.Bind(std::string_view(std::string(prefix) + "~"));
  AddSeen(sql, "p.id", projects);
  sql.Add(" ORDER BY r.id LIMIT 2");
  return Rows(session, sql);
}

Result<std::optional<RecordRow>> FindByKey(store::Session& session, std::string_view project_key,
                                           int64_t number, Sight projects) {
  SqlBuilder sql(kSelect);
  sql.Add("JOIN planning_keys o ON o.project_no = r.project_no WHERE r.deleted = 0 AND o.key = ");
  sql.Bind(project_key).Add(" AND r.number = ").Bind(number);
  AddSeen(sql, "p.id", projects);
  return One(session, sql);
}

Result<std::vector<RecordRow>> List(store::Session& session, const Listing& listing) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE r.deleted = 0 AND r.kind = ").Bind(listing.kind);
  if (listing.project_no) sql.Add(" AND r.project_no = ").Bind(*listing.project_no);
  AddSeen(sql, "p.id", listing.projects);
  if (listing.filter) {
    sql.Add(" AND ");
    TRY(internal::AddFilter(sql, session.dialect(), KindOf(listing.kind), *listing.filter));
  }
  TRY(internal::AddCursor(sql, listing.orders, listing.cursor));
  internal::AddOrder(sql, listing.orders);
  sql.Add(" LIMIT ").Bind(listing.limit);
  return Rows(session, sql);
}

std::vector<query::CursorValue> CursorOf(const RecordRow& row,
                                         const std::vector<query::Order>& orders) {
  std::vector<query::CursorValue> values;
  const Record& record = row.record;
  for (const query::Order& order : orders) {
    const std::string& key = order.field.key;
    if (key == "title") {
      values.emplace_back(record.title);
    } else if (key == "status") {
      values.emplace_back(record.status);
    } else if (key == "owner") {
      values.emplace_back(record.owner);
    } else if (key == "created_at") {
      values.emplace_back(record.created.ms);
    } else if (key == "updated_at") {
      values.emplace_back(record.updated.ms);
    } else if (key == "number") {
      values.emplace_back(record.number);
    } else {
      values.emplace_back(row.record_no);
    }
  }
  return values;
}

Result<int64_t> CountInStatus(store::Session& session, int64_t project_no, std::string_view kind,
                              std::string_view status, int64_t except) {
  const std::array<store::Value, 4> params = {project_no, kind, status, except};
  return Number(session, kCount, params);
}

Result<int64_t> CountLive(store::Session& session, int64_t project_no) {
  const std::array<store::Value, 1> params = {project_no};
  return Number(session, kCountLive, params);
}

Status Insert(store::Transaction& tx, RecordRow& row) {
  ASSIGN_OR_RETURN(row.record_no, Number(tx, kNextRecord, {}));
  Record& record = row.record;
  if (record.kind == kProject) {
    row.project_no = row.record_no;
    record.number = 0;
  } else {
    TRY(tx.Execute(kTakeNumber, {row.project_no}));
    const std::array<store::Value, 1> project = {row.project_no};
    ASSIGN_OR_RETURN(record.number, Number(tx, kLastNumber, project));
  }
  const std::string fields = json::Dump(json::Value(record.fields));
  return tx.Execute(kInsert, {row.record_no, record.id, record.kind, row.project_no, record.number,
                              record.revision, record.version, record.fingerprint, record.status,
                              record.title, record.owner, record.created.ms, record.created_by,
                              record.updated.ms, record.updated_by, fields});
}

Status Update(store::Transaction& tx, const RecordRow& row, bool deleted) {
  const Record& record = row.record;
  const std::string fields = json::Dump(json::Value(record.fields));
  return tx.Execute(
      kUpdate, {row.record_no, record.revision, record.version, record.fingerprint, record.status,
                record.title, record.owner, record.updated.ms, record.updated_by, fields, deleted});
}

Status TakeKey(store::Transaction& tx, int64_t project_no, std::string_view key, WallTime now) {
  const std::array<store::Value, 1> wanted = {key};
  ASSIGN_OR_RETURN(const int64_t owner, Number(tx, kOwnerOfKey, wanted));
  if (owner != 0 && owner != project_no) {
    return Err(Code::kAlreadyExists,
               "the key '" + std::string(key) + "' is or was another project's, expected a new one",
               "key_taken");
  }
  TRY(tx.Execute(kRetireKeys, {project_no}));
  return tx.Execute(kPutKey, {key, project_no, now.ms});
}

Status AddRevision(store::Transaction& tx, const RecordRow& row) {
  const Record& record = row.record;
  const std::string document = DocumentOf(record);
  return tx.Execute(kAddRevision, {row.record_no, record.revision, record.version,
                                   record.updated.ms, record.updated_by, document});
}

Result<std::vector<Revision>> Revisions(store::Session& session, int64_t record_no, int64_t before,
                                        int64_t limit) {
  std::vector<Revision> revisions;
  TRY(session.Query(kRevisions, {record_no, before, limit}, [&](const Row& row) -> Status {
    Revision revision{.revision = row.Int(0),
                      .version = row.Int(1),
                      .time = {row.Int(2)},
                      .actor = std::string(row.Text(3)),
                      .document = {}};
    ASSIGN_OR_RETURN(revision.document, ReadObject(row.Text(4)));
    revisions.push_back(std::move(revision));
    return OkStatus();
  }));
  return revisions;
}

Result<std::optional<MadeBefore>> FindRequest(store::Session& session, std::string_view caller,
                                              std::string_view request_key) {
  std::optional<MadeBefore> found;
  TRY(session.Query(kFindRequest, {caller, request_key}, [&](const Row& row) {
    found = MadeBefore{.digest = std::string(row.Text(0)), .record_no = row.Int(1)};
    return OkStatus();
  }));
  return found;
}

Status KeepRequest(store::Transaction& tx, std::string_view caller, std::string_view request_key,
                   std::string_view digest, int64_t record_no) {
  return tx.Execute(kKeepRequest, {caller, request_key, digest, record_no});
}

}  // namespace stetig::planning::repository
