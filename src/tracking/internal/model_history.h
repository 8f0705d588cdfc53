// The tag mlflow.log-model.history: a JSON list of the models that clients older than logged models
// have logged into a run.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace stetig::tracking {

inline constexpr std::string_view kModelHistoryTag = "mlflow.log-model.history";
/// Code points that the tag may hold in all.
inline constexpr size_t kMaxModelHistory = 1'000'000;

/// What the history keeps of a model's description (the JSON of an MLmodel file): ids, time,
/// flavors without their configs. kInvalidArgument, in MLflow's words: not JSON, or a mandatory
/// field is missing.
Result<std::string> ModelHistoryEntry(std::string_view model_json);

/// The list `history` (empty: none yet) with `entry` at its end; as it is when it holds that entry
/// already. kInvalidArgument: it would become too long. kFailedPrecondition: what is there is no
/// list.
Result<std::string> AppendToModelHistory(std::string_view history, std::string_view entry);

}  // namespace stetig::tracking
