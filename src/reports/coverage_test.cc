#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <fmt/format.h>

#include <set>

#include "reports/reports.h"

namespace stetig::reports {
namespace {

using ::testing::HasSubstr;

// coverage.py 7.6 for two lines of which one ran; its document type names a file, as all writers'.
constexpr std::string_view kCobertura = R"xml(<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "https://raw.githubusercontent.com/cobertura/web/master/htdocs/xml/coverage-04.dtd">
<coverage version="7.6.1" timestamp="1732720000000" lines-valid="4" lines-covered="3" line-rate="0.75" branches-covered="0" branches-valid="0" branch-rate="0" complexity="0">
	<sources><source>/src</source></sources>
	<packages><package name="." line-rate="0.75" branch-rate="0" complexity="0"><classes>
		<class name="a.py" filename="a.py" complexity="0" line-rate="0.75" branch-rate="0">
			<methods><method name="f" signature=""><lines><line number="2" hits="0"/></lines></method></methods>
			<lines>
				<line number="1" hits="1"/>
				<line number="2" hits="0"/>
				<line number="4" hits="7" branch="true" condition-coverage="50% (1/2)"/>
				<line number="5" hits="1"/>
			</lines>
		</class></classes></package></packages>
</coverage>
)xml";

// geninfo(1)'s example of a section, shortened.
constexpr std::string_view kLcov =
    "TN:unit\nSF:/src/a.c\nFN:1,main\nFNDA:1,main\nFNF:1\nFNH:1\nBRDA:2,0,0,-\n"
    "DA:1,1\nDA:2,0,xCqk3\nDA:3,12\nLH:2\nLF:3\nend_of_record\n";

std::string Refused(std::string_view text) {
  LineCoverage coverage;
  const Status status = coverage.Add(text);
  EXPECT_EQ(status.code(), Code::kInvalidArgument) << text;
  EXPECT_EQ(status.detail(), kMalformedReport);
  return std::string(status.message());
}

TEST(Coverage, OfCoberturaIsWhatItsWriterSays) {
  LineCoverage coverage;
  ASSERT_EQ(coverage.Add(kCobertura), OkStatus());
  EXPECT_EQ(coverage.lines(), 4);
  EXPECT_EQ(coverage.covered(), 3);
  EXPECT_EQ(coverage.Rate(), 0.75);
}

TEST(Coverage, OfLcovIsWhatItsWriterSays) {
  LineCoverage coverage;
  ASSERT_EQ(coverage.Add(kLcov), OkStatus());
  EXPECT_EQ(coverage.lines(), 3);
  EXPECT_EQ(coverage.covered(), 2);
}

TEST(Coverage, ALineOfSeveralReportsCountsOnce) {
  LineCoverage coverage;
  ASSERT_EQ(coverage.Add(kCobertura), OkStatus());
  ASSERT_EQ(coverage.Add("SF:a.py\nDA:2,1\nDA:1,0\nDA:6,0\nend_of_record\nSF:b.py\nDA:2,1\r\n"
                         "end_of_record"),
            OkStatus());
  EXPECT_EQ(coverage.lines(), 6);
  EXPECT_EQ(coverage.covered(), 5);
}

TEST(Coverage, SumsDoWhereLinesAreMissing) {
  LineCoverage coverage;
  ASSERT_EQ(coverage.Add("<coverage lines-valid='10' lines-covered='4'/>"), OkStatus());
  ASSERT_EQ(coverage.Add("SF:a\nLF:10\nLH:6\nend_of_record\n"), OkStatus());
  EXPECT_EQ(coverage.Rate(), 0.5);
}

TEST(Coverage, OfNothingIsNone) {
  LineCoverage coverage;
  ASSERT_EQ(coverage.Add("<coverage line-rate='1'/>"), OkStatus());
  EXPECT_EQ(coverage.Rate(), std::nullopt);
}

TEST(Coverage, HitsOfAllWritersAreRead) {
  LineCoverage coverage;
  ASSERT_EQ(coverage.Add("SF:a\nDA:1,99999999999999999999999\nDA:2,-5\nDA:3,1.5e3\nDA:4,000\n"
                         "end_of_record\n"),
            OkStatus());
  EXPECT_EQ(coverage.lines(), 4);
  EXPECT_EQ(coverage.covered(), 2);
}

TEST(Coverage, SaysWhereCoberturaIsBroken) {
  EXPECT_EQ(Refused("<report/>"), "line 1: the outermost element is <report>, expected <coverage>");
  EXPECT_EQ(Refused("<coverage>\n<line number='1' hits='1'/></coverage>"),
            "line 2: a <line> outside of <class>");
  EXPECT_EQ(Refused("<coverage>\n<class name='x'/></coverage>"),
            "line 2: <class> lacks 'filename'");
  EXPECT_EQ(Refused("<coverage>\n<class filename='x'>\n<line number='one' hits='1'/></class>"
                    "</coverage>"),
            "line 3: 'number' of <line> is 'one', expected the number of a line");
  EXPECT_EQ(Refused("<coverage><class filename='x'><line number='1'/></class></coverage>"),
            "line 1: 'hits' of <line> is '', expected a number");
  EXPECT_THAT(Refused("<!DOCTYPE c [<!ENTITY a 'b'>]><coverage/>"), HasSubstr("type of its own"));
}

TEST(Coverage, SaysWhereLcovIsBroken) {
  EXPECT_THAT(Refused("TN:\n\nhello"), HasSubstr("line 3: 'hello' is no record of LCOV"));
  EXPECT_EQ(Refused("DA:1,1\n"), "line 1: 'DA' outside of a record, expected 'SF' first");
  EXPECT_EQ(Refused("SF:a\nDA:x,1\n"), "line 2: 'DA' is 'x,1', expected 'LINE,HITS' in numbers");
  EXPECT_EQ(Refused("SF:a\nDA:1\n"), "line 2: 'DA' is '1', expected 'LINE,HITS' in numbers");
  EXPECT_EQ(Refused("SF:a\nSF:b\n"),
            "line 2: 'SF' within the record of 'a', expected 'end_of_record' first");
  EXPECT_EQ(Refused("SF:a\nDA:1,1\n"),
            "line 2: the file ends within the record of 'a', expected 'end_of_record'");
  EXPECT_EQ(Refused("end_of_record\n"),
            "line 1: 'end_of_record' outside of a record, expected 'SF' first");
  EXPECT_THAT(Refused(std::string("SF:a\nDA:\xff\0\x1b[2J,1", 16)), HasSubstr("'DA' is '?  [2J,1"));
}

TEST(Coverage, OfManyReportsIsThatOfTheirUnion) {
  using Hit = std::pair<uint8_t, bool>;
  EXPECT_TRUE(rc::check([](const std::vector<std::vector<Hit>>& reports) {
    LineCoverage coverage;
    std::set<int> lines;
    std::set<int> covered;
    for (const auto& report : reports) {
      std::string text = "SF:a\n";
      for (const auto& [line, hit] : report) {
        text += fmt::format("DA:{},{}\n", line, hit ? 3 : 0);
        lines.insert(line);
        if (hit) covered.insert(line);
      }
      RC_ASSERT(coverage.Add(text + "end_of_record\n").ok());
    }
    RC_ASSERT(coverage.lines() == static_cast<int64_t>(lines.size()));
    RC_ASSERT(coverage.covered() == static_cast<int64_t>(covered.size()));
  }));
}

}  // namespace
}  // namespace stetig::reports
