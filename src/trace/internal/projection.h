// Applies the facts of events to the tables within one transaction: reads what they touch in a few
// batched statements, applies them one after another in memory, and writes what has changed. The
// rows that come out depend on the order of the events alone, not on how they are cut into batches.
#pragma once

#include <span>
#include <vector>

#include "base/status.h"
#include "journal/types.h"
#include "store/database.h"
#include "trace/rules.h"

namespace stetig::trace::internal {

/// An event as the rules read it.
struct EventFacts {
  int64_t seq = 0;
  WallTime time;
  std::string tenant;
  std::string project;
  Facts facts;
};
/// Interprets each event.
std::vector<EventFacts> Read(std::span<const journal::Event> events);

/// Applies `events`, without those that are in the graph already, and moves the cursor behind them.
/// Returns the cursor. kFailedPrecondition: an event between the cursor and the first is missing.
/// Runs within a write closure; the codes of Session.
Result<int64_t> Apply(store::Transaction& tx, std::span<const EventFacts> events);

}  // namespace stetig::trace::internal
