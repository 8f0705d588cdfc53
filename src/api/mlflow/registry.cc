// registered-models/* and model-versions/*
#include <fmt/format.h>

#include "api/mlflow/convert.h"
#include "api/mlflow/endpoint.h"
#include "api/mlflow/paged.h"
#include "api/mlflow/registry_requests.h"
#include "api/mlflow/render.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

constexpr int64_t kMaxModels = 1'000;
constexpr int64_t kMaxVersions = 200'000;
constexpr int64_t kDefaultVersions = 10'000;

std::string Answer(const registry::RegisteredModel& model) {
  return JsonObject([&](JsonWriter& json) {
    json.Key("registered_model");
    Write(json, model);
  });
}

std::string Answer(const registry::ModelVersion& version) {
  return JsonObject([&](JsonWriter& json) {
    json.Key("model_version");
    Write(json, version);
  });
}

Result<registry::SearchRequest> SearchOf(RegistrySearch m, int64_t limit) {
  if (m.max_results && *m.max_results > limit) {
    return Err(InvalidValue(fmt::format("\"{}\"", *m.max_results), "max_results",
                            "str"));  // searches are GETs: values are texts
  }
  return registry::SearchRequest{.filter = Or(m.filter),
                                 .order_by = std::move(m.order_by),
                                 .max_results = m.max_results,
                                 .page_token = Or(m.page_token)};
}

// Models.

Task<std::string> CreateModel(Call call, CreateRegisteredModel m) {
  auto made = co_await call.context.registry.CreateModel(
      call.who, Or(m.name), Pairs(std::move(m.tags)), Or(m.description), call.deadline);
  ASSIGN_OR_CO_RETURN(registry::RegisteredModel model, std::move(made));
  co_return Answer(model);
}

Task<std::string> GetModel(Call call, ModelName m) {
  auto read = co_await call.context.registry.GetModel(call.who, Or(m.name), call.deadline);
  ASSIGN_OR_CO_RETURN(registry::RegisteredModel model, std::move(read));
  co_return Answer(model);
}

/// A model that belongs to a project still does under its new name, at no time without: the new
/// name is assigned first.
Task<bool> CarryProject(Call* call, std::string name, std::string new_name) {
  const std::string type(access::kModelThing);
  auto found = co_await call->context.access.ProjectOfThing(type, name, call->deadline);
  ASSIGN_OR_CO_RETURN(std::string project, std::move(found));
  if (project.empty() || name == new_name || !call->who.MayInModel(name)) co_return false;
  const access::Principal everybody;
  auto taken = co_await call->context.registry.GetModel(everybody, new_name, call->deadline);
  if (taken || taken.error().code() != Code::kNotFound) co_return false;
  CO_TRY(co_await call->context.access.Assign(call->who, type, std::move(new_name),
                                              std::move(project), call->deadline));
  co_return true;
}

Task<std::string> RenameModel(Call call, RenameRegisteredModel m) {
  auto moved = co_await CarryProject(&call, Or(m.name), Or(m.new_name));
  ASSIGN_OR_CO_RETURN(const bool carried, std::move(moved));
  auto written = co_await call.context.registry.RenameModel(call.who, Or(m.name), Or(m.new_name),
                                                            call.deadline);
  // The old name stays assigned: events of before are still the project's.
  if (carried && !written) {
    CO_TRY(co_await call.context.access.Assign(call.who, std::string(access::kModelThing),
                                               Or(m.new_name), "", call.deadline));
  }
  ASSIGN_OR_CO_RETURN(registry::RegisteredModel model, std::move(written));
  co_return Answer(model);
}

Task<std::string> UpdateModel(Call call, UpdateRegisteredModel m) {
  auto written = co_await call.context.registry.UpdateModel(call.who, Or(m.name), Or(m.description),
                                                            call.deadline);
  ASSIGN_OR_CO_RETURN(registry::RegisteredModel model, std::move(written));
  co_return Answer(model);
}

Task<std::string> DeleteModel(Call call, ModelName m) {
  CO_TRY(co_await call.context.registry.DeleteModel(call.who, Or(m.name), call.deadline));
  co_return "{}";
}

