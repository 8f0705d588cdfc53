#include "tracking/search/run_order.h"

#include <fmt/format.h>

#include <algorithm>

#include "query/order_by.h"
#include "search/keyset.h"

namespace stetig::tracking {
namespace {

using query::CursorValue;
using query::Entity;
using store::Literal;
using store::SqlBuilder;

// Joined keys get a place of their own in the text; SQL is made of literals only.
struct Join {
  Literal alias;
  Literal value;
  Literal row;
};
constexpr Join kJoins[kMaxJoinedKeys] = {
    {"o0", "o0.value", "o0.run_no"}, {"o1", "o1.value", "o1.run_no"},
    {"o2", "o2.value", "o2.run_no"}, {"o3", "o3.value", "o3.run_no"},
    {"o4", "o4.value", "o4.run_no"}, {"o5", "o5.value", "o5.run_no"},
    {"o6", "o6.value", "o6.run_no"}, {"o7", "o7.value", "o7.run_no"}};

constexpr Literal kStatusName{
    "(CASE r.status WHEN 1 THEN 'RUNNING' WHEN 2 THEN 'SCHEDULED' WHEN 3 THEN 'FINISHED' WHEN 4 "
    "THEN 'FAILED' ELSE 'KILLED' END)"};

bool IsJoined(const RunSortKey& key) { return key.field.entity != Entity::kAttribute; }

/// The key's value as SQL. `join`: the number of its join, if it is joined.
void AddValue(SqlBuilder& sql, const RunSortKey& key, size_t join) {
  sql.Add(IsJoined(key) ? kJoins[join].value : RunColumn(key.field.key));
}

/// Attributes but end_time always have a value.
bool HasRank(const RunSortKey& key) {
  return !key.always_value && (IsJoined(key) || key.field.key == "end_time");
}

/// 0 value, 1 NaN, 2 missing.
void AddRank(SqlBuilder& sql, const RunSortKey& key, size_t join) {
  if (!HasRank(key)) {
    sql.Add("0");
  } else if (IsJoined(key)) {
    sql.Add("(CASE WHEN ")
        .Add(kJoins[join].row)
        .Add(" IS NULL THEN 2 WHEN ")
        .Add(kJoins[join].value)
        .Add(" IS NULL THEN 1 ELSE 0 END)");
  } else {
    sql.Add("(CASE WHEN r.end_time IS NULL THEN 2 ELSE 0 END)");
  }
}

/// Calls `fn(key, join)` with the number of each key's join.
template <class F>
void ForEachKey(const RunSearch& search, F fn) {
  size_t join = 0;
  for (const RunSortKey& key : search.keys) {
    fn(key, join);
    join += IsJoined(key) ? 1 : 0;
  }
}

/// "Same rank and value as the cursor's key i", or "comes after it within this key".
void AddCursorKey(SqlBuilder& sql, const RunSortKey& key, size_t join, const CursorValue& rank,
                  const CursorValue& value, bool behind) {
  const bool has_value = !std::holds_alternative<std::monostate>(value);
  sql.Add("(");
  if (HasRank(key)) {
    AddRank(sql, key, join);
    sql.Add(behind ? Literal(" > ") : Literal(" = "));
    search::BindValue(sql, rank);
    if (behind && has_value) {
      sql.Add(" OR (");
      AddRank(sql, key, join);
      sql.Add(" = ");
      search::BindValue(sql, rank);
      sql.Add(" AND ");
    } else if (has_value) {
      sql.Add(" AND ");
    }
  }
  if (has_value) {
    AddValue(sql, key, join);
    sql.Add(!behind ? Literal(" = ") : key.ascending ? Literal(" > ") : Literal(" < "));
    search::BindValue(sql, value);
    sql.Add(HasRank(key) && behind ? Literal(")") : Literal(""));
  }
  sql.Add(")");
}

}  // namespace

Literal RunColumn(std::string_view key) {
  if (key == "run_id") return "r.run_id";
  if (key == "run_name") return "r.name";
  if (key == "status") return kStatusName;
  if (key == "user_id") return "r.user_id";
  if (key == "artifact_uri") return "r.artifact_uri";
  if (key == "end_time") return "r.end_time";
  return "r.start_time";
}

void AddKeyNumber(SqlBuilder& sql, std::string_view key) {
  sql.Add("(SELECT key_no FROM metric_keys WHERE key = ").Bind(key).Add(")");
}

Result<std::vector<RunSortKey>> RunSortKeys(std::span<const std::string> order_by) {
  ASSIGN_OR_RETURN(const std::vector<query::Order> orders,
                   query::ParseOrderBy(order_by, query::Subject::kRuns));
  std::vector<RunSortKey> keys;
  for (const query::Order& order : orders) {
    keys.push_back({order.field, order.ascending});
  }
  if (static_cast<size_t>(std::ranges::count_if(keys, IsJoined)) > kMaxJoinedKeys) {
    return Err(Code::kInvalidArgument,
               fmt::format("order_by names more than {} metrics, params and tags", kMaxJoinedKeys));
  }
  for (RunSortKey tail : {RunSortKey{{Entity::kAttribute, "start_time"}, false},
                          RunSortKey{{Entity::kAttribute, "run_id"}, true}}) {
    const bool present =
        std::ranges::any_of(keys, [&](const RunSortKey& key) { return key.field == tail.field; });
    if (!present) {
      keys.push_back(std::move(tail));
    }
  }
  return keys;
}

Status CheckRunCursor(const RunSearch& search) {
  bool fits = search.cursor.size() == 2 * search.keys.size();
  for (size_t i = 0; fits && i < search.keys.size(); ++i) {
    const CursorValue& value = search.cursor[2 * i + 1];
    const bool missing = std::holds_alternative<std::monostate>(value);
    const bool text = std::holds_alternative<std::string>(value);
    fits = std::holds_alternative<int64_t>(search.cursor[2 * i]) &&
           (missing ? HasRank(search.keys[i]) : text == IsTextKey(search.keys[i].field));
  }
  if (!fits) {
    return Err(Code::kInvalidArgument, "Invalid page token, it belongs to another query");
  }
  return OkStatus();
}

void AddRunSortValues(SqlBuilder& sql, const RunSearch& search) {
  ForEachKey(search, [&](const RunSortKey& key, size_t join) {
    sql.Add(", ");
    AddRank(sql, key, join);
    sql.Add(", ");
    AddValue(sql, key, join);
  });
}

void AddRunJoins(SqlBuilder& sql, const RunSearch& search) {
  ForEachKey(search, [&](const RunSortKey& key, size_t join) {
    if (!IsJoined(key) || key.always_value) {
      return;
    }
    const Join& place = kJoins[join];
    switch (key.field.entity) {
      case Entity::kMetric:
        sql.Add(" LEFT JOIN metric_latest ");
        break;
      case Entity::kParam:
        sql.Add(" LEFT JOIN params ");
        break;
      default:
        sql.Add(" LEFT JOIN tags ");
        break;
    }
    sql.Add(place.alias).Add(" ON ").Add(place.row).Add(" = r.run_no AND ").Add(place.alias);
    if (key.field.entity == Entity::kMetric) {
      sql.Add(".key_no = ");
      AddKeyNumber(sql, key.field.key);
    } else {
      sql.Add(".key = ").Bind(std::string_view(key.field.key));
    }
  });
}

void AddRunCursor(SqlBuilder& sql, const RunSearch& search) {
  std::vector<size_t> joins;
  ForEachKey(search, [&](const RunSortKey&, size_t join) { joins.push_back(join); });
  search::AddBehind(sql, search.keys.size(), [&](size_t i, bool behind) {
    AddCursorKey(sql, search.keys[i], joins[i], search.cursor[2 * i], search.cursor[2 * i + 1],
                 behind);
  });
}

void AddRunOrder(SqlBuilder& sql, const RunSearch& search) {
  bool first = true;
  ForEachKey(search, [&](const RunSortKey& key, size_t join) {
    sql.Add(first ? Literal(" ORDER BY ") : Literal(", "));
    first = false;
    if (HasRank(key)) {
      AddRank(sql, key, join);
      sql.Add(", ");
    }
    AddValue(sql, key, join);
    sql.Add(key.ascending ? Literal(" ASC") : Literal(" DESC"));
  });
}

}  // namespace stetig::tracking
