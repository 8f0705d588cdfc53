// Experiments and runs as resources: the same objects that MLflow's interface shows.
#include "api/v1/groups.h"
#include "base/text.h"
#include "tracking/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

std::string_view StatusName(tracking::RunStatus status) {
  switch (status) {
    case tracking::RunStatus::kRunning:
      return "running";
    case tracking::RunStatus::kScheduled:
      return "scheduled";
    case tracking::RunStatus::kFinished:
      return "finished";
    case tracking::RunStatus::kFailed:
      return "failed";
    case tracking::RunStatus::kKilled:
      return "killed";
  }
  return "running";
}

json::Value Map(const std::vector<tracking::KeyValue>& pairs) {
  json::Object object;
  for (const tracking::KeyValue& pair : pairs) object.emplace_back(pair.key, pair.value);
  return object;
}

/// JSON has no NaN: a metric whose last value is one is null.
json::Value Metrics(const std::vector<tracking::Metric>& metrics) {
  json::Object object;
  for (const tracking::Metric& metric : metrics) {
    const bool number = metric.value == metric.value;
    object.emplace_back(metric.key, number ? json::Value(metric.value) : json::Value());
  }
  return object;
}

json::Value ToJson(const tracking::Experiment& experiment) {
  return json::Object{{"id", experiment.id},
                      {"name", experiment.name},
                      {"deleted", experiment.stage == tracking::LifecycleStage::kDeleted},
                      {"artifact_location", experiment.artifact_location},
                      {"tags", Map(experiment.tags)},
                      {"created_at", TimeOf(experiment.creation_time)},
                      {"updated_at", TimeOf(experiment.last_update_time)}};
}

json::Value ToJson(const tracking::Run& run) {
  const tracking::RunInfo& info = run.info;
  json::Object object = {{"id", info.run_id},
                         {"experiment", info.experiment_id},
                         {"name", info.name},
                         {"status", StatusName(info.status)},
                         {"user", info.user_id},
                         {"deleted", info.stage == tracking::LifecycleStage::kDeleted},
                         {"started_at", TimeOf(info.start_time)}};
  if (info.end_time) object.emplace_back("ended_at", TimeOf(*info.end_time));
  object.insert(object.end(), {{"metrics", Metrics(run.metrics)},
                               {"params", Map(run.params)},
                               {"tags", Map(run.tags)},
                               {"artifact_uri", info.artifact_uri}});
  return object;
}

