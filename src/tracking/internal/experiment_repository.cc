#include "tracking/internal/experiment_repository.h"

#include "tracking/internal/location.h"
#include "tracking/internal/rows.h"
#include "tracking/internal/sight.h"

namespace stetig::tracking {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kByNo{
    "SELECT experiment_no, name, artifact_location, deleted, creation_time, last_update_time FROM "
    "experiments "
    "WHERE experiment_no = $1"};
constexpr Statement kByName{
    "SELECT experiment_no, name, artifact_location, deleted, creation_time, last_update_time FROM "
    "experiments "
    "WHERE name = $1"};
constexpr Statement kForRun{
    "SELECT experiment_no, name, artifact_location, deleted, creation_time, last_update_time, "
    "(SELECT COALESCE(MAX(run_no), 0) + 1 FROM runs) FROM experiments WHERE experiment_no = $1"};
constexpr Statement kNext{
    "SELECT COALESCE(MAX(experiment_no), 0) + 1, (SELECT COUNT(*) FROM experiments WHERE name = "
    "$1) FROM experiments"};
constexpr Statement kInsert{
    "INSERT INTO experiments (experiment_no, name, artifact_location, deleted, creation_time, "
    "last_update_time) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement kUpdate{
    "UPDATE experiments SET name = $2, deleted = $3, last_update_time = $4 WHERE experiment_no = "
    "$1"};
constexpr Statement kTag{"SELECT value FROM experiment_tags WHERE experiment_no = $1 AND key = $2"};
constexpr Statement kTags{
    "SELECT key, value FROM experiment_tags WHERE experiment_no = $1 ORDER BY key"};
constexpr Statement kUpsertTag{
    "INSERT INTO experiment_tags (experiment_no, key, value) VALUES ($1, $2, $3) "
    "ON CONFLICT (experiment_no, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kDeleteTag{"DELETE FROM experiment_tags WHERE experiment_no = $1 AND key = $2"};

Status NoExperiment(int64_t no) {
  return Status(Code::kNotFound, fmt::format("No Experiment with id={} exists", no));
}

Status CheckActive(const ExperimentRow& row) {
  if (row.deleted) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("The experiment {} must be in the 'active' state. Current state is deleted.",
                    row.no));
  }
  return OkStatus();
}

}  // namespace

ExperimentRow ToExperimentRow(const Row& row) {
  return {.no = row.Int(0),
          .name = std::string(row.Text(1)),
          .artifact_location = std::string(row.Text(2)),
          .deleted = row.Int(3) != 0,
          .creation_time = row.Int(4),
          .last_update_time = row.Int(5)};
}

std::string ArtifactLocation(const ExperimentRow& row, std::string_view default_root) {
  return row.artifact_location.empty() ? AppendToUri(default_root, std::to_string(row.no))
                                       : row.artifact_location;
}

Experiment ToExperiment(const ExperimentRow& row, std::string_view default_root) {
  return {.id = std::to_string(row.no),
          .name = row.name,
          .artifact_location = ArtifactLocation(row, default_root),
          .stage = row.deleted ? LifecycleStage::kDeleted : LifecycleStage::kActive,
          .creation_time = {row.creation_time},
          .last_update_time = {row.last_update_time},
          .tags = {}};
}

Result<std::optional<ExperimentRow>> FindExperiment(store::Session& session, int64_t no) {
  std::optional<ExperimentRow> found;
  TRY(session.Query(kByNo, {no}, [&](const Row& row) {
    found = ToExperimentRow(row);
    return OkStatus();
  }));
  return found;
}

Result<std::optional<ExperimentRow>> FindExperimentByName(store::Session& session,
                                                          std::string_view name) {
  std::optional<ExperimentRow> found;
  TRY(session.Query(kByName, {name}, [&](const Row& row) {
    found = ToExperimentRow(row);
    return OkStatus();
  }));
  return found;
}

Result<ExperimentRow> GetExperimentRow(store::Session& session, const access::Principal& who,
                                       int64_t no) {
  ASSIGN_OR_RETURN(std::optional<ExperimentRow> found, FindExperiment(session, no));
  if (!found || !Sees(who, no)) {
    return Err(NoExperiment(no));
  }
  TRY(CheckMay(who, no));
  return *std::move(found);
}

Result<ExperimentRow> RequireActiveExperiment(store::Session& session, const access::Principal& who,
                                              int64_t no) {
  ASSIGN_OR_RETURN(ExperimentRow row, GetExperimentRow(session, who, no));
  TRY(CheckActive(row));
  return row;
}

Result<ExperimentForRun> RequireExperimentForRun(store::Session& session,
                                                 const access::Principal& who, int64_t no) {
  std::optional<ExperimentForRun> found;
  TRY(session.Query(kForRun, {no}, [&](const Row& row) {
    found = ExperimentForRun{.experiment = ToExperimentRow(row), .run_no = row.Int(6)};
    return OkStatus();
  }));
  if (!found || !Sees(who, no)) {
    return Err(NoExperiment(no));
  }
  TRY(CheckMay(who, no));
  TRY(CheckActive(found->experiment));
  return *std::move(found);
}

Result<int64_t> NextExperimentNo(store::Session& session, std::string_view name) {
  int64_t next = 0;
  bool taken = false;
  TRY(session.Query(kNext, {name}, [&](const Row& row) {
    next = row.Int(0);
    taken = row.Int(1) != 0;
    return OkStatus();
  }));
  if (taken) {
    return Err(Code::kAlreadyExists, fmt::format("Experiment(name={}) already exists.", name));
  }
  return next;
}

Status InsertExperiment(store::Transaction& tx, const ExperimentRow& row) {
  return tx.Execute(kInsert, {row.no, row.name, row.artifact_location, row.deleted,
                              row.creation_time, row.last_update_time});
}

Status UpdateExperimentRow(store::Transaction& tx, const ExperimentRow& row) {
  return tx.Execute(kUpdate, {row.no, row.name, row.deleted, row.last_update_time});
}

Result<std::optional<std::string>> ReadExperimentTag(store::Session& session, int64_t no,
                                                     std::string_view key) {
  std::optional<std::string> value;
  TRY(session.Query(kTag, {no, key}, [&](const Row& row) {
    value = std::string(row.Text(0));
    return OkStatus();
  }));
  return value;
}

Status UpsertExperimentTags(store::Transaction& tx, int64_t no, std::span<const KeyValue> tags) {
  return ExecuteForEach(tx, kUpsertTag, no, tags);
}

Status DeleteExperimentTagRow(store::Transaction& tx, int64_t no, std::string_view key) {
  return tx.Execute(kDeleteTag, {no, key});
}

Status ReadExperimentTags(store::Session& session, std::span<const int64_t> nos,
                          std::move_only_function<void(size_t, KeyValue)> on_item) {
  return ReadKeyValues(session, kTags, nos, std::move(on_item));
}

}  // namespace stetig::tracking
