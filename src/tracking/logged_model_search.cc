// Use case: search of logged models. Pages are counted, not keyed: the order may hang on a metric
// that moves while a client pages, and a model has no place of its own in it.
#include <algorithm>
#include <utility>

#include "query/filter.h"
#include "query/order_by.h"
#include "query/page_token.h"
#include "search/conditions.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/logged_model_repository.h"
#include "tracking/internal/sight.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

using store::Literal;
using store::SqlBuilder;

constexpr int64_t kDefaultPageSize = 100;
constexpr size_t kMaxDatasets = 1'000;

/// An attribute's text or number in SQL.
Literal Column(std::string_view key) {
  if (key == "name") {
    return "m.name";
  }
  if (key == "model_id") {
    return "m.model_id";
  }
  if (key == "model_type") {
    return "m.model_type";
  }
  if (key == "source_run_id") {
    return "m.source_run_id";
  }
  if (key == "status") {
    return "CASE m.status WHEN 1 THEN 'PENDING' WHEN 2 THEN 'READY' ELSE 'FAILED' END";
  }
  return key == "creation_timestamp" ? Literal("m.creation_time") : Literal("m.last_update_time");
}

/// " AND (<one of the datasets>)" over the metric row `v`; nothing for none.
void AddDatasets(SqlBuilder& sql, std::span<const DatasetFilter> datasets) {
  for (size_t i = 0; i < datasets.size(); ++i) {
    sql.Add(i == 0 ? Literal(" AND ((") : Literal(" OR ("))
        .Add("v.dataset_name = ")
        .Bind(std::string_view(datasets[i].name));
    if (!datasets[i].digest.empty()) {
      sql.Add(" AND v.dataset_digest = ").Bind(std::string_view(datasets[i].digest));
    }
    sql.Add(")");
  }
  sql.Add(datasets.empty() ? Literal("") : Literal(")"));
}

Status AddClause(SqlBuilder& sql, const query::Clause& clause,
                 std::span<const DatasetFilter> datasets, store::Dialect dialect) {
  switch (clause.field.entity) {
    case query::Entity::kMetric:
      sql.Add(
          "EXISTS (SELECT 1 FROM logged_model_metrics v WHERE v.model_id = m.model_id AND v.key "
          "= ");
      sql.Bind(std::string_view(clause.field.key)).Add(" AND ");
      search::AddRealComparison(sql, "v.value", clause.op, clause.value);
      AddDatasets(sql, datasets);
      sql.Add(")");
      return OkStatus();
    case query::Entity::kParam:
      search::AddKeyedText(
          sql, "SELECT 1 FROM logged_model_params p WHERE p.model_no = m.model_no AND p.key = ",
          "p.value", clause, dialect);
      return OkStatus();
    case query::Entity::kTag:
      search::AddKeyedText(
          sql,
          "SELECT 1 FROM logged_model_tags t WHERE t.model_no = m.model_no AND t.key = ", "t.value",
          clause, dialect);
      return OkStatus();
    case query::Entity::kAttribute:
    case query::Entity::kDataset:
      break;
  }
  const Literal column = Column(clause.field.key);
  if (query::IsNumericAttribute(query::Subject::kLoggedModels, clause.field.key)) {
    search::AddIntegerComparison(sql, column, clause.op, clause.value);
  } else {
    search::AddTextComparison(sql, column, clause.op, clause.value, dialect);
  }
  return OkStatus();
}

bool NamesMetric(const query::Node& node) {
  if (node.kind == query::Node::Kind::kClause) {
    return node.clause.field.entity == query::Entity::kMetric;
  }
  return std::ranges::any_of(node.children, NamesMetric);
}

struct Order {
  query::Field field;
  LoggedModelOrder request;
};

struct Prepared {
  std::vector<int64_t> experiments;
  query::Filter filter;
  std::vector<DatasetFilter> datasets;
  std::vector<Order> orders;
  int64_t max_results = kDefaultPageSize;
  int64_t offset = 0;
  uint64_t fingerprint = 0;
};

void AddOrder(SqlBuilder& sql, const Order& order) {
  if (order.field.entity == query::Entity::kMetric) {
    sql.Add(
        "(SELECT v.value FROM logged_model_metrics v WHERE v.model_id = m.model_id AND v.key = ");
    sql.Bind(std::string_view(order.field.key));
    if (!order.request.dataset_name.empty()) {
      sql.Add(" AND v.dataset_name = ").Bind(std::string_view(order.request.dataset_name));
    }
    if (!order.request.dataset_digest.empty()) {
      sql.Add(" AND v.dataset_digest = ").Bind(std::string_view(order.request.dataset_digest));
    }
    sql.Add(" ORDER BY v.timestamp DESC, v.step DESC, v.run_no LIMIT 1)");
  } else {
    sql.Add(Column(order.field.key));
  }
  sql.Add(order.request.ascending ? Literal(" ASC NULLS LAST") : Literal(" DESC NULLS LAST"));
}

