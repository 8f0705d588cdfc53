// Rows of logged models, their params and tags. Functions run inside the caller's closure; errors
// as Session or Transaction, besides those named.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/status.h"
#include "store/database.h"
#include "tracking/service.h"
#include "tracking/types.h"

namespace stetig::tracking {

struct LoggedModelRow {
  int64_t no = 0;
  std::string model_id;
  int64_t experiment_no = 0;
  std::string name;
  std::string model_type;
  std::string source_run_id;
  std::string artifact_uri;
  LoggedModelStatus status = LoggedModelStatus::kPending;
  std::string status_message;
  bool deleted = false;
  int64_t creation_time = 0;
  int64_t last_update_time = 0;

  LoggedModel Model() const;
};

/// The columns that ToLoggedModelRow reads, in its order, of a table or alias `m`.
#define STETIG_LOGGED_MODEL_COLUMNS                                                  \
  "m.model_no, m.model_id, m.experiment_no, m.name, m.model_type, m.source_run_id, " \
  "m.artifact_uri, m.status, "                                                       \
  "m.status_message, m.deleted, m.creation_time, m.last_update_time"
LoggedModelRow ToLoggedModelRow(const store::Row& row);

/// kNotFound, in MLflow's words; deleted models are found when `allow_deleted`, those of
/// experiments that `who` does not see never. kPermissionDenied: `who` may not do what is under way
/// with it.
Result<LoggedModelRow> GetLoggedModelRow(store::Session& session, const access::Principal& who,
                                         std::string_view model_id, bool allow_deleted);

/// As ReadExperimentsOfRuns.
Status ReadExperimentsOfModels(store::Session& session, std::span<const std::string> model_ids,
                               Homes& homes);

Result<int64_t> NextLoggedModelNo(store::Session& session);
/// kAlreadyExists: model_id is taken.
Status InsertLoggedModel(store::Transaction& tx, const LoggedModelRow& row);
/// Status, `deleted` and last update time as in `row`.
Status UpdateLoggedModelRow(store::Transaction& tx, const LoggedModelRow& row);

Status UpsertLoggedModelTags(store::Transaction& tx, int64_t no, std::span<const KeyValue> tags);
/// How many there were: 0 or 1.
Result<int64_t> DeleteLoggedModelTagRow(store::Transaction& tx, int64_t no, std::string_view key);
/// Sets params; of equal keys the last wins.
Status UpsertLoggedModelParams(store::Transaction& tx, int64_t no,
                               std::span<const KeyValue> params);
Result<std::vector<KeyValue>> ReadLoggedModelParams(store::Session& session, int64_t no);

/// Whole models with params, tags and metrics, in the order of `rows`; three round trips for all.
Result<std::vector<LoggedModel>> ReadLoggedModels(store::Session& session,
                                                  std::span<const LoggedModelRow> rows);

}  // namespace stetig::tracking
