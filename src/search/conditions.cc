#include "search/conditions.h"

#include "query/like.h"

namespace stetig::search {
namespace {

using query::Operator;
using store::Literal;
using store::SqlBuilder;

Literal OperatorSql(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return " = ";
    case Operator::kNotEqual:
      return " <> ";
    case Operator::kLess:
      return " < ";
    case Operator::kLessEqual:
      return " <= ";
    case Operator::kGreater:
      return " > ";
    case Operator::kGreaterEqual:
      return " >= ";
    case Operator::kLike:
      return " LIKE ";
    case Operator::kILike:
      return " ILIKE ";
    case Operator::kIn:
      return " IN (";
    case Operator::kNotIn:
      return " NOT IN (";
    case Operator::kIsNull:
      return " IS NULL";
    case Operator::kIsNotNull:
      return " IS NOT NULL";
  }
  return " = ";
}

void AddList(SqlBuilder& sql, const std::vector<std::string>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    sql.Add(i == 0 ? Literal("") : Literal(", ")).Bind(std::string_view(values[i]));
  }
  sql.Add(")");
}

/// SQLite's LIKE folds case and its GLOB does not; PostgreSQL's has an escape character by default.
void AddLike(SqlBuilder& sql, Operator op, const std::string& pattern, store::Dialect dialect) {
  if (dialect == store::Dialect::kPostgres) {
    sql.Add(OperatorSql(op)).Bind(std::string_view(pattern)).Add(" ESCAPE ''");
  } else if (op == Operator::kILike) {
    sql.Add(" LIKE ").Bind(std::string_view(pattern));
  } else {
    sql.Add(" GLOB ").Bind(std::string_view(query::GlobOfLike(pattern)));
  }
}

double AsReal(const query::Operand& operand) {
  const auto* integer = std::get_if<int64_t>(&operand);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(operand);
}

}  // namespace

Status AddFilter(SqlBuilder& sql, const query::Node& filter, const ClauseWriter& add) {
  if (filter.kind == query::Node::Kind::kClause) {
    return add(sql, filter.clause);
  }
  sql.Add(filter.kind == query::Node::Kind::kNot ? Literal("NOT (") : Literal("("));
  const Literal joint = filter.kind == query::Node::Kind::kOr ? Literal(" OR ") : Literal(" AND ");
  for (size_t i = 0; i < filter.children.size(); ++i) {
    sql.Add(i == 0 ? Literal("") : joint);
    TRY(AddFilter(sql, filter.children[i], add));
  }
  sql.Add(")");
  return OkStatus();
}

void AddTextTest(SqlBuilder& sql, Operator op, const query::Operand& operand,
                 store::Dialect dialect) {
  switch (op) {
    case Operator::kLike:
    case Operator::kILike:
      AddLike(sql, op, std::get<std::string>(operand), dialect);
      return;
    case Operator::kIn:
    case Operator::kNotIn:
      sql.Add(OperatorSql(op));
      AddList(sql, std::get<std::vector<std::string>>(operand));
      return;
    case Operator::kIsNull:
    case Operator::kIsNotNull:
      sql.Add(OperatorSql(op));
      return;
    default:
      sql.Add(OperatorSql(op)).Bind(std::string_view(std::get<std::string>(operand)));
  }
}

void AddTextComparison(SqlBuilder& sql, Literal column, Operator op, const query::Operand& operand,
                       store::Dialect dialect) {
  sql.Add(column);
  AddTextTest(sql, op, operand, dialect);
}

void AddNumberTest(SqlBuilder& sql, Operator op, const query::Operand& operand) {
  sql.Add(OperatorSql(op));
  if (const auto* integer = std::get_if<int64_t>(&operand)) {
    sql.Bind(*integer);
  } else if (const auto* real = std::get_if<double>(&operand)) {
    sql.Bind(*real);
  }
}

void AddIntegerComparison(SqlBuilder& sql, Literal column, Operator op,
                          const query::Operand& operand) {
  if (std::holds_alternative<double>(operand)) {
    sql.Add("CAST(").Add(column).Add(" AS DOUBLE PRECISION)");
  } else {
    sql.Add(column);
  }
  AddNumberTest(sql, op, operand);
}

void AddRealComparison(SqlBuilder& sql, Literal column, Operator op,
                       const query::Operand& operand) {
  const bool or_nan = op == Operator::kNotEqual;
  // Bare: a cast would hide the column from its index.
  sql.Add(or_nan ? Literal("(") : Literal("")).Add(column);
  sql.Add(OperatorSql(op)).Bind(AsReal(operand));
  if (or_nan) {
    sql.Add(" OR ").Add(column).Add(" IS NULL)");
  }
}

void AddKeyedText(SqlBuilder& sql, Literal rows, Literal value, const query::Clause& clause,
                  store::Dialect dialect) {
  const bool absent = clause.op == Operator::kIsNull;
  sql.Add(absent ? Literal("NOT EXISTS (") : Literal("EXISTS ("));
  sql.Add(rows).Bind(std::string_view(clause.field.key));
  if (!absent && clause.op != Operator::kIsNotNull) {
    sql.Add(" AND ");
    AddTextComparison(sql, value, clause.op, clause.value, dialect);
  }
  sql.Add(")");
}

}  // namespace stetig::search
