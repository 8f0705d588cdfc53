// LCOV's trace files: geninfo(1), "TRACEFILE FORMAT".
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "reports/internal/malformed.h"
#include "reports/reports.h"

namespace stetig::reports {
namespace {

class Reader {
 public:
  explicit Reader(LineCoverage& coverage) : coverage_(coverage) {}

  Status Read(std::string_view line) {
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) return OkStatus();
    if (line == "end_of_record") return EndFile();
    const size_t colon = line.find(':');
    const std::string_view word = line.substr(0, colon);
    if (colon == std::string_view::npos || !IsWord(word)) {
      return Malformed(number_, fmt::format("'{}' is no record of LCOV, expected one such as "
                                            "'SF:PATH', 'DA:LINE,HITS' or 'end_of_record'",
                                            Quoted(line)));
    }
    const std::string_view value = line.substr(colon + 1);
    if (word == "SF") return BeginFile(value);
    if (word == "DA") return AddLine(value);
    if (word == "LF") return Sum(word, value, found_);
    if (word == "LH") return Sum(word, value, hit_);
    return OkStatus();  // functions, branches, names of tests, and what later versions add
  }

  Status Finish() const {
    if (file_.empty()) return OkStatus();
    return Malformed(number_, fmt::format("the file ends within the record of '{}', expected "
                                          "'end_of_record'",
                                          Quoted(file_)));
  }

 private:
  static bool IsWord(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
  }

  Status BeginFile(std::string_view path) {
    if (!file_.empty()) {
      return Malformed(number_,
                       fmt::format("'SF' within the record of '{}', expected 'end_of_record' first",
                                   Quoted(file_)));
    }
    if (path.empty()) return Malformed(number_, "'SF' names no file");
    file_ = path;
    any_ = false;
    found_ = hit_ = std::nullopt;
    return OkStatus();
  }

  Status AddLine(std::string_view value) {
    if (file_.empty()) return Malformed(number_, "'DA' outside of a record, expected 'SF' first");
    const std::vector<std::string_view> parts = Split(value, ',');
    const auto line = ParseInt64(parts[0]);
    const auto hit = parts.size() > 1 ? IsHit(parts[1]) : std::nullopt;
    if (!line || *line < 0 || *line > UINT32_MAX || !hit || parts.size() > 3) {
      return Malformed(number_,
                       fmt::format("'DA' is '{}', expected 'LINE,HITS' in numbers", Quoted(value)));
    }
    any_ = true;
    return coverage_.AddLine(file_, static_cast<uint32_t>(*line), *hit);
  }

  Status Sum(std::string_view word, std::string_view value, std::optional<int64_t>& sum) {
    const auto number = ParseInt64(value);
    if (!number || *number < 0) {
      return Malformed(
          number_, fmt::format("'{}' is '{}', expected a number of lines", word, Quoted(value)));
    }
    sum = number;
    return OkStatus();
  }

  Status EndFile() {
    if (file_.empty()) {
      return Malformed(number_, "'end_of_record' outside of a record, expected 'SF' first");
    }
    if (!any_ && found_ && hit_) coverage_.AddSums(*found_, *hit_);
    file_.clear();
    return OkStatus();
  }

  LineCoverage& coverage_;
  int64_t number_ = 0;
  std::string file_;  // of the record that is open
  bool any_ = false;
  std::optional<int64_t> found_;
  std::optional<int64_t> hit_;
};

}  // namespace

Status LineCoverage::AddLcov(std::string_view text) {
  if (text.size() > kMaxFile) return TooLarge(text.size());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Reader reader(*this);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    TRY(reader.Read(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.Finish();
}

}  // namespace stetig::reports
