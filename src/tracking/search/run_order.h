// The order of a search of runs as SQL: joins of the metrics, params and tags it names, ranks of
// missing values, the place behind a cursor.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/statement.h"
#include "tracking/search/run_query.h"

namespace stetig::tracking {

/// The keys of an order_by, with start_time and run_id at their end. kInvalidArgument: cannot be
/// parsed, or more than kMaxJoinedKeys of them are joined.
Result<std::vector<RunSortKey>> RunSortKeys(std::span<const std::string> order_by);
/// kInvalidArgument: the cursor is of another order.
Status CheckRunCursor(const RunSearch& search);

/// An attribute of `runs r` as SQL.
store::Literal RunColumn(std::string_view key);
/// The number of a metric's key: looked up once by the statement.
void AddKeyNumber(store::SqlBuilder& sql, std::string_view key);

/// ", <rank>, <value>" of each key, for the list of what is selected.
void AddRunSortValues(store::SqlBuilder& sql, const RunSearch& search);
/// " LEFT JOIN …" for each key that needs one.
void AddRunJoins(store::SqlBuilder& sql, const RunSearch& search);
/// " AND (…)": only runs behind the cursor, which has been checked.
void AddRunCursor(store::SqlBuilder& sql, const RunSearch& search);
/// " ORDER BY …".
void AddRunOrder(store::SqlBuilder& sql, const RunSearch& search);

}  // namespace stetig::tracking
