// Evaluates gap rules for some nodes, within one read closure.
#pragma once

#include <span>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "trace/internal/answer.h"
#include "trace/internal/repository.h"
#include "trace/types.h"

namespace stetig::trace::internal {

/// The gaps of `nodes` (rows as known at as_of.known, all of one type), node by node in order;
/// deleted nodes have none. `consequences`: also those that another gap on the way explains.
Result<std::vector<std::vector<Gap>>> CheckGaps(store::Session& session, const Snapshot& snapshot,
                                                std::span<const NodeRow> nodes,
                                                const Bounds& bounds, bool consequences);

}  // namespace stetig::trace::internal
