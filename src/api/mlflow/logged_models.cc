// logged-models/*
#include "api/mlflow/convert.h"
#include "api/mlflow/endpoint.h"
#include "api/mlflow/paged.h"
#include "api/mlflow/registry_requests.h"
#include "api/mlflow/render.h"
#include "base/text.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

constexpr int64_t kDefaultModels = 50;

std::string Answer(const tracking::LoggedModel& model) {
  return JsonObject([&](JsonWriter& json) {
    json.Key("model");
    Write(json, model);
  });
}

std::string ModelId(const Call& call) { return std::string(call.http->PathParam("model_id")); }

Task<std::string> Create(Call call, CreateLoggedModel m) {
  tracking::CreateLoggedModel request{.experiment_id = Or(m.experiment_id),
                                      .name = Or(m.name),
                                      .model_type = Or(m.model_type),
                                      .source_run_id = Or(m.source_run_id),
                                      .params = Pairs(std::move(m.params)),
                                      .tags = Pairs(std::move(m.tags))};
  auto made =
      co_await call.context.tracking.CreateLoggedModel(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::LoggedModel model, std::move(made));
  co_return Answer(model);
}

Task<std::string> Get(Call call, Empty) {
  bool allow_deleted = EqualsIgnoreCase(call.http->Query("allow_deleted").value_or(""), "true");
  auto read = co_await call.context.tracking.GetLoggedModel(call.who, ModelId(call), allow_deleted,
                                                            call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::LoggedModel model, std::move(read));
  co_return Answer(model);
}

Task<std::string> Finalize(Call call, FinalizeLoggedModel m) {
  auto status = static_cast<tracking::LoggedModelStatus>(m.status.number.value_or(0));
  auto written = co_await call.context.tracking.FinalizeLoggedModel(call.who, ModelId(call), status,
                                                                    call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::LoggedModel model, std::move(written));
  co_return Answer(model);
}

Task<std::string> Delete(Call call, Empty) {
  CO_TRY(co_await call.context.tracking.DeleteLoggedModel(call.who, ModelId(call), call.deadline));
  co_return "{}";
}

Task<std::string> SetTags(Call call, SetLoggedModelTags m) {
  CO_TRY(co_await call.context.tracking.SetLoggedModelTags(
      call.who, ModelId(call), Pairs(std::move(m.tags)), call.deadline));
  co_return "{}";
}

Task<std::string> DeleteTag(Call call, Empty) {
  std::string key(call.http->PathParam("tag_key"));
  CO_TRY(co_await call.context.tracking.DeleteLoggedModelTag(call.who, ModelId(call),
                                                             std::move(key), call.deadline));
  co_return "{}";
}

Task<std::string> LogParams(Call call, LogLoggedModelParams m) {
  CO_TRY(co_await call.context.tracking.LogLoggedModelParams(
      call.who, ModelId(call), Pairs(std::move(m.params)), call.deadline));
  co_return "{}";
}

struct ModelPages {
  using Item = tracking::LoggedModel;
  static constexpr std::string_view kName = "models";
  static constexpr int64_t kPageSize = 1'000;
  static constexpr int64_t kMost = 50'000;
  Call call;
  tracking::SearchLoggedModels query;

  Task<tracking::Page<Item>> Fetch(std::string token, int64_t limit) {
    tracking::SearchLoggedModels next = query;
    next.page_token = std::move(token);
    next.max_results = limit;
    return call.context.tracking.SearchLoggedModels(call.who, std::move(next),
                                                    call.FreshDeadline());
  }
  void AppendItems(std::string& text, std::span<const Item> models) const {
    AppendJson(text, models);
  }
};

Task<http::Response> Search(Call call, SearchLoggedModels m) {
  tracking::SearchLoggedModels query{.experiment_ids = std::move(m.experiment_ids),
                                     .filter = Or(m.filter)};
  for (DatasetFilterMessage& dataset : m.datasets) {
    query.datasets.push_back({Or(dataset.dataset_name), Or(dataset.dataset_digest)});
  }
  for (OrderByMessage& order : m.order_by) {
    query.order_by.push_back({Or(order.field_name), order.ascending.value_or(true),
                              Or(order.dataset_name), Or(order.dataset_digest)});
  }
  if (query.experiment_ids.empty()) {
    co_return ToResponse("{}");
  }
  ModelPages pages{std::move(call), std::move(query)};
  co_return co_await AnswerPaged(std::move(pages), Or(m.page_token),
                                 m.max_results.value_or(kDefaultModels));
}

}  // namespace

void AddLoggedModelRoutes(http::Router& router, Context& context) {
  Add<CreateLoggedModel>(router, context,
                         {Method::kPost, "logged-models", "write", "Creates a logged model."},
                         Create);
  Add<SearchLoggedModels>(
      router, context, {Method::kPost, "logged-models/search", "read", "Searches logged models."},
      Search);
  Add<Empty>(router, context,
             {Method::kGet, "logged-models/{model_id}", "read", "Reads a logged model."}, Get);
  Add<FinalizeLoggedModel>(router, context,
                           {Method::kPatch, "logged-models/{model_id}", "write",
                            "Sets the final status of a logged model."},
                           Finalize);
  Add<Empty>(
      router, context,
      {Method::kDelete, "logged-models/{model_id}", "write", "Marks a logged model deleted."},
      Delete);
  Add<SetLoggedModelTags>(
      router, context,
      {Method::kPatch, "logged-models/{model_id}/tags", "write", "Sets tags of a logged model."},
      SetTags);
  Add<Empty>(router, context,
             {Method::kDelete, "logged-models/{model_id}/tags/{tag_key}", "write",
              "Deletes a tag of a logged model."},
             DeleteTag);
  Add<LogLoggedModelParams>(
      router, context,
      {Method::kPost, "logged-models/{model_id}/params", "write", "Adds params to a logged model."},
      LogParams);
}

}  // namespace stetig::api::mlflow
