// Searches of models and versions: a filter becomes SQL piece by piece from literals, values are
// bound, pages go on by keyset.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "query/filter.h"
#include "query/order_by.h"
#include "query/page_token.h"
#include "registry/internal/impl.h"
#include "search/conditions.h"
#include "search/keyset.h"

namespace stetig::registry {
namespace {

using query::Clause;
using query::Entity;
using query::Node;
using query::Operator;
using store::Literal;
using store::SqlBuilder;

constexpr std::string_view kPromptTag = "mlflow.prompt.is_prompt";
constexpr int64_t kDefaultModels = 100;
constexpr int64_t kDefaultVersions = 10'000;

/// What differs between the two searches. Rows end where the key of the tag belongs.
struct Shape {
  query::Subject subject;
  Literal tags;     ///< the row's own
  Literal prompts;  ///< those of which one marks a prompt: of the model, or of any of its versions
};

constexpr Literal kTagsOfModel =
    "SELECT 1 FROM registered_model_tags t WHERE t.model_no = m.model_no AND t.key = ";
constexpr Shape kModels{query::Subject::kRegisteredModels, kTagsOfModel, kTagsOfModel};
constexpr Shape kVersions{
    query::Subject::kModelVersions,
    "SELECT 1 FROM model_version_tags t WHERE t.model_no = v.model_no AND t.version = v.version "
    "AND t.key = ",
    "SELECT 1 FROM model_version_tags t WHERE t.model_no = v.model_no AND t.key = "};

Literal ColumnOf(query::Subject subject, std::string_view key) {
  if (key == "name") {
    return "m.name";
  }
  if (subject == query::Subject::kModelVersions) {
    if (key == "version_number" || key == "version") {
      return "v.version";
    }
    if (key == "run_id") {
      return "v.run_id";
    }
    if (key == "source_path") {
      return "v.source";
    }
    return key == "creation_timestamp" ? Literal("v.creation_time") : Literal("v.last_update_time");
  }
  return key == "creation_timestamp" ? Literal("m.creation_time") : Literal("m.last_update_time");
}

Status AddClause(SqlBuilder& sql, store::Dialect dialect, const Shape& shape,
                 const Clause& clause) {
  if (clause.field.entity == Entity::kTag) {
    search::AddKeyedText(sql, shape.tags, "t.value", clause, dialect);
    return OkStatus();
  }
  const Literal column = ColumnOf(shape.subject, clause.field.key);
  if (query::IsNumericAttribute(shape.subject, clause.field.key)) {
    search::AddIntegerComparison(sql, column, clause.op, clause.value);
  } else {
    search::AddTextComparison(sql, column, clause.op, clause.value, dialect);
  }
  return OkStatus();
}

bool NamesPromptTag(const Node& node) {
  return node.kind == Node::Kind::kClause &&
         node.clause.field == query::Field{Entity::kTag, std::string(kPromptTag)};
}

/// MLflow hides prompts unless a top-level clause on the prompt tag asks for them; the first such
/// clause decides. Where it does not ask for them, clauses on the tag say nothing and are taken
/// out.
bool TakePromptClause(query::Filter& filter) {
  if (!filter) {
    return false;
  }
  std::vector<Node> clauses =
      filter->kind == Node::Kind::kAnd ? filter->children : std::vector<Node>{*filter};
  const auto first = std::ranges::find_if(clauses, NamesPromptTag);
  if (first == clauses.end()) {
    return false;
  }
  const auto* value = std::get_if<std::string>(&first->clause.value);
  const bool wanted =
      value != nullptr &&
      ((first->clause.op == Operator::kEqual && EqualsIgnoreCase(*value, "true")) ||
       (first->clause.op == Operator::kNotEqual && EqualsIgnoreCase(*value, "false")));
  if (wanted) {
    return true;
  }
  std::erase_if(clauses, NamesPromptTag);
  if (clauses.empty()) {
    filter.reset();
  } else if (clauses.size() == 1) {
    filter = Node(clauses.front());
  } else {
    filter = Node{.kind = Node::Kind::kAnd, .children = std::move(clauses), .clause = {}};
  }
  return false;
}

/// One column of the order; the last ones make rows unique.
struct SortKey {
  query::Field field;
  bool ascending = true;
};

std::vector<SortKey> SortKeys(const std::vector<query::Order>& orders, std::vector<SortKey> tail) {
  std::vector<SortKey> keys;
  for (const query::Order& order : orders) {
    keys.push_back({order.field, order.ascending});
  }
  for (SortKey& key : tail) {
    bool present =
        std::ranges::any_of(keys, [&](const SortKey& have) { return have.field == key.field; });
    if (!present) {
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

SortKey By(std::string key, bool ascending) {
  return {{Entity::kAttribute, std::move(key)}, ascending};
}

std::vector<search::SortColumn> Columns(const Shape& shape, const std::vector<SortKey>& keys) {
  std::vector<search::SortColumn> columns;
  for (const SortKey& key : keys) {
    columns.push_back({.sql = ColumnOf(shape.subject, key.field.key),
                       .ascending = key.ascending,
                       .is_text = key.field.key == "name"});
  }
  return columns;
}

/// A parsed search, ready to become SQL on either store.
struct Plan {
  query::Filter filter;
  bool prompts = false;
  std::vector<SortKey> keys;
  uint64_t fingerprint = 0;
  std::vector<query::CursorValue> cursor;
  int64_t limit = 0;
};

Result<Plan> MakePlan(const SearchRequest& request, const Shape& shape, int64_t limit,
                      std::vector<SortKey> tail) {
  Plan plan{.limit = limit};
  ASSIGN_OR_RETURN(plan.filter, query::ParseFilter(request.filter, shape.subject));
  plan.prompts = TakePromptClause(plan.filter);
  ASSIGN_OR_RETURN(auto orders, query::ParseOrderBy(request.order_by, shape.subject));
  plan.keys = SortKeys(orders, std::move(tail));
  query::Fingerprint fingerprint("registry");
  fingerprint.Add(static_cast<int64_t>(shape.subject)).Add(request.filter);
  for (const std::string& order : request.order_by) {
    fingerprint.Add(order);
  }
  plan.fingerprint = fingerprint.value();
  if (!request.page_token.empty()) {
    ASSIGN_OR_RETURN(plan.cursor, query::DecodePageToken(request.page_token, plan.fingerprint));
  }
  return plan;
}

/// Appends WHERE, ORDER BY and LIMIT; one row more than asked tells whether there is a next page.
/// " AND …": models that `who` sees.
void AddSeen(SqlBuilder& sql, const Principal& who) {
  if (!who.scope) return;
  const access::Realm& seen = who.scope->models;
  if (seen.ids.empty()) {
    if (seen.only) sql.Add(" AND 1 = 0");
    return;
  }
  sql.Add(seen.only ? store::Literal(" AND m.name IN (") : store::Literal(" AND m.name NOT IN ("));
  bool first = true;
  for (const std::string& name : seen.ids) {
    if (!first) sql.Add(", ");
    sql.Bind(std::string_view(name));
    first = false;
  }
  sql.Add(")");
}

Status AddRest(SqlBuilder& sql, store::Dialect dialect, const Shape& shape, const Plan& plan,
               const Principal& who) {
  sql.Add(" WHERE ");
  if (plan.prompts) {
    sql.Add("1 = 1");
  } else {
    sql.Add("NOT EXISTS (").Add(shape.prompts).Bind(kPromptTag);
    sql.Add(" AND t.value = ").Bind(std::string_view("true")).Add(")");
  }
  AddSeen(sql, who);
  if (plan.filter) {
    sql.Add(" AND ");
    TRY(search::AddFilter(sql, *plan.filter, [&](SqlBuilder& to, const Clause& clause) {
      return AddClause(to, dialect, shape, clause);
    }));
  }
  const std::vector<search::SortColumn> columns = Columns(shape, plan.keys);
  if (!plan.cursor.empty()) {
    TRY(search::AddCursor(sql, columns, plan.cursor));
  }
  search::AddOrder(sql, columns);
  sql.Add(" LIMIT ").Bind(plan.limit + 1);
  return OkStatus();
}

query::CursorValue SortValue(const RegisteredModel& model, std::string_view key) {
  if (key == "name") {
    return model.name;
  }
  return key == "creation_timestamp" ? model.creation_time.ms : model.last_update_time.ms;
}

query::CursorValue SortValue(const ModelVersion& version, std::string_view key) {
  if (key == "name") {
    return version.name;
  }
  if (key == "version_number" || key == "version") {
    return version.version;
  }
  return key == "creation_timestamp" ? version.creation_time.ms : version.last_update_time.ms;
}

/// Cuts the row too many and makes the token that goes on after the last one kept.
template <class Row, class Item>
std::string CutPage(std::vector<Row>& rows, const Plan& plan, Item item) {
  if (rows.size() <= static_cast<size_t>(plan.limit)) {
    return {};
  }
  rows.resize(static_cast<size_t>(plan.limit));
  std::vector<query::CursorValue> cursor;
  for (const SortKey& key : plan.keys) {
    cursor.push_back(SortValue(item(rows.back()), key.field.key));
  }
  return query::EncodePageToken(plan.fingerprint, cursor);
}

}  // namespace

Task<Page<RegisteredModel>> Service::SearchModels(Principal who, SearchRequest request,
                                                  Deadline deadline) {
  int64_t limit = request.max_results.value_or(kDefaultModels);
  if (limit < 1) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format(
            "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer",
            limit));
  }
  std::vector<SortKey> tail = {By("name", true)};
  ASSIGN_OR_CO_RETURN(Plan plan, MakePlan(request, kModels, limit, std::move(tail)));
  auto read = [who = std::move(who),
               plan = std::move(plan)](store::Session& session) -> Result<Page<RegisteredModel>> {
    SqlBuilder sql(
        "SELECT m.model_no, m.name, m.description, m.creation_time, m.last_update_time, "
        "m.last_version FROM registered_models m");
    TRY(AddRest(sql, session.dialect(), kModels, plan, who));
    std::vector<repository::ModelRow> rows;
    TRY(session.Query(sql, [&](const store::Row& row) {
      rows.push_back(repository::ModelOf(row));
      return OkStatus();
    }));
    Page<RegisteredModel> page;
    page.next_page_token = CutPage(
        rows, plan,
        [](const repository::ModelRow& row) -> const RegisteredModel& { return row.model; });
    TRY(repository::LoadModelParts(session, rows));
    for (repository::ModelRow& row : rows) {
      page.items.push_back(std::move(row.model));
    }
    return page;
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<ModelVersion>> Service::SearchVersions(Principal who, SearchRequest request,
                                                 Deadline deadline) {
  int64_t limit = request.max_results.value_or(kDefaultVersions);
  if (limit < 1) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format("Invalid value for max_results. It must be a positive integer, but got {}",
                    limit));
  }
  std::vector<SortKey> tail =
      request.order_by.empty()
          ? std::vector<SortKey>{By("last_updated_timestamp", false), By("name", true),
                                 By("version_number", false)}
          : std::vector<SortKey>{By("name", true), By("version_number", false)};
  ASSIGN_OR_CO_RETURN(Plan plan, MakePlan(request, kVersions, limit, std::move(tail)));
  auto read = [who = std::move(who),
               plan = std::move(plan)](store::Session& session) -> Result<Page<ModelVersion>> {
    SqlBuilder sql(
        "SELECT v.model_no, m.name, v.version, v.creation_time, v.last_update_time, v.stage, "
        "v.description, v.source, v.storage_location, "
        "v.run_id, v.run_link, v.model_id FROM model_versions v JOIN registered_models m ON "
        "m.model_no = v.model_no");
    TRY(AddRest(sql, session.dialect(), kVersions, plan, who));
    std::vector<repository::VersionRow> rows;
    TRY(session.Query(sql, [&](const store::Row& row) {
      rows.push_back(repository::VersionOf(row));
      return OkStatus();
    }));
    Page<ModelVersion> page;
    page.next_page_token = CutPage(
        rows, plan,
        [](const repository::VersionRow& row) -> const ModelVersion& { return row.version; });
    TRY(repository::LoadVersionParts(session, rows, /*aliases=*/false));
    for (repository::VersionRow& row : rows) {
      page.items.push_back(std::move(row.version));
    }
    return page;
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::registry
