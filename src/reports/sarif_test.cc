#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "reports/reports.h"

namespace stetig::reports {
namespace {

using ::testing::HasSubstr;

/// A log of one run with these results, and two rules: "E1" of level error, "W1" without one.
std::string Log(std::string_view results) {
  return fmt::format(
      R"({{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
    "runs": [{{"results": [{}], "tool": {{"driver": {{"name": "lint", "rules": [
      {{"id": "W1"}}, {{"id": "E1", "defaultConfiguration": {{"level": "error"}}}}]}},
      "extensions": [{{"name": "more", "rules": [{{"id": "X1", "defaultConfiguration": {{"level": "error"}}}}]}}]}}}}]}})",
      results);
}

FindingCounts Counted(std::string_view text) {
  auto counts = ReadSarif(text);
  EXPECT_TRUE(counts) << (counts ? "" : counts.error().message());
  return counts.value_or(FindingCounts());
}

FindingCounts One(std::string_view result) { return Counted(Log(result)); }

std::string Refused(std::string_view text) {
  const auto counts = ReadSarif(text);
  EXPECT_FALSE(counts) << text;
  if (counts) return "";
  EXPECT_EQ(counts.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(counts.error().detail(), kMalformedReport);
  return std::string(counts.error().message());
}

constexpr FindingCounts kNone{};
constexpr FindingCounts kFinding{.findings = 1, .errors = 0};
constexpr FindingCounts kError{.findings = 1, .errors = 1};

TEST(Sarif, TheLevelIsTheResultsThenTheRulesThenWarning) {
  EXPECT_EQ(One(R"({"ruleId": "E1", "level": "note"})"), kFinding);
  EXPECT_EQ(One(R"({"ruleId": "W1", "level": "error"})"), kError);
  EXPECT_EQ(One(R"({"ruleId": "E1"})"), kError);
  EXPECT_EQ(One(R"({"ruleId": "E1/special"})"), kError);
  EXPECT_EQ(One(R"({"ruleIndex": 1})"), kError);
  EXPECT_EQ(One(R"({"ruleIndex": 0, "ruleId": "W1"})"), kFinding);
  EXPECT_EQ(One(R"({"rule": {"index": 1}})"), kError);
  EXPECT_EQ(One(R"({"rule": {"index": 0, "toolComponent": {"index": 0}}})"), kError);
  EXPECT_EQ(One(R"({"rule": {"id": "X1"}, "ruleIndex": -1})"), kError);
  EXPECT_EQ(One(R"({"ruleId": "of another tool"})"), kFinding);
  EXPECT_EQ(One(R"({})"), kFinding);
}

TEST(Sarif, OnlyWhatFailsIsAFinding) {
  for (const auto* kind : {"pass", "open", "informational", "notApplicable", "review"}) {
    EXPECT_EQ(One(fmt::format(R"({{"kind": "{}"}})", kind)), kNone) << kind;
  }
  EXPECT_EQ(One(R"({"kind": "fail"})"), kFinding);
}

TEST(Sarif, WhatIsSuppressedIsNoFinding) {
  EXPECT_EQ(One(R"({"suppressions": [{"kind": "inSource"}]})"), kNone);
  EXPECT_EQ(One(R"({"suppressions": [{"kind": "external", "status": "accepted"}]})"), kNone);
  EXPECT_EQ(One(R"({"suppressions": []})"), kFinding);
  EXPECT_EQ(One(R"({"suppressions": [{"status": "underReview"}]})"), kFinding);
  EXPECT_EQ(One(R"({"suppressions": [{"status": "accepted"}, {"status": "rejected"}]})"), kFinding);
}

TEST(Sarif, WhatIsGoneSinceTheBaselineIsNoFinding) {
  EXPECT_EQ(One(R"({"baselineState": "absent"})"), kNone);
  EXPECT_EQ(One(R"({"baselineState": "unchanged"})"), kFinding);
}

TEST(Sarif, RunsAddUp) {
  EXPECT_EQ(
      Counted(R"({"runs": [{"tool": {"driver": {"name": "a"}}, "results": [{}, {"level": "error"}]},
                                 {"tool": {"driver": {"name": "b"}}, "results": null},
                                 {"tool": {"driver": {"name": "c"}}, "results": [{}]}], "version": "2.1.0"})"),
      (FindingCounts{.findings = 3, .errors = 1}));
}

TEST(Sarif, SaysWhereItIsBroken) {
  EXPECT_THAT(Refused("{\"version\": \"2.1.0\",\n \"runs\": [}"), HasSubstr("line 2"));
  EXPECT_EQ(Refused("[]"), "the log is array, expected an object");
  EXPECT_EQ(Refused("{}"), "'version' is missing, expected 2.1.0: is it a SARIF log?");
  EXPECT_EQ(Refused(R"({"version": "2.0.0"})"), "version is '2.0.0', expected 2.1.0");
  EXPECT_EQ(Refused(R"({"version": "2.1.0"})"),
            "'runs' is no list, expected the runs of analysers");
  EXPECT_EQ(Refused(R"({"version": "2.1.0", "runs": [{}]})"),
            "runs[0].tool.driver is missing, expected the analyser");
  EXPECT_EQ(Refused(Log(R"({}, {"level": "fatal"})")),
            "runs[0].results[1].level is 'fatal', expected none, note, warning or error");
  EXPECT_EQ(Refused(Log(R"({"ruleIndex": 2})")),
            "runs[0].results[0] is of rule 2, expected one of 2 rules");
  EXPECT_EQ(Refused(Log(R"({"ruleIndex": "1"})")),
            "runs[0].results[0].ruleIndex is '1', expected -1 or the place in a list");
  EXPECT_EQ(Refused(Log(R"({"rule": {"toolComponent": {"index": 7}}})")),
            "runs[0].results[0].rule.toolComponent.index is number, expected one of 1 extensions");
  EXPECT_EQ(Refused(Log("1")), "runs[0].results[0] is number, expected an object");
}

}  // namespace
}  // namespace stetig::reports
