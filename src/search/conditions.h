// Filters of query/filter.h as SQL conditions, alike on both stores.
#pragma once

#include <functional>
#include <string_view>

#include "base/status.h"
#include "query/filter.h"
#include "store/statement.h"

namespace stetig::search {

/// Appends the condition that one clause means; the tree around it is AddFilter's.
using ClauseWriter = std::function<Status(store::SqlBuilder& sql, const query::Clause& clause)>;

/// Appends the whole filter, in parentheses where it needs them. `add` is called for each clause in
/// the order of the text; its first error ends the walk. Recursion is bounded by query::kMaxDepth.
Status AddFilter(store::SqlBuilder& sql, const query::Node& filter, const ClauseWriter& add);

/// Appends " <op> operand" behind an expression that yields text, which has been added. All
/// operators of the language; `op` and `operand` as the parser gave them for a text field.
void AddTextTest(store::SqlBuilder& sql, query::Operator op, const query::Operand& operand,
                 store::Dialect dialect);
/// The same with its expression in front: "name = $1".
void AddTextComparison(store::SqlBuilder& sql, store::Literal column, query::Operator op,
                       const query::Operand& operand, store::Dialect dialect);

/// Appends " <op> operand" behind an expression that yields a number of the operand's own kind, or
/// a double.
void AddNumberTest(store::SqlBuilder& sql, query::Operator op, const query::Operand& operand);
/// A comparison of a column of integers: with its expression in front, and as doubles when the
/// operand is one.
void AddIntegerComparison(store::SqlBuilder& sql, store::Literal column, query::Operator op,
                          const query::Operand& operand);
/// A comparison of a column of doubles. NULL stands for NaN, which differs from every number and
/// compares with none.
void AddRealComparison(store::SqlBuilder& sql, store::Literal column, query::Operator op,
                       const query::Operand& operand);

/// A text kept as a row of its own per key: "EXISTS (<rows>$key AND <value> <op> operand)"; IS
/// NULL: there is no such row. `rows` ends where the key belongs: "SELECT 1 FROM tags t WHERE
/// t.run_no = r.run_no AND t.key = ".
void AddKeyedText(store::SqlBuilder& sql, store::Literal rows, store::Literal value,
                  const query::Clause& clause, store::Dialect dialect);

}  // namespace stetig::search
