#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "registry/testing/fixture.h"

namespace stetig::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ModelVersionsTest : public testing::RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    if (!HasFatalFailure()) {
      NewModel("fraud");
    }
  }

  std::string Move(std::string version, std::string stage, bool archive = false) {
    return Said(Run(service().TransitionStage(Who(), "fraud", std::move(version), std::move(stage),
                                              archive, Soon())));
  }
  std::string SetAlias(std::string alias, std::string version) {
    return Said(
        Run(service().SetAlias(Who(), "fraud", std::move(alias), std::move(version), Soon())));
  }
  std::string DeleteAlias(std::string alias) {
    return Said(Run(service().DeleteAlias(Who(), "fraud", std::move(alias), Soon())));
  }
  int64_t Behind(std::string alias) {
    auto version = Run(service().GetVersionByAlias(Who(), "fraud", std::move(alias), Soon()));
    return version ? version->version : 0;
  }
};

TEST_P(ModelVersionsTest, NumbersCountUpAndAreNotUsedAgain) {
  EXPECT_EQ(NewVersion("fraud"), 1);
  EXPECT_EQ(NewVersion("fraud"), 2);
  EXPECT_EQ(Said(Run(service().DeleteVersion(Who(), "fraud", "2", Soon()))), "ok");
  EXPECT_EQ(Said(Run(service().DeleteVersion(Who(), "fraud", "2", Soon()))),
            "not_found: Model Version (name=fraud, version=2) not found");
  EXPECT_EQ(NewVersion("fraud"), 3);
  EXPECT_THAT(Events({"model_version.deleted"}), SizeIs(1));
}

