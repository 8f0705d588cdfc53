// Phases of CRISP-DM and the maturity page over a small history of events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "planning/maturity_rules.h"
#include "planning/phases.h"
#include "planning/testing/fixture.h"
#include "trace/projector.h"

namespace stetig::planning {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Message;
using testing::Outcome;

TEST(MaturityRulesTest, TheTableIsSound) {
  std::set<std::string_view> ids;
  int level = 0;
  for (const BoxDef& box : BoxDefs()) {
    EXPECT_TRUE(ids.insert(box.id).second) << box.id;
    EXPECT_EQ(box.id.substr(0, 2), std::to_string(box.level) + ".") << box.id;
    EXPECT_GE(box.level, level) << box.id;
    EXPECT_LE(box.level, kTopLevel) << box.id;
    level = box.level;
    for (const std::string_view text : {box.group, box.title, box.source, box.part}) {
      EXPECT_FALSE(text.empty()) << box.id;
    }
    EXPECT_FALSE(box.any[0].node_type.empty() && box.any[0].phase.empty()) << box.id;
  }
  EXPECT_EQ(level, kTopLevel);
}

// Google's document counts them (pipelines: 7 components, 6 stages, 6 tests, 8 duties, 5 triggers).
TEST(MaturityRulesTest, TheCountsAreThoseOfTheModel) {
  std::map<std::string_view, int> counts;
  for (const BoxDef& box : BoxDefs()) ++counts[box.group];
  EXPECT_EQ(counts["Base steps"], 8);
  EXPECT_EQ(counts["Triggers"], 5);
  EXPECT_EQ(counts["Components"], 7);
  EXPECT_EQ(counts["Stages"], 6);
  EXPECT_EQ(counts["Continuous integration tests"], 6);
  EXPECT_EQ(counts["Continuous delivery"], 8);
}

class PhasesTest : public testing::PlanningTest {
 protected:
  void SetUp() override {
    PlanningTest::SetUp();
    if (!HasFatalFailure()) project_ = MakeProject();
  }

  void Event(std::string kind, journal::Ref subject, std::vector<journal::Ref> refs = {},
             std::string payload = "{}") {
    journal::Event event{.time = clock_.Now(),
                         .actor = "ada",
                         .kind = std::move(kind),
                         .subject = std::move(subject),
                         .refs = std::move(refs),
                         .payload = std::move(payload)};
    const Status added =
        Write([event](store::Transaction& tx) -> Status { return journal::Append(tx, event); });
    ASSERT_TRUE(added.ok()) << added.ToString();
  }
  /// As tracking and registry write them: experiment 1 with a run that a commit and a data set went
  /// into, a model of it, a version, and an alias. Nothing names the project.
  void Train() {
    Event("experiment.created", {"experiment", "1"}, {}, R"({"name":"e"})");
    Event("run.created", {"run", "r1"}, {{"experiment", "1"}}, R"({"name":"n","commit":"abc"})");
    Event("dataset.seen", {"dataset", "1/d/9"}, {{"run", "r1"}}, R"({"name":"d","digest":"9"})");
    Event("logged_model.created", {"logged_model", "m1"}, {{"run", "r1"}});
    Event("run.finished", {"run", "r1"}, {{"experiment", "1"}}, R"({"status":"FINISHED"})");
    Event("model_version.created", {"model_version", "churn/1"},
          {{"registered_model", "churn"}, {"run", "r1"}});
    Event("alias.set", {"model_version", "churn/1"}, {{"alias", "churn@champion"}});
  }
  Link Join(std::string type, Ref from, Ref to) {
    return Must(Run(service().AddLink(
        Who(), {.type = std::move(type), .from = std::move(from), .to = std::move(to)}, Soon())));
  }
  void Project() { ASSERT_TRUE(Run(trace::Projector(db()).CatchUp(Soon())).has_value()); }

  std::map<std::string, PhaseState> Phases(std::string project = "CHURN") {
    Project();
    std::map<std::string, PhaseState> states;
    auto listed = Must(Run(service().ListPhases(Who(), std::move(project), Soon())));
    for (PhaseState& state : listed) states.emplace(state.name, std::move(state));
    return states;
  }
  Result<PhaseState> Set(std::string phase, std::optional<std::string> status,
                         std::optional<std::string> note = {}) {
    return Run(service().ChangePhase(Who("bob"),
                                     {.project = "CHURN",
                                      .phase = std::move(phase),
                                      .status = std::move(status),
                                      .note = std::move(note)},
                                     Soon()));
  }
  std::vector<EvidenceItem> EvidenceOf(std::string phase) {
    Project();
    return Must(Run(service().ListPhaseEvidence(Who(), "CHURN", std::move(phase), Soon()))).items;
  }
  std::map<std::string, MaturityBox> Boxes(std::string project = "CHURN") {
    Project();
    std::map<std::string, MaturityBox> boxes;
    for (MaturityBox& box :
         Must(Run(service().GetMaturity(Who(), std::move(project), Soon()))).boxes) {
      boxes.emplace(box.id, std::move(box));
    }
    return boxes;
  }
  static std::vector<std::string> Ticked(const std::map<std::string, MaturityBox>& boxes) {
    std::vector<std::string> ids;
    for (const auto& [id, box] : boxes) {
      if (box.state == BoxState::kTicked) ids.push_back(id);
    }
    return ids;
  }

