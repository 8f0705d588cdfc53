// What went into a run and came out of it: dataset versions, models. Functions run inside the
// caller's closure; errors as Session or Transaction.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/run_ref.h"
#include "tracking/types.h"

namespace stetig::tracking {

/// Which of the given inputs were new: a dataset version for the experiment, its use for the run.
struct NewInput {
  size_t index = 0;  ///< into the inputs given
  bool new_dataset = false;
};

/// Writes dataset versions that the experiment does not have, and their use by the run. Inputs of
/// equal (name, digest) count once, the first wins; a use that is known already stays as it is,
/// tags included. Returns the uses that are new.
Result<std::vector<NewInput>> AddDatasetInputs(store::Transaction& tx, const RunRef& run,
                                               std::span<const DatasetInput> inputs);
/// Returns the models that were not known as inputs of the run.
Result<std::vector<std::string>> AddModelInputs(store::Transaction& tx, const RunRef& run,
                                                std::span<const ModelInput> models);
/// The same for outputs; a known one keeps its step.
Result<std::vector<std::string>> AddModelOutputs(store::Transaction& tx, const RunRef& run,
                                                 std::span<const ModelOutput> models);

/// What each run has, in a stable order: `on_item(i, item)` for runs[i], i ascending.
Status ReadDatasetInputs(store::Session& session, std::span<const RunRef> runs,
                         std::move_only_function<void(size_t, DatasetInput)> on_item);
Status ReadModelInputs(store::Session& session, std::span<const RunRef> runs,
                       std::move_only_function<void(size_t, ModelInput)> on_item);
Status ReadModelOutputs(store::Session& session, std::span<const RunRef> runs,
                        std::move_only_function<void(size_t, ModelOutput)> on_item);

/// Each (name, digest, context) used in the experiments, at most `limit`, by experiment, name,
/// digest, context.
Result<std::vector<DatasetSummary>> ReadDatasetSummaries(store::Session& session,
                                                         std::span<const int64_t> experiment_nos,
                                                         size_t limit);

}  // namespace stetig::tracking
