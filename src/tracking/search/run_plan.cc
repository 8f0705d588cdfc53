#include "tracking/search/run_plan.h"

#include <algorithm>
#include <cmath>

namespace stetig::tracking {
namespace {

using query::Clause;
using query::Operator;
using store::Row;

constexpr store::Statement kMaxRun{"SELECT coalesce(max(run_no), 0) FROM runs"};

bool IsRange(const Clause& clause) {
  const bool compares = clause.op == Operator::kEqual || clause.op == Operator::kLess ||
                        clause.op == Operator::kLessEqual || clause.op == Operator::kGreater ||
                        clause.op == Operator::kGreaterEqual;
  return clause.field.entity == query::Entity::kMetric && compares;
}

/// Metric comparisons that every hit must pass.
std::vector<const Clause*> RequiredRanges(const query::Filter& filter) {
  std::vector<const Clause*> ranges;
  if (!filter) return ranges;
  if (filter->kind == query::Node::Kind::kClause && IsRange(filter->clause))
    ranges.push_back(&filter->clause);
  if (filter->kind == query::Node::Kind::kAnd) {
    for (const query::Node& child : filter->children) {
      if (child.kind == query::Node::Kind::kClause && IsRange(child.clause))
        ranges.push_back(&child.clause);
    }
  }
  return ranges;
}

Result<int64_t> ReadNumber(store::Session& session, const store::SqlBuilder& sql) {
  int64_t number = 0;
  TRY(session.Query(sql, [&](const Row& row) {
    number = row.Int(0);
    return OkStatus();
  }));
  return number;
}

Result<int64_t> FewRows(store::Session& session, const RunSearch& search) {
  int64_t runs = 0;
  TRY(session.Query(kMaxRun, {}, [&](const Row& row) {
    runs = row.Int(0);
    return OkStatus();
  }));
  const auto page = static_cast<double>(std::min<int64_t>(search.max_results, 1000));
  return static_cast<int64_t>(std::sqrt(page * static_cast<double>(runs)) * 0.75);
}

}  // namespace

Result<RunPlan> ChooseRunPlan(store::Session& session, const RunSearch& search) {
  RunPlan plan;
  if (session.dialect() != store::Dialect::kSqlite) return plan;
  const bool by_metric = search.experiment_nos.size() == 1 &&
                         search.keys.front().field.entity == query::Entity::kMetric;
  const std::vector<const Clause*> ranges = RequiredRanges(search.filter);
  if (!ranges.empty()) {
    ASSIGN_OR_RETURN(int64_t fewest, FewRows(session, search));
    for (const Clause* clause : ranges) {
      ASSIGN_OR_RETURN(const int64_t count,
                       ReadNumber(session, BuildRangeCount(search, *clause, fewest)));
      if (count < fewest) {
        fewest = count;
        plan = {.way = RunPlan::Way::kRange, .range = clause};
      }
    }
    if (plan.way == RunPlan::Way::kRange) return plan;
  }
  const bool among_values = search.cursor.empty() || std::get<int64_t>(search.cursor.front()) == 0;
  if (by_metric && among_values) plan.way = RunPlan::Way::kByMetric;
  return plan;
}

}  // namespace stetig::tracking