  planning::Record project_;
};
STETIG_ON_BOTH_STORES(PhasesTest);

TEST_P(PhasesTest, ThereAreSixAndNobodyHasTouchedThem) {
  const auto listed = Must(Run(service().ListPhases(Who(), "CHURN", Soon())));
  std::vector<std::string> names;
  for (const PhaseState& state : listed) {
    names.push_back(state.name);
    EXPECT_EQ(state.status, "open");
    EXPECT_FALSE(state.updated.has_value());
    EXPECT_EQ(state.asserted + state.derived, 0) << state.name;
  }
  EXPECT_THAT(names, ElementsAre("business_understanding", "data_understanding", "data_preparation",
                                 "modeling", "evaluation", "deployment"));
  EXPECT_EQ(Outcome(Run(service().ListPhases(Who(), "NONE", Soon()))),
            "not_found/record_not_found");
}

TEST_P(PhasesTest, StatusAndNoteAreSetAndGoBackAndForth) {
  const int64_t before = Head();
  EXPECT_EQ(Set("data-understanding", "active", "Looking")->status, "active");
  EXPECT_EQ(Set("data_understanding", "done")->note, "Looking");
  EXPECT_EQ(Set("data_understanding", "done")->updated_by, "bob");  // again: nothing
  EXPECT_EQ(Set("data_understanding", "open", "")->note, "");
  EXPECT_EQ(Phases()["data_understanding"].status, "open");
  const auto events = Events(before);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, "phase.changed");
  EXPECT_EQ(events[0].subject, (journal::Ref{"phase", project_.id + "/data_understanding"}));
  EXPECT_EQ(events[0].project, project_.id);
  EXPECT_EQ(events[1].payload, R"({"project":"CHURN","phase":"data_understanding",)"
                               R"("status":"done","before":"active","note":"Looking"})");
}

TEST_P(PhasesTest, BadPhasesAndValuesAreRefused) {
  EXPECT_EQ(Outcome(Set("design", "done")), "not_found/phase_not_found");
  EXPECT_EQ(Outcome(Set("modeling", "finished")), "invalid_argument/invalid_field");
  EXPECT_EQ(Outcome(Set("modeling", {}, std::string(501, 'x'))), "invalid_argument/invalid_field");
  EXPECT_EQ(Outcome(Set("modeling", {}, std::string("a\0b", 3))), "invalid_argument/invalid_field");
  const auto add = [&](Ref to) {
    return Outcome(Run(service().AddLink(
        Who(), {.type = "evidence", .from = {"run", "r"}, .to = std::move(to)}, Soon())));
  };
  EXPECT_EQ(add({"phase", "modeling"}), "invalid_argument/invalid_field");
  EXPECT_EQ(add({"phase", "CHURN/design"}), "invalid_argument/invalid_field");
  EXPECT_EQ(add({"phase", "NONE/modeling"}), "not_found/record_not_found");
  EXPECT_EQ(add({"phase", "CHURN/modeling"}), "ok");
}

TEST_P(PhasesTest, PeopleNameEvidenceAndTakeItBack) {
  Make("review", R"({"title":"With sales","date":"2026-11-27"})");
  const auto named = Must(Run(service().AssertPhaseEvidence(
      Who("bob"),
      {.project = "CHURN", .phase = "evaluation", .thing = {"review", "CHURN-1"}, .note = "Seen"},
      Soon())));
  EXPECT_EQ(named.to, (Ref{"phase", project_.id + "/evaluation"}));
  auto items = EvidenceOf("evaluation");
  ASSERT_EQ(items.size(), 1U);  // planned, so no rule finds it
  EXPECT_EQ(items[0].title, "With sales");
  EXPECT_EQ(items[0].basis, "asserted");
  EXPECT_EQ(items[0].note, "Seen");
  EXPECT_EQ(items[0].by, "bob");
  EXPECT_EQ(Phases()["evaluation"].asserted, 1);
  EXPECT_EQ(Phases()["modeling"].asserted, 0);
  ASSERT_TRUE(Run(service().EndLink(Who(), items[0].link, Soon())).has_value());
  EXPECT_THAT(EvidenceOf("evaluation"), IsEmpty());
  EXPECT_EQ(Phases()["evaluation"].asserted, 0);
}

