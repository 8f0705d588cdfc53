// Registered models and their versions as resources.
#include <fmt/format.h>

#include "api/v1/groups.h"
#include "registry/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

json::Value Map(const std::vector<registry::KeyValue>& pairs) {
  json::Object object;
  for (const registry::KeyValue& pair : pairs) object.emplace_back(pair.key, pair.value);
  return object;
}

json::Value ToJson(const registry::RegisteredModel& model) {
  json::Object aliases;
  for (const registry::Alias& alias : model.aliases)
    aliases.emplace_back(alias.alias, alias.version);
  return json::Object{{"name", model.name},
                      {"description", model.description},
                      {"aliases", std::move(aliases)},
                      {"tags", Map(model.tags)},
                      {"created_at", TimeOf(model.creation_time)},
                      {"updated_at", TimeOf(model.last_update_time)}};
}

json::Value ToJson(const registry::ModelVersion& version) {
  json::Array aliases;
  for (const std::string& alias : version.aliases) aliases.emplace_back(alias);
  return json::Object{{"id", fmt::format("{}/{}", version.name, version.version)},
                      {"model", version.name},
                      {"version", version.version},
                      {"stage", registry::StageName(version.stage)},
                      {"description", version.description.value_or("")},
                      {"source", version.source},
                      {"run", version.run_id},
                      {"aliases", std::move(aliases)},
                      {"tags", Map(version.tags)},
                      {"created_at", TimeOf(version.creation_time)},
                      {"updated_at", TimeOf(version.last_update_time)}};
}

registry::SearchRequest SearchOf(const Call& call) {
  return {.filter = call.Query("filter"),
          .order_by = call.http->QueryAll("order_by"),
          .max_results = call.QueryInt("limit", 100),
          .page_token = call.Query("page_token")};
}

template <class T>
Reply ListReply(const registry::Page<T>& page) {
  json::Array items;
  for (const T& item : page.items) items.push_back(ToJson(item));
  return {.body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

Task<Reply> ListModels(Call call) {
  auto listed =
      co_await call.context.registry.SearchModels(call.who, SearchOf(call), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  co_return ListReply(page);
}

Task<Reply> GetModel(Call call) {
  auto found = co_await call.context.registry.GetModel(call.who, call.Path("model"), call.deadline);
  ASSIGN_OR_CO_RETURN(const registry::RegisteredModel model, std::move(found));
  co_return Reply{.body = ToJson(model), .etag = {}, .location = {}};
}

Task<Reply> ListVersions(Call call) {
  auto listed =
      co_await call.context.registry.SearchVersions(call.who, SearchOf(call), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  co_return ListReply(page);
}

Task<Reply> GetVersion(Call call) {
  auto found = co_await call.context.registry.GetVersion(call.who, call.Path("model"),
                                                         call.Path("version"), call.deadline);
  ASSIGN_OR_CO_RETURN(const registry::ModelVersion version, std::move(found));
  co_return Reply{.body = ToJson(version), .etag = {}, .location = {}};
}

Task<Reply> SetAlias(Call call) {
  CO_TRY(co_await call.context.registry.SetAlias(call.who, call.Path("model"), call.Path("alias"),
                                                 call.Text("version"), call.deadline));
  auto found = co_await call.context.registry.GetModel(call.who, call.Path("model"), call.deadline);
  ASSIGN_OR_CO_RETURN(const registry::RegisteredModel model, std::move(found));
  co_return Reply{.body = ToJson(model), .etag = {}, .location = {}};
}

std::vector<Property> SearchParameters(const char* filter) {
  std::vector<Property> query = PageParameters();
  query.push_back({.name = "filter", .doc = filter});
  query.push_back({.name = "order_by", .type = Type::kStrings, .doc = "Field and ASC or DESC."});
  query.push_back(FieldsParameter());
  return query;
}

std::vector<Schema> Shapes() {
  const Property created{
      .name = "created_at", .doc = "When it was made.", .required = true, .format = "date-time"};
  const Property updated{.name = "updated_at",
                         .doc = "When it was changed last.",
                         .required = true,
                         .format = "date-time"};
  const Property tags{
      .name = "tags", .type = Type::kObject, .doc = "Texts by key.", .required = true};
  return {{.name = "Model",
           .doc = "A registered model.",
           .properties = {{.name = "name", .doc = "Unique.", .required = true},
                          {.name = "description", .doc = "In words.", .required = true},
                          {.name = "aliases",
                           .type = Type::kObject,
                           .doc = "Versions by alias.",
                           .required = true},
                          tags,
                          created,
                          updated}},
          {.name = "ModelVersion",
           .doc = "A version of a registered model.",
           .properties = {
               {.name = "id", .doc = "churn/3.", .required = true},
               {.name = "model", .doc = "Name of its model.", .required = true},
               {.name = "version", .type = Type::kInteger, .doc = "1, 2, 3 …", .required = true},
               {.name = "stage",
                .doc = "MLflow's stage.",
                .required = true,
                .values = {"None", "Staging", "Production", "Archived"}},
               {.name = "description", .doc = "In words.", .required = true},
               {.name = "source", .doc = "URI as registered.", .required = true},
               {.name = "run", .doc = "Id of the run that made it; empty: none.", .required = true},
               {.name = "aliases", .type = Type::kStrings, .doc = "Its aliases.", .required = true},
               tags,
               created,
               updated}}};
}

}  // namespace

Group RegistryGroup() {
  Group group;
  group.operations.push_back({.method = Method::kGet,
                              .path = "/models",
                              .noun = "model",
                              .verb = "list",
                              .summary = "Lists registered models.",
                              .permission = "read in project",
                              .query = SearchParameters("Condition: name LIKE 'churn%'."),
                              .answer = "Model",
                              .list = true,
                              .shown = {"name", "description", "updated_at"},
                              .examples = {"model list"},
                              .act = ListModels});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/models/{model}",
                              .noun = "model",
                              .verb = "get",
                              .summary = "Shows one registered model.",
                              .permission = "read in project",
                              .query = {FieldsParameter()},
                              .answer = "Model",
                              .examples = {"model get churn"},
                              .act = GetModel});
  group.operations.push_back(
      {.method = Method::kPut,
       .path = "/models/{model}/aliases/{alias}",
       .noun = "model",
       .verb = "alias",
       .summary = "Lets an alias name a version.",
       .permission = "write in project",
       .body = {{.name = "version", .doc = "The version: 3.", .required = true}},
       .body_schema = "AliasTarget",
       .answer = "Model",
       .examples = {"model alias churn champion --version 3"},
       .act = SetAlias});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/model-versions",
                              .noun = "model-version",
                              .verb = "list",
                              .summary = "Lists versions of models.",
                              .permission = "read in project",
                              .query = SearchParameters("Condition: name = 'churn'."),
                              .answer = "ModelVersion",
                              .list = true,
                              .shown = {"id", "stage", "run", "created_at"},
                              .examples = {"model-version list --filter \"name = 'churn'\""},
                              .act = ListVersions});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/model-versions/{model}/{version}",
                              .noun = "model-version",
                              .verb = "get",
                              .summary = "Shows one version.",
                              .permission = "read in project",
                              .query = {FieldsParameter()},
                              .answer = "ModelVersion",
                              .examples = {"model-version get churn 3"},
                              .act = GetVersion});
  group.schemas = Shapes();
  return group;
}

}  // namespace stetig::api::v1
