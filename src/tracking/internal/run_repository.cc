#include "tracking/internal/run_repository.h"

#include "tracking/internal/input_repository.h"
#include "tracking/internal/metric_repository.h"
#include "tracking/internal/rows.h"
#include "tracking/internal/sight.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kGetRun{"SELECT " STETIG_RUN_COLUMNS " FROM runs r WHERE r.run_id = $1"};
constexpr Statement kRunRef{"SELECT run_no, experiment_no, deleted FROM runs WHERE run_id = $1"};
constexpr Statement kRunWithParam{
    "SELECT r.run_no, r.experiment_no, r.deleted, p.value FROM runs r "
    "LEFT JOIN params p ON p.run_no = r.run_no AND p.key = $2 WHERE r.run_id = $1"};
constexpr Statement kRunWithTag{
    "SELECT r.run_no, r.experiment_no, r.deleted, t.value FROM runs r "
    "LEFT JOIN tags t ON t.run_no = r.run_no AND t.key = $2 WHERE r.run_id = $1"};
constexpr Statement kInsertRun{
    "INSERT INTO runs (run_no, run_id, experiment_no, name, user_id, status, start_time, end_time, "
    "artifact_uri) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Statement kUpdateRun{
    "UPDATE runs SET name = $2, status = $3, end_time = $4, version = version + 1 WHERE run_no = "
    "$1"};
constexpr Statement kMarkRun{
    "UPDATE runs SET deleted = $2, deleted_time = $3, version = version + 1 WHERE run_no = $1"};
constexpr Statement kMarkRuns{
    "UPDATE runs SET deleted = $2, deleted_time = $3, version = version + 1 WHERE experiment_no = "
    "$1 AND deleted <> $2"};
constexpr Statement kBump{"UPDATE runs SET version = version + 1 WHERE run_no = $1"};
constexpr Statement kUpsertTag{
    "INSERT INTO tags (run_no, key, value) VALUES ($1, $2, $3) "
    "ON CONFLICT (run_no, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kDeleteTag{"DELETE FROM tags WHERE run_no = $1 AND key = $2"};
constexpr Statement kInsertParam{"INSERT INTO params (run_no, key, value) VALUES ($1, $2, $3)"};
constexpr Statement kParamValue{"SELECT value FROM params WHERE run_no = $1 AND key = $2"};
constexpr Statement kParams{"SELECT key, value FROM params WHERE run_no = $1 ORDER BY key"};
constexpr Statement kTags{"SELECT key, value FROM tags WHERE run_no = $1 ORDER BY key"};

constexpr Statement kHome{"SELECT experiment_no FROM runs WHERE run_id = $1"};

Status RunNotFound(std::string_view run_id) {
  return Status(Code::kNotFound, fmt::format("Run with id={} not found", run_id));
}

/// Columns 0 to 2 of kRunRef and its joins.
Status ReadRef(const Row& row, const access::Principal& who, std::string_view run_id, RunRef& ref) {
  if (who.scope) {
    if (!Sees(who, row.Int(1))) return RunNotFound(run_id);
    TRY(CheckMay(who, row.Int(1)));
  }
  if (row.Int(2) != 0) {
    return RunNotActive(run_id);
  }
  ref = {.run_no = row.Int(0), .experiment_no = row.Int(1), .run_id = std::string(run_id)};
  return OkStatus();
}

Result<RunAndValue> RequireWithValue(store::Session& session, const access::Principal& who,
                                     const Statement& statement, std::string_view run_id,
                                     std::string_view key) {
  bool found = false;
  RunAndValue result;
  TRY(session.Query(statement, {run_id, key}, [&](const Row& row) {
    found = true;
    result.value = OptionalText(row, 3);
    return ReadRef(row, who, run_id, result.ref);
  }));
  if (!found) {
    return Err(RunNotFound(run_id));
  }
  return result;
}

}  // namespace

Status RunNotActive(std::string_view run_id) {
  return Status(
      Code::kInvalidArgument,
      fmt::format("The run {} must be in the 'active' state. Current state is deleted.", run_id));
}

RunRow ToRunRow(const Row& row) {
  return {.ref = {.run_no = row.Int(0),
                  .experiment_no = row.Int(1),
                  .run_id = std::string(row.Text(9))},
          .name = std::string(row.Text(2)),
          .user_id = std::string(row.Text(3)),
          .status = static_cast<RunStatus>(row.Int(4)),
          .start_time = row.Int(5),
          .end_time = OptionalInt(row, 6),
          .artifact_uri = std::string(row.Text(7)),
          .deleted = row.Int(8) != 0};
}

RunInfo RunRow::Info() const {
  RunInfo info{.run_id = ref.run_id,
               .experiment_id = std::to_string(ref.experiment_no),
               .name = name,
               .user_id = user_id,
               .status = status,
               .start_time = {start_time},
               .end_time = std::nullopt,
               .artifact_uri = artifact_uri,
               .stage = deleted ? LifecycleStage::kDeleted : LifecycleStage::kActive};
  if (end_time) {
    info.end_time = WallTime{*end_time};
  }
  return info;
}

