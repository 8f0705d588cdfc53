#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <regex>
#include <tuple>

#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;
using ::testing::StartsWith;

class LoggedModelsTest : public testing::TrackingTest {
 protected:
  Result<LoggedModel> Create(tracking::CreateLoggedModel request) {
    return Run(service().CreateLoggedModel(Who(), std::move(request), Soon()));
  }
  /// A new model's id; each a millisecond later than the one before.
  std::string NewModel(std::string name, std::vector<KeyValue> params = {},
                       std::vector<KeyValue> tags = {}, std::string experiment = "0") {
    clock_.Advance(std::chrono::milliseconds(1));
    auto model = Create({.experiment_id = std::move(experiment),
                         .name = std::move(name),
                         .model_type = "t",
                         .params = std::move(params),
                         .tags = std::move(tags)});
    EXPECT_EQ(Said(model), "ok");
    return model ? model->model_id : "";
  }
  Result<LoggedModel> Find(const std::string& id, bool allow_deleted = false) {
    return Run(service().GetLoggedModel(Who(), id, allow_deleted, Soon()));
  }
  LoggedModel Model(const std::string& id) { return Find(id, true).value_or(LoggedModel{}); }
  Result<LoggedModel> Finalize(const std::string& id, LoggedModelStatus status) {
    return Run(service().FinalizeLoggedModel(Who(), id, status, Soon()));
  }
  std::string Delete(const std::string& id) {
    return Said(Run(service().DeleteLoggedModel(Who(), id, Soon())));
  }
  std::string SetTags(const std::string& id, std::vector<KeyValue> tags) {
    return Said(Run(service().SetLoggedModelTags(Who(), id, std::move(tags), Soon())));
  }
  std::string Untag(const std::string& id, std::string key) {
    return Said(Run(service().DeleteLoggedModelTag(Who(), id, std::move(key), Soon())));
  }
  std::string LogParams(const std::string& id, std::vector<KeyValue> params) {
    return Said(Run(service().LogLoggedModelParams(Who(), id, std::move(params), Soon())));
  }
  void LogMetric(const std::string& run_id, Metric metric) {
    ASSERT_EQ(Run(service().LogMetric(Who(), run_id, std::move(metric), Soon())), OkStatus());
  }

  Result<Page<LoggedModel>> Search(tracking::SearchLoggedModels query) {
    if (query.experiment_ids.empty()) query.experiment_ids = {"0"};
    return Run(service().SearchLoggedModels(Who(), std::move(query), Soon()));
  }
  /// Names of all that a search finds, over pages of the given size.
  std::vector<std::string> Names(tracking::SearchLoggedModels query, int64_t page_size = 50) {
    std::vector<std::string> names;
    query.max_results = page_size;
    do {
      auto page = Search(query);
      EXPECT_EQ(Said(page), "ok");
      if (!page) return names;
      for (const LoggedModel& model : page->items) names.push_back(model.name);
      query.page_token = page->next_page_token;
    } while (!query.page_token.empty() && names.size() < 100);  // pages that go round end there
    return names;
  }
  std::vector<std::string> Filtered(std::string filter) {
    return Names({.filter = std::move(filter)});
  }
};

TEST_P(LoggedModelsTest, CreatedModelIsAsAskedFor) {
  const std::string experiment = NewExperiment("x");
  const std::string run = NewRun(experiment);
  const auto created = Create({.experiment_id = experiment,
                               .name = "first",
                               .model_type = "Agent",
                               .source_run_id = run,
                               .params = {{"b", "2"}, {"a", ""}, {"b", "2"}},
                               .tags = {{"t", "1"}, {"t", "2"}}});
  ASSERT_EQ(Said(created), "ok");
  EXPECT_TRUE(std::regex_match(created->model_id, std::regex("m-[0-9a-f]{32}")));
  const auto found = Find(created->model_id);
  ASSERT_EQ(Said(found), "ok");
  for (const LoggedModel& model : {*created, *found}) {
    EXPECT_EQ(model.model_id, created->model_id);
    EXPECT_EQ(model.experiment_id, experiment);
    EXPECT_EQ(model.name, "first");
    EXPECT_EQ(model.model_type, "Agent");
    EXPECT_EQ(model.source_run_id, run);
    EXPECT_EQ(model.artifact_uri,
              "mlflow-artifacts:/" + experiment + "/models/" + model.model_id + "/artifacts");
    EXPECT_EQ(model.status, LoggedModelStatus::kPending);
    EXPECT_EQ(model.creation_time, clock_.Now());
    EXPECT_EQ(model.last_update_time, clock_.Now());
    EXPECT_THAT(model.params, ElementsAre(KeyValue{"a", ""}, KeyValue{"b", "2"}));
    EXPECT_THAT(model.tags, ElementsAre(KeyValue{"t", "2"}));
    EXPECT_THAT(model.metrics, IsEmpty());
  }
  const auto events = Events({"logged_model.created"});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_THAT(events[0].refs,
              ElementsAre(journal::Ref{"experiment", experiment}, journal::Ref{"run", run}));
}

