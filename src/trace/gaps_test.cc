// A whole project by hand: 3 requirements, 8 tasks, 40 commits, 6 runs, 4 models, 2 deployments, 1
// incident. Each of its links is watched by exactly one rule.
#include <fmt/format.h>

#include "trace/gap_rules.h"
#include "trace/testing/fixture.h"

namespace stetig::trace {
namespace {

using testing::EdgeName;

/// A link and the gap that its absence is.
struct Golden {
  std::string type;
  NodeRef from;
  NodeRef to;
  std::string missing;
  NodeRef at;
};

NodeRef Requirement(int n) { return {"requirement", fmt::format("R{}", n)}; }
NodeRef TaskOf(int n) { return {"task", fmt::format("T{}", n)}; }
NodeRef Commit(int n) { return {"commit", fmt::format("c{:02}", n)}; }
NodeRef RunOf(int n) { return {"run", fmt::format("run{}", n)}; }
NodeRef Model(int n) { return {"model_version", fmt::format("wine/{}", n)}; }
const NodeRef kData1{"dataset_version", "wine/d1"};
const NodeRef kData2{"dataset_version", "wine/d2"};

constexpr int kRequirementOfTask[] = {0, 1, 1, 1, 2, 2, 2, 3, 3};  // [task]
constexpr int kCommitOfRun[] = {0, 5, 10, 20, 25, 35, 40};         // [run]
constexpr int kRunOfModel[] = {0, 1, 3, 4, 5};                     // [version]
int TaskOfCommit(int commit) { return (commit + 4) / 5; }

std::vector<Golden> GoldenLinks() {
  std::vector<Golden> all;
  for (int i = 1; i <= 3; ++i) {
    const std::string id = fmt::format("R{}", i);
    all.push_back({"states",
                   {"requirement_version", id + "/1"},
                   Requirement(i),
                   "requirement_without_version",
                   Requirement(i)});
    all.push_back({"approves",
                   {"approval", "of-" + id},
                   Requirement(i),
                   "requirement_without_approval",
                   Requirement(i)});
  }
  for (int i = 1; i <= 8; ++i) {
    all.push_back({"implemented_by", Requirement(kRequirementOfTask[i]), TaskOf(i),
                   "task_without_requirement", TaskOf(i)});
  }
  for (int i = 1; i <= 40; ++i) {
    all.push_back(
        {"done_in", TaskOf(TaskOfCommit(i)), Commit(i), "commit_without_task", Commit(i)});
  }
  for (int i = 1; i <= 6; ++i) {
    all.push_back({"trained", Commit(kCommitOfRun[i]), RunOf(i), "run_without_commit", RunOf(i)});
    all.push_back(
        {"input_of", i <= 3 ? kData1 : kData2, RunOf(i), "run_without_dataset", RunOf(i)});
  }
  for (int i = 1; i <= 4; ++i) {
    all.push_back(
        {"produced", RunOf(kRunOfModel[i]), Model(i), "model_version_without_run", Model(i)});
  }
  for (int i = 1; i <= 2; ++i) {
    const NodeRef release{"release", fmt::format("rel{}", i)};
    const NodeRef deployment{"deployment", fmt::format("dep{}", i)};
    const NodeRef gate{"gate_result", fmt::format("g{}", i)};
    const NodeRef window{"window", fmt::format("w{}", i)};
    all.push_back({"judged_by", Model(2 * i), gate, "gate_result_without_model_version", gate});
    all.push_back({"released_in", Model(2 * i), release, "release_without_model_version", release});
    all.push_back({"approves",
                   {"approval", "of-" + release.id},
                   release,
                   "release_without_approval",
                   release});
    all.push_back({"deployed_as", release, deployment, "deployment_without_release", deployment});
    all.push_back({"observed_in", deployment, window, "window_without_deployment", window});
  }
  const NodeRef alert{"alert", "a1"};
  const NodeRef incident{"incident", "i1"};
  const NodeRef change{"change_request", "cr1"};
  all.push_back({"raised", {"window", "w2"}, alert, "alert_without_window", alert});
  all.push_back({"raised", alert, incident, "alert_without_answer", alert});
  all.push_back({"asked_for", incident, change, "incident_without_answer", incident});
  all.push_back({"led_to", change, Requirement(3), "change_request_without_requirement", change});
  return all;
}

class GapsTest : public testing::TraceTest {
 protected:
  static journal::Ref Ref(const NodeRef& node) { return {node.type, node.id}; }

