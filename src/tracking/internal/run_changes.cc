#include "tracking/internal/run_changes.h"

namespace stetig::tracking {
namespace {

bool IsFinal(RunStatus status) {
  return status == RunStatus::kFinished || status == RunStatus::kFailed ||
         status == RunStatus::kKilled;
}

std::string_view StatusName(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return "RUNNING";
    case RunStatus::kScheduled:
      return "SCHEDULED";
    case RunStatus::kFinished:
      return "FINISHED";
    case RunStatus::kFailed:
      return "FAILED";
    case RunStatus::kKilled:
      return "KILLED";
  }
  return "UNKNOWN";
}

/// "run.finished" for every way to end, "run.resumed" for the way back.
Status RecordStatus(store::Transaction& tx, const Act& act, const RunRow& row) {
  return Record(tx, act, IsFinal(row.status) ? "run.finished" : "run.resumed",
                RunRefOf(row.ref.run_id), {ExperimentRef(row.ref.experiment_no)},
                {{"status", StatusName(row.status)}});
}

}  // namespace

Status CheckRunActive(const RunRow& row) {
  return row.deleted ? RunNotActive(row.ref.run_id) : OkStatus();
}

Status ChangeRun(store::Transaction& tx, const Act& act, RunRow& row, const RunChange& change) {
  TRY(CheckRunActive(row));
  const RunRow before = row;
  row.status = change.status.value_or(row.status);
  if (change.end_time) {
    row.end_time = change.end_time;
  }
  if (!change.name.empty()) {
    row.name = change.name;
    const KeyValue tag{.key = std::string(kRunNameTag), .value = row.name};
    TRY(UpsertTags(tx, row.ref.run_no, std::span(&tag, 1)));
  }
  if (row.status == before.status && row.end_time == before.end_time && row.name == before.name) {
    return change.name.empty() ? OkStatus()
                               : BumpRun(tx, row.ref.run_no);  // the tag may have been another
  }
  TRY(UpdateRunRow(tx, row));
  if (IsFinal(row.status) != IsFinal(before.status) ||
      (IsFinal(row.status) && row.status != before.status)) {
    TRY(RecordStatus(tx, act, row));
  }
  if (row.name != before.name) {
    TRY(Record(tx, act, "run.renamed", RunRefOf(row.ref.run_id),
               {ExperimentRef(row.ref.experiment_no)},
               {{"name", row.name}, {"old_name", before.name}}));
  }
  return OkStatus();
}

Status RecordCommit(store::Transaction& tx, const Act& act, const RunRef& run,
                    std::span<const KeyValue> tags) {
  std::string_view commit;
  for (const KeyValue& tag : tags) {
    commit = tag.key == kCommitTag ? std::string_view(tag.value) : commit;  // the last one wins
  }
  return commit.empty() ? OkStatus()
                        : Record(tx, act, "run.commit_set", RunRefOf(run.run_id),
                                 {ExperimentRef(run.experiment_no)}, {{"commit", commit}});
}

}  // namespace stetig::tracking
