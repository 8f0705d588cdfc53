// Use case: search of experiments.
#include <utility>

#include "base/text.h"
#include "query/filter.h"
#include "query/order_by.h"
#include "query/page_token.h"
#include "search/conditions.h"
#include "search/keyset.h"
#include "tracking/internal/experiment_repository.h"
#include "tracking/internal/impl.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

using query::CursorValue;
using store::Literal;
using store::SqlBuilder;

search::SortColumn ToSortColumn(const query::Order& order) {
  const std::string& key = order.field.key;
  if (key == "name") {
    return {.sql = "e.name", .ascending = order.ascending, .is_text = true};
  }
  if (key == "creation_time") {
    return {.sql = "e.creation_time", .ascending = order.ascending};
  }
  if (key == "last_update_time") {
    return {.sql = "e.last_update_time", .ascending = order.ascending};
  }
  return {.sql = "e.experiment_no", .ascending = order.ascending};
}

Result<std::vector<search::SortColumn>> SortKeys(std::span<const std::string> order_by) {
  ASSIGN_OR_RETURN(const std::vector<query::Order> orders,
                   query::ParseOrderBy(order_by, query::Subject::kExperiments));
  std::vector<search::SortColumn> keys;
  bool by_id = false;
  for (const query::Order& order : orders) {
    if (order.field.entity != query::Entity::kAttribute) {
      return Err(Code::kInvalidArgument, "Invalid order_by entity: tag");
    }
    keys.push_back(ToSortColumn(order));
    by_id = by_id || order.field.key == "experiment_id";
  }
  if (keys.empty()) {
    return std::vector<search::SortColumn>{{.sql = "e.creation_time", .ascending = false},
                                           {.sql = "e.experiment_no"}};
  }
  if (!by_id) {
    keys.push_back({.sql = "e.experiment_no", .ascending = false});
  }
  return keys;
}

CursorValue ValueOf(const search::SortColumn& key, const ExperimentRow& row) {
  const std::string_view column = key.sql.text();
  if (key.is_text) {
    return row.name;
  }
  return column == "e.creation_time"      ? row.creation_time
         : column == "e.last_update_time" ? row.last_update_time
                                          : row.no;
}

/// experiment_id compares numbers that are written as texts.
Status AddIdComparison(SqlBuilder& sql, const query::Clause& clause) {
  std::vector<std::string> texts;
  if (const auto* one = std::get_if<std::string>(&clause.value)) {
    texts.push_back(*one);
  } else {
    texts = std::get<std::vector<std::string>>(clause.value);
  }
  const bool negated =
      clause.op == query::Operator::kNotEqual || clause.op == query::Operator::kNotIn;
  sql.Add(negated ? Literal("e.experiment_no NOT IN (") : Literal("e.experiment_no IN ("));
  for (size_t i = 0; i < texts.size(); ++i) {
    ASSIGN_OR_RETURN(const int64_t no, ParseListedExperimentId(texts[i]));
    sql.Add(i == 0 ? Literal("") : Literal(", ")).Bind(no);
  }
  sql.Add(")");
  return OkStatus();
}

Status AddClause(SqlBuilder& sql, const query::Clause& clause, store::Dialect dialect) {
  if (clause.field.entity == query::Entity::kTag) {
    search::AddKeyedText(
        sql, "SELECT 1 FROM experiment_tags t WHERE t.experiment_no = e.experiment_no AND t.key = ",
        "t.value", clause, dialect);
    return OkStatus();
  }
  if (clause.field.key == "experiment_id") {
    return AddIdComparison(sql, clause);
  }
  if (clause.field.key == "name") {
    search::AddTextComparison(sql, "e.name", clause.op, clause.value, dialect);
    return OkStatus();
  }
  const Literal column = clause.field.key == "creation_time" ? Literal("e.creation_time")
                                                             : Literal("e.last_update_time");
  search::AddIntegerComparison(sql, column, clause.op, clause.value);
  return OkStatus();
}

struct Prepared {
  query::Filter filter;
  std::vector<search::SortColumn> keys;
  std::vector<CursorValue> cursor;
  ViewType view = ViewType::kActiveOnly;
  int64_t max_results = 0;
  uint64_t fingerprint = 0;
};

