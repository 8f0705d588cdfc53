#include "query/records.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace stetig::query {
namespace {

Failure Refuse(std::string message) { return Err(Code::kInvalidArgument, std::move(message)); }

Result<RecordField> Find(std::string_view name, std::span<const RecordField> fields,
                         bool sortable) {
  std::vector<std::string_view> known;
  for (const RecordField& field : fields) {
    if (sortable && !field.sortable) continue;
    if (field.name == name) return field;
    known.push_back(field.name);
  }
  return Refuse(fmt::format("unknown field '{}' in {}, expected one of {}",
                            FirstCodePoints(name, 80), sortable ? "order_by" : "filter",
                            fmt::join(known, ", ")));
}

bool IsOrdering(Operator op) {
  return op == Operator::kLess || op == Operator::kLessEqual || op == Operator::kGreater ||
         op == Operator::kGreaterEqual;
}

/// Texts of times become milliseconds.
Status ReadTime(const RecordField& field, Operand& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return OkStatus();
  const auto time = ParseIso8601(*text);
  if (!time) {
    return Refuse(
        fmt::format("field '{}' is a time, expected one like '2026-11-27' or "
                    "'2026-11-27T08:00:00Z', found '{}'",
                    field.name, FirstCodePoints(*text, 80)));
  }
  value = time->ms;
  return OkStatus();
}

Status CheckClause(Clause& clause, std::span<const RecordField> fields) {
  ASSIGN_OR_RETURN(const RecordField field, Find(clause.field.key, fields, /*sortable=*/false));
  if (clause.op == Operator::kIsNull || clause.op == Operator::kIsNotNull) return OkStatus();
  if (field.kind == RecordFieldKind::kText) {
    const bool text = std::holds_alternative<std::string>(clause.value) ||
                      std::holds_alternative<std::vector<std::string>>(clause.value);
    return text ? OkStatus()
                : Status(Refuse(fmt::format(
                      "field '{}' is a text, expected a quoted text such as 'abc' behind {}",
                      field.name, OperatorText(clause.op))));
  }
  const bool comparable =
      clause.op == Operator::kEqual || clause.op == Operator::kNotEqual || IsOrdering(clause.op);
  if (!comparable) {
    return Refuse(fmt::format(
        "field '{}' is a {} and knows no {}, expected one of = != < <= > >=", field.name,
        field.kind == RecordFieldKind::kTime ? "time" : "number", OperatorText(clause.op)));
  }
  if (field.kind == RecordFieldKind::kTime) TRY(ReadTime(field, clause.value));
  const bool number =
      std::holds_alternative<int64_t>(clause.value) || std::holds_alternative<double>(clause.value);
  return number ? OkStatus()
                : Status(Refuse(fmt::format("field '{}' is a number, expected a number behind {}",
                                            field.name, OperatorText(clause.op))));
}

Status Check(Node& node, std::span<const RecordField> fields) {
  if (node.kind == Node::Kind::kClause) return CheckClause(node.clause, fields);
  for (Node& child : node.children) TRY(Check(child, fields));
  return OkStatus();
}

}  // namespace

Result<Filter> ParseRecordFilter(std::string_view text, std::span<const RecordField> fields) {
  ASSIGN_OR_RETURN(Filter filter, ParseFilter(text, Subject::kRecords));
  if (filter) TRY(Check(*filter, fields));
  return filter;
}

Result<std::vector<Order>> ParseRecordOrder(std::span<const std::string> order_by,
                                            std::span<const RecordField> fields) {
  ASSIGN_OR_RETURN(std::vector<Order> orders, ParseOrderBy(order_by, Subject::kRecords));
  for (const Order& order : orders) TRY(Find(order.field.key, fields, /*sortable=*/true));
  return orders;
}

}  // namespace stetig::query
