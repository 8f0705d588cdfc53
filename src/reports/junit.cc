// JUnit XML has no standard: read is what its writers agree on.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "reports/internal/malformed.h"
#include "reports/internal/xml.h"
#include "reports/reports.h"

namespace stetig::reports {
namespace {

/// From good to bad: a case that says several things is the worst of them.
enum class Ending : unsigned char { kPassed, kSkipped, kFailed, kBroken };

class Counter {
 public:
  Status Begin(const xml::Element& element) {
    const std::string_view name = element.name();
    if (depth_++ == 0 && name != "testsuites" && name != "testsuite") {
      return element.Error(fmt::format(
          "the outermost element is <{}>, expected <testsuites> or <testsuite>", Quoted(name)));
    }
    if (name == "testcase") {
      if (case_depth_ != 0) return element.Error("a <testcase> inside of another");
      case_depth_ = depth_;
      end_ = IsLeftOut(element) ? Ending::kSkipped : Ending::kPassed;
      return OkStatus();
    }
    const auto said = Said(name);
    if (!said) {
      if (name == "testsuite" || name == "testsuites") suites_.push_back(depth_);
      return OkStatus();
    }
    if (case_depth_ != 0 && depth_ == case_depth_ + 1) {
      end_ = std::max(end_, *said);
    } else if (case_depth_ == 0 && !suites_.empty() && depth_ == suites_.back() + 1 &&
               *said >= Ending::kFailed) {
      Count(*said);  // of the suite: it could not even begin
    }
    return OkStatus();
  }

  Status Leave() {
    if (depth_ == case_depth_) {
      Count(end_);
      case_depth_ = 0;
    }
    if (!suites_.empty() && depth_ == suites_.back()) suites_.pop_back();
    --depth_;
    return OkStatus();
  }

  const TestCounts& counts() const { return counts_; }

 private:
  static std::optional<Ending> Said(std::string_view name) {
    if (name == "failure") return Ending::kFailed;
    if (name == "error") return Ending::kBroken;
    if (name == "skipped" || name == "disabled") return Ending::kSkipped;
    return std::nullopt;
  }

  /// GoogleTest and CTest say it in an attribute.
  static bool IsLeftOut(const xml::Element& element) {
    constexpr std::array<std::string_view, 4> kLeftOut = {"notrun", "disabled", "skipped",
                                                          "ignored"};
    const auto status = element.Attribute("status");
    return status && std::ranges::find(kLeftOut, *status) != kLeftOut.end();
  }

  void Count(Ending end) {
    ++counts_.tests;
    counts_.skipped += end == Ending::kSkipped ? 1 : 0;
    counts_.failures += end == Ending::kFailed ? 1 : 0;
    counts_.errors += end == Ending::kBroken ? 1 : 0;
  }

  TestCounts counts_;
  int depth_ = 0;
  int case_depth_ = 0;       // of the case that is open; 0: none
  std::vector<int> suites_;  // depths of those that are open
  Ending end_ = Ending::kPassed;
};

}  // namespace

Result<TestCounts> ReadJUnit(std::string_view text) {
  Counter counter;
  TRY(xml::Walk(text, {.begin = [&](const xml::Element& element) { return counter.Begin(element); },
                       .end = [&](std::string_view) { return counter.Leave(); }}));
  return counter.counts();
}

}  // namespace stetig::reports
