// Acceptance criteria: conditions on metrics in the language of every search, each a filter that
// names metrics only: `metrics.accuracy >= 0.9 AND metrics.latency_ms < 20`.
#pragma once

#include <string_view>

#include "base/status.h"
#include "query/filter.h"

namespace stetig::planning {

/// The condition as a tree whose clauses all compare a metric with a number. kInvalidArgument:
/// cannot be parsed, is empty, or compares anything but metrics.
Result<query::Node> ParseCriterion(std::string_view text);

}  // namespace stetig::planning
