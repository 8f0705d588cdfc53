#include "registry/repository.h"

#include <array>

namespace stetig::registry::repository {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

#define STETIG_MODEL_COLUMNS \
  "model_no, name, description, creation_time, last_update_time, last_version"
#define STETIG_VERSION_COLUMNS                                                                   \
  "v.model_no, m.name, v.version, v.creation_time, v.last_update_time, v.stage, v.description, " \
  "v.source, v.storage_location, "                                                               \
  "v.run_id, v.run_link, v.model_id"
#define STETIG_VERSION_FROM \
  " FROM model_versions v JOIN registered_models m ON m.model_no = v.model_no "

constexpr Statement kFindModel{"SELECT " STETIG_MODEL_COLUMNS
                               " FROM registered_models WHERE name = $1"};
constexpr Statement kNextModelNo{"SELECT coalesce(max(model_no), 0) + 1 FROM registered_models"};
constexpr Statement kInsertModel{
    "INSERT INTO registered_models (model_no, name, description, creation_time, last_update_time) "
    "VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kSetModelName{
    "UPDATE registered_models SET name = $2, last_update_time = $3 WHERE model_no = $1"};
constexpr Statement kSetModelDescription{
    "UPDATE registered_models SET description = $2, last_update_time = $3 WHERE model_no = $1"};
constexpr Statement kTouchModel{
    "UPDATE registered_models SET last_update_time = $2 WHERE model_no = $1"};
constexpr Statement kDeleteModel{"DELETE FROM registered_models WHERE model_no = $1"};
constexpr Statement kPutModelTag{
    "INSERT INTO registered_model_tags (model_no, key, value) VALUES ($1, $2, $3) ON CONFLICT "
    "(model_no, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kDeleteModelTag{
    "DELETE FROM registered_model_tags WHERE model_no = $1 AND key = $2"};
constexpr Statement kFindModelTag{
    "SELECT value FROM registered_model_tags WHERE model_no = $1 AND key = $2"};
constexpr Statement kModelTags{
    "SELECT key, value FROM registered_model_tags WHERE model_no = $1 ORDER BY key"};
constexpr Statement kModelAliases{
    "SELECT alias, version FROM model_aliases WHERE model_no = $1 ORDER BY alias"};
constexpr Statement kLatestVersions{
    "SELECT " STETIG_VERSION_COLUMNS STETIG_VERSION_FROM
    "WHERE v.model_no = $1 AND v.version IN (SELECT max(version) FROM model_versions WHERE "
    "model_no = $1 GROUP BY stage) ORDER BY v.version"};

constexpr Statement kFindVersion{"SELECT " STETIG_VERSION_COLUMNS STETIG_VERSION_FROM
                                 "WHERE v.model_no = $1 AND v.version = $2"};
constexpr Statement kLastVersion{"SELECT max(version) FROM model_versions WHERE model_no = $1"};
constexpr Statement kTakeNumber{
    "UPDATE registered_models SET last_version = $2, last_update_time = $3 WHERE model_no = $1"};
constexpr Statement kInsertVersion{
    "INSERT INTO model_versions (model_no, version, creation_time, last_update_time, stage, "
    "description, source, storage_location, run_id, run_link, "
    "model_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement kSetVersionDescription{
    "UPDATE model_versions SET description = $3, last_update_time = $4 WHERE model_no = $1 AND "
    "version = $2"};
constexpr Statement kSetVersionStage{
    "UPDATE model_versions SET stage = $3, last_update_time = $4 WHERE model_no = $1 AND version = "
    "$2"};
constexpr Statement kOthersInStage{
    "SELECT version FROM model_versions WHERE model_no = $1 AND version <> $2 AND stage = $3 ORDER "
    "BY version"};
constexpr Statement kTouchVersions{
    "UPDATE model_versions SET last_update_time = $2 WHERE model_no = $1"};
constexpr Statement kDeleteVersion{
    "DELETE FROM model_versions WHERE model_no = $1 AND version = $2"};
constexpr Statement kPutVersionTag{
    "INSERT INTO model_version_tags (model_no, version, key, value) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (model_no, version, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kDeleteVersionTag{
    "DELETE FROM model_version_tags WHERE model_no = $1 AND version = $2 AND key = $3"};
constexpr Statement kFindVersionTag{
    "SELECT value FROM model_version_tags WHERE model_no = $1 AND version = $2 AND key = $3"};
constexpr Statement kVersionTags{
    "SELECT key, value FROM model_version_tags WHERE model_no = $1 AND version = $2 ORDER BY key"};
constexpr Statement kVersionAliases{
    "SELECT alias FROM model_aliases WHERE model_no = $1 AND version = $2 ORDER BY alias"};

constexpr Statement kPutAlias{
    "INSERT INTO model_aliases (model_no, alias, version) VALUES ($1, $2, $3) ON CONFLICT "
    "(model_no, alias) DO UPDATE SET version = excluded.version"};
constexpr Statement kDeleteAlias{"DELETE FROM model_aliases WHERE model_no = $1 AND alias = $2"};
constexpr Statement kFindAlias{
    "SELECT version FROM model_aliases WHERE model_no = $1 AND alias = $2"};

Result<std::optional<std::string>> FindText(store::Session& session, const Statement& statement,
                                            Params params) {
  std::optional<std::string> found;
  TRY(session.Query(statement, params, [&](const Row& row) {
    found = std::string(row.Text(0));
    return OkStatus();
  }));
  return found;
}

Value TextOrNull(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

/// Keys of a QueryMany over rows: `columns` values per row, kept alive by the caller.
struct Batch {
  std::vector<Value> values;
  std::vector<Params> params;
};
template <class Rows, class Fill>
Batch BatchOf(const Rows& rows, size_t columns, Fill fill) {
  Batch batch;
  batch.values.reserve(rows.size() * columns);
  for (const auto& row : rows) {
    fill(row, batch.values);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    batch.params.emplace_back(batch.values.data() + i * columns, columns);
  }
  return batch;
}

}  // namespace

ModelRow ModelOf(const Row& row) {
  return {.model_no = row.Int(0),
          .last_version = row.Int(5),
          .model = {.name = std::string(row.Text(1)),
                    .creation_time = {row.Int(3)},
                    .last_update_time = {row.Int(4)},
                    .description = std::string(row.Text(2))}};
}

VersionRow VersionOf(const Row& row) {
  VersionRow out{.model_no = row.Int(0),
                 .version = {.name = std::string(row.Text(1)),
                             .version = row.Int(2),
                             .creation_time = {row.Int(3)},
                             .last_update_time = {row.Int(4)},
                             .stage = static_cast<Stage>(row.Int(5)),
                             .source = std::string(row.Text(7)),
                             .storage_location = std::string(row.Text(8)),
                             .run_id = std::string(row.Text(9)),
                             .run_link = std::string(row.Text(10)),
                             .model_id = std::string(row.Text(11))}};
  if (!row.IsNull(6)) {
    out.version.description = std::string(row.Text(6));
  }
  return out;
}

Result<std::optional<ModelRow>> FindModel(store::Session& session, const std::string& name) {
  std::optional<ModelRow> found;
  TRY(session.Query(kFindModel, {name}, [&](const Row& row) {
    found = ModelOf(row);
    return OkStatus();
  }));
  return found;
}

Result<int64_t> InsertModel(store::Transaction& tx, const RegisteredModel& model) {
  int64_t model_no = 0;
  TRY(tx.Query(kNextModelNo, {}, [&](const Row& row) {
    model_no = row.Int(0);
    return OkStatus();
  }));
  TRY(tx.Execute(kInsertModel, {model_no, model.name, model.description, model.creation_time.ms,
                                model.last_update_time.ms}));
  return model_no;
}

Status SetModelName(store::Transaction& tx, int64_t model_no, const std::string& name,
                    WallTime now) {
  return tx.Execute(kSetModelName, {model_no, name, now.ms});
}
Status SetModelDescription(store::Transaction& tx, int64_t model_no, const std::string& description,
                           WallTime now) {
  return tx.Execute(kSetModelDescription, {model_no, description, now.ms});
}
Status TouchModel(store::Transaction& tx, int64_t model_no, WallTime now) {
  return tx.Execute(kTouchModel, {model_no, now.ms});
}
Status DeleteModel(store::Transaction& tx, int64_t model_no) {
  return tx.Execute(kDeleteModel, {model_no});
}
Status PutModelTag(store::Transaction& tx, int64_t model_no, const KeyValue& tag) {
  return tx.Execute(kPutModelTag, {model_no, tag.key, tag.value});
}
Status DeleteModelTag(store::Transaction& tx, int64_t model_no, const std::string& key) {
  return tx.Execute(kDeleteModelTag, {model_no, key});
}

Result<std::optional<std::string>> FindModelTag(store::Session& session, int64_t model_no,
                                                const std::string& key) {
  const std::array<Value, 2> params = {model_no, key};
  return FindText(session, kFindModelTag, params);
}

Status LoadModelParts(store::Session& session, std::span<ModelRow> rows) {
  Batch keys = BatchOf(rows, 1, [](const ModelRow& row, std::vector<Value>& values) {
    values.emplace_back(row.model_no);
  });
  TRY(session.QueryMany(kModelTags, keys.params, [&](size_t i, const Row& row) {
    rows[i].model.tags.push_back({std::string(row.Text(0)), std::string(row.Text(1))});
    return OkStatus();
  }));
  TRY(session.QueryMany(kModelAliases, keys.params, [&](size_t i, const Row& row) {
    rows[i].model.aliases.push_back({std::string(row.Text(0)), row.Int(1)});
    return OkStatus();
  }));
  std::vector<VersionRow> latest;
  std::vector<size_t> owner;
  TRY(session.QueryMany(kLatestVersions, keys.params, [&](size_t i, const Row& row) {
    latest.push_back(VersionOf(row));
    owner.push_back(i);
    return OkStatus();
  }));
  TRY(LoadVersionParts(session, latest, /*aliases=*/false));
  for (size_t i = 0; i < latest.size(); ++i) {
    rows[owner[i]].model.latest_versions.push_back(std::move(latest[i].version));
  }
  return OkStatus();
}

Result<std::optional<VersionRow>> FindVersion(store::Session& session, const ModelRow& model,
                                              int64_t version) {
  std::optional<VersionRow> found;
  TRY(session.Query(kFindVersion, {model.model_no, version}, [&](const Row& row) {
    found = VersionOf(row);
    return OkStatus();
  }));
  return found;
}

Result<std::optional<int64_t>> FindLastVersion(store::Session& session, int64_t model_no) {
  std::optional<int64_t> last;
  TRY(session.Query(kLastVersion, {model_no}, [&](const Row& row) {
    if (!row.IsNull(0)) {
      last = row.Int(0);
    }
    return OkStatus();
  }));
  return last;
}

Result<int64_t> InsertVersion(store::Transaction& tx, const ModelRow& model,
                              const ModelVersion& v) {
  int64_t number = model.last_version + 1;
  TRY(tx.Execute(kTakeNumber, {model.model_no, number, v.creation_time.ms}));
  TRY(tx.Execute(kInsertVersion, {model.model_no, number, v.creation_time.ms, v.last_update_time.ms,
                                  static_cast<int64_t>(v.stage), TextOrNull(v.description),
                                  v.source, v.storage_location, v.run_id, v.run_link, v.model_id}));
  return number;
}

Status SetVersionDescription(store::Transaction& tx, const VersionRow& row,
                             const std::optional<std::string>& description, WallTime now) {
  return tx.Execute(kSetVersionDescription,
                    {row.model_no, row.version.version, TextOrNull(description), now.ms});
}
Status SetVersionStage(store::Transaction& tx, int64_t model_no, int64_t version, Stage stage,
                       WallTime now) {
  return tx.Execute(kSetVersionStage, {model_no, version, static_cast<int64_t>(stage), now.ms});
}
Result<std::vector<int64_t>> OthersInStage(store::Session& session, int64_t model_no,
                                           int64_t except, Stage stage) {
  std::vector<int64_t> versions;
  TRY(session.Query(kOthersInStage, {model_no, except, static_cast<int64_t>(stage)},
                    [&](const Row& row) {
                      versions.push_back(row.Int(0));
                      return OkStatus();
                    }));
  return versions;
}
Status TouchVersions(store::Transaction& tx, int64_t model_no, WallTime now) {
  return tx.Execute(kTouchVersions, {model_no, now.ms});
}
Status DeleteVersion(store::Transaction& tx, const VersionRow& row) {
  return tx.Execute(kDeleteVersion, {row.model_no, row.version.version});
}
Status PutVersionTag(store::Transaction& tx, const VersionRow& row, const KeyValue& tag) {
  return tx.Execute(kPutVersionTag, {row.model_no, row.version.version, tag.key, tag.value});
}
Status DeleteVersionTag(store::Transaction& tx, const VersionRow& row, const std::string& key) {
  return tx.Execute(kDeleteVersionTag, {row.model_no, row.version.version, key});
}

Result<std::optional<std::string>> FindVersionTag(store::Session& session, const VersionRow& row,
                                                  const std::string& key) {
  const std::array<Value, 3> params = {row.model_no, row.version.version, key};
  return FindText(session, kFindVersionTag, params);
}

Status LoadVersionParts(store::Session& session, std::span<VersionRow> rows, bool aliases) {
  Batch keys = BatchOf(rows, 2, [](const VersionRow& row, std::vector<Value>& values) {
    values.emplace_back(row.model_no);
    values.emplace_back(row.version.version);
  });
  TRY(session.QueryMany(kVersionTags, keys.params, [&](size_t i, const Row& row) {
    rows[i].version.tags.push_back({std::string(row.Text(0)), std::string(row.Text(1))});
    return OkStatus();
  }));
  if (!aliases) {
    return OkStatus();
  }
  return session.QueryMany(kVersionAliases, keys.params, [&](size_t i, const Row& row) {
    rows[i].version.aliases.emplace_back(row.Text(0));
    return OkStatus();
  });
}

Status PutAlias(store::Transaction& tx, int64_t model_no, const std::string& alias,
                int64_t version) {
  return tx.Execute(kPutAlias, {model_no, alias, version});
}
Status DeleteAlias(store::Transaction& tx, int64_t model_no, const std::string& alias) {
  return tx.Execute(kDeleteAlias, {model_no, alias});
}

Result<std::optional<int64_t>> FindAlias(store::Session& session, int64_t model_no,
                                         const std::string& alias) {
  std::optional<int64_t> version;
  TRY(session.Query(kFindAlias, {model_no, alias}, [&](const Row& row) {
    version = row.Int(0);
    return OkStatus();
  }));
  return version;
}

}  // namespace stetig::registry::repository
