#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kModel =
    R"({"artifact_path":"model","run_id":"r","utc_time_created":"2024","flavors":{"a":{"config":1}}})";

class RunDataTest : public testing::TrackingTest {
 protected:
  std::string Param(const std::string& run_id, std::string key, std::string value) {
    return Said(Run(service().LogParam(Who(), run_id, {std::move(key), std::move(value)}, Soon())));
  }
  std::string Tag(const std::string& run_id, std::string key, std::string value) {
    return Said(Run(service().SetTag(Who(), run_id, {std::move(key), std::move(value)}, Soon())));
  }
  std::string Untag(const std::string& run_id, std::string key) {
    return Said(Run(service().DeleteTag(Who(), run_id, std::move(key), Soon())));
  }
  std::string Batch(LogBatch batch) {
    return Said(Run(service().LogBatch(Who(), std::move(batch), Soon())));
  }
  std::string Inputs(const std::string& run_id, std::vector<DatasetInput> datasets,
                     std::vector<ModelInput> models = {}) {
    return Said(
        Run(service().LogInputs(Who(), run_id, std::move(datasets), std::move(models), Soon())));
  }
  std::string Outputs(const std::string& run_id, std::vector<ModelOutput> models) {
    return Said(Run(service().LogOutputs(Who(), run_id, std::move(models), Soon())));
  }
  std::string History(const std::string& run_id, std::string_view model) {
    return Said(Run(service().LogModelHistory(Who(), run_id, std::string(model), Soon())));
  }
  /// The value of a run's tag; "none" when it has none.
  std::string TagOf(const std::string& run_id, std::string_view key) {
    const std::vector<KeyValue> tags = Get(run_id).tags;
    const auto found = std::ranges::find(tags, key, &KeyValue::key);
    return found == tags.end() ? "none" : found->value;
  }
  /// A run without tags.
  std::string PlainRun() {
    const std::string id = NewRun();
    EXPECT_EQ(Untag(id, "mlflow.runName"), "ok");
    return id;
  }
};

std::string Repeated(size_t count, std::string_view text) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

/// `count` pairs with keys of their own.
std::vector<KeyValue> Pairs(size_t count) {
  std::vector<KeyValue> pairs;
  for (size_t i = 0; i < count; ++i) pairs.push_back({fmt::format("k{:04}", i), "v"});
  return pairs;
}
std::vector<Metric> Metrics(size_t count) {
  std::vector<Metric> metrics;
  for (size_t i = 0; i < count; ++i)
    metrics.push_back({.key = "m", .value = 1, .step = static_cast<int64_t>(i)});
  return metrics;
}

TEST_P(RunDataTest, ParamsAreWrittenOnce) {
  const std::string id = NewRun();
  const std::string other = NewRun();
  EXPECT_EQ(Param(id, "p", "1"), "ok");
  EXPECT_EQ(Param(id, "p", "1"), "ok");
  EXPECT_EQ(Param(id, "p", "2"),
            "invalid_argument: Changing param values is not allowed. Param with key='p' was "
            "already logged with value='1' for run ID='" +
                id + "'. Attempted logging new value '2'.");
  EXPECT_EQ(Param(id, "P", ""), "ok");
  EXPECT_THAT(Param(id, "P", "x"), StartsWith("invalid_argument"));
  EXPECT_EQ(Param(other, "p", "2"), "ok");
  EXPECT_EQ(Batch({.run_id = id, .params = {{"p", "1"}, {"q", "3"}}}), "ok");
  EXPECT_EQ(Batch({.run_id = id, .params = {{"p", "4"}, {"q", "it's"}, {"r", "5"}}}),
            "invalid_argument: Changing param values is not allowed. Params were already "
            "logged='[{'key': 'p', 'old_value': '1', 'new_value': '4'}, {'key': 'q', 'old_value': "
            "'3', 'new_value': \"it's\"}]' for run ID='" +
                id + "'.");
  EXPECT_THAT(Get(id).params,
              ElementsAre(KeyValue{"P", ""}, KeyValue{"p", "1"}, KeyValue{"q", "3"}));
}

