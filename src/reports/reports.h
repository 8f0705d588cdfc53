// Reports that builds leave behind, read into sums: JUnit XML, Cobertura XML, LCOV, SARIF 2.1.0.
//
// Any bytes give a value or an error. Errors: kInvalidArgument (detail kMalformedReport), whose
// message says where, what was found and what was expected; kResourceExhausted: a limit below.
// Functions are thread-safe; memory stays within a small multiple of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace stetig::reports {

inline constexpr size_t kMaxFile = size_t{64} << 20;  ///< bytes of one report
inline constexpr size_t kMaxLines =
    size_t{10'000'000};  ///< lines of one LineCoverage, repeated ones too
inline constexpr char kMalformedReport[] = "malformed_report";

/// Tests by how they ended. `tests` is all of them, the others are parts of it.
struct TestCounts {
  int64_t tests = 0;
  int64_t failures = 0;  ///< an expectation did not hold
  int64_t errors = 0;    ///< the test broke
  int64_t skipped = 0;
  friend bool operator==(const TestCounts&, const TestCounts&) = default;
};

/// Counts the test cases of a JUnit XML file (pytest, Surefire, Gradle, GoogleTest, CTest, …). Each
/// counts once, as the worst of what it says; repetitions of a flaky test do not count. An error or
/// failure of a whole suite is a test of its own.
Result<TestCounts> ReadJUnit(std::string_view text);

/// Lines that tests could run, and ran, over any number of reports: a line that several name counts
/// once, and as covered if one says so. After an error it is of no use. One user at a time.
class LineCoverage {
 public:
  /// Cobertura XML (coverage.py, gcovr, Coverlet, …).
  Status AddCobertura(std::string_view text);
  /// The trace file of LCOV.
  Status AddLcov(std::string_view text);
  /// Either: what begins with '<' is XML.
  Status Add(std::string_view text);

  int64_t lines() const;
  int64_t covered() const;
  /// Covered lines to all lines, 0 to 1; nothing: the reports name no line.
  std::optional<double> Rate() const;

  /// For readers: a line of a file. kResourceExhausted: kMaxLines.
  Status AddLine(const std::string& file, uint32_t line, bool covered);
  /// For readers: sums of files whose lines the report does not name.
  void AddSums(int64_t lines, int64_t covered);

 private:
  struct Line {
    uint32_t number;
    bool covered;
  };
  struct Sums {
    int64_t lines = 0;
    int64_t covered = 0;
  };
  Sums Count() const;

  std::map<std::string, std::vector<Line>, std::less<>> files_;
  std::vector<Line>* current_ = nullptr;  // of current_file_: reports name many lines in a row
  std::string current_file_;
  size_t size_ = 0;
  Sums sums_;
};

/// Findings of analysers that stand: neither suppressed nor gone since a baseline.
struct FindingCounts {
  int64_t findings = 0;
  int64_t errors = 0;  ///< of these, of level "error"
  friend bool operator==(const FindingCounts&, const FindingCounts&) = default;
};

/// Counts the results of a SARIF 2.1.0 log of kind "fail". The level is the result's, else that of
/// its rule, else "warning" (§3.27.10).
Result<FindingCounts> ReadSarif(std::string_view text);

}  // namespace stetig::reports
