#include <gmock/gmock.h>

#include <regex>

#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;

class RunsTest : public testing::TrackingTest {
 protected:
  Result<RunInfo> Update(tracking::UpdateRun request) {
    return Run(service().UpdateRun(Who(), std::move(request), Soon()));
  }
};

TEST_P(RunsTest, TheCommitOfARunIsAnEventOnceForEachValue) {
  const std::string experiment = NewExperiment("x");
  tracking::CreateRun request{.experiment_id = experiment,
                              .tags = {{"mlflow.source.git.commit", "c1"}}};
  auto created = Run(service().CreateRun(Who(), std::move(request), Soon()));
  ASSERT_EQ(Said(created), "ok");
  for (const char* commit : {"c1", "c2", "c2"}) {
    KeyValue tag{"mlflow.source.git.commit", commit};
    ASSERT_EQ(Said(Run(service().SetTag(Who(), created->info.run_id, std::move(tag), Soon()))),
              "ok");
  }
  const std::vector<journal::Event> events = Events({"run.commit_set"});
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].subject.id, created->info.run_id);
  EXPECT_EQ(events[0].payload, R"({"commit":"c1"})");
  EXPECT_EQ(events[1].payload, R"({"commit":"c2"})");
}

TEST_P(RunsTest, CreatedRunIsAsAskedFor) {
  const std::string experiment = NewExperiment("x");
  tracking::CreateRun request{.experiment_id = experiment,
                              .user_id = "ada",
                              .name = "first",
                              .start_time = 1234567890123,
                              .tags = {{"mlflow.user", "ada"}, {"t", "1"}, {"t", "2"}}};
  auto created = Run(service().CreateRun(Who(), std::move(request), Soon()));
  ASSERT_EQ(Said(created), "ok");
  const RunInfo& info = created->info;
  EXPECT_TRUE(std::regex_match(info.run_id, std::regex("[0-9a-f]{12}7[0-9a-f]{19}")))
      << info.run_id;
  EXPECT_EQ(info.experiment_id, experiment);
  EXPECT_EQ(info.name, "first");
  EXPECT_EQ(info.user_id, "ada");
  EXPECT_EQ(info.status, RunStatus::kRunning);
  EXPECT_EQ(info.start_time.ms, 1234567890123);
  EXPECT_FALSE(info.end_time.has_value());
  EXPECT_EQ(info.artifact_uri,
            "mlflow-artifacts:/" + experiment + "/" + info.run_id + "/artifacts");
  EXPECT_EQ(info.stage, LifecycleStage::kActive);

  const tracking::Run found = Get(info.run_id);
  EXPECT_EQ(found.info.run_id, info.run_id);
  EXPECT_EQ(found.info.artifact_uri, info.artifact_uri);
  EXPECT_THAT(found.tags, ElementsAre(KeyValue{"mlflow.runName", "first"},
                                      KeyValue{"mlflow.user", "ada"}, KeyValue{"t", "2"}));
  EXPECT_THAT(found.metrics, IsEmpty());
  EXPECT_THAT(found.params, IsEmpty());
}

TEST_P(RunsTest, NameComesFromTheRequestTheTagOrChance) {
  const auto name_of = [&](std::string name, std::vector<KeyValue> tags) {
    auto run =
        Run(service().CreateRun(Who(), {.name = std::move(name), .tags = std::move(tags)}, Soon()));
    return run ? run->info.name : run.error().ToString();
  };
  EXPECT_EQ(name_of("given", {}), "given");
  EXPECT_EQ(name_of("", {{"mlflow.runName", "tagged"}}), "tagged");
  EXPECT_EQ(name_of("same", {{"mlflow.runName", "same"}}), "same");
  EXPECT_EQ(name_of("a", {{"mlflow.runName", "b"}}),
            "invalid_argument: Both 'run_name' argument and 'mlflow.runName' tag are specified, "
            "but with different values (run_name='a', "
            "mlflow.runName='b').");
  const std::string generated = name_of("", {});
  EXPECT_TRUE(std::regex_match(generated, std::regex("[a-z]+-[a-z]+-[0-9]{1,4}"))) << generated;
  EXPECT_LE(generated.size(), 20U);
  EXPECT_THAT(Events({"run.created"}), SizeIs(4));
}