TEST_P(RunDataTest, ABatchIsLoggedWhollyOrNotAtAll) {
  const std::string id = PlainRun();
  ASSERT_EQ(Param(id, "p", "1"), "ok");
  const auto whole = [&](std::vector<KeyValue> params) {
    return Batch({id, {{.key = "m", .value = 2}}, std::move(params), {{"t", "3"}}});
  };
  EXPECT_THAT(whole({{"q", "1"}, {"p", "2"}}), StartsWith("invalid_argument"));
  EXPECT_THAT(whole({{"q", "1"}, {"../q", "2"}}), StartsWith("invalid_argument"));
  EXPECT_EQ(whole({{"q", "1"}, {"q", "1"}}),
            "invalid_argument: Duplicate parameter keys have been submitted: ['q']. Please ensure "
            "the request contains only one param value per param key.");
  tracking::Run run = Get(id);
  EXPECT_THAT(run.params, ElementsAre(KeyValue{"p", "1"}));
  EXPECT_THAT(run.metrics, IsEmpty());
  EXPECT_THAT(run.tags, IsEmpty());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(whole({{"q", "1"}}), "ok");
  run = Get(id);
  EXPECT_THAT(run.params, ElementsAre(KeyValue{"p", "1"}, KeyValue{"q", "1"}));
  EXPECT_THAT(run.metrics, SizeIs(1));
  EXPECT_THAT(run.tags, ElementsAre(KeyValue{"t", "3"}));
}

TEST_P(RunDataTest, BatchesHaveLimits) {
  const std::string id = NewRun();
  const auto too_many = [](std::string_view things, int limit, int count) {
    return fmt::format(
        "invalid_argument: A batch logging request can contain at most {1} {0}. Got {2} {0}. "
        "Please split up {0} across multiple requests and try again.",
        things, limit, count);
  };
  EXPECT_EQ(Batch({.run_id = id, .metrics = Metrics(1001)}), too_many("metrics", 1000, 1001));
  EXPECT_EQ(Batch({.run_id = id, .params = Pairs(101)}), too_many("params", 100, 101));
  EXPECT_EQ(Batch({.run_id = id, .tags = Pairs(101)}), too_many("tags", 100, 101));
  EXPECT_EQ(Batch({id, Metrics(900), Pairs(100), Pairs(1)}),
            too_many("metrics, params, and tags", 1000, 1001));
  EXPECT_EQ(Inputs(id, std::vector<DatasetInput>(1001)), too_many("datasets", 1000, 1001));
  EXPECT_EQ(Outputs(id, std::vector<ModelOutput>(1001, {"m-1"})), too_many("models", 1000, 1001));
  EXPECT_THAT(Get(id).params, IsEmpty());
  EXPECT_EQ(Batch({id, Metrics(800), Pairs(100), Pairs(100)}), "ok");
  EXPECT_THAT(Get(id).params, SizeIs(100));
}

TEST_P(RunDataTest, LongValuesAreCutOrRefused) {
  const std::string id = NewRun();
  EXPECT_EQ(Param(id, "p", Repeated(6001, "é")), "ok");
  EXPECT_EQ(Get(id).params[0].value, Repeated(6000, "é"));
  EXPECT_EQ(Tag(id, "t", Repeated(8001, "é")), "ok");
  EXPECT_EQ(TagOf(id, "t"), Repeated(8000, "é"));
  Serve({.truncate_long_values = false});
  EXPECT_EQ(Param(id, "q", Repeated(6000, "é")), "ok");
  EXPECT_EQ(Param(id, "r", Repeated(6001, "x")),
            "invalid_argument: 'Param value' exceeds the maximum length of 6000 characters");
  EXPECT_EQ(Batch({.run_id = id, .tags = {{"a", "b"}, {"t", Repeated(8001, "x")}}}),
            "invalid_argument: 'tags[1].value' exceeds the maximum length of 8000 characters");
  EXPECT_EQ(TagOf(id, "a"), "none");
}

