// runs/*
#include <fmt/format.h>

#include "api/mlflow/convert.h"
#include "api/mlflow/endpoint.h"
#include "api/mlflow/paged.h"
#include "api/mlflow/render.h"
#include "api/mlflow/requests.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

constexpr int64_t kMaxRuns = 50'000;
constexpr int64_t kDefaultRuns = 1'000;

Task<std::string> Create(Call call, CreateRun m) {
  tracking::CreateRun request{.experiment_id = Or(m.experiment_id),
                              .user_id = Or(m.user_id),
                              .name = Or(m.run_name),
                              .start_time = m.start_time.value_or(0),
                              .tags = Pairs(std::move(m.tags))};
  auto made = co_await call.context.tracking.CreateRun(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::Run run, std::move(made));
  co_return JsonObject([&](JsonWriter& json) {
    json.Key("run");
    Write(json, run, /*outputs=*/false, /*model_inputs=*/true);
  });
}

Task<std::string> Get(Call call, RunId m) {
  auto read = co_await call.context.tracking.GetRun(call.who, RunIdOf(m), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::Run run, std::move(read));
  co_return JsonObject([&](JsonWriter& json) {
    json.Key("run");
    Write(json, run, /*outputs=*/true, /*model_inputs=*/true);
  });
}

Task<std::string> Update(Call call, UpdateRun m) {
  tracking::UpdateRun request{
      .run_id = RunIdOf(m), .end_time = m.end_time, .name = std::move(m.run_name)};
  if (m.status.number) {
    request.status = static_cast<tracking::RunStatus>(*m.status.number);
  }
  auto written =
      co_await call.context.tracking.UpdateRun(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::RunInfo info, std::move(written));
  co_return JsonObject([&](JsonWriter& json) {
    json.Key("run_info");
    Write(json, info);
  });
}

Task<std::string> Delete(Call call, RunId m) {
  CO_TRY(co_await call.context.tracking.DeleteRun(call.who, Or(m.run_id), call.deadline));
  co_return "{}";
}

Task<std::string> Restore(Call call, RunId m) {
  CO_TRY(co_await call.context.tracking.RestoreRun(call.who, Or(m.run_id), call.deadline));
  co_return "{}";
}

Task<std::string> LogOneMetric(Call call, LogMetric m) {
  std::string run_id = RunIdOf(m);
  tracking::Metric metric = MetricOf(m);
  CO_TRY(co_await call.context.tracking.LogMetric(call.who, std::move(run_id), std::move(metric),
                                                  call.deadline));
  co_return "{}";
}

Task<std::string> LogParam(Call call, RunKeyValue m) {
  tracking::KeyValue param{Or(m.key), Or(m.value)};
  CO_TRY(co_await call.context.tracking.LogParam(call.who, RunIdOf(m), std::move(param),
                                                 call.deadline));
  co_return "{}";
}

Task<std::string> SetTag(Call call, RunKeyValue m) {
  tracking::KeyValue tag{Or(m.key), Or(m.value)};
  CO_TRY(
      co_await call.context.tracking.SetTag(call.who, RunIdOf(m), std::move(tag), call.deadline));
  co_return "{}";
}

Task<std::string> RemoveTag(Call call, DeleteRunTag m) {
  CO_TRY(
      co_await call.context.tracking.DeleteTag(call.who, Or(m.run_id), Or(m.key), call.deadline));
  co_return "{}";
}

Task<std::string> Batch(Call call, LogBatch m) {
  tracking::LogBatch batch{.run_id = Or(m.run_id),
                           .params = Pairs(std::move(m.params)),
                           .tags = Pairs(std::move(m.tags))};
  batch.metrics.reserve(m.metrics.size());
  for (BatchMetric& metric : m.metrics) {
    batch.metrics.push_back(MetricOf(metric));
  }
  CO_TRY(co_await call.context.tracking.LogBatch(call.who, std::move(batch), call.deadline));
  co_return "{}";
}

Task<std::string> Inputs(Call call, LogInputs m) {
  std::vector<tracking::DatasetInput> datasets;
  for (DatasetInputMessage& input : m.datasets) {
    DatasetMessage dataset = std::move(input.dataset).value_or(DatasetMessage{});
    datasets.push_back({.tags = Pairs(std::move(input.tags)),
                        .dataset = {.name = Or(dataset.name),
                                    .digest = Or(dataset.digest),
                                    .source_type = Or(dataset.source_type),
                                    .source = Or(dataset.source),
                                    .schema = std::move(dataset.schema),
                                    .profile = std::move(dataset.profile)}});
  }
  std::vector<tracking::ModelInput> models;
  for (ModelInputMessage& input : m.models) {
    models.push_back({Or(input.model_id)});
  }
  CO_TRY(co_await call.context.tracking.LogInputs(call.who, Or(m.run_id), std::move(datasets),
                                                  std::move(models), call.deadline));
  co_return "{}";
}

