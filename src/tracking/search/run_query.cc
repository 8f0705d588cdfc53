#include "tracking/search/run_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/conditions.h"
#include "search/keyset.h"
#include "tracking/internal/run_repository.h"
#include "tracking/search/run_order.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

using query::Entity;
using query::Operator;
using store::Literal;
using store::SqlBuilder;

void AddDatasetClause(SqlBuilder& sql, const query::Clause& clause, store::Dialect dialect) {
  sql.Add(
      "EXISTS (SELECT 1 FROM dataset_inputs i JOIN datasets d ON d.dataset_no = i.dataset_no WHERE "
      "i.run_no = r.run_no AND ");
  const std::string& key = clause.field.key;
  const Literal column = key == "name"     ? Literal("d.name")
                         : key == "digest" ? Literal("d.digest")
                                           : Literal("i.context");
  search::AddTextComparison(sql, column, clause.op, clause.value, dialect);
  sql.Add(")");
}

void AddMetricClause(SqlBuilder& sql, const query::Clause& clause) {
  sql.Add("EXISTS (SELECT 1 FROM metric_latest m WHERE m.run_no = r.run_no AND m.key_no = ");
  AddKeyNumber(sql, clause.field.key);
  sql.Add(" AND ");
  search::AddRealComparison(sql, "m.value", clause.op, clause.value);
  sql.Add(")");
}

Status AddClause(SqlBuilder& sql, const query::Clause& clause, store::Dialect dialect) {
  switch (clause.field.entity) {
    case Entity::kMetric:
      AddMetricClause(sql, clause);
      return OkStatus();
    case Entity::kParam:
      search::AddKeyedText(sql, "SELECT 1 FROM params t WHERE t.run_no = r.run_no AND t.key = ",
                           "t.value", clause, dialect);
      return OkStatus();
    case Entity::kTag:
      search::AddKeyedText(sql,
                           "SELECT 1 FROM tags t WHERE t.run_no = r.run_no AND t.key = ", "t.value",
                           clause, dialect);
      return OkStatus();
    case Entity::kDataset:
      AddDatasetClause(sql, clause, dialect);
      return OkStatus();
    case Entity::kAttribute:
      break;
  }
  const Literal column = RunColumn(clause.field.key);
  if (query::IsNumericAttribute(query::Subject::kRuns, clause.field.key)) {
    // Without an end time nothing is true of it, and NOT makes it true: as with a metric that is
    // missing.
    sql.Add(clause.field.key == "end_time" ? Literal("(r.end_time IS NOT NULL AND ")
                                           : Literal("("));
    search::AddIntegerComparison(sql, column, clause.op, clause.value);
    sql.Add(")");
  } else {
    search::AddTextComparison(sql, column, clause.op, clause.value, dialect);
  }
  return OkStatus();
}

void AddExperiments(SqlBuilder& sql, Literal column, std::span<const int64_t> numbers) {
  if (numbers.size() == 1) {  // equality lets an index give the order
    sql.Add(column).Add(" = ").Bind(numbers.front());
    return;
  }
  sql.Add(column).Add(" IN (");
  for (size_t i = 0; i < numbers.size(); ++i) {
    sql.Add(i == 0 ? Literal("") : Literal(", ")).Bind(numbers[i]);
  }
  sql.Add(")");
}

}  // namespace

bool IsTextKey(const query::Field& field) {
  switch (field.entity) {
    case Entity::kMetric:
      return false;
    case Entity::kAttribute:
      return !query::IsNumericAttribute(query::Subject::kRuns, field.key);
    default:
      return true;
  }
}

Result<RunSearch> PrepareRunSearch(const SearchRuns& request) {
  TRY(ValidateMaxResults(request.max_results));
  RunSearch search;
  ASSIGN_OR_RETURN(search.filter, query::ParseFilter(request.filter, query::Subject::kRuns));
  ASSIGN_OR_RETURN(search.keys, RunSortKeys(request.order_by));
  search.view = request.view;
  search.max_results = request.max_results;
  query::Fingerprint fingerprint("runs");
  fingerprint.Add(request.filter).Add(static_cast<int64_t>(request.view));
  for (const std::string& id : request.experiment_ids) {
    ASSIGN_OR_RETURN(const int64_t no, ParseListedExperimentId(id));
    search.experiment_nos.push_back(no);
    fingerprint.Add(no);
  }
  std::ranges::sort(search.experiment_nos);
  const auto repeated = std::ranges::unique(search.experiment_nos);
  search.experiment_nos.erase(repeated.begin(), repeated.end());
  if (search.experiment_nos.size() > kMaxSearchedExperiments) {
    return Err(Code::kInvalidArgument,
               fmt::format("a search takes at most {} experiment_ids, found {}",
                           kMaxSearchedExperiments, search.experiment_nos.size()));
  }
  for (const std::string& order : request.order_by) {
    fingerprint.Add(order);
  }
  search.fingerprint = fingerprint.value();
  if (!request.page_token.empty()) {
    ASSIGN_OR_RETURN(search.cursor, query::DecodePageToken(request.page_token, search.fingerprint));
    TRY(CheckRunCursor(search));
  }
  return search;
}