TEST_P(RunDataTest, KeysAreChecked) {
  const std::string id = NewRun();
  EXPECT_EQ(Param(id, "a b/c-d.e:f_é", "1"), "ok");
  EXPECT_EQ(Tag(id, Repeated(250, "é"), "1"), "ok");
  EXPECT_EQ(Tag(id, Repeated(251, "x"), "1"),
            "invalid_argument: 'key' exceeds the maximum length of 250 characters");
  EXPECT_EQ(Param(id, Repeated(251, "x"), "1"),
            "invalid_argument: 'Param key' exceeds the maximum length of 250 characters");
  for (const char* key : {"a?b", "a\nb", "a\\b", "", "/a", "a/", "a//b", "./a", "a/../b", ".."}) {
    EXPECT_THAT(Param(id, key, "1"), StartsWith("invalid_argument: Invalid value ")) << key;
    EXPECT_THAT(Tag(id, key, "1"), StartsWith("invalid_argument: Invalid value ")) << key;
    EXPECT_THAT(Batch({.run_id = id, .metrics = {{.key = key}}}),
                StartsWith("invalid_argument: Invalid value "))
        << key;
  }
  EXPECT_EQ(Param(id, "a/../b", "1"),
            "invalid_argument: Invalid value \"a/../b\" for parameter 'key' supplied: Names may be "
            "treated as files in certain cases, and must not resolve to other names when treated "
            "as such. This name would resolve to 'b'");
  EXPECT_EQ(Batch({.run_id = id, .metrics = {{.key = "m"}, {.key = "m", .timestamp = -1}}}),
            "invalid_argument: Invalid value -1 for parameter 'metrics[1].timestamp' supplied: "
            "metric 'm' (value=0.0). Timestamp must be a nonnegative long (64-bit integer) ");
  EXPECT_THAT(Get(id).metrics, IsEmpty());
  EXPECT_THAT(Get(id).params, SizeIs(1));
}

TEST_P(RunDataTest, OfTagsTheLastWins) {
  const std::string id = PlainRun();
  EXPECT_EQ(Tag(id, "t", "1"), "ok");
  EXPECT_EQ(Batch({.run_id = id, .tags = {{"t", "2"}, {"u", ""}, {"t", "3"}}}), "ok");
  EXPECT_THAT(Get(id).tags, ElementsAre(KeyValue{"t", "3"}, KeyValue{"u", ""}));
  EXPECT_EQ(Untag(id, "T"), "not_found: No tag with name: T in run with id " + id);
  EXPECT_EQ(Untag(id, "t"), "ok");
  EXPECT_EQ(Untag(id, "t"), "not_found: No tag with name: t in run with id " + id);
  EXPECT_THAT(Get(id).tags, ElementsAre(KeyValue{"u", ""}));
}

TEST_P(RunDataTest, TheNameTagNamesTheRun) {
  const std::string id = NewRun("0", {{"mlflow.runName", "first"}});
  const auto name = [&] { return Get(id).info.name + "/" + TagOf(id, "mlflow.runName"); };
  EXPECT_EQ(Tag(id, "mlflow.runName", "second"), "ok");
  EXPECT_EQ(name(), "second/second");
  EXPECT_EQ(Batch({.run_id = id, .tags = {{"mlflow.runName", "x"}, {"mlflow.runName", "third"}}}),
            "ok");
  EXPECT_EQ(name(), "third/third");
  EXPECT_EQ(Tag(id, "mlflow.runName", ""), "ok");
  EXPECT_EQ(name(), "third/third");
  const auto renamed = Events({"run.renamed"});
  ASSERT_THAT(renamed, SizeIs(2));
  EXPECT_EQ(renamed[1].payload, R"({"name":"third","old_name":"second"})");
}

TEST_P(RunDataTest, DatasetsAreLoggedOncePerRun) {
  const std::string first = NewRun();
  const std::string second = NewRun();
  const Dataset train{"d", "1", "local", "{}", "schema", std::nullopt};
  const DatasetInput input{{{"mlflow.data.context", "train"}}, train};
  DatasetInput changed = input;
  changed.tags[0].value = "eval";
  changed.dataset.source = "other";
  EXPECT_EQ(Inputs(first, {input, changed}), "ok");
  EXPECT_EQ(Inputs(first, {changed}), "ok");
  EXPECT_EQ(Inputs(second, {changed}), "ok");
  const auto inputs = Get(first).dataset_inputs;
  ASSERT_THAT(inputs, SizeIs(1));
  EXPECT_THAT(inputs[0].tags, ElementsAre(KeyValue{"mlflow.data.context", "train"}));
  EXPECT_EQ(inputs[0].dataset.source, "{}");
  EXPECT_EQ(inputs[0].dataset.schema, "schema");
  EXPECT_EQ(inputs[0].dataset.profile, std::nullopt);
  ASSERT_THAT(Get(second).dataset_inputs, SizeIs(1));
  EXPECT_EQ(Get(second).dataset_inputs[0].tags[0].value, "eval");
  EXPECT_THAT(Events({"dataset.seen"}), SizeIs(1));
  EXPECT_THAT(Events({"dataset.used"}), SizeIs(1));
  const auto summaries = Run(service().SearchDatasets(Who(), {"0"}, Soon()));
  ASSERT_EQ(Said(summaries), "ok");
  std::vector<std::optional<std::string>> contexts;
  for (const DatasetSummary& summary : *summaries) contexts.push_back(summary.context);
  EXPECT_THAT(contexts, ElementsAre("eval", "train"));
}