TEST_P(RunsTest, UnknownExperimentsAndRunsAreNotFound) {
  EXPECT_EQ(Said(Run(service().CreateRun(Who(), {.experiment_id = "77"}, Soon()))),
            "not_found: No Experiment with id=77 exists");
  EXPECT_EQ(Said(Run(service().GetRun(Who(), "nope", Soon()))),
            "not_found: Run with id=nope not found");
  EXPECT_EQ(Said(Update({.run_id = "nope"})), "not_found: Run with id=nope not found");
  EXPECT_EQ(Said(Run(service().DeleteRun(Who(), "nope", Soon()))),
            "not_found: Run with id=nope not found");
  EXPECT_EQ(Said(Run(service().RestoreRun(Who(), "", Soon()))),
            "not_found: Run with id= not found");
}

TEST_P(RunsTest, UpdateChangesOnlyWhatIsGiven) {
  const std::string id = NewRun();
  const std::string name = Get(id).info.name;
  auto info = Update({.run_id = id, .status = RunStatus::kFinished, .end_time = 99});
  ASSERT_EQ(Said(info), "ok");
  EXPECT_EQ(info->status, RunStatus::kFinished);
  EXPECT_EQ(info->end_time, WallTime{99});
  EXPECT_EQ(info->name, name);
  info = Update({.run_id = id, .name = "renamed"});
  ASSERT_EQ(Said(info), "ok");
  EXPECT_EQ(info->status, RunStatus::kFinished);
  EXPECT_EQ(info->name, "renamed");
  EXPECT_THAT(Get(id).tags, ElementsAre(KeyValue{"mlflow.runName", "renamed"}));
  info = Update({.run_id = id, .name = ""});
  ASSERT_EQ(Said(info), "ok");
  EXPECT_EQ(info->name, "renamed");
}

TEST_P(RunsTest, FinishingIsOneEventHoweverOftenItIsSaid) {
  const std::string id = NewRun();
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(Said(Update({.run_id = id, .status = RunStatus::kFailed, .end_time = 5})), "ok");
  }
  const auto finished = Events({"run.finished"});
  ASSERT_THAT(finished, SizeIs(1));
  EXPECT_EQ(finished[0].subject, (journal::Ref{"run", id}));
  EXPECT_THAT(finished[0].refs, ElementsAre(journal::Ref{"experiment", "0"}));
  EXPECT_EQ(finished[0].payload, R"({"status":"FAILED"})");
  ASSERT_EQ(Said(Update({.run_id = id, .status = RunStatus::kRunning})), "ok");
  EXPECT_THAT(Events({"run.resumed"}), SizeIs(1));
}

TEST_P(RunsTest, DeleteAndRestoreMayBeRepeated) {
  const std::string id = NewRun();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Said(Run(service().DeleteRun(Who(), id, Soon()))), "ok");
  }
  EXPECT_EQ(Get(id).info.stage, LifecycleStage::kDeleted);
  EXPECT_EQ(Said(Update({.run_id = id, .name = "x"})),
            "invalid_argument: The run " + id +
                " must be in the 'active' state. Current state is deleted.");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Said(Run(service().RestoreRun(Who(), id, Soon()))), "ok");
  }
  EXPECT_EQ(Get(id).info.stage, LifecycleStage::kActive);
  EXPECT_THAT(Events({"run.deleted", "run.restored"}), SizeIs(2));
}

TEST_P(RunsTest, InfoIsThatOfTheWholeRun) {
  const std::string id = NewRun("0", {{"t", "v"}});
  auto info = Run(service().GetRunInfo(Who(), id, Soon()));
  ASSERT_EQ(Said(info), "ok");
  EXPECT_EQ(info->run_id, id);
  EXPECT_EQ(info->artifact_uri, Get(id).info.artifact_uri);
  EXPECT_EQ(info->name, Get(id).info.name);
  auto missing = Run(service().GetRunInfo(Who(), "none", Soon()));
  EXPECT_EQ(Said(missing), "not_found: Run with id=none not found");
}

TEST_P(RunsTest, EverythingSurvivesARestart) {
  const std::string id = NewRun("0", {{"t", "v"}});
  Reopen();
  Serve({});
  EXPECT_EQ(Get(id).info.run_id, id);
}

STETIG_ON_BOTH_STORES(RunsTest);

}  // namespace
}  // namespace stetig::tracking
