// experiments/*
#include "api/mlflow/convert.h"
#include "api/mlflow/endpoint.h"
#include "api/mlflow/paged.h"
#include "api/mlflow/render.h"
#include "api/mlflow/requests.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

Task<std::string> Create(Call call, CreateExperiment m) {
  auto made = co_await call.context.tracking.CreateExperiment(
      call.who, Or(m.name), Or(m.artifact_location), Pairs(std::move(m.tags)), call.deadline);
  ASSIGN_OR_CO_RETURN(std::string id, std::move(made));
  co_return JsonObject([&](JsonWriter& json) { json.Field("experiment_id", id); });
}

std::string Answer(const tracking::Experiment& experiment) {
  return JsonObject([&](JsonWriter& json) {
    json.Key("experiment");
    Write(json, experiment);
  });
}

Task<std::string> Get(Call call, ExperimentId m) {
  auto read =
      co_await call.context.tracking.GetExperiment(call.who, Or(m.experiment_id), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::Experiment experiment, std::move(read));
  co_return Answer(experiment);
}

Task<std::string> GetByName(Call call, ExperimentName m) {
  auto read = co_await call.context.tracking.GetExperimentByName(call.who, Or(m.experiment_name),
                                                                 call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::Experiment experiment, std::move(read));
  co_return Answer(experiment);
}

struct ExperimentPages {
  using Item = tracking::Experiment;
  static constexpr std::string_view kName = "experiments";
  static constexpr int64_t kPageSize = 1'000;
  static constexpr int64_t kMost = 50'000;
  Call call;
  tracking::SearchExperiments query;

  Task<tracking::Page<Item>> Fetch(std::string token, int64_t limit) {
    tracking::SearchExperiments next = query;
    next.page_token = std::move(token);
    next.max_results = limit;
    return call.context.tracking.SearchExperiments(call.who, std::move(next), call.FreshDeadline());
  }
  void AppendItems(std::string& text, std::span<const Item> experiments) const {
    AppendJson(text, experiments);
  }
};

Task<http::Response> Search(Call call, SearchExperiments m) {
  tracking::SearchExperiments query{.filter = Or(m.filter),
                                    .order_by = std::move(m.order_by),
                                    .view = ViewOf(m.view_type.number),
                                    .page_token = {}};
  ExperimentPages pages{std::move(call), std::move(query)};
  co_return co_await AnswerPaged(std::move(pages), Or(m.page_token), m.max_results.value_or(0));
}

Task<std::string> Update(Call call, UpdateExperiment m) {
  CO_TRY(co_await call.context.tracking.RenameExperiment(call.who, Or(m.experiment_id),
                                                         Or(m.new_name), call.deadline));
  co_return "{}";
}

Task<std::string> Delete(Call call, ExperimentId m) {
  CO_TRY(co_await call.context.tracking.DeleteExperiment(call.who, Or(m.experiment_id),
                                                         call.deadline));
  co_return "{}";
}

Task<std::string> Restore(Call call, ExperimentId m) {
  CO_TRY(co_await call.context.tracking.RestoreExperiment(call.who, Or(m.experiment_id),
                                                          call.deadline));
  co_return "{}";
}

Task<std::string> SetTag(Call call, SetExperimentTag m) {
  tracking::KeyValue tag{Or(m.key), Or(m.value)};
  CO_TRY(co_await call.context.tracking.SetExperimentTag(call.who, Or(m.experiment_id),
                                                         std::move(tag), call.deadline));
  co_return "{}";
}

Task<std::string> DeleteTag(Call call, DeleteExperimentTag m) {
  CO_TRY(co_await call.context.tracking.DeleteExperimentTag(call.who, Or(m.experiment_id),
                                                            Or(m.key), call.deadline));
  co_return "{}";
}

Task<std::string> Datasets(Call call, SearchDatasets m) {
  auto read = co_await call.context.tracking.SearchDatasets(call.who, std::move(m.experiment_ids),
                                                            call.deadline);
  ASSIGN_OR_CO_RETURN(std::vector<tracking::DatasetSummary> summaries, std::move(read));
  co_return JsonObject([&](JsonWriter& json) {
    if (summaries.empty()) {
      return;
    }
    json.Key("dataset_summaries");
    json.BeginArray();
    for (const tracking::DatasetSummary& summary : summaries) {
      json.BeginObject();
      json.Field("experiment_id", summary.experiment_id);
      json.Field("name", summary.name);
      json.Field("digest", summary.digest);
      if (summary.context) {
        json.Field("context", *summary.context);
      }
      json.EndObject();
    }
    json.EndArray();
  });
}

}  // namespace

void AddExperimentRoutes(http::Router& router, Context& context) {
  Add<CreateExperiment>(router, context,
                        {Method::kPost, "experiments/create", "write", "Creates an experiment."},
                        Create);
  Add<ExperimentId>(
      router, context,
      {Method::kGet, "experiments/get", "read", "Reads an experiment, deleted ones too."}, Get);
  Add<ExperimentName>(
      router, context,
      {Method::kGet, "experiments/get-by-name", "read", "Reads an experiment by its name."},
      GetByName);
  Add<SearchExperiments>(router, context,
                         {Method::kPost, "experiments/search", "read", "Searches experiments."},
                         Search);
  Add<SearchExperiments>(router, context,
                         {Method::kGet, "experiments/search", "read", "Searches experiments."},
                         Search);
  Add<UpdateExperiment>(router, context,
                        {Method::kPost, "experiments/update", "write", "Renames an experiment."},
                        Update);
  Add<ExperimentId>(
      router, context,
      {Method::kPost, "experiments/delete", "write", "Marks an experiment and its runs deleted."},
      Delete);
  Add<ExperimentId>(
      router, context,
      {Method::kPost, "experiments/restore", "write", "Brings an experiment and its runs back."},
      Restore);
  Add<SetExperimentTag>(
      router, context,
      {Method::kPost, "experiments/set-experiment-tag", "write", "Sets a tag of an experiment."},
      SetTag);
  Add<DeleteExperimentTag>(router, context,
                           {Method::kPost, "experiments/delete-experiment-tag", "write",
                            "Deletes a tag of an experiment."},
                           DeleteTag);
  Add<SearchDatasets>(router, context,
                      {.method = Method::kPost,
                       .path = "experiments/search-datasets",
                       .permission = "read",
                       .summary = "Lists the datasets of up to 20 experiments.",
                       .ajax_only = true},
                      Datasets);
}

}  // namespace stetig::api::mlflow
