#include <algorithm>
#include <vector>

#include "base/text.h"
#include "reports/internal/malformed.h"
#include "reports/reports.h"

namespace stetig::reports {

Status LineCoverage::AddLine(const std::string& file, uint32_t line, bool covered) {
  if (size_ == kMaxLines) {
    return {Code::kResourceExhausted, "the reports name more than 10,000,000 lines"};
  }
  if (current_ == nullptr || current_file_ != file) {
    current_ = &files_[file];
    current_file_ = file;
  }
  current_->push_back({.number = line, .covered = covered});
  ++size_;
  return OkStatus();
}

void LineCoverage::AddSums(int64_t lines, int64_t covered) {
  // Far below overflow, however many reports say so.
  constexpr int64_t kMost = int64_t{1} << 40;
  sums_.lines = std::min(kMost, sums_.lines + std::min(kMost, lines));
  sums_.covered = std::min(sums_.lines, sums_.covered + std::min(kMost, covered));
}

Status LineCoverage::Add(std::string_view text) {
  const std::string_view begun = Trim(text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text);
  const bool utf16 = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
  return begun.starts_with('<') || utf16 ? AddCobertura(text) : AddLcov(text);
}

LineCoverage::Sums LineCoverage::Count() const {
  Sums sums = sums_;
  for (const auto& [file, named] : files_) {
    std::vector<Line> lines = named;
    std::ranges::sort(lines, [](const Line& a, const Line& b) {
      return a.number != b.number ? a.number < b.number : a.covered > b.covered;
    });
    uint32_t last = 0;
    bool first = true;
    for (const Line& line : lines) {
      if (!first && line.number == last) continue;  // a covered one came before
      first = false;
      last = line.number;
      ++sums.lines;
      sums.covered += line.covered ? 1 : 0;
    }
  }
  return sums;
}

int64_t LineCoverage::lines() const { return Count().lines; }
int64_t LineCoverage::covered() const { return Count().covered; }

std::optional<double> LineCoverage::Rate() const {
  const Sums sums = Count();
  if (sums.lines == 0) return std::nullopt;
  return static_cast<double>(sums.covered) / static_cast<double>(sums.lines);
}

}  // namespace stetig::reports