TEST_P(LoggedModelsTest, NamesAndExperimentsAreChecked) {
  const auto generated = Create({.experiment_id = "0"});
  ASSERT_EQ(Said(generated), "ok");
  EXPECT_NE(generated->name, "");
  for (const char* name : {"a/b", "a:b", "a.b", "a%b", "a\"b", "a'b"})
    EXPECT_THAT(Said(Create({.name = name})), StartsWith("invalid_argument: Invalid model name ("));
  EXPECT_EQ(Said(Create({.experiment_id = "77", .name = "x"})),
            "not_found: No Experiment with id=77 exists");
  EXPECT_THAT(Said(Create({.name = "x", .params = {{"p", "1"}, {"p", "2"}}})),
              StartsWith("invalid_argument: Changing param values is not allowed."));
  EXPECT_THAT(Names({}), SizeIs(1));
}

TEST_P(LoggedModelsTest, ParamsAreWrittenOnce) {
  const std::string id = NewModel("x", {{"p", "1"}});
  EXPECT_EQ(LogParams(id, {{"p", "1"}, {"q", "2"}}), "ok");
  EXPECT_EQ(LogParams(id, {{"r", "3"}, {"q", "4"}}),
            "invalid_argument: Changing param values is not allowed. Param with key='q' was "
            "already logged with value='2' for model ID='" +
                id + "'. Attempted logging new value '4'.");
  EXPECT_THAT(Model(id).params, ElementsAre(KeyValue{"p", "1"}, KeyValue{"q", "2"}));
}

TEST_P(LoggedModelsTest, OfTagsTheLastWins) {
  const std::string id = NewModel("x", {}, {{"t", "1"}, {"u", ""}});
  const std::string other = NewModel("y", {}, {{"t", "1"}});
  EXPECT_EQ(SetTags(id, {{"t", "2"}, {"v", "3"}, {"t", "4"}}), "ok");
  EXPECT_THAT(Model(id).tags,
              ElementsAre(KeyValue{"t", "4"}, KeyValue{"u", ""}, KeyValue{"v", "3"}));
  EXPECT_EQ(Untag(id, "t"), "ok");
  EXPECT_EQ(Untag(id, "t"), "not_found: No tag with key 't' found for model with ID '" + id + "'.");
  EXPECT_THAT(Model(id).tags, ElementsAre(KeyValue{"u", ""}, KeyValue{"v", "3"}));
  EXPECT_THAT(Model(other).tags, ElementsAre(KeyValue{"t", "1"}));
}

TEST_P(LoggedModelsTest, FinalizingIsOneEventHoweverOftenItIsSaid) {
  const std::string id = NewModel("x");
  const WallTime created = clock_.Now();
  clock_.Advance(std::chrono::seconds(1));
  const WallTime finalized = clock_.Now();
  for (int i = 0; i < 2; ++i) {
    const auto model = Finalize(id, LoggedModelStatus::kReady);
    ASSERT_EQ(Said(model), "ok");
    EXPECT_EQ(model->status, LoggedModelStatus::kReady);
    EXPECT_EQ(model->last_update_time, finalized);
    clock_.Advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(Model(id).status, LoggedModelStatus::kReady);
  EXPECT_EQ(Model(id).creation_time, created);
  const auto events = Events({"logged_model.finalized"});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].payload, R"({"status":"READY"})");
}

