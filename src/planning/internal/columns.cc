#include "planning/internal/columns.h"

#include <algorithm>
#include <cmath>

#include "search/conditions.h"
#include "search/keyset.h"

namespace stetig::planning::internal {
namespace {

using store::Dialect;
using store::Literal;
using store::SqlBuilder;

struct Column {
  query::RecordField field;
  Literal sql;
};

/// What every kind has. `record_no` is the order in which records were made.
constexpr Column kColumns[] = {
    {{.name = "id"}, "r.id"},
    {{.name = "project"}, "p.id"},
    {{.name = "number", .kind = query::RecordFieldKind::kNumber, .sortable = true}, "r.number"},
    {{.name = "title", .sortable = true}, "r.title"},
    {{.name = "status", .sortable = true}, "r.status"},
    {{.name = "owner", .sortable = true}, "r.owner"},
    {{.name = "version", .kind = query::RecordFieldKind::kNumber}, "r.version"},
    {{.name = "revision", .kind = query::RecordFieldKind::kNumber}, "r.revision"},
    {{.name = "created_at", .kind = query::RecordFieldKind::kTime, .sortable = true},
     "r.created_at"},
    {{.name = "created_by"}, "r.created_by"},
    {{.name = "updated_at", .kind = query::RecordFieldKind::kTime, .sortable = true},
     "r.updated_at"},
    {{.name = "updated_by"}, "r.updated_by"},
    {{.name = "record_no", .kind = query::RecordFieldKind::kNumber}, "r.record_no"},
};

const Column* FindColumn(std::string_view name) {
  const auto* found =
      std::ranges::find(kColumns, name, [](const Column& c) { return c.field.name; });
  return found == std::end(kColumns) ? nullptr : found;
}

/// As what a field is compared.
enum class Form : unsigned char { kText, kWhole, kReal };

Form FormOf(FieldType type) {
  if (type == FieldType::kNumber) return Form::kReal;
  return type == FieldType::kInteger || type == FieldType::kTime ? Form::kWhole : Form::kText;
}

Form FormOf(const KindDef& kind, std::string_view name) {
  if (const Column* column = FindColumn(name)) {
    return column->field.kind == query::RecordFieldKind::kText ? Form::kText : Form::kWhole;
  }
  return FormOf(kind.Find(name)->type);
}

/// Whole numbers are compared with whole numbers as long as it goes, so that none is rounded, and
/// doubles with doubles.
query::Operand Fitted(Form form, query::Operand operand) {
  constexpr double kBeyondInt64 = 0x1p63;
  if (const auto* real = std::get_if<double>(&operand); real != nullptr && form == Form::kWhole) {
    const bool whole = std::trunc(*real) == *real && std::abs(*real) < kBeyondInt64;
    if (whole) return static_cast<int64_t>(*real);
  }
  if (const auto* integer = std::get_if<int64_t>(&operand);
      integer != nullptr && form == Form::kReal) {
    return static_cast<double>(*integer);
  }
  return operand;
}

/// Flags are the words true and false, lists and objects the text that is stored. PostgreSQL's
/// `json` keeps that text, `jsonb` would write it anew. A cast may meet records of other kinds
/// before their kind is looked at: no two kinds may differ in what one name is (rules_test.cc).
void AddField(SqlBuilder& sql, Dialect dialect, const KindDef& kind, const std::string& name) {
  if (const Column* column = FindColumn(name)) {
    sql.Add(column->sql);
    return;
  }
  const FieldType type = kind.Find(name)->type;
  if (dialect == Dialect::kSqlite) {
    sql.Add(type == FieldType::kFlag ? Literal("(r.fields -> ") : Literal("(r.fields ->> "));
    sql.Bind(std::string_view(name)).Add(")");
    return;
  }
  sql.Add("((CAST(r.fields AS json) ->> CAST(").Bind(std::string_view(name)).Add(" AS text))");
  const Form form = FormOf(type);
  sql.Add(form == Form::kReal    ? Literal("::double precision)")
          : form == Form::kWhole ? Literal("::bigint)")
                                 : Literal(" COLLATE \"C\")"));
}

Status AddClause(SqlBuilder& sql, Dialect dialect, const KindDef& kind,
                 const query::Clause& clause) {
  AddField(sql, dialect, kind, clause.field.key);
  if (const Form form = FormOf(kind, clause.field.key); form != Form::kText) {
    search::AddNumberTest(sql, clause.op, Fitted(form, clause.value));
  } else {
    search::AddTextTest(sql, clause.op, clause.value, dialect);
  }
  return OkStatus();
}

std::vector<search::SortColumn> Columns(const std::vector<query::Order>& orders) {
  std::vector<search::SortColumn> columns;
  for (const query::Order& order : orders) {
    const Column* column = FindColumn(order.field.key);
    columns.push_back({.sql = column->sql,
                       .ascending = order.ascending,
                       .is_text = column->field.kind == query::RecordFieldKind::kText});
  }
  return columns;
}

}  // namespace

std::vector<query::RecordField> SearchFields(const KindDef& kind) {
  std::vector<query::RecordField> fields;
  for (const Column& column : kColumns) {
    if (column.field.name != "record_no") fields.push_back(column.field);
  }
  for (const FieldDef& field : kind.fields) {
    fields.push_back({.name = field.name,
                      .kind = field.type == FieldType::kTime      ? query::RecordFieldKind::kTime
                              : FormOf(field.type) != Form::kText ? query::RecordFieldKind::kNumber
                                                                  : query::RecordFieldKind::kText});
  }
  return fields;
}

Status AddFilter(SqlBuilder& sql, Dialect dialect, const KindDef& kind, const query::Node& node) {
  return search::AddFilter(sql, node, [&](SqlBuilder& to, const query::Clause& clause) {
    return AddClause(to, dialect, kind, clause);
  });
}

Status AddCursor(SqlBuilder& sql, const std::vector<query::Order>& orders,
                 const std::vector<query::CursorValue>& cursor) {
  return cursor.empty() ? OkStatus() : search::AddCursor(sql, Columns(orders), cursor);
}

void AddOrder(SqlBuilder& sql, const std::vector<query::Order>& orders) {
  search::AddOrder(sql, Columns(orders));
}

}  // namespace stetig::planning::internal
