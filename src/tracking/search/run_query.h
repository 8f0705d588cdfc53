// A search of runs as SQL, alike on both stores.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "query/filter.h"
#include "query/order_by.h"
#include "query/page_token.h"
#include "store/statement.h"
#include "tracking/service.h"

namespace stetig::tracking {

/// One key of the order: a rank (0 value, 1 NaN, 2 missing; the same in both directions), then the
/// value.
struct RunSortKey {
  query::Field field;
  bool ascending = true;
  bool always_value = false;  ///< the plan gives only runs that have a value: rank 0
};

/// A checked search, ready to become SQL.
struct RunSearch {
  std::vector<int64_t> experiment_nos;
  query::Filter filter;
  std::vector<RunSortKey> keys;  ///< end with start_time and run_id, so that no two runs are equal
  ViewType view = ViewType::kActiveOnly;
  int64_t max_results = 0;
  uint64_t fingerprint = 0;
  std::vector<query::CursorValue>
      cursor;  ///< rank and value of each key of the last run seen; empty on the first page
};

/// Keys of metrics, params and tags in one order_by: each costs a join.
inline constexpr size_t kMaxJoinedKeys = 8;

/// kInvalidArgument, in MLflow's words.
Result<RunSearch> PrepareRunSearch(const SearchRuns& request);

/// Where a query starts (run_plan.h).
struct RunPlan {
  enum class Way : unsigned char {
    kRuns,      ///< from the runs
    kRange,     ///< from the latest values that pass `range`
    kByMetric,  ///< from the latest values of the first key, in its order: gives only runs that
                ///< have one (rank 0)
  };
  Way way = Way::kRuns;
  const query::Clause* range = nullptr;  ///< a clause of the search's filter that every hit passes
};

/// Selects run_no, experiment_no, name, user_id, status, start_time, end_time, artifact_uri,
/// deleted, run_id, version, then rank and value of each key; one row more than asked for.
Result<store::SqlBuilder> BuildRunQuery(const RunSearch& search, const RunPlan& plan,
                                        store::Dialect dialect);
/// Counts latest values of the experiments that pass `clause`, up to `most`.
store::SqlBuilder BuildRangeCount(const RunSearch& search, const query::Clause& clause,
                                  int64_t most);

/// Whether the key's values are texts.
bool IsTextKey(const query::Field& field);

}  // namespace stetig::tracking
