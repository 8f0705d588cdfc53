// Points of metrics as the other repositories of tracking see them. The tables and their layout
// belong to metrics*.cc.
#pragma once

#include <functional>
#include <span>

#include "access/principal.h"
#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/metric_batch.h"
#include "tracking/internal/run_ref.h"
#include "tracking/types.h"

namespace stetig::tracking {

/// Appends points of an active run within the caller's transaction. The points are already
/// validated (keys, times); this function drops exact duplicates (in `points` and against what is
/// stored), maps infinities to ±DBL_MAX, keeps the latest value of each key (greatest by step,
/// timestamp, value), writes the points of logged models (`model_id`) as well, and bumps
/// `runs.version` when what a search shows has changed. Running it twice changes nothing the second
/// time. Errors: as Transaction.
Status AppendMetrics(store::Transaction& tx, const access::Principal& who, const RunRef& run,
                     std::span<const Metric> points);

/// The latest point of every key of each run, by key: `on_metric(i, metric)` for runs[i], for i in
/// ascending order. Errors: as Session.
Status ReadLatest(store::Session& session, std::span<const RunRef> runs,
                  std::move_only_function<void(size_t, Metric)> on_metric);

/// The latest point per (key, dataset) of each logged model in `model_ids`, by key. Errors: as
/// Session.
Status ReadLoggedModelMetrics(store::Session& session, std::span<const std::string> model_ids,
                              std::move_only_function<void(size_t, Metric)> on_metric);

/// Points of the log, in order of arrival: `on_batch(i, batch)` for run_nos[i], which may repeat.
/// One round trip; for more than one run it goes through the whole log, which is short.
Status ReadMetricLog(store::Session& session, std::span<const int64_t> run_nos,
                     std::move_only_function<void(size_t, const NamedBatch&)> on_batch);

}  // namespace stetig::tracking
