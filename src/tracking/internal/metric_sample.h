// The points of a chart: MLflow's sampling of a series, exactly.
//
// Of n points within the steps asked for, in order of (step, timestamp, value), at most k are
// given: all when n <= k; else the first of each of k buckets of n/k points (the first n % k
// buckets one more), and instead of the last of those the last point of all.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/metric_series.h"

namespace stetig::tracking {

struct StepRange {
  int64_t start = 0;
  int64_t end = 0;  ///< inclusive
};

/// Positions of the samples among `count` points, ascending; `most` >= 1.
std::vector<int64_t> SamplePositions(int64_t count, int64_t most);

/// Reads only the chunks that hold samples while the series is in step order (the rule); else all
/// of it. Errors: as Session; kDataLoss.
Result<std::vector<Point>> SampleSeries(store::Session& session, const Series& series,
                                        const std::optional<StepRange>& range, int64_t most);

}  // namespace stetig::tracking