namespace {

/// Where the query starts. CROSS JOIN: SQLite keeps the order of the tables.
void AddStart(SqlBuilder& sql, const RunSearch& search, const RunPlan& plan) {
  switch (plan.way) {
    case RunPlan::Way::kRuns:
      sql.Add(" FROM runs r");
      break;
    case RunPlan::Way::kRange:
      sql.Add(" FROM metric_latest d CROSS JOIN runs r ON r.run_no = d.run_no");
      break;
    case RunPlan::Way::kByMetric:
      sql.Add(" FROM metric_latest o0 CROSS JOIN runs r ON r.run_no = o0.run_no");
      break;
  }
  AddRunJoins(sql, search);
  sql.Add(" WHERE ");
}

/// Comparisons of the first key's metric that every hit passes, and the place of the cursor, narrow
/// the range of its index.
void AddOwnRange(SqlBuilder& sql, const RunSearch& search) {
  const RunSortKey& key = search.keys.front();
  const auto add = [&](const query::Node& node) {
    if (node.kind == query::Node::Kind::kClause && node.clause.field == key.field &&
        node.clause.op != Operator::kNotEqual) {
      sql.Add(" AND ");
      search::AddRealComparison(sql, "o0.value", node.clause.op, node.clause.value);
    }
  };
  if (search.filter) {
    add(*search.filter);
    if (search.filter->kind == query::Node::Kind::kAnd)
      std::ranges::for_each(search.filter->children, add);
  }
  if (!search.cursor.empty()) {
    sql.Add(key.ascending ? Literal(" AND o0.value >= ") : Literal(" AND o0.value <= "));
    search::BindValue(sql, search.cursor[1]);
  }
}

void AddScope(SqlBuilder& sql, const RunSearch& search, const RunPlan& plan) {
  switch (plan.way) {
    case RunPlan::Way::kRuns:
      AddExperiments(sql, "r.experiment_no", search.experiment_nos);
      break;
    case RunPlan::Way::kRange:
      AddExperiments(sql, "d.experiment_no", search.experiment_nos);
      sql.Add(" AND d.key_no = ");
      AddKeyNumber(sql, plan.range->field.key);
      sql.Add(" AND ");
      search::AddRealComparison(sql, "d.value", plan.range->op, plan.range->value);
      break;
    case RunPlan::Way::kByMetric:
      AddExperiments(sql, "o0.experiment_no", search.experiment_nos);
      sql.Add(" AND o0.key_no = ");
      AddKeyNumber(sql, search.keys.front().field.key);
      sql.Add(" AND o0.value IS NOT NULL");
      AddOwnRange(sql, search);
      break;
  }
  switch (search.view) {
    case ViewType::kActiveOnly:
      sql.Add(" AND r.deleted = 0");
      break;
    case ViewType::kDeletedOnly:
      sql.Add(" AND r.deleted = 1");
      break;
    case ViewType::kAll:
      break;
  }
}

}  // namespace

Result<SqlBuilder> BuildRunQuery(const RunSearch& asked, const RunPlan& plan,
                                 store::Dialect dialect) {
  RunSearch search = asked;
  search.keys.front().always_value = plan.way == RunPlan::Way::kByMetric;
  SqlBuilder sql("SELECT " STETIG_RUN_COLUMNS ", r.version");
  AddRunSortValues(sql, search);
  AddStart(sql, search, plan);
  AddScope(sql, search, plan);
  if (search.filter) {
    sql.Add(" AND ");
    TRY(search::AddFilter(sql, *search.filter, [dialect](SqlBuilder& to, const auto& clause) {
      return AddClause(to, clause, dialect);
    }));
  }
  if (!search.cursor.empty()) {
    AddRunCursor(sql, search);
  }
  AddRunOrder(sql, search);
  sql.Add(" LIMIT ").Bind(search.max_results + 1);
  return sql;
}

SqlBuilder BuildRangeCount(const RunSearch& search, const query::Clause& clause, int64_t most) {
  SqlBuilder sql("SELECT count(*) FROM (SELECT 1 FROM metric_latest d WHERE ");
  AddExperiments(sql, "d.experiment_no", search.experiment_nos);
  sql.Add(" AND d.key_no = ");
  AddKeyNumber(sql, clause.field.key);
  sql.Add(" AND ");
  search::AddRealComparison(sql, "d.value", clause.op, clause.value);
  sql.Add(" LIMIT ").Bind(most).Add(") few");
  return sql;
}

}  // namespace stetig::tracking
