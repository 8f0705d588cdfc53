#include <gmock/gmock.h>

#include <thread>

#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;

class ExperimentsTest : public testing::TrackingTest {
 protected:
  Experiment Find(const std::string& id) {
    auto found = Run(service().GetExperiment(Who(), id, Soon()));
    EXPECT_EQ(Said(found), "ok");
    return found.value_or(Experiment{});
  }
  std::string Create(std::string name, std::string location = "", std::vector<KeyValue> tags = {}) {
    return Said(Run(service().CreateExperiment(Who(), std::move(name), std::move(location),
                                               std::move(tags), Soon())));
  }
};

TEST_P(ExperimentsTest, DefaultIsThereFromTheStart) {
  const Experiment found = Find("0");
  EXPECT_EQ(found.id, "0");
  EXPECT_EQ(found.name, "Default");
  EXPECT_EQ(found.artifact_location, "mlflow-artifacts:/0");
  EXPECT_EQ(found.stage, LifecycleStage::kActive);
  EXPECT_GT(found.creation_time.ms, 1'600'000'000'000);
  EXPECT_EQ(Find("").id, "0");
}

TEST_P(ExperimentsTest, CreatedOneIsFoundByIdAndName) {
  const WallTime now = clock_.Now();
  auto id =
      Run(service().CreateExperiment(Who(), "première 中", "", {{"b", "2"}, {"a", ""}}, Soon()));
  ASSERT_EQ(Said(id), "ok");
  EXPECT_EQ(*id, "1");
  const Experiment found = Find(*id);
  EXPECT_EQ(found.name, "première 中");
  EXPECT_EQ(found.artifact_location, "mlflow-artifacts:/1");
  EXPECT_EQ(found.creation_time, now);
  EXPECT_EQ(found.last_update_time, now);
  EXPECT_THAT(found.tags, ElementsAre(KeyValue{"a", ""}, KeyValue{"b", "2"}));
  auto by_name = Run(service().GetExperimentByName(Who(), "première 中", Soon()));
  ASSERT_EQ(Said(by_name), "ok");
  EXPECT_EQ(by_name->id, "1");
  EXPECT_EQ(NewExperiment("second"), "2");
}