  /// The project as its modules would write it down.
  void AddProject() {
    project_ = "wine";
    for (int i = 1; i <= 3; ++i) {
      Add("requirement.created", Ref(Requirement(i)), {},
          R"({"version":1,"title":"Better wine","status":"approved"})");
      Add("approval.given", {"approval", fmt::format("of-R{}", i)}, {Ref(Requirement(i))});
    }
    for (int i = 1; i <= 8; ++i) {
      Add("task.created", Ref(TaskOf(i)), {Ref(Requirement(kRequirementOfTask[i]))},
          R"({"title":"Work","status":"done"})");
    }
    for (int i = 1; i <= 40; ++i) {
      Add("commit.recorded", Ref(Commit(i)), {Ref(TaskOf(TaskOfCommit(i)))});
    }
    for (int i = 1; i <= 6; ++i) {
      Add("run.created", Ref(RunOf(i)), {},
          fmt::format(R"({{"name":"r","commit":"{}"}})", Commit(kCommitOfRun[i]).id));
      Add(i == 1 || i == 4 ? "dataset.seen" : "dataset.used",
          {"dataset", fmt::format("1/wine/d{}", i <= 3 ? 1 : 2)}, {Ref(RunOf(i))},
          fmt::format(R"({{"name":"wine","digest":"d{}"}})", i <= 3 ? 1 : 2));
    }
    for (int i = 1; i <= 4; ++i) {
      Add("model_version.created", Ref(Model(i)), {Ref(RunOf(kRunOfModel[i]))});
    }
    for (int i = 1; i <= 2; ++i) {
      const std::string n = std::to_string(i);
      Add("gate_result.recorded", {"gate_result", "g" + n}, {Ref(Model(2 * i))},
          R"({"status":"passed"})");
      Add("approval.given", {"approval", "of-rel" + n}, {{"release", "rel" + n}});
      Add("release.created", {"release", "rel" + n}, {Ref(Model(2 * i))});
      Add("deployment.created", {"deployment", "dep" + n}, {{"release", "rel" + n}});
      Add("window.recorded", {"window", "w" + n}, {{"deployment", "dep" + n}});
    }
    Add("alert.fired", {"alert", "a1"}, {{"window", "w2"}});
    Add("incident.created", {"incident", "i1"}, {{"alert", "a1"}});
    Add("change_request.created", {"change_request", "cr1"},
        {{"incident", "i1"}, Ref(Requirement(3))});
    Project();
  }

