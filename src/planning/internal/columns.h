// How filters and orders over records become SQL.
#pragma once

#include <vector>

#include "planning/types.h"
#include "query/filter.h"
#include "query/order_by.h"
#include "query/page_token.h"
#include "query/records.h"
#include "store/statement.h"

namespace stetig::planning::internal {

/// What a list of this kind may be filtered and sorted by.
std::vector<query::RecordField> SearchFields(const KindDef& kind);

/// A condition on `planning_records r`.
Status AddFilter(store::SqlBuilder& sql, store::Dialect dialect, const KindDef& kind,
                 const query::Node& node);
/// " AND (…)": only rows behind the cursor; nothing without one. kInvalidArgument: the cursor is of
/// another order.
Status AddCursor(store::SqlBuilder& sql, const std::vector<query::Order>& orders,
                 const std::vector<query::CursorValue>& cursor);
/// " ORDER BY …".
void AddOrder(store::SqlBuilder& sql, const std::vector<query::Order>& orders);

}  // namespace stetig::planning::internal
