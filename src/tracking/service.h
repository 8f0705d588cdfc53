// Use cases of tracking. Each validates its input (texts as MLflow words them: scripts match on
// them), runs one read or one write closure on the store, and answers after the commit. Every write
// may arrive twice (clients retry POSTs) and then changes nothing.
//
// Common errors: kInvalidArgument (see the text), kNotFound (no such experiment, run or model),
// kAlreadyExists (name taken, also by a deleted experiment), kFailedPrecondition (MLflow's
// INVALID_STATE), kUnavailable, kResourceExhausted, kDeadlineExceeded. Thread-safe; coroutines
// resume on the caller's loop.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "store/database.h"
#include "tracking/types.h"

namespace stetig::tracking {

struct ServiceOptions {
  /// Where artifacts of new experiments go: "<root>/<experiment id>"; `mlflow-artifacts:/` when the
  /// server stores them.
  std::string default_artifact_root = "mlflow-artifacts:/";
  const Clock* clock = &Clock::System();
  bool truncate_long_values = true;  ///< MLFLOW_TRUNCATE_LONG_VALUES
};

struct CreateRun {
  std::string experiment_id;  ///< empty means "0"
  std::string user_id;
  std::string name;                   ///< empty: from tag mlflow.runName, else generated
  std::optional<int64_t> start_time;  ///< ms; default: now
  std::vector<KeyValue> tags;
};
struct UpdateRun {
  std::string run_id;
  std::optional<RunStatus> status;
  std::optional<int64_t> end_time;
  std::optional<std::string> name;
};
struct LogBatch {
  std::string run_id;
  std::vector<Metric> metrics;
  std::vector<KeyValue> params;
  std::vector<KeyValue> tags;
};
struct SearchExperiments {
  std::string filter;
  std::vector<std::string> order_by;
  ViewType view = ViewType::kActiveOnly;
  int64_t max_results = 0;
  std::string page_token;
};
struct SearchRuns {
  std::vector<std::string> experiment_ids;
  std::string filter;
  std::vector<std::string> order_by;
  ViewType view = ViewType::kActiveOnly;
  int64_t max_results = 1000;
  std::string page_token;
};
struct MetricHistory {
  std::string run_id;
  std::string metric_key;
  std::optional<int64_t> max_results;  ///< unset: everything
  std::string page_token;
};
struct BulkInterval {
  std::vector<std::string> run_ids;  ///< 1 to 100
  std::string metric_key;
  std::optional<int64_t> start_step;
  std::optional<int64_t> end_step;
  int64_t max_results = 0;  ///< 1 to 2500 points per run
};
struct CreateLoggedModel {
  std::string experiment_id;
  std::string name;  ///< empty: generated
  std::string model_type;
  std::string source_run_id;
  std::vector<KeyValue> params;
  std::vector<KeyValue> tags;
};
struct DatasetFilter {
  std::string name;
  std::string digest;
};
struct LoggedModelOrder {
  std::string field_name;
  bool ascending = true;
  std::string dataset_name;
  std::string dataset_digest;
};
struct SearchLoggedModels {
  std::vector<std::string> experiment_ids;
  std::string filter;
  std::vector<DatasetFilter> datasets;
  std::vector<LoggedModelOrder> order_by;
  std::optional<int64_t> max_results;
  std::string page_token;
};

struct ListArtifacts {
  std::string path;             ///< of a folder; "" is the root
  int64_t max_results = 1'000;  ///< 1 to 10,000
  std::string page_token;
};

using access::Principal;

/// Which experiment each of the runs and logged models belongs to, without those that do not exist,
/// by their id. For who must know what a reader may see; at most 1,000 ids.
using Homes = std::map<std::string, std::string>;
Result<Homes> ReadHomes(store::Session& session, std::span<const std::string> run_ids,
                        std::span<const std::string> model_ids);

/// Owned by apps; outlives every coroutine it started. An experiment that the principal does not
/// see (access/principal.h) is not there, nor is anything in it: reads and writes say kNotFound as
/// for what does not exist, searches leave it out. kPermissionDenied: seen, but what is under way
/// is not allowed there.
class Service {
 public:
  Service(store::Database& db, ServiceOptions options);
  ~Service();

  // Experiments (experiments.cc)
  Task<std::string> CreateExperiment(Principal who, std::string name, std::string artifact_location,
                                     std::vector<KeyValue> tags, Deadline deadline);
  Task<Experiment> GetExperiment(Principal who, std::string id, Deadline deadline);
  Task<Experiment> GetExperimentByName(Principal who, std::string name, Deadline deadline);
  Task<Page<Experiment>> SearchExperiments(Principal who, tracking::SearchExperiments query,
                                           Deadline deadline);
  Task<> RenameExperiment(Principal who, std::string id, std::string new_name, Deadline deadline);
  Task<> DeleteExperiment(Principal who, std::string id, Deadline deadline);
  Task<> RestoreExperiment(Principal who, std::string id, Deadline deadline);
  Task<> SetExperimentTag(Principal who, std::string id, KeyValue tag, Deadline deadline);
  Task<> DeleteExperimentTag(Principal who, std::string id, std::string key, Deadline deadline);
  Task<std::vector<DatasetSummary>> SearchDatasets(Principal who,
                                                   std::vector<std::string> experiment_ids,
                                                   Deadline deadline);