  std::vector<Gap> Roots() { return Gaps({.project = "wine", .consequences = false}); }
};

TEST_P(GapsTest, TheProjectIsTheGoldenGraphInBothDirections) {
  AddProject();
  std::set<EdgeName> golden;
  std::set<NodeRef> nodes;
  for (const Golden& link : GoldenLinks()) {
    golden.emplace(link.type, link.from, link.to);
    nodes.insert(link.from);
    nodes.insert(link.to);
  }
  EXPECT_EQ(golden.size(), GoldenLinks().size());
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    std::set<EdgeName> found;
    for (const NodeRef& node : nodes) {
      const TraceAnswer answer = Ask({.start = node, .direction = direction});
      found.merge(EdgesOf(answer));
    }
    EXPECT_EQ(found, golden);
  }
  // Backward from the first deployment, by hand.
  EXPECT_EQ(NodesOf(Ask({.start = {"deployment", "dep1"}, .direction = Direction::kBackward})),
            (std::set<NodeRef>{{"deployment", "dep1"},
                               {"release", "rel1"},
                               {"approval", "of-rel1"},
                               {"model_version", "wine/2"},
                               {"run", "run3"},
                               {"dataset_version", "wine/d1"},
                               {"commit", "c20"},
                               {"task", "T4"},
                               {"requirement", "R2"},
                               {"requirement_version", "R2/1"},
                               {"approval", "of-R2"}}));
  // Forward from the second data set: three runs, two models, and the incident's whole cycle.
  const auto impact = Run(service().FindImpact({.start = kData2}, Soon()));
  std::map<std::string, int64_t> counts;
  for (const ImpactGroup& group : impact->groups) {
    counts[group.type] = group.count;
  }
  EXPECT_EQ(counts, (std::map<std::string, int64_t>{{"alert", 1},
                                                    {"change_request", 1},
                                                    {"commit", 10},
                                                    {"deployment", 1},
                                                    {"gate_result", 1},
                                                    {"incident", 1},
                                                    {"model_version", 2},
                                                    {"release", 1},
                                                    {"requirement", 1},
                                                    {"run", 3},
                                                    {"task", 2},
                                                    {"window", 1}}));
}

TEST_P(GapsTest, AWholeProjectHasNoGaps) {
  AddProject();
  EXPECT_EQ(Gaps(), std::vector<Gap>());
}

TEST_P(GapsTest, AnyMissingLinkIsExactlyOneGap) {
  AddProject();
  for (const Golden& link : GoldenLinks()) {
    AddEnd(link.type, link.from, link.to);
    Project();
    const std::vector<Gap> roots = Roots();
    ASSERT_EQ(roots.size(), 1) << link.type << " " << link.from.id << " " << link.to.id << " "
                               << ::testing::PrintToString(roots);
    EXPECT_EQ(roots[0].missing, link.missing);
    EXPECT_EQ(roots[0].node, link.at);
    for (const Gap& gap : Gaps({.project = "wine"})) {
      if (gap.because) {
        EXPECT_EQ(gap.because->node, link.at) << gap.sentence;
        EXPECT_EQ(gap.because->missing, link.missing);
      } else {
        EXPECT_EQ(gap, roots[0]);
      }
    }
    AddLink(link.type, link.from, link.to);
    Project();
    ASSERT_TRUE(Roots().empty());
  }
}

TEST_P(GapsTest, ABrokenChainIsAGapOfTheModelVersionThatNamesThePlace) {
  AddProject();
  AddEnd("done_in", TaskOf(4), Commit(20));
  Project();
  const std::vector<Gap> gaps = Gaps({.nodes = {Model(2)}});
  ASSERT_EQ(gaps.size(), 1);
  EXPECT_EQ(gaps[0].missing, "model_version_without_approved_requirement");
  EXPECT_EQ(gaps[0].sentence, "model version wine/2 has no approved requirement");
  EXPECT_EQ(gaps[0].because, (Gap::Cause{Commit(20), "commit_without_task"}));
  EXPECT_TRUE(Gaps({.nodes = {Model(1), Model(3)}}).empty());
}

TEST_P(GapsTest, ARequirementThatIsNotApprovedIsNoApprovedRequirement) {
  AddProject();
  Add("requirement.updated", Ref(Requirement(1)), {},
      R"({"version":1,"title":"Better wine","status":"withdrawn"})");
  Project();
  const std::vector<Gap> gaps = Gaps();
  ASSERT_EQ(gaps.size(), 1);
  EXPECT_EQ(gaps[0].missing, "model_version_without_approved_requirement");
  EXPECT_EQ(gaps[0].node, Model(1));
  EXPECT_FALSE(gaps[0].because.has_value());
  // As of the 32nd commit nothing was trained yet, and the last task had no commit.
  std::set<std::pair<std::string, std::string>> then;
  for (const Gap& gap : Gaps({.as_of = AsOf::At({testing::kStart + 46'000})})) {
    then.emplace(gap.node.id, gap.missing);
  }
  EXPECT_EQ(then, (std::set<std::pair<std::string, std::string>>{{"R1", "requirement_without_run"},
                                                                 {"R2", "requirement_without_run"},
                                                                 {"R3", "requirement_without_run"},
                                                                 {"T8", "task_without_commit"}}));
}

TEST_P(GapsTest, ARequirementOfTheCycleBeforeIsNoneOfThisOne) {
  AddProject();
  Add("task.created", {"task", "T9"}, {{"change_request", "cr1"}}, R"({"title":"Mend"})");
  Add("commit.recorded", {"commit", "c41"}, {{"task", "T9"}});
  Add("run.created", {"run", "run7"}, {}, R"({"commit":"c41"})");
  Add("dataset.used", {"dataset", "1/wine/d1"}, {{"run", "run7"}},
      R"({"name":"wine","digest":"d1"})");
  Add("model_version.created", {"model_version", "wine/5"}, {{"run", "run7"}});
  Project();
  const std::vector<Gap> gaps = Gaps();
  ASSERT_EQ(gaps.size(), 1);
  EXPECT_EQ(gaps[0].node, (NodeRef{"model_version", "wine/5"}));
  EXPECT_EQ(gaps[0].missing, "model_version_without_approved_requirement");
}

TEST_P(GapsTest, DeletedNodesHaveNoGapsAndDidBefore) {
  project_ = "p";
  Add("task.created", {"task", "T"}, {}, "{}", 1'000);
  Add("task.deleted", {"task", "T"}, {}, "{}", 2'000);
  Project();
  EXPECT_TRUE(Gaps().empty());
  EXPECT_EQ(Gaps({.as_of = AsOf::At({1'500})}).size(), 2);
  EXPECT_TRUE(Gaps({.as_of = AsOf::At({500})}).empty());
}

TEST_P(GapsTest, GapsComeInPagesByProjectAndType) {
  for (int i = 0; i < 500; ++i) {
    project_ = i % 2 == 0 ? "even" : "odd";
    Add("commit.recorded", {"commit", fmt::format("c{}", i)});
  }
  Add("run.created", {"run", "r"});
  Project();
  GapQuery query{.project = "even", .node_type = "commit", .limit = 90};
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto page = Run(service().FindGaps(query, Soon()));
    ASSERT_TRUE(page) << page.error().ToString();
    EXPECT_LE(page->gaps.size(), 90);
    for (const Gap& gap : page->gaps) {
      EXPECT_EQ(gap.missing, "commit_without_task");
      EXPECT_TRUE(seen.insert(gap.node.id).second);
    }
    query.page_token = page->next;
    ++pages;
  } while (!query.page_token.empty() && pages < 10);
  EXPECT_EQ(seen.size(), 250);
  EXPECT_EQ(Gaps({.limit = 1'000}).size(), 502);
  const auto code = [&](GapQuery bad) {
    const auto page = Run(service().FindGaps(std::move(bad), Soon()));
    return page ? Code::kOk : page.error().code();
  };
  EXPECT_EQ(code({.limit = 0}), Code::kInvalidArgument);
  EXPECT_EQ(code({.node_type = "user"}), Code::kInvalidArgument);
  EXPECT_EQ(code({.page_token = "g1.x.0.0."}), Code::kInvalidArgument);
  EXPECT_EQ(code({.nodes = {{"run", "none"}}}), Code::kNotFound);
}

TEST(GapRules, AreNamedByWhatTheyWatch) {
  std::set<std::string_view> ids;
  for (const GapRule& rule : GapRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(rule.id.starts_with(rule.node_type)) << rule.id;
    EXPECT_FALSE(rule.wanted.front().empty()) << rule.id;
  }
}

STETIG_ON_BOTH_STORES(GapsTest);

}  // namespace
}  // namespace stetig::trace