Task<std::string> SearchModels(Call call, RegistrySearch m) {
  ASSIGN_OR_CO_RETURN(registry::SearchRequest request, SearchOf(std::move(m), kMaxModels));
  auto read =
      co_await call.context.registry.SearchModels(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(auto page, std::move(read));
  co_return JsonObject([&](JsonWriter& json) {
    WriteList(json, "registered_models", page.items);
    WriteNextPage(json, page.next_page_token);
  });
}

Task<std::string> LatestVersions(Call call, GetLatestVersions m) {
  auto read = co_await call.context.registry.GetLatestVersions(call.who, Or(m.name),
                                                               std::move(m.stages), call.deadline);
  ASSIGN_OR_CO_RETURN(std::vector<registry::ModelVersion> versions, std::move(read));
  co_return JsonObject([&](JsonWriter& json) { WriteList(json, "model_versions", versions); });
}

Task<std::string> SetModelTag(Call call, ModelKeyValue m) {
  tracking::KeyValue tag{Or(m.key), Or(m.value)};
  CO_TRY(co_await call.context.registry.SetModelTag(call.who, Or(m.name), std::move(tag),
                                                    call.deadline));
  co_return "{}";
}

Task<std::string> DeleteModelTag(Call call, ModelKey m) {
  CO_TRY(co_await call.context.registry.DeleteModelTag(call.who, Or(m.name), Or(m.key),
                                                       call.deadline));
  co_return "{}";
}

Task<std::string> PutAlias(Call call, SetAlias m) {
  CO_TRY(co_await call.context.registry.SetAlias(call.who, Or(m.name), Or(m.alias), Or(m.version),
                                                 call.deadline));
  co_return "{}";
}

Task<std::string> RemoveAlias(Call call, AliasName m) {
  CO_TRY(
      co_await call.context.registry.DeleteAlias(call.who, Or(m.name), Or(m.alias), call.deadline));
  co_return "{}";
}

Task<std::string> GetByAlias(Call call, AliasName m) {
  auto read = co_await call.context.registry.GetVersionByAlias(call.who, Or(m.name), Or(m.alias),
                                                               call.deadline);
  ASSIGN_OR_CO_RETURN(registry::ModelVersion version, std::move(read));
  co_return Answer(version);
}

// Versions.

Task<std::string> CreateVersion(Call call, CreateModelVersion m) {
  registry::CreateModelVersion request{.name = Or(m.name),
                                       .source = Or(m.source),
                                       .run_id = Or(m.run_id),
                                       .tags = Pairs(std::move(m.tags)),
                                       .run_link = Or(m.run_link),
                                       .description = Or(m.description),
                                       .model_id = Or(m.model_id)};
  auto made =
      co_await call.context.registry.CreateVersion(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(registry::ModelVersion version, std::move(made));
  co_return Answer(version);
}

Task<std::string> GetVersion(Call call, VersionName m) {
  auto read =
      co_await call.context.registry.GetVersion(call.who, Or(m.name), Or(m.version), call.deadline);
  ASSIGN_OR_CO_RETURN(registry::ModelVersion version, std::move(read));
  co_return Answer(version);
}

Task<std::string> UpdateVersion(Call call, UpdateModelVersion m) {
  auto written = co_await call.context.registry.UpdateVersion(
      call.who, Or(m.name), Or(m.version), std::move(m.description), call.deadline);
  ASSIGN_OR_CO_RETURN(registry::ModelVersion version, std::move(written));
  co_return Answer(version);
}

Task<std::string> DeleteVersion(Call call, VersionName m) {
  CO_TRY(co_await call.context.registry.DeleteVersion(call.who, Or(m.name), Or(m.version),
                                                      call.deadline));
  co_return "{}";
}

Task<std::string> Transition(Call call, TransitionStage m) {
  auto written = co_await call.context.registry.TransitionStage(
      call.who, Or(m.name), Or(m.version), Or(m.stage), m.archive_existing_versions.value_or(false),
      call.deadline);
  ASSIGN_OR_CO_RETURN(registry::ModelVersion version, std::move(written));
  co_return Answer(version);
}

struct VersionPages {
  using Item = registry::ModelVersion;
  static constexpr std::string_view kName = "model_versions";
  static constexpr int64_t kPageSize = 1'000;
  static constexpr int64_t kMost = kMaxVersions;
  Call call;
  registry::SearchRequest query;

  Task<registry::Page<Item>> Fetch(std::string token, int64_t limit) {
    registry::SearchRequest next = query;
    next.page_token = std::move(token);
    next.max_results = limit;
    return call.context.registry.SearchVersions(call.who, std::move(next), call.FreshDeadline());
  }
  void AppendItems(std::string& text, std::span<const Item> versions) const {
    AppendJson(text, versions);
  }
};

Task<http::Response> SearchVersions(Call call, RegistrySearch m) {
  ASSIGN_OR_CO_RETURN(registry::SearchRequest query, SearchOf(std::move(m), kMaxVersions));
  std::string token = std::exchange(query.page_token, {});
  int64_t limit = query.max_results.value_or(kDefaultVersions);
  VersionPages pages{std::move(call), std::move(query)};
  co_return co_await AnswerPaged(std::move(pages), std::move(token), limit);
}

Task<std::string> DownloadUri(Call call, LooseVersionName m) {
  auto read = co_await call.context.registry.GetDownloadUri(call.who, Or(m.name), Or(m.version),
                                                            call.deadline);
  ASSIGN_OR_CO_RETURN(std::string uri, std::move(read));
  co_return JsonObject([&](JsonWriter& json) { json.Field("artifact_uri", uri); });
}

Task<std::string> SetVersionTag(Call call, VersionKeyValue m) {
  tracking::KeyValue tag{Or(m.key), Or(m.value)};
  CO_TRY(co_await call.context.registry.SetVersionTag(call.who, Or(m.name), Or(m.version),
                                                      std::move(tag), call.deadline));
  co_return "{}";
}

Task<std::string> DeleteVersionTag(Call call, VersionKey m) {
  CO_TRY(co_await call.context.registry.DeleteVersionTag(call.who, Or(m.name), Or(m.version),
                                                         Or(m.key), call.deadline));
  co_return "{}";
}

void AddModelRoutes(http::Router& router, Context& context) {
  Add<CreateRegisteredModel>(
      router, context,
      {Method::kPost, "registered-models/create", "write", "Creates a registered model."},
      CreateModel);
  Add<ModelName>(router, context,
                 {Method::kGet, "registered-models/get", "read", "Reads a registered model."},
                 GetModel);
  Add<RenameRegisteredModel>(
      router, context,
      {Method::kPost, "registered-models/rename", "write", "Renames a registered model."},
      RenameModel);
  Add<UpdateRegisteredModel>(
      router, context,
      {Method::kPatch, "registered-models/update", "write", "Sets the description of a model."},
      UpdateModel);
  Add<ModelName>(
      router, context,
      {Method::kDelete, "registered-models/delete", "write", "Deletes a model with its versions."},
      DeleteModel);
  Add<RegistrySearch>(
      router, context,
      {Method::kGet, "registered-models/search", "read", "Searches registered models."},
      SearchModels);
  for (Method method : {Method::kGet, Method::kPost}) {
    Add<GetLatestVersions>(router, context,
                           {method, "registered-models/get-latest-versions", "read",
                            "Lists the newest version of each stage."},
                           LatestVersions);
  }
  Add<ModelKeyValue>(
      router, context,
      {Method::kPost, "registered-models/set-tag", "write", "Sets a tag of a model."}, SetModelTag);
  Add<ModelKey>(
      router, context,
      {Method::kDelete, "registered-models/delete-tag", "write", "Deletes a tag of a model."},
      DeleteModelTag);
  Add<SetAlias>(
      router, context,
      {Method::kPost, "registered-models/alias", "write", "Points an alias to a version."},
      PutAlias);
  Add<AliasName>(router, context,
                 {Method::kDelete, "registered-models/alias", "write", "Deletes an alias."},
                 RemoveAlias);
  Add<AliasName>(router, context,
                 {Method::kGet, "registered-models/alias", "read",
                  "Reads the version that an alias points to."},
                 GetByAlias);
}

}  // namespace

void AddRegistryRoutes(http::Router& router, Context& context) {
  AddModelRoutes(router, context);
  Add<CreateModelVersion>(
      router, context,
      {Method::kPost, "model-versions/create", "write", "Registers a model version."},
      CreateVersion);
  Add<VersionName>(router, context,
                   {Method::kGet, "model-versions/get", "read", "Reads a model version."},
                   GetVersion);
  Add<UpdateModelVersion>(
      router, context,
      {Method::kPatch, "model-versions/update", "write", "Sets the description of a version."},
      UpdateVersion);
  Add<VersionName>(router, context,
                   {Method::kDelete, "model-versions/delete", "write", "Deletes a model version."},
                   DeleteVersion);
  Add<TransitionStage>(
      router, context,
      {Method::kPost, "model-versions/transition-stage", "write", "Moves a version to a stage."},
      Transition);
  Add<RegistrySearch>(router, context,
                      {Method::kGet, "model-versions/search", "read", "Searches model versions."},
                      SearchVersions);
  Add<LooseVersionName>(router, context,
                        {Method::kGet, "model-versions/get-download-uri", "read",
                         "Says where a version's files are."},
                        DownloadUri);
  Add<VersionKeyValue>(
      router, context,
      {Method::kPost, "model-versions/set-tag", "write", "Sets a tag of a version."},
      SetVersionTag);
  Add<VersionKey>(
      router, context,
      {Method::kDelete, "model-versions/delete-tag", "write", "Deletes a tag of a version."},
      DeleteVersionTag);
}

}  // namespace stetig::api::mlflow