TEST_P(PhasesTest, RulesFindWhatTheGraphJoinsWithTheProject) {
  Train();
  EXPECT_EQ(Phases()["modeling"].derived, 0);  // nothing says that it is this project's
  Join("relates", {"project", "CHURN"}, {"experiment", "1"});
  auto phases = Phases();
  EXPECT_EQ(phases["business_understanding"].derived, 0);
  EXPECT_EQ(phases["data_understanding"].derived, 1);
  EXPECT_EQ(phases["data_preparation"].derived, 1);
  EXPECT_EQ(phases["modeling"].derived, 2);
  EXPECT_EQ(phases["evaluation"].derived, 0);
  EXPECT_EQ(phases["deployment"].derived, 1);
  Import("requirement", R"({"title":"R","status":"approved"})");
  Join("satisfies", {"model_version", "churn/1"}, {"requirement", "CHURN-1"});
  phases = Phases();
  EXPECT_EQ(phases["business_understanding"].derived, 1);
  EXPECT_EQ(phases["evaluation"].derived, 1);
  const auto items = EvidenceOf("evaluation");
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].ref, (Ref{"model_version", "churn/1"}));
  EXPECT_EQ(items[0].basis, "asserted");  // the link that it rests on was a person's word
  EXPECT_EQ(items[0].joined, Get("CHURN-1")->id);
  // Another project has none of it.
  MakeProject("OTHER");
  for (const auto& [name, state] : Phases("OTHER")) EXPECT_EQ(state.derived, 0) << name;
}

TEST_P(PhasesTest, BoxesAreTickedByEvidenceAndByNothingElse) {
  EXPECT_THAT(Ticked(Boxes()), IsEmpty());
  Train();
  EXPECT_THAT(Ticked(Boxes()), IsEmpty());
  Import("requirement", R"({"title":"R","status":"approved"})");
  Join("implements", {"run", "r1"}, {"requirement", "CHURN-1"});
  const auto boxes = Boxes();
  EXPECT_THAT(Ticked(boxes),
              ElementsAre("0.evaluation", "0.extraction", "0.preparation", "0.registry", "0.source",
                          "0.tracking", "0.training", "1.metadata.code", "1.metadata.data",
                          "1.metadata.model", "1.metadata.previous", "2.metadata", "2.registry",
                          "2.source", "2.stage.development"));
  const MaturityBox& code = boxes.at("1.metadata.code");
  EXPECT_EQ(code.count, 1);
  ASSERT_EQ(code.evidence.size(), 1U);
  EXPECT_EQ(code.evidence[0].ref, (Ref{"run", "r1"}));
  EXPECT_EQ(code.evidence[0].joined, "abc");
  EXPECT_EQ(code.evidence[0].since, clock_.Now());
  EXPECT_EQ(boxes.at("0.analysis").state, BoxState::kOpen);
  EXPECT_EQ(boxes.at("1.orchestrated").state, BoxState::kNotRecorded);
  EXPECT_EQ(boxes.at("1.orchestrated").missing, "pipelines");
  EXPECT_FALSE(Run(service().GetMaturity(Who(), "CHURN", Soon()))->level.has_value());
}

TEST_P(PhasesTest, ABoxIsTickedByAnyPartThatWritesSuchEvents) {
  Import("requirement", R"({"title":"R","status":"approved"})");
  Event("pipeline_run.created", {"pipeline_run", "p1"});
  Event("run.created", {"run", "r1"}, {{"pipeline_run", "p1"}}, R"({"name":"n"})");
  Join("satisfies", {"run", "r1"}, {"requirement", "CHURN-1"});
  const auto boxes = Boxes();
  EXPECT_EQ(boxes.at("1.orchestrated").state, BoxState::kTicked);
  EXPECT_EQ(boxes.at("1.training").state, BoxState::kTicked);
  EXPECT_EQ(boxes.at("1.trigger.drift").state, BoxState::kNotRecorded);
}

TEST_P(PhasesTest, WhatIsDeletedIsNoEvidence) {
  Train();
  Join("relates", {"project", "CHURN"}, {"experiment", "1"});
  EXPECT_EQ(Phases()["modeling"].derived, 2);
  Event("run.deleted", {"run", "r1"});
  EXPECT_EQ(Phases()["modeling"].derived, 1);
}

TEST_P(PhasesTest, ALevelIsReachedWhenNothingNeededIsMissing) {
  Train();
  Join("relates", {"project", "CHURN"}, {"experiment", "1"});
  Import("requirement", R"({"title":"R","status":"approved"})");
  Join("satisfies", {"run", "r1"}, {"requirement", "CHURN-1"});
  Join("evidence", {"run", "r1"}, {"phase", "CHURN/data_understanding"});
  Event("gate_result.created", {"gate_result", "g1"}, {{"model_version", "churn/1"}});
  Event("deployment.created", {"deployment", "d1"}, {{"model_version", "churn/1"}});
  Project();
  EXPECT_FALSE(Run(service().GetMaturity(Who(), "CHURN", Soon()))->level.has_value());
  Event("window.created", {"window", "w1"}, {{"deployment", "d1"}});
  Project();
  EXPECT_EQ(Run(service().GetMaturity(Who(), "CHURN", Soon()))->level, 0);
}

}  // namespace
}  // namespace stetig::planning
