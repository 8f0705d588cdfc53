#include "search/keyset.h"

#include <string>
#include <string_view>
#include <variant>

namespace stetig::search {

using query::CursorValue;
using store::Literal;
using store::SqlBuilder;

void BindValue(SqlBuilder& sql, const CursorValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    sql.Bind(*integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    sql.Bind(*real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    sql.Bind(std::string_view(*text));
  }
}

Status AddCursor(SqlBuilder& sql, std::span<const SortColumn> columns,
                 std::span<const CursorValue> cursor) {
  bool fits = columns.size() == cursor.size();
  for (size_t i = 0; fits && i < columns.size(); ++i) {
    fits = columns[i].is_text ? std::holds_alternative<std::string>(cursor[i])
                              : std::holds_alternative<int64_t>(cursor[i]);
  }
  if (!fits) {
    return Err(Code::kInvalidArgument, "Invalid page token, it belongs to another query");
  }
  AddBehind(sql, columns.size(), [&](size_t i, bool behind) {
    sql.Add(columns[i].sql);
    sql.Add(!behind ? Literal(" = ") : columns[i].ascending ? Literal(" > ") : Literal(" < "));
    BindValue(sql, cursor[i]);
  });
  return OkStatus();
}

void AddOrder(SqlBuilder& sql, std::span<const SortColumn> columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    sql.Add(i == 0 ? Literal(" ORDER BY ") : Literal(", ")).Add(columns[i].sql);
    sql.Add(columns[i].ascending ? Literal(" ASC") : Literal(" DESC"));
  }
}

}  // namespace stetig::search
