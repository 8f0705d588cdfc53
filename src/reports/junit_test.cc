#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/reports.h"

namespace stetig::reports {
namespace {

using ::testing::HasSubstr;

TestCounts Counted(std::string_view text) {
  auto counts = ReadJUnit(text);
  EXPECT_TRUE(counts) << (counts ? "" : counts.error().message());
  return counts.value_or(TestCounts());
}

std::string Refused(std::string_view text) {
  const auto counts = ReadJUnit(text);
  EXPECT_FALSE(counts);
  if (counts) return "";
  EXPECT_EQ(counts.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(counts.error().detail(), kMalformedReport);
  return std::string(counts.error().message());
}

TEST(JUnit, CountsWhatPytestWrites) {
  // pytest 8.3: one test each that passes, fails, is skipped, breaks in its fixture.
  EXPECT_EQ(Counted(R"(<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.031" timestamp="2026-11-27T15:00:00+00:00" hostname="h">
<testcase classname="t.test_x" name="test_good" time="0.000" />
<testcase classname="t.test_x" name="test_bad" time="0.001"><failure message="assert 1 == 2">def test_bad():
&gt;       assert 1 == 2
E       assert 1 == 2</failure></testcase>
<testcase classname="t.test_x" name="test_out" time="0.000"><skipped type="pytest.skip" message="later">t/test_x.py:9: later</skipped></testcase>
<testcase classname="t.test_x" name="test_broken" time="0.000"><error message="failed on setup with &quot;x&quot;">trace</error></testcase>
</testsuite></testsuites>)"),
            (TestCounts{.tests = 4, .failures = 1, .errors = 1, .skipped = 1}));
}

TEST(JUnit, CountsWhatGoogleTestWrites) {
  // GoogleTest 1.12: a disabled test has status "notrun".
  EXPECT_EQ(Counted(R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" disabled="1" errors="0" time="0" name="AllTests">
  <testsuite name="A" tests="3" failures="1" disabled="1" skipped="0" errors="0" time="0">
    <testcase name="Good" status="run" result="completed" time="0" classname="A" />
    <testcase name="DISABLED_Off" status="notrun" result="suppressed" time="0" classname="A" />
    <testcase name="Bad" status="run" result="completed" time="0" classname="A">
      <failure message="a.cc:5&#x0A;Failed" type=""><![CDATA[a.cc:5
Failed]]></failure>
      <failure message="a.cc:6&#x0A;Failed" type=""><![CDATA[a.cc:6]]></failure>
    </testcase>
  </testsuite>
</testsuites>)"),
            (TestCounts{.tests = 3, .failures = 1, .errors = 0, .skipped = 1}));
}

TEST(JUnit, AFlakyTestThatPassedAtLastHasPassed) {
  // Surefire: rerunFailingTestsCount.
  EXPECT_EQ(
      Counted(R"(<testsuite tests="2"><testcase name="a"><flakyFailure message="once"/></testcase>
<testcase name="b"><failure/><rerunFailure/></testcase></testsuite>)"),
      (TestCounts{.tests = 2, .failures = 1}));
}

TEST(JUnit, ACaseIsTheWorstOfWhatItSays) {
  EXPECT_EQ(Counted("<testsuite><testcase><skipped/><error/><failure/></testcase></testsuite>"),
            (TestCounts{.tests = 1, .errors = 1}));
}

TEST(JUnit, ASuiteThatCouldNotBeginIsAnError) {
  EXPECT_EQ(Counted("<testsuites><testsuite><testsuite><error/></testsuite><skipped/></testsuite>"
                    "<testsuite><properties><error/></properties></testsuite></testsuites>"),
            (TestCounts{.tests = 1, .errors = 1}));
}

TEST(JUnit, AttributesAreNotBelieved) {
  EXPECT_EQ(Counted(R"(<testsuite tests="1000" failures="-3"/>)"), TestCounts());
}

TEST(JUnit, OtherEncodingsAreRead) {
  EXPECT_EQ(Counted("<?xml version='1.0' encoding='ISO-8859-1'?><testsuite><testcase name='\xe4'/>"
                    "</testsuite>"),
            (TestCounts{.tests = 1}));
  EXPECT_THAT(Refused("<testsuite><testcase name='\xe4'/></testsuite>"),
              HasSubstr("line 1: column 28: not XML: not well-formed (invalid token)"));
}

TEST(JUnit, SaysWhereItIsBroken) {
  EXPECT_EQ(Refused(""), "line 1: column 1: not XML: no element found");
  EXPECT_EQ(Refused("<testsuite>\n<testcase>\n</testsuite>"),
            "line 3: column 3: not XML: mismatched tag");
  EXPECT_EQ(Refused("<testsuite>\n<testcase><testcase/></testcase></testsuite>"),
            "line 2: a <testcase> inside of another");
  EXPECT_EQ(Refused("<report name='jacoco'/>"),
            "line 1: the outermost element is <report>, expected <testsuites> or <testsuite>");
}

TEST(JUnit, EntitiesAreNeitherExpandedNorFetched) {
  EXPECT_THAT(Refused("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><testsuite>&b;"
                      "</testsuite>"),
              HasSubstr("declares a type of its own"));
  EXPECT_THAT(Refused("<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><testsuite>&a;"
                      "</testsuite>"),
              HasSubstr("declares a type of its own"));
  EXPECT_THAT(Refused("<testsuite>&a;</testsuite>"), HasSubstr("undefined entity"));
}

TEST(JUnit, DepthIsLimited) {
  std::string deep = "<testsuite>";
  for (int i = 0; i < 300; ++i) deep += "<x>";
  EXPECT_THAT(Refused(deep), HasSubstr("nested deeper than 256"));
}

TEST(JUnit, SizeIsLimited) {
  const auto counts = ReadJUnit(std::string(kMaxFile + 1, ' '));
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code(), Code::kResourceExhausted);
}

}  // namespace
}  // namespace stetig::reports