  // Runs (runs.cc)
  Task<Run> CreateRun(Principal who, tracking::CreateRun request, Deadline deadline);
  Task<Run> GetRun(Principal who, std::string run_id, Deadline deadline);
  /// The same without what was logged into it: one row.
  Task<RunInfo> GetRunInfo(Principal who, std::string run_id, Deadline deadline);
  Task<RunInfo> UpdateRun(Principal who, tracking::UpdateRun request, Deadline deadline);
  Task<> DeleteRun(Principal who, std::string run_id, Deadline deadline);
  Task<> RestoreRun(Principal who, std::string run_id, Deadline deadline);
  Task<> SetTag(Principal who, std::string run_id, KeyValue tag, Deadline deadline);
  Task<> DeleteTag(Principal who, std::string run_id, std::string key, Deadline deadline);
  Task<> LogParam(Principal who, std::string run_id, KeyValue param, Deadline deadline);
  Task<> LogBatch(Principal who, tracking::LogBatch batch, Deadline deadline);
  Task<> LogInputs(Principal who, std::string run_id, std::vector<DatasetInput> datasets,
                   std::vector<ModelInput> models, Deadline deadline);
  Task<> LogOutputs(Principal who, std::string run_id, std::vector<ModelOutput> models,
                    Deadline deadline);
  /// Legacy runs/log-model: appends an entry to the tag mlflow.log-model.history.
  Task<> LogModelHistory(Principal who, std::string run_id, std::string model_json,
                         Deadline deadline);

  // Metrics (metrics.cc)
  Task<> LogMetric(Principal who, std::string run_id, Metric metric, Deadline deadline);
  Task<Page<Point>> GetMetricHistory(Principal who, MetricHistory query, Deadline deadline);
  /// All points of one key for several runs, at most `max_results` in all, by run id, then
  /// timestamp, step, value.
  Task<std::vector<Metric>> GetMetricHistoryBulk(Principal who, std::vector<std::string> run_ids,
                                                 std::string metric_key, int64_t max_results,
                                                 Deadline deadline);
  Task<std::vector<Metric>> GetMetricHistoryBulkInterval(Principal who, BulkInterval query,
                                                         Deadline deadline);

  /// ReadHomes in a read of its own.
  Task<Homes> FindHomes(std::vector<std::string> run_ids, std::vector<std::string> model_ids,
                        Deadline deadline);

  // Search (search/)
  Task<Page<Run>> SearchRuns(Principal who, tracking::SearchRuns query, Deadline deadline);

  // Logged models (logged_models.cc)
  Task<LoggedModel> CreateLoggedModel(Principal who, tracking::CreateLoggedModel request,
                                      Deadline deadline);
  Task<LoggedModel> GetLoggedModel(Principal who, std::string model_id, bool allow_deleted,
                                   Deadline deadline);
  Task<LoggedModel> FinalizeLoggedModel(Principal who, std::string model_id,
                                        LoggedModelStatus status, Deadline deadline);
  Task<> DeleteLoggedModel(Principal who, std::string model_id, Deadline deadline);
  Task<> SetLoggedModelTags(Principal who, std::string model_id, std::vector<KeyValue> tags,
                            Deadline deadline);
  Task<> DeleteLoggedModelTag(Principal who, std::string model_id, std::string key,
                              Deadline deadline);
  Task<> LogLoggedModelParams(Principal who, std::string model_id, std::vector<KeyValue> params,
                              Deadline deadline);
  Task<Page<LoggedModel>> SearchLoggedModels(Principal who, tracking::SearchLoggedModels query,
                                             Deadline deadline);

  // Artifact index (artifacts.cc): which blob stands at which path of the artifact store. Paths are
  // relative, normalised, without
  // "..", "\0" or an empty segment (kInvalidArgument otherwise); the root is that of
  // `mlflow-artifacts:/`.
  struct ArtifactEntry {
    std::string path;
    bool is_dir = false;
    uint64_t size = 0;
    std::string manifest;  ///< hex id of the blob manifest; empty for folders
  };
  /// Replaces what stood there. kInvalidArgument: a file where a folder is needed, or the reverse.
  Task<> PutArtifact(Principal who, std::string path, std::string manifest, uint64_t size,
                     std::string sha256, Deadline deadline);
  Task<ArtifactEntry> GetArtifact(Principal who, std::string path, Deadline deadline);
  /// Direct children, sorted by path. A path that does not exist has none.
  Task<Page<ArtifactEntry>> ListArtifacts(Principal who, tracking::ListArtifacts query,
                                          Deadline deadline);
  /// A file, or a folder with all below it. kNotFound when nothing is there.
  Task<> DeleteArtifact(Principal who, std::string path, Deadline deadline);
  /// Every manifest that a row names: the roots of the blob store's garbage collection. Pages by
  /// manifest id.
  Task<std::vector<std::string>> LiveManifests(std::string after, size_t limit, Deadline deadline);

  /// Folds row-logged points into column chunks until none is older than the fold threshold; called
  /// by the background worker and by tests. Returns how many points were folded. kCancelled: `stop`
  /// was asked for; looked at before each transaction, of which each takes tens of milliseconds.
  Task<int64_t> FoldMetrics(Deadline deadline, std::stop_token stop = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Adds a version of a registered model to what the tag mlflow.modelVersions of the logged model
/// lists, as MLflow does: once, however often it is called. For the registry, within the
/// transaction that writes the version. kNotFound: no such logged model that `who` sees.
Status NoteModelVersion(store::Transaction& tx, const Principal& who, std::string_view model_id,
                        std::string_view name, int64_t version);

}  // namespace stetig::tracking