Result<Prepared> Prepare(const SearchExperiments& request) {
  TRY(ValidateMaxResults(request.max_results));
  Prepared prepared;
  ASSIGN_OR_RETURN(prepared.filter,
                   query::ParseFilter(request.filter, query::Subject::kExperiments));
  ASSIGN_OR_RETURN(prepared.keys, SortKeys(request.order_by));
  prepared.view = request.view;
  prepared.max_results = request.max_results;
  query::Fingerprint fingerprint("experiments");
  fingerprint.Add(request.filter).Add(static_cast<int64_t>(request.view));
  for (const std::string& order : request.order_by) {
    fingerprint.Add(order);
  }
  prepared.fingerprint = fingerprint.value();
  if (!request.page_token.empty()) {
    ASSIGN_OR_RETURN(prepared.cursor,
                     query::DecodePageToken(request.page_token, prepared.fingerprint));
  }
  return prepared;
}

/// " AND …": experiments that `who` sees.
void AddSeen(SqlBuilder& sql, const access::Principal& who) {
  if (!who.scope) return;
  const access::Realm& seen = who.scope->experiments;
  std::vector<int64_t> numbers;
  for (const std::string& id : seen.ids) {
    if (const auto no = ParseInt64(id)) numbers.push_back(*no);
  }
  if (numbers.empty()) {
    if (seen.only) sql.Add(" AND 1 = 0");
    return;
  }
  sql.Add(seen.only ? Literal(" AND e.experiment_no IN (")
                    : Literal(" AND e.experiment_no NOT IN ("));
  for (size_t i = 0; i < numbers.size(); ++i) {
    sql.Add(i == 0 ? Literal("") : Literal(", ")).Bind(numbers[i]);
  }
  sql.Add(")");
}

Result<SqlBuilder> BuildQuery(const Prepared& prepared, const access::Principal& who,
                              store::Dialect dialect) {
  SqlBuilder sql(
      "SELECT e.experiment_no, e.name, e.artifact_location, e.deleted, e.creation_time, "
      "e.last_update_time FROM experiments e WHERE ");
  switch (prepared.view) {
    case ViewType::kActiveOnly:
      sql.Add("e.deleted = 0");
      break;
    case ViewType::kDeletedOnly:
      sql.Add("e.deleted = 1");
      break;
    case ViewType::kAll:
      sql.Add("e.deleted >= 0");
      break;
  }
  AddSeen(sql, who);
  if (prepared.filter) {
    sql.Add(" AND ");
    TRY(search::AddFilter(sql, *prepared.filter, [dialect](SqlBuilder& to, const auto& clause) {
      return AddClause(to, clause, dialect);
    }));
  }
  if (!prepared.cursor.empty()) {
    TRY(search::AddCursor(sql, prepared.keys, prepared.cursor));
  }
  search::AddOrder(sql, prepared.keys);
  sql.Add(" LIMIT ").Bind(prepared.max_results + 1);
  return sql;
}

Result<Page<Experiment>> ReadPage(store::Session& session, const access::Principal& who,
                                  const Prepared& prepared, std::string_view default_root) {
  ASSIGN_OR_RETURN(const SqlBuilder sql, BuildQuery(prepared, who, session.dialect()));
  std::vector<ExperimentRow> rows;
  TRY(session.Query(sql, [&](const store::Row& row) {
    rows.push_back(ToExperimentRow(row));
    return OkStatus();
  }));
  Page<Experiment> page;
  if (rows.size() > static_cast<size_t>(prepared.max_results)) {
    rows.pop_back();
    std::vector<CursorValue> cursor;
    for (const search::SortColumn& key : prepared.keys) {
      cursor.push_back(ValueOf(key, rows.back()));
    }
    page.next_page_token = query::EncodePageToken(prepared.fingerprint, cursor);
  }
  std::vector<int64_t> numbers;
  for (const ExperimentRow& row : rows) {
    page.items.push_back(ToExperiment(row, default_root));
    numbers.push_back(row.no);
  }
  TRY(ReadExperimentTags(session, numbers, [&](size_t i, KeyValue tag) {
    page.items[i].tags.push_back(std::move(tag));
  }));
  return page;
}

}  // namespace

Task<Page<Experiment>> Service::SearchExperiments(Principal who,
                                                  tracking::SearchExperiments request,
                                                  Deadline deadline) {
  ASSIGN_OR_CO_RETURN(Prepared prepared, Prepare(request));
  auto read = [impl = impl_.get(), who = std::move(who),
               prepared = std::move(prepared)](store::Session& session) {
    return ReadPage(session, who, prepared, impl->options.default_artifact_root);
  };
  auto page = co_await impl_->db.Read(std::move(read), deadline);
  co_return page;
}

}  // namespace stetig::tracking