Status ReadExperimentsOfRuns(store::Session& session, std::span<const std::string> ids,
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

Result<RunRow> GetRunRow(store::Session& session, const access::Principal& who,
                         std::string_view run_id) {
  std::optional<RunRow> found;
  TRY(session.Query(kGetRun, {run_id}, [&](const Row& row) {
    found = ToRunRow(row);
    return OkStatus();
  }));
  if (!found || !Sees(who, found->ref.experiment_no)) {
    return Err(RunNotFound(run_id));
  }
  TRY(CheckMay(who, found->ref.experiment_no));
  return *std::move(found);
}

Result<RunRef> RequireActiveRun(store::Session& session, const access::Principal& who,
                                std::string_view run_id) {
  std::optional<RunRef> found;
  TRY(session.Query(kRunRef, {run_id},
                    [&](const Row& row) { return ReadRef(row, who, run_id, found.emplace()); }));
  if (!found) {
    return Err(RunNotFound(run_id));
  }
  return *std::move(found);
}

Result<RunAndValue> RequireActiveRunWithParam(store::Session& session, const access::Principal& who,
                                              std::string_view run_id, std::string_view key) {
  return RequireWithValue(session, who, kRunWithParam, run_id, key);
}

Result<RunAndValue> RequireActiveRunWithTag(store::Session& session, const access::Principal& who,
                                            std::string_view run_id, std::string_view key) {
  return RequireWithValue(session, who, kRunWithTag, run_id, key);
}

Status InsertRun(store::Transaction& tx, const RunRow& row) {
  return tx.Execute(kInsertRun, {row.ref.run_no, row.ref.run_id, row.ref.experiment_no, row.name,
                                 row.user_id, static_cast<int64_t>(row.status), row.start_time,
                                 OrNull(row.end_time), row.artifact_uri});
}

Status UpdateRunRow(store::Transaction& tx, const RunRow& row) {
  return tx.Execute(kUpdateRun, {row.ref.run_no, row.name, static_cast<int64_t>(row.status),
                                 OrNull(row.end_time)});
}

Status MarkRun(store::Transaction& tx, int64_t run_no, std::optional<int64_t> deleted_time) {
  return tx.Execute(kMarkRun, {run_no, deleted_time.has_value(), OrNull(deleted_time)});
}

Status MarkRunsOfExperiment(store::Transaction& tx, int64_t experiment_no,
                            std::optional<int64_t> deleted_time) {
  return tx.Execute(kMarkRuns, {experiment_no, deleted_time.has_value(), OrNull(deleted_time)});
}

Status BumpRun(store::Transaction& tx, int64_t run_no) { return tx.Execute(kBump, {run_no}); }

Status UpsertTags(store::Transaction& tx, int64_t run_no, std::span<const KeyValue> tags) {
  return ExecuteForEach(tx, kUpsertTag, run_no, tags);
}

Status DeleteTagRow(store::Transaction& tx, int64_t run_no, std::string_view key) {
  return tx.Execute(kDeleteTag, {run_no, key});
}

Status InsertParams(store::Transaction& tx, int64_t run_no, std::span<const KeyValue> params) {
  return ExecuteForEach(tx, kInsertParam, run_no, params);
}

Result<std::vector<std::optional<std::string>>> ReadParamValues(store::Session& session,
                                                                int64_t run_no,
                                                                std::span<const KeyValue> params) {
  std::vector<std::array<Value, 2>> values;
  values.reserve(params.size());
  for (const KeyValue& param : params) {
    values.push_back({Value(run_no), Value(param.key)});
  }
  const std::vector<Params> batch(values.begin(), values.end());
  std::vector<std::optional<std::string>> found(params.size());
  TRY(session.QueryMany(kParamValue, batch, [&](size_t i, const Row& row) {
    found[i] = std::string(row.Text(0));
    return OkStatus();
  }));
  return found;
}

Status ReadParams(store::Session& session, std::span<const RunRef> runs,
                  std::move_only_function<void(size_t, KeyValue)> on_item) {
  return ReadKeyValues(session, kParams, RunNumbers(runs), std::move(on_item));
}

Status ReadTags(store::Session& session, std::span<const RunRef> runs,
                std::move_only_function<void(size_t, KeyValue)> on_item) {
  return ReadKeyValues(session, kTags, RunNumbers(runs), std::move(on_item));
}

Status ReadRunData(store::Session& session, std::span<const RunRef> refs, std::span<Run> runs) {
  TRY(ReadLatest(session, refs,
                 [&](size_t i, Metric m) { runs[i].metrics.push_back(std::move(m)); }));
  TRY(ReadParams(session, refs,
                 [&](size_t i, KeyValue p) { runs[i].params.push_back(std::move(p)); }));
  TRY(ReadTags(session, refs, [&](size_t i, KeyValue t) { runs[i].tags.push_back(std::move(t)); }));
  TRY(ReadDatasetInputs(session, refs, [&](size_t i, DatasetInput d) {
    runs[i].dataset_inputs.push_back(std::move(d));
  }));
  TRY(ReadModelInputs(session, refs, [&](size_t i, ModelInput m) {
    runs[i].model_inputs.push_back(std::move(m));
  }));
  return ReadModelOutputs(session, refs, [&](size_t i, ModelOutput m) {
    runs[i].model_outputs.push_back(std::move(m));
  });
}

}  // namespace stetig::tracking