TEST_P(ExperimentsTest, IdsAreReadAsPythonReadsIntegers) {
  EXPECT_EQ(Find(" +0 ").id, "0");
  EXPECT_EQ(
      Said(Run(service().GetExperiment(Who(), "abc", Soon()))),
      "invalid_argument: Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
  EXPECT_EQ(Said(Run(service().GetExperiment(Who(), "007", Soon()))),
            "not_found: No Experiment with id=7 exists");
  EXPECT_EQ(Said(Run(service().GetExperiment(Who(), "99999999999999999999", Soon()))),
            "not_found: No Experiment with id=9223372036854775807 exists");
}

TEST_P(ExperimentsTest, NameStaysTakenAfterDeletion) {
  const std::string id = NewExperiment("x");
  EXPECT_EQ(Create("x"), "already_exists: Experiment(name=x) already exists.");
  ASSERT_EQ(Said(Run(service().DeleteExperiment(Who(), id, Soon()))), "ok");
  EXPECT_EQ(Create("x"), "already_exists: Experiment(name=x) already exists.");
  EXPECT_EQ(Said(Run(service().GetExperimentByName(Who(), "x", Soon()))), "ok");
  EXPECT_EQ(Said(Run(service().GetExperimentByName(Who(), "y", Soon()))),
            "not_found: Could not find experiment with name 'y'");
}

TEST_P(ExperimentsTest, OfParallelCreatesOfOneNameOneWins) {
  constexpr int kThreads = 8;
  std::vector<std::string> said(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &said, i] { said[static_cast<size_t>(i)] = Create("race"); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(std::ranges::count(said, "ok"), 1);
  EXPECT_EQ(std::ranges::count(said, "already_exists: Experiment(name=race) already exists."),
            kThreads - 1);
  EXPECT_THAT(Events({"experiment.created"}), SizeIs(1));
}

TEST_P(ExperimentsTest, BadNamesLocationsAndTagsAreRefused) {
  EXPECT_EQ(Create(""), "invalid_argument: Invalid experiment name: ''");
  EXPECT_EQ(Create(std::string(501, 'x')),
            "invalid_argument: 'name' exceeds the maximum length of 500 characters");
  std::string long_name;
  for (int i = 0; i < 500; ++i) {
    long_name += "中";
  }
  EXPECT_EQ(Create(long_name), "ok");
  EXPECT_EQ(Create("a", "runs:/a/b"),
            "invalid_argument: Artifact location cannot be a runs:/ URI. Given: 'runs:/a/b'");
  EXPECT_EQ(Create("a", "s3://b/x#f"),
            "invalid_argument: 'artifact_location' URL can't include fragments or params.");
  EXPECT_EQ(Create("a", "", {{"k", std::string(20'001, 'x')}}),
            "invalid_argument: 'value' exceeds the maximum length of 20000 characters");
  EXPECT_EQ(Create("a", "", {{std::string(251, 'x'), ""}}),
            "invalid_argument: 'key' exceeds the maximum length of 250 characters");
  auto missing = Run(service().GetExperimentByName(Who(), "a", Soon()));
  EXPECT_EQ(Said(missing), "not_found: Could not find experiment with name 'a'");
}

TEST_P(ExperimentsTest, GivenLocationIsKeptAndRunsLieBelowIt) {
  auto id = Run(service().CreateExperiment(Who(), "s3", "s3://bucket/models?v=1", {}, Soon()));
  ASSERT_EQ(Said(id), "ok");
  EXPECT_EQ(Find(*id).artifact_location, "s3://bucket/models?v=1");
  const std::string run_id = NewRun(*id);
  EXPECT_EQ(Get(run_id).info.artifact_uri, "s3://bucket/models/" + run_id + "/artifacts?v=1");
}

TEST_P(ExperimentsTest, DefaultRootOfTheServerIsUsed) {
  Serve({.default_artifact_root = "s3://bucket/root"});
  EXPECT_EQ(Find("0").artifact_location, "s3://bucket/root/0");
  EXPECT_EQ(Find(NewExperiment("x")).artifact_location, "s3://bucket/root/1");
}

TEST_P(ExperimentsTest, RenameKeepsNamesUnique) {
  const std::string id = NewExperiment("old");
  clock_.Advance(std::chrono::seconds(1));
  const auto rename = [&](std::string name) {
    return Said(Run(service().RenameExperiment(Who(), id, std::move(name), Soon())));
  };
  EXPECT_EQ(rename("Default"), "already_exists: Experiment(name=Default) already exists.");
  EXPECT_EQ(rename("new"), "ok");
  EXPECT_EQ(rename("new"), "ok");  // a replay
  EXPECT_EQ(Find(id).name, "new");
  EXPECT_EQ(Find(id).last_update_time, clock_.Now());
  EXPECT_THAT(Events({"experiment.renamed"}), SizeIs(1));
  ASSERT_EQ(Said(Run(service().DeleteExperiment(Who(), id, Soon()))), "ok");
  EXPECT_EQ(rename("other"), "failed_precondition: Cannot rename a non-active experiment.");
}

TEST_P(ExperimentsTest, DeleteAndRestoreTakeTheRunsAlong) {
  const std::string id = NewExperiment("x");
  const std::string kept = NewRun(id);
  const std::string deleted = NewRun(id);
  const std::string elsewhere = NewRun();
  ASSERT_EQ(Said(Run(service().DeleteRun(Who(), deleted, Soon()))), "ok");

  ASSERT_EQ(Said(Run(service().DeleteExperiment(Who(), id, Soon()))), "ok");
  EXPECT_EQ(Find(id).stage, LifecycleStage::kDeleted);
  EXPECT_EQ(Get(kept).info.stage, LifecycleStage::kDeleted);
  EXPECT_EQ(Get(elsewhere).info.stage, LifecycleStage::kActive);
  EXPECT_EQ(Said(Run(service().DeleteExperiment(Who(), id, Soon()))),
            "not_found: No Experiment with id=1 exists");
  EXPECT_EQ(Said(Run(service().CreateRun(Who(), {.experiment_id = id}, Soon()))),
            "invalid_argument: The experiment 1 must be in the 'active' state. Current state is "
            "deleted.");

  ASSERT_EQ(Said(Run(service().RestoreExperiment(Who(), id, Soon()))), "ok");
  EXPECT_EQ(Find(id).stage, LifecycleStage::kActive);
  EXPECT_EQ(Get(kept).info.stage, LifecycleStage::kActive);
  EXPECT_EQ(Get(deleted).info.stage, LifecycleStage::kActive);
  EXPECT_EQ(Said(Run(service().RestoreExperiment(Who(), id, Soon()))),
            "not_found: No Experiment with id=1 exists");
}

TEST_P(ExperimentsTest, TagsAreSetReplacedAndDeleted) {
  const std::string id = NewExperiment("x");
  const WallTime before = Find(id).last_update_time;
  clock_.Advance(std::chrono::seconds(1));
  const auto set = [&](std::string key, std::string value) {
    return Said(
        Run(service().SetExperimentTag(Who(), id, {std::move(key), std::move(value)}, Soon())));
  };
  const auto remove = [&](std::string key) {
    return Said(Run(service().DeleteExperimentTag(Who(), id, std::move(key), Soon())));
  };
  EXPECT_EQ(set("k", "1"), "ok");
  EXPECT_EQ(set("k", "2"), "ok");
  EXPECT_EQ(set("k", "2"), "ok");  // a replay
  EXPECT_THAT(Find(id).tags, ElementsAre(KeyValue{"k", "2"}));
  EXPECT_EQ(Find(id).last_update_time, before);
  EXPECT_THAT(Events({"experiment.tagged"}), SizeIs(2));
  EXPECT_EQ(remove("other"), "not_found: No tag with name: other in experiment with id 1");
  EXPECT_EQ(remove("k"), "ok");
  EXPECT_THAT(Find(id).tags, IsEmpty());
  ASSERT_EQ(Said(Run(service().DeleteExperiment(Who(), id, Soon()))), "ok");
  EXPECT_EQ(set("k", "3"),
            "invalid_argument: The experiment 1 must be in the 'active' state. Current state is "
            "deleted.");
}

TEST_P(ExperimentsTest, CustomViewsHaveALimit) {
  const std::string id = NewExperiment("x");
  for (int i = 0; i < 50; ++i) {
    const KeyValue view{"mlflow.customView.view" + std::to_string(i), "{}"};
    ASSERT_EQ(Said(Run(service().SetExperimentTag(Who(), id, view, Soon()))), "ok");
  }
  const KeyValue again{"mlflow.customView.view7", "{\"name\":1}"};
  EXPECT_EQ(Said(Run(service().SetExperimentTag(Who(), id, again, Soon()))), "ok");
  const KeyValue more{"mlflow.customView.view99", "{}"};
  EXPECT_EQ(Said(Run(service().SetExperimentTag(Who(), id, more, Soon()))),
            "invalid_argument: Unable to create another custom view for experiment 1; the maximum "
            "number of custom views per experiment is "
            "50. Delete an existing custom view before creating a new one.");
}

TEST_P(ExperimentsTest, EachChangeIsOneEvent) {
  const std::string id = NewExperiment("x");
  const KeyValue tag{"k", "v"};
  ASSERT_EQ(Said(Run(service().SetExperimentTag(Who(), id, tag, Soon()))), "ok");
  ASSERT_EQ(Said(Run(service().DeleteExperimentTag(Who(), id, "k", Soon()))), "ok");
  ASSERT_EQ(Said(Run(service().RenameExperiment(Who(), id, "y", Soon()))), "ok");
  ASSERT_EQ(Said(Run(service().DeleteExperiment(Who(), id, Soon()))), "ok");
  ASSERT_EQ(Said(Run(service().RestoreExperiment(Who(), id, Soon()))), "ok");
  const std::vector<journal::Event> events = Events();
  std::vector<std::string> kinds;
  for (const journal::Event& event : events) {
    kinds.push_back(event.kind);
    EXPECT_EQ(event.actor, "ada");
    EXPECT_EQ(event.request_id, "req-1");
    EXPECT_EQ(event.subject, (journal::Ref{"experiment", id}));
  }
  EXPECT_THAT(kinds,
              ElementsAre("experiment.created", "experiment.tagged", "experiment.untagged",
                          "experiment.renamed", "experiment.deleted", "experiment.restored"));
  ASSERT_THAT(events, SizeIs(6));
  EXPECT_EQ(events[0].payload, R"({"name":"x","artifact_location":"mlflow-artifacts:/1"})");
  EXPECT_EQ(events[3].payload, R"({"name":"y","old_name":"x"})");
}

STETIG_ON_BOTH_STORES(ExperimentsTest);

}  // namespace
}  // namespace stetig::tracking
