// Rows of experiments and their tags. Functions run inside the caller's closure; errors as Session
// or Transaction, besides those named.
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
#include "tracking/types.h"

namespace stetig::tracking {

/// An experiment's row. `artifact_location` may be empty: the default root of the server
/// (experiment 0 alone, made by the migration).
struct ExperimentRow {
  int64_t no = 0;
  std::string name;
  std::string artifact_location;
  bool deleted = false;
  int64_t creation_time = 0;
  int64_t last_update_time = 0;
};

/// Of the columns experiment_no, name, artifact_location, deleted, creation_time, last_update_time.
ExperimentRow ToExperimentRow(const store::Row& row);
/// Where its artifacts lie, under the server's default root when the row does not say.
std::string ArtifactLocation(const ExperimentRow& row, std::string_view default_root);
/// The experiment without its tags.
Experiment ToExperiment(const ExperimentRow& row, std::string_view default_root);

Result<std::optional<ExperimentRow>> FindExperiment(store::Session& session, int64_t no);
Result<std::optional<ExperimentRow>> FindExperimentByName(store::Session& session,
                                                          std::string_view name);
/// kNotFound, in MLflow's words: no such experiment, deleted ones included, or one that `who` does
/// not see (the same below). kPermissionDenied: `who` may not do what is under way with it.
Result<ExperimentRow> GetExperimentRow(store::Session& session, const access::Principal& who,
                                       int64_t no);
/// The same; kInvalidArgument when it is deleted.
Result<ExperimentRow> RequireActiveExperiment(store::Session& session, const access::Principal& who,
                                              int64_t no);

/// The number that a new run would get beside its experiment: one read for both. Errors as
/// RequireActiveExperiment.
struct ExperimentForRun {
  ExperimentRow experiment;
  int64_t run_no = 0;
};
Result<ExperimentForRun> RequireExperimentForRun(store::Session& session,
                                                 const access::Principal& who, int64_t no);

/// The number that a new experiment gets. kAlreadyExists: the name is taken, also by a deleted
/// experiment.
Result<int64_t> NextExperimentNo(store::Session& session, std::string_view name);
Status InsertExperiment(store::Transaction& tx, const ExperimentRow& row);
/// Name, `deleted` and last update time as in `row`.
Status UpdateExperimentRow(store::Transaction& tx, const ExperimentRow& row);

Result<std::optional<std::string>> ReadExperimentTag(store::Session& session, int64_t no,
                                                     std::string_view key);
Status UpsertExperimentTags(store::Transaction& tx, int64_t no, std::span<const KeyValue> tags);
Status DeleteExperimentTagRow(store::Transaction& tx, int64_t no, std::string_view key);
/// Tags of each experiment by key: `on_item(i, tag)` for nos[i]. One round trip for all.
Status ReadExperimentTags(store::Session& session, std::span<const int64_t> nos,
                          std::move_only_function<void(size_t, KeyValue)> on_item);

}  // namespace stetig::tracking