TEST_P(LoggedModelsTest, DeletedModelsAreHiddenNotGone) {
  const std::string id = NewModel("x", {{"p", "1"}});
  NewModel("y");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Delete(id), "ok");
  EXPECT_EQ(Said(Find(id)), "not_found: Logged model with ID '" + id + "' not found.");
  EXPECT_EQ(Model(id).stage, LifecycleStage::kDeleted);
  EXPECT_THAT(Model(id).params, SizeIs(1));
  EXPECT_THAT(Names({}), ElementsAre("y"));
  EXPECT_THAT(Events({"logged_model.deleted"}), SizeIs(1));
}

TEST_P(LoggedModelsTest, UnknownModelsAreNotFound) {
  const std::string missing = "not_found: Logged model with ID 'm-1' not found.";
  EXPECT_THAT(std::vector({Said(Find("m-1", true)), Delete("m-1"), SetTags("m-1", {{"t", "1"}}),
                           Untag("m-1", "t"), LogParams("m-1", {{"p", "1"}}),
                           Said(Finalize("m-1", LoggedModelStatus::kReady))}),
              ::testing::Each(missing));
  EXPECT_EQ(Said(Write(
                [](store::Transaction& tx) { return NoteModelVersion(tx, Who(), "m-1", "n", 1); })),
            missing);
  const Metric metric{.key = "m", .model_id = "m-1"};
  EXPECT_EQ(Said(Run(service().LogMetric(Who(), NewRun(), metric, Soon()))), missing);
}

TEST_P(LoggedModelsTest, VersionsAreNotedOnceInOrder) {
  const std::string id = NewModel("x");
  for (const int64_t version : {2, 1, 2})
    ASSERT_EQ(Write([&](store::Transaction& tx) {
                return NoteModelVersion(tx, Who(), id, "fraud", version);
              }),
              OkStatus());
  EXPECT_THAT(Model(id).tags,
              ElementsAre(KeyValue{"mlflow.modelVersions",
                                   R"([{"name": "fraud", "version": 2}, {"name": "fraud", )"
                                   R"("version": 1}])"}));
}

TEST_P(LoggedModelsTest, MetricsShowTheNewestPerKeyAndDataset) {
  const std::string run = NewRun();
  const std::string id = NewModel("x");
  const auto log = [&](double value, int64_t timestamp, int64_t step, std::string dataset) {
    const std::string digest = dataset.empty() ? "" : "1";
    LogMetric(run, {"m", value, timestamp, step, id, std::move(dataset), digest});
  };
  log(1, 10, 1, "");
  log(2, 20, 0, "");  // later, though its step is less
  log(9, 20, 0, "");  // the same point: the first stays
  log(3, 10, 5, "train");
  log(4, 10, 4, "train");
  const LoggedModel model = Model(id);
  std::vector<std::tuple<std::string, std::string, double>> metrics;
  for (const Metric& metric : model.metrics)
    metrics.emplace_back(metric.dataset_name, metric.dataset_digest, metric.value);
  EXPECT_THAT(metrics, ElementsAre(std::tuple("", "", 2), std::tuple("train", "1", 3)));
  EXPECT_EQ(model.metrics.at(0).run_id, run);
  EXPECT_EQ(Get(run).metrics.at(0).value, 3);  // the run's own latest goes by step
  const Metric half{.key = "m", .model_id = id, .dataset_name = "d"};
  EXPECT_EQ(Said(Run(service().LogMetric(Who(), run, half, Soon()))),
            "invalid_argument: Both dataset_name and dataset_digest must be provided if one is "
            "provided");
}