TEST_P(RunDataTest, ModelsAreSetsOfInputsAndOutputs) {
  const std::string id = NewRun();
  EXPECT_EQ(Inputs(id, {}, {{"m-2"}, {"m-1"}, {"m-2"}}), "ok");
  EXPECT_EQ(Inputs(id, {}, {{"m-1"}}), "ok");
  EXPECT_EQ(Outputs(id, {{"m-3", 5}}), "ok");
  EXPECT_EQ(Outputs(id, {{"m-3", 6}, {"m-4", 7}}), "ok");
  const tracking::Run run = Get(id);
  ASSERT_THAT(run.model_inputs, SizeIs(2));
  EXPECT_EQ(run.model_inputs[0].model_id, "m-1");
  ASSERT_THAT(run.model_outputs, SizeIs(2));
  EXPECT_EQ(run.model_outputs[0].step, 5);
  EXPECT_EQ(run.model_outputs[1].step, 7);
  EXPECT_THAT(Events({"logged_model.used"}), SizeIs(2));
  EXPECT_THAT(Events({"logged_model.produced"}), SizeIs(2));
  EXPECT_EQ(Outputs(id, {{"m-5"}, {""}}),
            "invalid_argument: Missing value for required parameter 'models[1].model_id'.");
  EXPECT_THAT(Get(id).model_outputs, SizeIs(2));
}

TEST_P(RunDataTest, ModelHistoryGrowsByEachModelOnce) {
  const std::string id = NewRun();
  const std::string entry =
      R"({"artifact_path": "model", "run_id": "r", "utc_time_created": "2024", "flavors": {"a": {}}})";
  EXPECT_EQ(History(id, kModel), "ok");
  EXPECT_EQ(History(id, kModel), "ok");
  EXPECT_EQ(TagOf(id, "mlflow.log-model.history"), "[" + entry + "]");
  std::string other(kModel);
  other.replace(other.find("2024"), 4, "2025");
  EXPECT_EQ(History(id, other), "ok");
  EXPECT_THAT(TagOf(id, "mlflow.log-model.history"), StartsWith("[" + entry + ", {"));
  EXPECT_EQ(History(id, "{"),
            "invalid_argument: Malformed model info. \n { \n is not a valid JSON.");
  EXPECT_EQ(History(id, R"({"run_id":"r","flavors":{}})"),
            "invalid_argument: Model json is missing mandatory fields: {'artifact_path', "
            "'utc_time_created'}");
}

TEST_P(RunDataTest, OnlyActiveRunsTakeData) {
  const std::string id = NewRun("0", {{"t", "1"}});
  ASSERT_EQ(Run(service().DeleteRun(Who(), id, Soon())), OkStatus());
  const auto all_said = [&](const std::string& run) {
    return std::vector({Param(run, "p", "1"), Tag(run, "t", "2"), Untag(run, "t"),
                        Batch({.run_id = run, .tags = {{"t", "2"}}}), Inputs(run, {}, {{"m-1"}}),
                        Outputs(run, {{"m-1"}}), History(run, kModel),
                        Said(Run(service().LogMetric(Who(), run, {.key = "m"}, Soon())))});
  };
  const std::string deleted = "invalid_argument: The run " + id +
                              " must be in the 'active' state. Current state is deleted.";
  EXPECT_THAT(all_said(id), ::testing::Each(deleted));
  EXPECT_THAT(all_said("gone"), ::testing::Each("not_found: Run with id=gone not found"));
  EXPECT_EQ(Batch({.run_id = "a b"}),
            "invalid_argument: Invalid value \"a b\" for parameter 'run_id' supplied.");
  ASSERT_EQ(Run(service().RestoreRun(Who(), id, Soon())), OkStatus());
  EXPECT_THAT(Get(id).tags, Contains(KeyValue{"t", "1"}));
  EXPECT_THAT(Get(id).params, IsEmpty());
}

STETIG_ON_BOTH_STORES(RunDataTest);

}  // namespace
}  // namespace stetig::tracking
