// Changes of a run's row that several use cases make, with what follows from them: the name tag,
// the events.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/events.h"
#include "tracking/internal/run_repository.h"
#include "tracking/types.h"

namespace stetig::tracking {

/// The tag that mirrors a run's name, in both directions.
inline constexpr std::string_view kRunNameTag = "mlflow.runName";

/// The tag that says from which commit a run was started.
inline constexpr std::string_view kCommitTag = "mlflow.source.git.commit";

struct RunChange {
  std::optional<RunStatus> status;
  std::optional<int64_t> end_time;
  std::string name;  ///< empty: stays
};

/// kInvalidArgument, in MLflow's words, when the run is deleted.
Status CheckRunActive(const RunRow& row);

/// Applies `change` to `row` and to the store, within `tx`; writes nothing when nothing changes.
/// kInvalidArgument: the run is deleted.
Status ChangeRun(store::Transaction& tx, const Act& act, RunRow& row, const RunChange& change);

/// Writes the event of the commit that `tags` name, if they name one: the trace graph joins the run
/// with it.
Status RecordCommit(store::Transaction& tx, const Act& act, const RunRef& run,
                    std::span<const KeyValue> tags);

}  // namespace stetig::tracking