Task<std::string> Outputs(Call call, LogOutputs m) {
  std::vector<tracking::ModelOutput> models;
  for (ModelOutputMessage& output : m.models) {
    models.push_back({Or(output.model_id), output.step.value_or(0)});
  }
  CO_TRY(co_await call.context.tracking.LogOutputs(call.who, Or(m.run_id), std::move(models),
                                                   call.deadline));
  co_return "{}";
}

Task<std::string> LogModelInfo(Call call, LogModel m) {
  CO_TRY(co_await call.context.tracking.LogModelHistory(call.who, Or(m.run_id), Or(m.model_json),
                                                        call.deadline));
  co_return "{}";
}

/// Fetches pages of runs for a streamed answer.
struct RunPages {
  using Item = tracking::Run;
  static constexpr std::string_view kName = "runs";
  static constexpr int64_t kPageSize = 1'000;
  static constexpr int64_t kMost = kMaxRuns;
  Call call;
  tracking::SearchRuns query;

  Task<tracking::Page<tracking::Run>> Fetch(std::string token, int64_t limit) {
    tracking::SearchRuns next = query;
    next.page_token = std::move(token);
    next.max_results = limit;
    return call.context.tracking.SearchRuns(call.who, std::move(next), call.FreshDeadline());
  }
  void AppendItems(std::string& text, std::span<const tracking::Run> runs) const {
    AppendJson(text, runs, /*outputs=*/true, /*model_inputs=*/false);
  }
};

Task<http::Response> Search(Call call, SearchRuns m) {
  int64_t limit = m.max_results.value_or(kDefaultRuns);
  if (limit > kMaxRuns) {
    co_return Err(InvalidValue(std::to_string(limit), "max_results", "int"));
  }
  if (limit < 1) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format(
            "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer",
            limit));
  }
  tracking::SearchRuns query{.experiment_ids = std::move(m.experiment_ids),
                             .filter = Or(m.filter),
                             .order_by = std::move(m.order_by),
                             .view = ViewOf(m.run_view_type.number),
                             .max_results = limit,
                             .page_token = Or(m.page_token)};
  std::string token = query.page_token;
  RunPages pages{std::move(call), std::move(query)};
  co_return co_await AnswerPaged(std::move(pages), std::move(token), limit);
}

}  // namespace

void AddRunRoutes(http::Router& router, Context& context) {
  Add<CreateRun>(router, context, {Method::kPost, "runs/create", "write", "Creates a run."},
                 Create);
  Add<RunId>(router, context,
             {Method::kGet, "runs/get", "read", "Reads a run with its latest metrics."}, Get);
  Add<UpdateRun>(
      router, context,
      {Method::kPost, "runs/update", "write", "Changes status, end time or name of a run."},
      Update);
  Add<RunId>(router, context, {Method::kPost, "runs/delete", "write", "Marks a run deleted."},
             Delete);
  Add<RunId>(router, context,
             {Method::kPost, "runs/restore", "write", "Brings a deleted run back."}, Restore);
  Add<LogMetric>(router, context,
                 {Method::kPost, "runs/log-metric", "write", "Logs one point of a metric."},
                 LogOneMetric);
  Add<RunKeyValue>(router, context,
                   {Method::kPost, "runs/log-parameter", "write", "Logs a param, once."}, LogParam);
  Add<RunKeyValue>(router, context,
                   {Method::kPost, "runs/set-tag", "write", "Sets a tag of a run."}, SetTag);
  Add<DeleteRunTag>(router, context,
                    {Method::kPost, "runs/delete-tag", "write", "Deletes a tag of a run."},
                    RemoveTag);
  Add<LogBatch>(
      router, context,
      {Method::kPost, "runs/log-batch", "write", "Logs metrics, params and tags, all or nothing."},
      Batch);
  Add<LogInputs>(
      router, context,
      {Method::kPost, "runs/log-inputs", "write", "Logs datasets and models that a run read."},
      Inputs);
  Add<LogOutputs>(router, context,
                  {Method::kPost, "runs/outputs", "write", "Logs models that a run made."},
                  Outputs);
  Add<LogModel>(
      router, context,
      {Method::kPost, "runs/log-model", "write", "Appends to the legacy model history of a run."},
      LogModelInfo);
  Add<SearchRuns>(router, context,
                  {Method::kPost, "runs/search", "read", "Searches runs of several experiments."},
                  Search);
}

}  // namespace stetig::api::mlflow