Result<SqlBuilder> BuildQuery(const Prepared& prepared, store::Dialect dialect) {
  SqlBuilder sql("SELECT " STETIG_LOGGED_MODEL_COLUMNS
                 " FROM logged_models m WHERE m.deleted = 0 AND m.experiment_no IN (");
  for (size_t i = 0; i < prepared.experiments.size(); ++i) {
    sql.Add(i == 0 ? Literal("") : Literal(", ")).Bind(prepared.experiments[i]);
  }
  sql.Add(")");
  if (prepared.filter) {
    sql.Add(" AND ");
    TRY(search::AddFilter(sql, *prepared.filter, [&](SqlBuilder& to, const auto& clause) {
      return AddClause(to, clause, prepared.datasets, dialect);
    }));
  }
  if (!prepared.datasets.empty() && !(prepared.filter && NamesMetric(*prepared.filter))) {
    sql.Add(" AND EXISTS (SELECT 1 FROM logged_model_metrics v WHERE v.model_id = m.model_id");
    AddDatasets(sql, prepared.datasets);
    sql.Add(")");
  }
  sql.Add(" ORDER BY ");
  for (const Order& order : prepared.orders) {
    AddOrder(sql, order);
    sql.Add(", ");
  }
  sql.Add("m.creation_time DESC, m.model_id LIMIT ")
      .Bind(prepared.max_results + 1)
      .Add(" OFFSET ")
      .Bind(prepared.offset);
  return sql;
}

uint64_t FingerprintOf(const SearchLoggedModels& request) {
  query::Fingerprint fingerprint("logged_models");
  fingerprint.Add(request.filter).Add(static_cast<int64_t>(request.experiment_ids.size()));
  for (const std::string& id : request.experiment_ids) {
    fingerprint.Add(id);
  }
  for (const DatasetFilter& dataset : request.datasets) {
    fingerprint.Add(dataset.name).Add(dataset.digest);
  }
  for (const LoggedModelOrder& order : request.order_by) {
    fingerprint.Add(order.field_name)
        .Add(int64_t{order.ascending})
        .Add(order.dataset_name)
        .Add(order.dataset_digest);
  }
  return fingerprint.value();
}

Result<int64_t> OffsetOf(std::string_view token, uint64_t fingerprint) {
  if (token.empty()) {
    return 0;
  }
  ASSIGN_OR_RETURN(const std::vector<query::CursorValue> values,
                   query::DecodePageToken(token, fingerprint));
  const int64_t* offset = values.size() == 1 ? std::get_if<int64_t>(values.data()) : nullptr;
  if (offset == nullptr || *offset < 1) {
    return Err(Code::kInvalidArgument, "Invalid page token");
  }
  return *offset;
}

Result<Prepared> Prepare(const SearchLoggedModels& request) {
  Prepared prepared;
  for (const DatasetFilter& dataset : request.datasets) {
    if (dataset.name.empty()) {
      return Err(Code::kInvalidArgument,
                 "`dataset_name` in the `datasets` clause must be specified.");
    }
  }
  if (request.max_results.value_or(0) != 0) {
    TRY(ValidateMaxResults(*request.max_results));
    prepared.max_results = *request.max_results;
  }
  if (request.experiment_ids.empty() || request.experiment_ids.size() > kMaxSearchedExperiments ||
      request.datasets.size() > kMaxDatasets || request.order_by.size() > query::kMaxOrders) {
    return Err(Code::kInvalidArgument,
               fmt::format("a search of logged models takes 1 to {} experiment_ids, at most {} "
                           "datasets and {} order_by, found {}, "
                           "{} and {}",
                           kMaxSearchedExperiments, kMaxDatasets, query::kMaxOrders,
                           request.experiment_ids.size(), request.datasets.size(),
                           request.order_by.size()));
  }
  for (const std::string& id : request.experiment_ids) {
    ASSIGN_OR_RETURN(const int64_t no, ParseListedExperimentId(id));
    prepared.experiments.push_back(no);
  }
  ASSIGN_OR_RETURN(prepared.filter,
                   query::ParseFilter(request.filter, query::Subject::kLoggedModels));
  for (const LoggedModelOrder& order : request.order_by) {
    ASSIGN_OR_RETURN(query::Field field, query::ParseOrderField(order.field_name));
    prepared.orders.push_back({.field = std::move(field), .request = order});
  }
  prepared.datasets = request.datasets;
  prepared.fingerprint = FingerprintOf(request);
  ASSIGN_OR_RETURN(prepared.offset, OffsetOf(request.page_token, prepared.fingerprint));
  return prepared;
}

Result<Page<LoggedModel>> ReadPage(store::Session& session, const Prepared& prepared) {
  std::vector<LoggedModelRow> rows;
  ASSIGN_OR_RETURN(const SqlBuilder sql, BuildQuery(prepared, session.dialect()));
  TRY(session.Query(sql, [&](const store::Row& row) {
    rows.push_back(ToLoggedModelRow(row));
    return OkStatus();
  }));
  Page<LoggedModel> page;
  if (rows.size() > static_cast<size_t>(prepared.max_results)) {
    rows.pop_back();
    const query::CursorValue next = prepared.offset + prepared.max_results;
    page.next_page_token = query::EncodePageToken(prepared.fingerprint, std::span(&next, 1));
  }
  ASSIGN_OR_RETURN(page.items, ReadLoggedModels(session, rows));
  return page;
}

}  // namespace

Task<Page<LoggedModel>> Service::SearchLoggedModels(Principal who,
                                                    tracking::SearchLoggedModels request,
                                                    Deadline deadline) {
  ASSIGN_OR_CO_RETURN(Prepared prepared, Prepare(request));
  KeepSeen(who, prepared.experiments);
  if (prepared.experiments.empty()) co_return Page<LoggedModel>();
  auto read = [prepared = std::move(prepared)](store::Session& session) {
    return ReadPage(session, prepared);
  };
  auto page = co_await impl_->db.Read(std::move(read), deadline);
  co_return page;
}

}  // namespace stetig::tracking