TEST_P(LoggedModelsTest, FiltersSayWhatIsFound) {
  const std::string run = NewRun();
  const std::string a = NewModel("a", {{"p", "1"}}, {{"t", "x"}});
  const std::string b = NewModel("b", {{"p", "2"}});
  NewModel("elsewhere", {{"p", "1"}}, {}, NewExperiment("other"));
  LogMetric(run, {.key = "m", .value = 0.5, .model_id = a});
  LogMetric(run, {.key = "m", .value = NAN, .model_id = b});
  ASSERT_EQ(Said(Finalize(b, LoggedModelStatus::kReady)), "ok");
  EXPECT_THAT(Filtered(""), ElementsAre("b", "a"));
  EXPECT_THAT(Filtered("name = 'a'"), ElementsAre("a"));
  EXPECT_THAT(Filtered("params.p = '1'"), ElementsAre("a"));
  EXPECT_THAT(Filtered("params.p != '1'"), ElementsAre("b"));
  EXPECT_THAT(Filtered("NOT (params.p = '1')"), ElementsAre("b"));
  EXPECT_THAT(Filtered("tags.t LIKE 'x%' OR status = 'READY'"), ElementsAre("b", "a"));
  EXPECT_THAT(Filtered("metrics.m < 1"), ElementsAre("a"));
  EXPECT_THAT(Filtered("metrics.m != 1"), ElementsAre("b", "a"));
  EXPECT_THAT(Filtered("metrics.gone != 1"), IsEmpty());
  EXPECT_THAT(Filtered("model_id IN ('" + a + "', 'm-1')"), ElementsAre("a"));
  EXPECT_THAT(Filtered(fmt::format("creation_timestamp > {}", Model(a).creation_time.ms)),
              ElementsAre("b"));
}

TEST_P(LoggedModelsTest, DatasetsNarrowMetricsOrModels) {
  const std::string run = NewRun();
  const std::string a = NewModel("a");
  const std::string b = NewModel("b");
  NewModel("c");
  LogMetric(run, {"m", 1, 0, 0, a, "train", "1"});
  LogMetric(run, {"m", 5, 1, 0, a, "eval", "2"});
  LogMetric(run, {"m", 5, 0, 0, b, "train", "2"});
  const auto found = [&](std::string filter, std::vector<DatasetFilter> datasets) {
    return Names({.filter = std::move(filter), .datasets = std::move(datasets)});
  };
  EXPECT_THAT(found("", {{"train", ""}}), ElementsAre("b", "a"));
  EXPECT_THAT(found("", {{"train", "1"}}), ElementsAre("a"));
  EXPECT_THAT(found("", {{"train", "2"}, {"eval", ""}}), ElementsAre("b", "a"));
  EXPECT_THAT(found("metrics.m > 3", {{"train", ""}}), ElementsAre("b"));
  EXPECT_THAT(found("metrics.m > 3", {}), ElementsAre("b", "a"));
  EXPECT_EQ(Said(Search({.datasets = {{"", "1"}}})),
            "invalid_argument: `dataset_name` in the `datasets` clause must be specified.");
}

TEST_P(LoggedModelsTest, OrdersHoldOverPagesOfAnySize) {
  const std::string run = NewRun();
  const std::pair<const char*, double> values[] = {
      {"d", 1}, {"b", 3}, {"nan", NAN}, {"a", 2}, {"c", 3}};
  for (const auto& [name, value] : values) {
    const std::string id = NewModel(name);
    LogMetric(run, {.key = "m", .value = value, .timestamp = 5, .model_id = id});
    LogMetric(run, {.key = "m", .value = -10 * value, .timestamp = 4, .model_id = id});  // older
  }
  NewModel("none");
  using Order = std::vector<LoggedModelOrder>;
  for (int64_t size = 1; size <= 7; ++size) {
    EXPECT_THAT(Names({}, size), ElementsAre("none", "c", "a", "nan", "b", "d"));
    EXPECT_THAT(Names({.order_by = Order{{"name", true}}}, size),
                ElementsAre("a", "b", "c", "d", "nan", "none"));
    EXPECT_THAT(Names({.order_by = Order{{"metrics.m", true}}}, size),
                ElementsAre("d", "a", "c", "b", "none", "nan"));
    EXPECT_THAT(Names({.order_by = Order{{"metrics.m", false}, {"name", true}}}, size),
                ElementsAre("b", "c", "a", "d", "nan", "none"));
  }
  const auto page = Search({.max_results = 2});
  ASSERT_EQ(Said(page), "ok");
  EXPECT_THAT(Said(Search({.filter = "name = 'a'", .page_token = page->next_page_token})),
              StartsWith("invalid_argument: "));
  EXPECT_THAT(Said(Search({.max_results = 50'001})), StartsWith("invalid_argument: "));
}

STETIG_ON_BOTH_STORES(LoggedModelsTest);

}  // namespace
}  // namespace stetig::tracking
