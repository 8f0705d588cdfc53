// Which way a search of runs walks. PostgreSQL's planner decides by itself; SQLite is told, since
// it knows nothing of the values.
#pragma once

#include "base/status.h"
#include "query/filter.h"
#include "store/database.h"
#include "tracking/search/run_query.h"

namespace stetig::tracking {

/// Chooses by counting, within a bound, how many latest values each metric comparison keeps:
///  - few: drive from that index range and sort what is left;
///  - order by a metric first, and not few: walk the index in the order of its values;
///  - else walk the runs in the order asked for and probe each.
/// The bound balances both ways: about sqrt(page × runs) rows. Errors: as Session.
Result<RunPlan> ChooseRunPlan(store::Session& session, const RunSearch& search);

}  // namespace stetig::tracking
