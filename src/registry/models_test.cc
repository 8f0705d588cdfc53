#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "registry/testing/fixture.h"

namespace stetig::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;
using ::testing::SizeIs;

class RegisteredModelsTest : public testing::RegistryTest {
 protected:
  std::string SetTag(std::string key, std::string value) {
    KeyValue tag{std::move(key), std::move(value)};
    return Said(Run(service().SetModelTag(Who(), "fraud", std::move(tag), Soon())));
  }
  std::string DeleteTag(std::string key) {
    return Said(Run(service().DeleteModelTag(Who(), "fraud", std::move(key), Soon())));
  }
  std::string Rename(std::string from, std::string to) {
    return Said(Run(service().RenameModel(Who(), std::move(from), std::move(to), Soon())));
  }
};

TEST_P(RegisteredModelsTest, TagEventsSayWhatChangedAndComeOncePerChange) {
  NewModel("fraud");
  const WallTime before = Model("fraud").last_update_time;
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(SetTag("team", "red"), "ok");
  EXPECT_EQ(SetTag("team", "red"), "ok");  // a replay
  EXPECT_EQ(SetTag("team", "blue"), "ok");
  EXPECT_EQ(DeleteTag("none"), "ok");
  EXPECT_EQ(DeleteTag("team"), "ok");
  EXPECT_EQ(DeleteTag("team"), "ok");  // a replay
  EXPECT_THAT(Model("fraud").tags, IsEmpty());
  EXPECT_EQ(Model("fraud").last_update_time, before);
  EXPECT_THAT(Told({"registered_model.tag_set", "registered_model.tag_deleted"}),
              ElementsAre(R"(registered_model.tag_set fraud {"key":"team","value":"red"})",
                          R"(registered_model.tag_set fraud {"key":"team","value":"blue"})",
                          R"(registered_model.tag_deleted fraud {"key":"team","value":"blue"})"));
}

TEST_P(RegisteredModelsTest, UpdateTouchesTheTimeButTellsOnlyChanges) {
  NewModel("fraud");
  const auto update = [&](std::string description) {
    clock_.Advance(std::chrono::seconds(1));
    return Said(Run(service().UpdateModel(Who(), "fraud", std::move(description), Soon())));
  };
  EXPECT_EQ(update("new"), "ok");
  EXPECT_EQ(update("new"), "ok");  // a replay
  EXPECT_EQ(Model("fraud").last_update_time, clock_.Now());
  EXPECT_EQ(update(""), "ok");
  EXPECT_THAT(Told({"registered_model.updated"}),
              ElementsAre(R"(registered_model.updated fraud {"description":"new"})",
                          R"(registered_model.updated fraud {"description":""})"));
}

TEST_P(RegisteredModelsTest, RenameKeepsNamesUniqueAndTakesTheVersionsAlong) {
  NewModel("fraud");
  NewModel("taken");
  NewVersion("fraud");
  EXPECT_EQ(Rename("fraud", "taken"),
            "already_exists: Registered Model (name=taken) already exists.");
  EXPECT_EQ(Rename("fraud", "fraud"), "ok");
  EXPECT_EQ(Rename("fraud", "abuse"), "ok");
  EXPECT_EQ(Version("abuse", 1).name, "abuse");
  EXPECT_EQ(Rename("fraud", "abuse"), "not_found: Registered Model with name=fraud not found");
  EXPECT_THAT(Told({"registered_model.renamed"}),
              ElementsAre(R"(registered_model.renamed fraud {"new_name":"abuse"})"));
}

TEST_P(RegisteredModelsTest, NamesAreUniqueAlsoBetweenModelsAndPrompts) {
  NewModel("fraud");
  const KeyValue prompt{"mlflow.prompt.is_prompt", "true"};
  EXPECT_EQ(Said(Run(service().CreateModel(Who(), "fraud", {}, "", Soon()))),
            "already_exists: Registered Model (name=fraud) already exists.");
  EXPECT_EQ(Said(Run(service().CreateModel(Who(), "fraud", {prompt}, "", Soon()))),
            "already_exists: Tried to create a prompt with name 'fraud', but the name is already "
            "taken by a registered model. MLflow does not allow creating a model and a prompt with "
            "the same name.");
  EXPECT_THAT(Events({"registered_model.created"}), SizeIs(1));
}

TEST_P(RegisteredModelsTest, DeletionTakesEverythingAndNumbersBeginAgain) {
  NewModel("fraud", {{"k", "v"}});
  NewVersion("fraud");
  NewVersion("fraud");
  ASSERT_EQ(Said(Run(service().SetAlias(Who(), "fraud", "champion", "2", Soon()))), "ok");
  EXPECT_EQ(Said(Run(service().DeleteModel(Who(), "fraud", Soon()))), "ok");
  EXPECT_EQ(Said(Run(service().DeleteModel(Who(), "fraud", Soon()))),
            "not_found: Registered Model with name=fraud not found");
  EXPECT_EQ(Said(Run(service().GetVersion(Who(), "fraud", "2", Soon()))),
            "not_found: Model Version (name=fraud, version=2) not found");
  NewModel("fraud");
  EXPECT_THAT(Model("fraud").tags, IsEmpty());
  EXPECT_THAT(Model("fraud").aliases, IsEmpty());
  EXPECT_EQ(NewVersion("fraud"), 1);
  EXPECT_THAT(Events({"registered_model.deleted"}), SizeIs(1));
}

TEST_P(RegisteredModelsTest, LatestVersionsAreTheNewestOfEachStage) {
  NewModel("fraud");
  for (int i = 0; i < 4; ++i) {
    NewVersion("fraud");
  }
  for (const char* version : {"1", "2"}) {
    ASSERT_EQ(Said(Run(service().TransitionStage(Who(), "fraud", version, "Production",
                                                 /*archive_existing=*/false, Soon()))),
              "ok");
  }
  const auto latest = [&](std::vector<std::string> stages) {
    auto read = Run(service().GetLatestVersions(Who(), "fraud", std::move(stages), Soon()));
    EXPECT_EQ(Said(read), "ok");
    std::vector<int64_t> numbers;
    for (const ModelVersion& version : read.value_or(std::vector<ModelVersion>{})) {
      numbers.push_back(version.version);
    }
    return numbers;
  };
  EXPECT_THAT(latest({}), ElementsAre(2, 4));
  EXPECT_THAT(latest({"production"}), ElementsAre(2));
  EXPECT_THAT(latest({"Staging"}), IsEmpty());
}

STETIG_ON_BOTH_STORES(RegisteredModelsTest);

}  // namespace
}  // namespace stetig::registry
