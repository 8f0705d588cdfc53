#include "tracking/internal/logged_model_repository.h"

#include "tracking/internal/metric_repository.h"
#include "tracking/internal/rows.h"
#include "tracking/internal/sight.h"

namespace stetig::tracking {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kHome{"SELECT experiment_no FROM logged_models WHERE model_id = $1"};
constexpr Statement kGet{"SELECT " STETIG_LOGGED_MODEL_COLUMNS
                         " FROM logged_models m WHERE m.model_id = $1"};
constexpr Statement kNext{"SELECT COALESCE(MAX(model_no), 0) + 1 FROM logged_models"};
constexpr Statement kInsert{
    "INSERT INTO logged_models (model_no, model_id, experiment_no, name, model_type, "
    "source_run_id, artifact_uri, status, "
    "status_message, deleted, creation_time, last_update_time) VALUES ($1, $2, $3, $4, $5, $6, $7, "
    "$8, $9, $10, $11, $12)"};
constexpr Statement kUpdate{
    "UPDATE logged_models SET status = $2, deleted = $3, last_update_time = $4 WHERE model_no = "
    "$1"};
constexpr Statement kUpsertTag{
    "INSERT INTO logged_model_tags (model_no, key, value) VALUES ($1, $2, $3) "
    "ON CONFLICT (model_no, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kDeleteTag{"DELETE FROM logged_model_tags WHERE model_no = $1 AND key = $2"};
constexpr Statement kTags{
    "SELECT key, value FROM logged_model_tags WHERE model_no = $1 ORDER BY key"};
constexpr Statement kUpsertParam{
    "INSERT INTO logged_model_params (model_no, key, value) VALUES ($1, $2, $3) "
    "ON CONFLICT (model_no, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kParams{
    "SELECT key, value FROM logged_model_params WHERE model_no = $1 ORDER BY key"};

}  // namespace

LoggedModel LoggedModelRow::Model() const {
  return {.model_id = model_id,
          .experiment_id = std::to_string(experiment_no),
          .name = name,
          .model_type = model_type,
          .source_run_id = source_run_id,
          .artifact_uri = artifact_uri,
          .status = status,
          .status_message = status_message,
          .creation_time = {creation_time},
          .last_update_time = {last_update_time},
          .stage = deleted ? LifecycleStage::kDeleted : LifecycleStage::kActive,
          .tags = {},
          .params = {},
          .metrics = {}};
}

LoggedModelRow ToLoggedModelRow(const Row& row) {
  return {.no = row.Int(0),
          .model_id = std::string(row.Text(1)),
          .experiment_no = row.Int(2),
          .name = std::string(row.Text(3)),
          .model_type = std::string(row.Text(4)),
          .source_run_id = std::string(row.Text(5)),
          .artifact_uri = std::string(row.Text(6)),
          .status = static_cast<LoggedModelStatus>(row.Int(7)),
          .status_message = std::string(row.Text(8)),
          .deleted = row.Int(9) != 0,
          .creation_time = row.Int(10),
          .last_update_time = row.Int(11)};
}

Status ReadExperimentsOfModels(store::Session& session, std::span<const std::string> ids,
                               Homes& homes) {
  const std::vector<store::Value> values(ids.begin(), ids.end());
  std::vector<store::Params> batch;
  for (const store::Value& value : values) batch.emplace_back(&value, 1);
  if (batch.empty()) return OkStatus();
  return session.QueryMany(kHome, batch, [&](size_t i, const Row& row) {
    homes.emplace(ids[i], std::to_string(row.Int(0)));
    return OkStatus();
  });
}

Result<LoggedModelRow> GetLoggedModelRow(store::Session& session, const access::Principal& who,
                                         std::string_view model_id, bool allow_deleted) {
  std::optional<LoggedModelRow> found;
  TRY(session.Query(kGet, {model_id}, [&](const Row& row) {
    found = ToLoggedModelRow(row);
    return OkStatus();
  }));
  if (!found || (found->deleted && !allow_deleted) || !Sees(who, found->experiment_no)) {
    return Err(Code::kNotFound, fmt::format("Logged model with ID '{}' not found.", model_id));
  }
  TRY(CheckMay(who, found->experiment_no));
  return *std::move(found);
}

Result<int64_t> NextLoggedModelNo(store::Session& session) {
  int64_t next = 0;
  TRY(session.Query(kNext, {}, [&](const Row& row) {
    next = row.Int(0);
    return OkStatus();
  }));
  return next;
}

Status InsertLoggedModel(store::Transaction& tx, const LoggedModelRow& row) {
  return tx.Execute(kInsert, {row.no, row.model_id, row.experiment_no, row.name, row.model_type,
                              row.source_run_id, row.artifact_uri, static_cast<int64_t>(row.status),
                              OrNull(std::string_view(row.status_message)), row.deleted,
                              row.creation_time, row.last_update_time});
}

Status UpdateLoggedModelRow(store::Transaction& tx, const LoggedModelRow& row) {
  return tx.Execute(kUpdate,
                    {row.no, static_cast<int64_t>(row.status), row.deleted, row.last_update_time});
}

Status UpsertLoggedModelTags(store::Transaction& tx, int64_t no, std::span<const KeyValue> tags) {
  return ExecuteForEach(tx, kUpsertTag, no, tags);
}

Result<int64_t> DeleteLoggedModelTagRow(store::Transaction& tx, int64_t no, std::string_view key) {
  return tx.Changed(kDeleteTag, {no, key});
}

Status UpsertLoggedModelParams(store::Transaction& tx, int64_t no,
                               std::span<const KeyValue> params) {
  return ExecuteForEach(tx, kUpsertParam, no, params);
}

Result<std::vector<KeyValue>> ReadLoggedModelParams(store::Session& session, int64_t no) {
  std::vector<KeyValue> params;
  TRY(ReadKeyValues(session, kParams, std::span(&no, 1),
                    [&](size_t, KeyValue p) { params.push_back(std::move(p)); }));
  return params;
}

Result<std::vector<LoggedModel>> ReadLoggedModels(store::Session& session,
                                                  std::span<const LoggedModelRow> rows) {
  std::vector<LoggedModel> models;
  std::vector<int64_t> numbers;
  std::vector<std::string> ids;
  for (const LoggedModelRow& row : rows) {
    models.push_back(row.Model());
    numbers.push_back(row.no);
    ids.push_back(row.model_id);
  }
  TRY(ReadKeyValues(session, kTags, numbers,
                    [&](size_t i, KeyValue t) { models[i].tags.push_back(std::move(t)); }));
  TRY(ReadKeyValues(session, kParams, numbers,
                    [&](size_t i, KeyValue p) { models[i].params.push_back(std::move(p)); }));
  TRY(ReadLoggedModelMetrics(
      session, ids, [&](size_t i, Metric m) { models[i].metrics.push_back(std::move(m)); }));
  return models;
}

}  // namespace stetig::tracking
