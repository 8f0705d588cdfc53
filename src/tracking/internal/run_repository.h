// Rows of runs, their params and tags. Functions run inside the caller's read or write closure.
// Errors of all: as Session or Transaction, besides those named.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/run_ref.h"
#include "tracking/service.h"
#include "tracking/types.h"

namespace stetig::tracking {

struct RunRow {
  RunRef ref;
  std::string name;
  std::string user_id;
  RunStatus status = RunStatus::kRunning;
  int64_t start_time = 0;
  std::optional<int64_t> end_time;
  std::string artifact_uri;
  bool deleted = false;

  RunInfo Info() const;
};

/// The columns that ToRunRow reads, in its order, of `runs r`.
#define STETIG_RUN_COLUMNS                                                             \
  "r.run_no, r.experiment_no, r.name, r.user_id, r.status, r.start_time, r.end_time, " \
  "r.artifact_uri, r.deleted, r.run_id"
RunRow ToRunRow(const store::Row& row);

/// Adds the experiment's id of each run that exists, by the run's id.
Status ReadExperimentsOfRuns(store::Session& session, std::span<const std::string> run_ids,
                             Homes& homes);

/// kInvalidArgument, in MLflow's words.
Status RunNotActive(std::string_view run_id);

/// kNotFound, in MLflow's words: no such run, deleted ones included, or one that `who` does not see
/// (the same for all below). kPermissionDenied: `who` may not do what is under way with it.
Result<RunRow> GetRunRow(store::Session& session, const access::Principal& who,
                         std::string_view run_id);

/// One narrow read, for writes. kNotFound: no such run. kInvalidArgument: it is deleted.
Result<RunRef> RequireActiveRun(store::Session& session, const access::Principal& who,
                                std::string_view run_id);

/// The same, with the value that param or tag `key` has now.
struct RunAndValue {
  RunRef ref;
  std::optional<std::string> value;
};
Result<RunAndValue> RequireActiveRunWithParam(store::Session& session, const access::Principal& who,
                                              std::string_view run_id, std::string_view key);
Result<RunAndValue> RequireActiveRunWithTag(store::Session& session, const access::Principal& who,
                                            std::string_view run_id, std::string_view key);

/// Writes a new run under the number `row.ref.run_no`, which the caller drew with the experiment
/// (RequireExperimentForRun). kAlreadyExists: run_id is taken.
Status InsertRun(store::Transaction& tx, const RunRow& row);
/// Name, status and end time as in `row`; bumps the version.
Status UpdateRunRow(store::Transaction& tx, const RunRow& row);
/// Marks one run deleted (`deleted_time`) or active (none); bumps the version.
Status MarkRun(store::Transaction& tx, int64_t run_no, std::optional<int64_t> deleted_time);
/// The same for every run of an experiment that is not so already.
Status MarkRunsOfExperiment(store::Transaction& tx, int64_t experiment_no,
                            std::optional<int64_t> deleted_time);
/// Says that something a search shows of the run has changed.
Status BumpRun(store::Transaction& tx, int64_t run_no);

/// Sets tags; of equal keys the last wins.
Status UpsertTags(store::Transaction& tx, int64_t run_no, std::span<const KeyValue> tags);
Status DeleteTagRow(store::Transaction& tx, int64_t run_no, std::string_view key);
/// Writes params that do not exist yet. kAlreadyExists: one does.
Status InsertParams(store::Transaction& tx, int64_t run_no, std::span<const KeyValue> params);
/// What the given params have as values now; none: not logged.
Result<std::vector<std::optional<std::string>>> ReadParamValues(store::Session& session,
                                                                int64_t run_no,
                                                                std::span<const KeyValue> params);

/// Params or tags of each run, by key: `on_item(i, item)` for runs[i], i ascending. One round trip
/// for all.
Status ReadParams(store::Session& session, std::span<const RunRef> runs,
                  std::move_only_function<void(size_t, KeyValue)> on_item);
Status ReadTags(store::Session& session, std::span<const RunRef> runs,
                std::move_only_function<void(size_t, KeyValue)> on_item);

/// Fills in metrics, params, tags, inputs and outputs of `runs`, which hold the infos of `refs`;
/// both of one length.
Status ReadRunData(store::Session& session, std::span<const RunRef> refs, std::span<Run> runs);

}  // namespace stetig::tracking
