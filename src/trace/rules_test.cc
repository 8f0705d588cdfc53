#include "trace/rules.h"

#include <gtest/gtest.h>

namespace stetig::trace {
namespace {

journal::Event Made(std::string kind, journal::Ref subject, std::vector<journal::Ref> refs = {},
                    std::string payload = "{}") {
  return {.seq = 7,
          .time = {1'700'000'000'000},
          .kind = std::move(kind),
          .subject = std::move(subject),
          .refs = std::move(refs),
          .payload = std::move(payload)};
}

template <class T>
std::vector<T> Of(const Facts& facts) {
  std::vector<T> found;
  for (const Fact& fact : facts.facts) {
    if (const T* one = std::get_if<T>(&fact)) {
      found.push_back(*one);
    }
  }
  return found;
}

TEST(Rules, ARunIsRunningAndCameOfItsCommit) {
  const Facts facts = Interpret(Made("run.created", {"run", "r1"}, {{"experiment", "3"}},
                                     R"({"name":"calm-cat-1","commit":"abc"})"));
  EXPECT_TRUE(facts.rejected.empty());
  const auto nodes = Of<NodeFact>(facts);
  ASSERT_EQ(nodes.size(), 1);
  EXPECT_EQ(nodes[0].ref, (NodeRef{"run", "r1"}));
  EXPECT_TRUE(nodes[0].created);
  EXPECT_EQ(nodes[0].title, "calm-cat-1");
  EXPECT_EQ(nodes[0].status, "running");
  const auto links = Of<LinkFact>(facts);
  ASSERT_EQ(links.size(), 2);
  EXPECT_EQ(links[0].type, "contains");
  EXPECT_EQ(links[0].from, (NodeRef{"experiment", "3"}));
  EXPECT_EQ(links[0].basis, Basis::kAsserted);
  EXPECT_EQ(links[1].type, "trained");
  EXPECT_EQ(links[1].from, (NodeRef{"commit", "abc"}));
  EXPECT_EQ(links[1].to, (NodeRef{"run", "r1"}));
  EXPECT_EQ(links[1].basis, Basis::kDerived);
  EXPECT_EQ(links[1].rule, "mlflow.source.git.commit");
}

TEST(Rules, ADataSetIsOneVersionWhateverTheExperiment) {
  const char* payload = R"({"name":"wine","digest":"f00d","source_type":"local"})";
  const auto one = Of<LinkFact>(
      Interpret(Made("dataset.seen", {"dataset", "1/wine/f00d"}, {{"run", "a"}}, payload)));
  const auto two = Of<LinkFact>(
      Interpret(Made("dataset.used", {"dataset", "2/wine/f00d"}, {{"run", "b"}}, payload)));
  ASSERT_EQ(one.size(), 1);
  ASSERT_EQ(two.size(), 1);
  EXPECT_EQ(one[0].from, (NodeRef{"dataset_version", "wine/f00d"}));
  EXPECT_EQ(one[0].from, two[0].from);
  EXPECT_EQ(one[0].to, (NodeRef{"run", "a"}));
}

TEST(Rules, AnAliasIsNoStateOfItsModelVersion) {
  const Facts set =
      Interpret(Made("alias.set", {"model_version", "iris/3"}, {{"alias", "iris@champion"}}));
  EXPECT_TRUE(Of<NodeFact>(set).empty());
  ASSERT_EQ(Of<LinkFact>(set).size(), 1);
  EXPECT_TRUE(Of<LinkFact>(set)[0].alone);
  const Facts deleted =
      Interpret(Made("alias.deleted", {"model_version", "iris/3"}, {{"alias", "iris@champion"}}));
  EXPECT_TRUE(Of<NodeFact>(deleted).empty());
  ASSERT_EQ(Of<EndFact>(deleted).size(), 1);
  EXPECT_EQ(Of<EndFact>(deleted)[0].to, (NodeRef{"alias", "iris@champion"}));
}

TEST(Rules, ARequirementHasVersionsOfItsText) {
  const Facts facts = Interpret(Made("requirement.updated", {"requirement", "R-1"}, {},
                                     R"({"version":2,"title":"Fast","status":"Approved"})"));
  const auto nodes = Of<NodeFact>(facts);
  ASSERT_EQ(nodes.size(), 2);
  EXPECT_EQ(nodes[0].status, "approved");
  EXPECT_EQ(nodes[1].ref, (NodeRef{"requirement_version", "R-1/2"}));
  EXPECT_EQ(nodes[1].title, "Fast");
  const auto links = Of<LinkFact>(facts);
  ASSERT_EQ(links.size(), 1);
  EXPECT_EQ(links[0].type, "states");
  EXPECT_EQ(links[0].to, (NodeRef{"requirement", "R-1"}));
  EXPECT_TRUE(links[0].alone);
}

TEST(Rules, AGenericLinkCarriesRuleEvidenceBasisAndTime) {
  const Facts facts = Interpret(
      Made("link.asserted", {"commit", "abc"}, {},
           R"({"type":"done_in","from":["task","T-1"],"to":["commit","abc"],"basis":"derived",)"
           R"("rule":"trailer","evidence":"Task: T-1","valid_from":1699999999999})"));
  const auto links = Of<LinkFact>(facts);
  ASSERT_EQ(links.size(), 1);
  EXPECT_EQ(links[0], (LinkFact{.type = "done_in",
                                .from = {"task", "T-1"},
                                .to = {"commit", "abc"},
                                .basis = Basis::kDerived,
                                .rule = "trailer",
                                .evidence = "Task: T-1",
                                .valid_from = WallTime{1'699'999'999'999}}));
}

TEST(Rules, LinksOfPlanningLeadTheWayOfTheWork) {
  const auto links = Of<LinkFact>(
      Interpret(Made("link.asserted", {"link", "01H"}, {{"task", "T"}, {"requirement", "R"}},
                     R"({"type":"implements","from":["task","T"],"to":["requirement","R"]})")));
  ASSERT_EQ(links.size(), 1);
  EXPECT_EQ(links[0].type, "implemented_by");
  EXPECT_EQ(links[0].from, (NodeRef{"requirement", "R"}));
  EXPECT_EQ(links[0].to, (NodeRef{"task", "T"}));
  const auto ends = Of<EndFact>(
      Interpret(Made("link.ended", {"link", "01H"}, {},
                     R"({"type":"implements","from":["task","T"],"to":["requirement","R"]})")));
  ASSERT_EQ(ends.size(), 1);
  EXPECT_EQ(ends[0].from, (NodeRef{"requirement", "R"}));
  EXPECT_TRUE(Interpret(Made("link.reviewed", {"link", "01H"}, {{"task", "T"}})).facts.empty());
}

TEST(Rules, WhoSetsARequirementToApprovedApprovesIt) {
  journal::Event event =
      Made("requirement.updated", {"requirement", "R"}, {},
           R"({"key":"WINE-3","version":2,"status":"approved","changed":["status"]})");
  event.actor = "ada";
  const Facts facts = Interpret(event);
  const auto links = Of<LinkFact>(facts);
  ASSERT_EQ(links.size(), 2);
  EXPECT_EQ(links[1].type, "approves");
  EXPECT_EQ(links[1].from, (NodeRef{"approval", "requirement/R/2"}));
  EXPECT_EQ(links[1].basis, Basis::kDerived);
  EXPECT_EQ(Of<NodeFact>(facts)[0].key, "WINE-3");
  EXPECT_EQ(*json::Value(Of<NodeFact>(facts)[2].attributes).Find("by")->AsString(), "ada");
  event.payload = R"({"version":2,"status":"approved","changed":["title"]})";
  EXPECT_EQ(Of<LinkFact>(Interpret(event)).size(), 1);
}

TEST(Rules, WhatCannotBeReadIsSaidAndLeftOut) {
  for (const char* payload :
       {"[]", "nonsense", R"({"type":"x"})", R"({"type":"X","from":["a","b"],"to":["c","d"]})",
        R"({"type":"x","from":["a"],"to":["c","d"]})",
        R"({"type":"x","from":["A","b"],"to":["c","d"]})",
        R"({"type":"x","from":["a",""],"to":["c","d"]})",
        R"({"type":"x","from":["a","b\u0000"],"to":["c","d"]})",
        R"({"type":"x","from":["a","b"],"to":["c","d"],"basis":"sure"})",
        R"({"type":"x","from":["a","b"],"to":["c","d"],"valid_from":"now"})"}) {
    const Facts facts = Interpret(Made("link.asserted", {"a", "b"}, {}, payload));
    EXPECT_TRUE(facts.facts.empty()) << payload;
    EXPECT_FALSE(facts.rejected.empty()) << payload;
  }
}

TEST(Rules, AttributesAreBoundedScalars) {
  std::string payload = R"({"title":"t","nested":{"a":1},"list":[1],"zero":"a\u0000b","long":")" +
                        std::string(2'000, 'x') + "\"";
  for (int i = 0; i < 100; ++i) {
    payload += ",\"m" + std::to_string(i) + "\":" + std::to_string(i);
  }
  payload += "}";
  const auto nodes = Of<NodeFact>(Interpret(Made("task.created", {"task", "T"}, {}, payload)));
  ASSERT_EQ(nodes.size(), 1);
  EXPECT_EQ(nodes[0].attributes.size(), 32);
  const json::Value attributes(nodes[0].attributes);
  EXPECT_EQ(*attributes.Find("zero")->AsString(), "ab");
  EXPECT_EQ(attributes.Find("long")->AsString()->size(), 512);
  EXPECT_EQ(attributes.Find("nested"), nullptr);
  EXPECT_EQ(attributes.Find("title"), nullptr);
}

TEST(Rules, EventsOfOtherThingsSayNothing) {
  EXPECT_TRUE(Interpret(Made("user.created", {"user", "ada"})).facts.empty());
  EXPECT_TRUE(Interpret(Made("artifact.stored", {"artifact", "a/b"})).facts.empty());
}

}  // namespace
}  // namespace stetig::trace
