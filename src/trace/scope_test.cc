// What belongs to a project.
#include <gmock/gmock.h>

#include "trace/testing/fixture.h"

namespace stetig::trace {
namespace {

using ::testing::UnorderedElementsAre;

class ScopeTest : public testing::TraceTest {
 protected:
  std::set<std::string> Of(std::string project, std::vector<NodeRef> also = {}) {
    Project();
    const auto scope = Run(service().FindScope(
        {.project = std::move(project), .as_of = {}, .also = std::move(also)}, Soon()));
    EXPECT_TRUE(scope) << scope.error().ToString();
    std::set<std::string> ids;
    if (!scope) return ids;
    EXPECT_TRUE(scope->complete);
    for (const Node& node : scope->nodes) {
      EXPECT_TRUE(ids.insert(node.ref.type + " " + node.ref.id).second) << node.ref.id;
    }
    joins_.clear();
    for (const Scope::Join& join : scope->joins) {
      joins_.insert(scope->nodes[join.from].ref.id + " " + join.type + " " +
                    scope->nodes[join.to].ref.id);
    }
    return ids;
  }
  std::set<std::string> joins_;
};
STETIG_ON_BOTH_STORES(ScopeTest);

TEST_P(ScopeTest, AnUnknownProjectHasNothing) { EXPECT_TRUE(Of("p").empty()); }

TEST_P(ScopeTest, ItIsWhatCameOfItsRecordsAndAllThatTheyCameFrom) {
  project_ = "p";
  Add("requirement.created", {"requirement", "q"}, {}, R"({"title":"Q"})");
  project_ = "other";
  Add("requirement.created", {"requirement", "foreign"}, {}, R"({"title":"F"})");
  project_ = "";
  Add("run.created", {"run", "r1"}, {}, R"({"name":"n","commit":"abc"})");
  Add("dataset.seen", {"dataset", "1/d/9"}, {{"run", "r1"}}, R"({"name":"d","digest":"9"})");
  // Another run of the same data and commit, for the other project.
  Add("run.created", {"run", "r2"}, {}, R"({"name":"n","commit":"abc"})");
  Add("dataset.used", {"dataset", "1/d/9"}, {{"run", "r2"}}, R"({"name":"d","digest":"9"})");
  AddLink("implements", {"run", "r1"}, {"requirement", "q"});
  AddLink("implements", {"run", "r2"}, {"requirement", "foreign"});
  EXPECT_THAT(Of("p"),
              UnorderedElementsAre("requirement q", "run r1", "commit abc", "dataset_version d/9"));
  EXPECT_THAT(joins_,
              UnorderedElementsAre("q implemented_by r1", "abc trained r1", "d/9 input_of r1"));
}

TEST_P(ScopeTest, ExperimentsJoinedWithTheProjectBringTheirRuns) {
  Add("experiment.created", {"experiment", "1"});
  Add("run.created", {"run", "r1"}, {{"experiment", "1"}});
  Add("run.created", {"run", "r2"}, {{"experiment", "2"}});
  AddLink("relates", {"experiment", "1"}, {"project", "p"});
  EXPECT_THAT(Of("p"), UnorderedElementsAre("project p", "experiment 1", "run r1"));
}

TEST_P(ScopeTest, WhatPeopleNamedComesWithWhatCameOfIt) {
  Add("run.created", {"run", "r1"});
  Add("logged_model.created", {"logged_model", "m1"}, {{"run", "r1"}});
  AddLink("evidence", {"run", "r1"}, {"phase", "p/modeling"});
  EXPECT_TRUE(Of("p").empty());
  EXPECT_THAT(Of("p", {{"phase", "p/modeling"}, {"phase", "p/none"}}),
              UnorderedElementsAre("run r1", "logged_model m1", "phase p/modeling"));
}

}  // namespace
}  // namespace stetig::trace