TEST_P(ModelVersionsTest, ParallelCreatesTakeDifferentNumbers) {
  constexpr size_t kThreads = 8;
  std::vector<int64_t> numbers(kThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &numbers, i] { numbers[i] = NewVersion("fraud"); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(numbers, UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(Events({"model_version.created"}), SizeIs(kThreads));
}

// The logged model lists its versions in a tag; a version must not stand without it.
TEST_P(ModelVersionsTest, VersionAndItsNoteInTheLoggedModelComeTogether) {
  auto logged = Run(tracking().CreateLoggedModel(Who(), {.name = "net"}, Soon()));
  ASSERT_EQ(Said(logged), "ok");
  const std::string id = logged->model_id;
  const auto create = [&] {
    CreateModelVersion request{.name = "fraud", .source = "models:/" + id, .model_id = id};
    return Said(Run(service().CreateVersion(Who(), std::move(request), Soon())));
  };
  EXPECT_EQ(create(), "ok");
  auto noted = Run(tracking().GetLoggedModel(Who(), id, /*allow_deleted=*/false, Soon()));
  ASSERT_EQ(Said(noted), "ok");
  EXPECT_THAT(noted->tags, ElementsAre(KeyValue{"mlflow.modelVersions",
                                                R"([{"name": "fraud", "version": 1}])"}));

  static constexpr store::Statement kRefuse{
      "CREATE TRIGGER refuse BEFORE UPDATE ON logged_model_tags BEGIN SELECT RAISE(ABORT, 'no'); "
      "END",
      "ALTER TABLE logged_model_tags ADD CHECK (length(value) < 40)"};
  ASSERT_EQ(Said(Write([](store::Transaction& tx) { return tx.Execute(kRefuse, {}); })), "ok");
  EXPECT_NE(create(), "ok");
  EXPECT_EQ(Said(Run(service().GetVersion(Who(), "fraud", "2", Soon()))),
            "not_found: Model Version (name=fraud, version=2) not found");
  EXPECT_THAT(Events({"model_version.created"}), SizeIs(1));
}

TEST_P(ModelVersionsTest, SourcesThatNameAHostAreRefused) {
  for (const char* source : {"http://evil/x", "hdfs://evil/x", "r2://b@evil/x", "b2://b@evil/x",
                             "ABFSS://fs@evil.net/x"}) {
    CreateModelVersion request{.name = "fraud", .source = source};
    const std::string said = Said(Run(service().CreateVersion(Who(), std::move(request), Soon())));
    EXPECT_EQ(said.substr(0, 42), "invalid_argument: 'source' cannot use the ") << source;
  }
}

TEST_P(ModelVersionsTest, TagEventsSayWhatChangedAndComeOncePerChange) {
  NewVersion("fraud");
  const auto set = [&](std::string value) {
    KeyValue tag{"team", std::move(value)};
    return Said(Run(service().SetVersionTag(Who(), "fraud", "1", std::move(tag), Soon())));
  };
  const auto remove = [&](std::string key) {
    return Said(Run(service().DeleteVersionTag(Who(), "fraud", "1", std::move(key), Soon())));
  };
  EXPECT_EQ(set("red"), "ok");
  EXPECT_EQ(set("red"), "ok");  // a replay
  EXPECT_EQ(set("blue"), "ok");
  EXPECT_THAT(Version("fraud", 1).tags, ElementsAre(KeyValue{"team", "blue"}));
  EXPECT_EQ(remove("none"), "ok");
  EXPECT_EQ(remove("team"), "ok");
  EXPECT_EQ(remove("team"), "ok");  // a replay
  EXPECT_THAT(Told({"model_version.tag_set", "model_version.tag_deleted"}),
              ElementsAre(R"(model_version.tag_set fraud/1 {"key":"team","value":"red"})",
                          R"(model_version.tag_set fraud/1 {"key":"team","value":"blue"})",
                          R"(model_version.tag_deleted fraud/1 {"key":"team","value":"blue"})"));
}

TEST_P(ModelVersionsTest, UpdateTouchesTheTimeButTellsOnlyChanges) {
  NewVersion("fraud");
  for (int i = 0; i < 2; ++i) {  // the second is a replay
    clock_.Advance(std::chrono::seconds(1));
    EXPECT_EQ(Said(Run(service().UpdateVersion(Who(), "fraud", "1", "better", Soon()))), "ok");
    EXPECT_EQ(Version("fraud", 1).last_update_time, clock_.Now());
  }
  EXPECT_EQ(Version("fraud", 1).description, "better");
  EXPECT_THAT(Told({"model_version.updated"}),
              ElementsAre(R"(model_version.updated fraud/1 {"description":"better"})"));
}

TEST_P(ModelVersionsTest, StageMovesAreToldForEveryVersionTheyMove) {
  NewVersion("fraud");
  NewVersion("fraud");
  EXPECT_EQ(Move("1", "Production"), "ok");
  EXPECT_EQ(Move("1", "production"), "ok");  // a replay
  EXPECT_EQ(Move("2", "Production", /*archive=*/true), "ok");
  EXPECT_EQ(Version("fraud", 1).stage, Stage::kArchived);
  EXPECT_EQ(Version("fraud", 2).stage, Stage::kProduction);
  EXPECT_THAT(
      Told({"model_version.stage_changed"}),
      ElementsAre(R"(model_version.stage_changed fraud/1 {"from":"None","to":"Production"})",
                  R"(model_version.stage_changed fraud/2 {"from":"None","to":"Production"})",
                  R"(model_version.stage_changed fraud/1 {"from":"Production","to":"Archived"})"));
  EXPECT_EQ(Move("1", "Nowhere").substr(0, 16), "invalid_argument");
  EXPECT_EQ(Move("1", "None", /*archive=*/true).substr(0, 16), "invalid_argument");
}

TEST_P(ModelVersionsTest, AliasPointsToOneVersionAndGoesWithIt) {
  NewVersion("fraud");
  NewVersion("fraud");
  EXPECT_EQ(SetAlias("champion", "1"), "ok");
  EXPECT_EQ(SetAlias("champion", "1"), "ok");  // a replay
  EXPECT_EQ(SetAlias("champion", "2"), "ok");
  EXPECT_EQ(SetAlias("old", "1"), "ok");
  EXPECT_EQ(Behind("champion"), 2);
  EXPECT_EQ(Behind("LATEST"), 2);
  EXPECT_THAT(Version("fraud", 2).aliases, ElementsAre("champion"));
  EXPECT_EQ(DeleteAlias("old"), "ok");
  EXPECT_EQ(DeleteAlias("old"), "ok");  // a replay
  EXPECT_EQ(SetAlias("latest", "1").substr(0, 16), "invalid_argument");
  EXPECT_EQ(SetAlias("v1", "1").substr(0, 16), "invalid_argument");
  EXPECT_EQ(SetAlias("champion", "9"),
            "not_found: Model Version (name=fraud, version=9) not found");
  EXPECT_THAT(Told({"alias.set", "alias.deleted"}),
              ElementsAre(R"(alias.set fraud/1 {"alias":"champion"})",
                          R"(alias.set fraud/2 {"alias":"champion","old_version":1})",
                          R"(alias.set fraud/1 {"alias":"old"})",
                          R"(alias.deleted fraud/1 {"alias":"old"})"));
  ASSERT_EQ(Said(Run(service().DeleteVersion(Who(), "fraud", "2", Soon()))), "ok");
  EXPECT_THAT(Model("fraud").aliases, IsEmpty());
}

STETIG_ON_BOTH_STORES(ModelVersionsTest);

}  // namespace
}  // namespace stetig::registry
