// Orders and keyset cursors as SQL: a page begins behind the row that ended the last one, whatever
// was written meanwhile.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"
#include "query/page_token.h"
#include "store/statement.h"

namespace stetig::search {

/// One column of an order; never NULL. The last ones of an order make rows unique.
struct SortColumn {
  store::Literal sql;
  bool ascending = true;
  bool is_text = false;  ///< else a whole number
};

/// Appends " AND (…)": only rows behind the cursor, which holds the values of `columns` in the last
/// row seen. kInvalidArgument: their number or kinds are of another order; then nothing was added.
Status AddCursor(store::SqlBuilder& sql, std::span<const SortColumn> columns,
                 std::span<const query::CursorValue> cursor);

/// Appends " ORDER BY a ASC, b DESC".
void AddOrder(store::SqlBuilder& sql, std::span<const SortColumn> columns);

/// The frame of AddCursor for keys that are more than a column: " AND ((k0 behind) OR (k0 same AND
/// k1 behind) …)". `add(i, behind)` appends the one or the other condition of key i.
template <class AddKey>
void AddBehind(store::SqlBuilder& sql, size_t keys, AddKey add) {
  sql.Add(" AND (");
  for (size_t last = 0; last < keys; ++last) {
    sql.Add(last == 0 ? store::Literal("(") : store::Literal(" OR ("));
    for (size_t i = 0; i <= last; ++i) {
      sql.Add(i == 0 ? store::Literal("") : store::Literal(" AND "));
      add(i, /*behind=*/i == last);
    }
    sql.Add(")");
  }
  sql.Add(")");
}

/// Binds the value; nothing for none.
void BindValue(store::SqlBuilder& sql, const query::CursorValue& value);

}  // namespace stetig::search