Task<Reply> ListExperiments(Call call) {
  tracking::SearchExperiments query{.filter = call.Query("filter"),
                                    .order_by = call.http->QueryAll("order_by"),
                                    .max_results = call.QueryInt("limit", 100),
                                    .page_token = call.Query("page_token")};
  auto listed =
      co_await call.context.tracking.SearchExperiments(call.who, std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  json::Array items;
  for (const tracking::Experiment& experiment : page.items) items.push_back(ToJson(experiment));
  co_return Reply{
      .body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

Task<Reply> GetExperiment(Call call) {
  auto found =
      co_await call.context.tracking.GetExperiment(call.who, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const tracking::Experiment experiment, std::move(found));
  co_return Reply{.body = ToJson(experiment), .etag = {}, .location = {}};
}

/// Ids as they are, names by their experiment.
Task<std::vector<std::string>> ExperimentIds(Context* context, access::Principal who,
                                             std::vector<std::string> given, Deadline deadline) {
  for (std::string& one : given) {
    if (ParseInt64(one)) continue;
    auto found = co_await context->tracking.GetExperimentByName(who, one, deadline);
    ASSIGN_OR_CO_RETURN(const tracking::Experiment experiment, std::move(found));
    one = experiment.id;
  }
  co_return given;
}

Task<Reply> ListRuns(Call call) {
  auto ids = co_await ExperimentIds(&call.context, call.who, call.http->QueryAll("experiment"),
                                    call.deadline);
  ASSIGN_OR_CO_RETURN(std::vector<std::string> experiments, std::move(ids));
  tracking::SearchRuns query{.experiment_ids = std::move(experiments),
                             .filter = call.Query("filter"),
                             .order_by = call.http->QueryAll("order_by"),
                             .max_results = call.QueryInt("limit", 100),
                             .page_token = call.Query("page_token")};
  auto listed =
      co_await call.context.tracking.SearchRuns(call.who, std::move(query), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  json::Array items;
  for (const tracking::Run& run : page.items) items.push_back(ToJson(run));
  co_return Reply{
      .body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

Task<Reply> GetRun(Call call) {
  auto found = co_await call.context.tracking.GetRun(call.who, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const tracking::Run run, std::move(found));
  co_return Reply{.body = ToJson(run), .etag = {}, .location = {}};
}

std::vector<Property> SearchParameters(const char* filter) {
  std::vector<Property> query = PageParameters();
  query.push_back({.name = "filter", .doc = filter});
  query.push_back({.name = "order_by", .type = Type::kStrings, .doc = "Field and ASC or DESC."});
  query.push_back(FieldsParameter());
  return query;
}

Property Time(const char* name, const char* doc, bool required = true) {
  return {.name = name, .doc = doc, .required = required, .format = "date-time"};
}

std::vector<Schema> Shapes() {
  return {
      {.name = "Experiment",
       .doc = "A set of runs.",
       .properties =
           {{.name = "id", .doc = "Decimal integer.", .required = true},
            {.name = "name", .doc = "Unique.", .required = true},
            {.name = "deleted",
             .type = Type::kBoolean,
             .doc = "Whether it is deleted.",
             .required = true},
            {.name = "artifact_location", .doc = "Where its runs' artifacts go.", .required = true},
            {.name = "tags", .type = Type::kObject, .doc = "Texts by key.", .required = true},
            Time("created_at", "When it was made."),
            Time("updated_at", "When it was changed last.")}},
      {.name = "Run",
       .doc = "One execution of training or evaluation code.",
       .properties = {
           {.name = "id", .doc = "32 hex digits.", .required = true},
           {.name = "experiment", .doc = "Id of its experiment.", .required = true},
           {.name = "name", .doc = "Need not be unique.", .required = true},
           {.name = "status",
            .doc = "How it goes.",
            .required = true,
            .values = {"running", "scheduled", "finished", "failed", "killed"}},
           {.name = "user", .doc = "Who ran it.", .required = true},
           {.name = "deleted",
            .type = Type::kBoolean,
            .doc = "Whether it is deleted.",
            .required = true},
           Time("started_at", "When it began."),
           Time("ended_at", "When it ended.", /*required=*/false),
           {.name = "metrics",
            .type = Type::kObject,
            .doc = "Last value of each metric; null: not a number.",
            .required = true},
           {.name = "params", .type = Type::kObject, .doc = "Texts by key.", .required = true},
           {.name = "tags", .type = Type::kObject, .doc = "Texts by key.", .required = true},
           {.name = "artifact_uri", .doc = "Where its artifacts are.", .required = true}}}};
}

}  // namespace

Group TrackingGroup() {
  Group group;
  group.operations.push_back({.method = Method::kGet,
                              .path = "/experiments",
                              .noun = "experiment",
                              .verb = "list",
                              .summary = "Lists experiments.",
                              .permission = "read in project",
                              .query = SearchParameters("Condition: name LIKE 'churn%'."),
                              .answer = "Experiment",
                              .list = true,
                              .shown = {"id", "name", "updated_at"},
                              .examples = {"experiment list --filter \"name LIKE 'churn%'\""},
                              .act = ListExperiments});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/experiments/{id}",
                              .noun = "experiment",
                              .verb = "get",
                              .summary = "Shows one experiment.",
                              .permission = "read in project",
                              .query = {FieldsParameter()},
                              .answer = "Experiment",
                              .examples = {"experiment get 1"},
                              .act = GetExperiment});
  std::vector<Property> runs =
      SearchParameters("Condition: metrics.accuracy > 0.9 AND params.depth = '4'.");
  runs.push_back({.name = "experiment",
                  .type = Type::kStrings,
                  .doc = "Id or name of an experiment; may be given several times.",
                  .required = true});
  group.operations.push_back(
      {.method = Method::kGet,
       .path = "/runs",
       .noun = "run",
       .verb = "list",
       .summary = "Lists runs.",
       .permission = "read in project",
       .query = std::move(runs),
       .answer = "Run",
       .list = true,
       .shown = {"id", "name", "status", "user", "started_at"},
       .examples = {"run list --experiment churn --filter 'metrics.accuracy > 0.9' "
                    "--order-by 'metrics.accuracy DESC'"},
       .act = ListRuns});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/runs/{id}",
                              .noun = "run",
                              .verb = "get",
                              .summary = "Shows one run with its metrics, params and tags.",
                              .permission = "read in project",
                              .query = {FieldsParameter()},
                              .answer = "Run",
                              .examples = {"run get 0197b3c1d5f37a8e9b6c2d4f8a1e3b57"},
                              .act = GetRun});
  group.schemas = Shapes();
  return group;
}

}  // namespace stetig::api::v1
