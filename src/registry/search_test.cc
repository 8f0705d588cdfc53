#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "registry/testing/fixture.h"

namespace stetig::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Said;

class RegistrySearchTest : public testing::RegistryTest {
 protected:
  std::vector<std::string> Models(std::string filter, std::vector<std::string> order = {}) {
    SearchRequest request{.filter = std::move(filter), .order_by = std::move(order)};
    auto page = Run(service().SearchModels(Who(), std::move(request), Soon()));
    EXPECT_EQ(Said(page), "ok");
    std::vector<std::string> names;
    for (const RegisteredModel& model : page.value_or(Page<RegisteredModel>{}).items) {
      names.push_back(model.name);
    }
    return names;
  }
  /// "name/version" of each.
  std::vector<std::string> Versions(std::string filter, std::vector<std::string> order = {}) {
    SearchRequest request{.filter = std::move(filter), .order_by = std::move(order)};
    auto page = Run(service().SearchVersions(Who(), std::move(request), Soon()));
    EXPECT_EQ(Said(page), "ok");
    std::vector<std::string> found;
    for (const ModelVersion& version : page.value_or(Page<ModelVersion>{}).items) {
      found.push_back(version.name + "/" + std::to_string(version.version));
    }
    return found;
  }
};

// LIKE has no escape character on either store (query/like.h): a backslash is a backslash.
TEST_P(RegistrySearchTest, BackslashInLikeIsAnOrdinaryCharacter) {
  NewModel("plain");
  NewModel(R"(back\slash)");
  NewModel(R"(back\%)");
  NewModel(R"(ends\)");
  EXPECT_THAT(Models(R"(name LIKE 'back\%')"), ElementsAre(R"(back\%)", R"(back\slash)"));
  EXPECT_THAT(Models(R"(name LIKE '%\')"), ElementsAre(R"(ends\)"));
  EXPECT_THAT(Models(R"(name ILIKE 'ENDS\')"), ElementsAre(R"(ends\)"));
  EXPECT_THAT(Models(R"(name ILIKE 'PLAI\N')"), IsEmpty());
}

TEST_P(RegistrySearchTest, BackslashInLikeOfATagIsAnOrdinaryCharacter) {
  NewModel("m");
  NewVersion("m", {{"path", R"(C:\models\)"}});
  NewVersion("m", {{"path", "C:models"}});
  EXPECT_THAT(Versions(R"(tags.path LIKE 'C:\%\')"), ElementsAre("m/1"));
  EXPECT_THAT(Versions(R"(tags.path ILIKE 'c:\mo%')"), ElementsAre("m/1"));
}

TEST_P(RegistrySearchTest, LikeKeepsCaseAndILikeFoldsIt) {
  NewModel("Fraud");
  NewModel("fraud-2");
  NewModel("other");
  EXPECT_THAT(Models("name LIKE 'fraud%'"), ElementsAre("fraud-2"));
  EXPECT_THAT(Models("name ILIKE 'FRAUD%'"), ElementsAre("Fraud", "fraud-2"));
  EXPECT_THAT(Models("name LIKE '_raud'"), ElementsAre("Fraud"));
  EXPECT_THAT(Models("name LIKE 'F[a-z]aud'"), IsEmpty());  // SQLite's GLOB must not shine through
}

TEST_P(RegistrySearchTest, OrNotAndParenthesesNest) {
  NewModel("a", {{"stage", "x"}});
  NewModel("b", {{"stage", "y"}});
  NewModel("c");
  EXPECT_THAT(Models("name = 'a' OR name = 'c'"), ElementsAre("a", "c"));
  EXPECT_THAT(Models("NOT (name = 'a' OR tags.stage = 'y')"), ElementsAre("c"));
  EXPECT_THAT(Models("(name = 'a' OR name = 'b') AND NOT tags.stage = 'x'"), ElementsAre("b"));
}

TEST_P(RegistrySearchTest, PagesGoOnWhereTheLastEndedInBothDirections) {
  for (const char* name : {"a", "b"}) {
    NewModel(name);
    for (int i = 0; i < 3; ++i) {
      NewVersion(name);
    }
  }
  for (const bool ascending : {true, false}) {
    SearchRequest request{.order_by = {ascending ? "name ASC" : "name DESC", "version_number ASC"},
                          .max_results = 2};
    std::vector<std::string> seen;
    do {
      auto page = Run(service().SearchVersions(Who(), request, Soon()));
      ASSERT_EQ(Said(page), "ok");
      for (const ModelVersion& version : page->items) {
        seen.push_back(version.name + std::to_string(version.version));
      }
      request.page_token = page->next_page_token;
    } while (!request.page_token.empty());
    EXPECT_THAT(seen, ascending ? ElementsAre("a1", "a2", "a3", "b1", "b2", "b3")
                                : ElementsAre("b1", "b2", "b3", "a1", "a2", "a3"));
  }
}

TEST_P(RegistrySearchTest, PageTokenOfAnotherSearchIsRefused) {
  for (const char* name : {"a", "b", "c"}) {
    NewModel(name);
  }
  SearchRequest request{.max_results = 1};
  auto page = Run(service().SearchModels(Who(), request, Soon()));
  ASSERT_EQ(Said(page), "ok");
  request.page_token = page->next_page_token;
  request.filter = "name LIKE '%'";
  auto other = Run(service().SearchModels(Who(), request, Soon()));
  EXPECT_EQ(Said(other).substr(0, 16), "invalid_argument");
}

TEST_P(RegistrySearchTest, PromptsAreShownOnlyWhenAskedFor) {
  NewModel("model");
  NewModel("prompt", {{"mlflow.prompt.is_prompt", "true"}});
  EXPECT_THAT(Models(""), ElementsAre("model"));
  EXPECT_THAT(Models("tags.`mlflow.prompt.is_prompt` = 'true'"), ElementsAre("prompt"));
}

STETIG_ON_BOTH_STORES(RegistrySearchTest);

}  // namespace
}  // namespace stetig::registry
