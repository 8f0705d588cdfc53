#include "client/csv.h"

#include <fmt/format.h>

#include "client/language.h"

namespace stetig::client {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<std::vector<CsvRow>> Parse() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row{.line = line_, .cells = {}};
      for (bool more = true; more;) {
        std::string cell;
        TRY(text_.substr(at_, 1) == "\"" ? Quoted(cell) : Plain(cell));
        row.cells.push_back(std::move(cell));
        more = Take(',');
      }
      EndRow();
      const bool empty = row.cells.size() == 1 && row.cells.front().empty();
      if (!empty) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool Take(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  bool AtEnd() const {
    return at_ >= text_.size() || text_[at_] == ',' || text_[at_] == '\n' ||
           (text_[at_] == '\r' && (at_ + 1 == text_.size() || text_[at_ + 1] == '\n'));
  }
  void EndRow() {
    Take('\r');
    if (Take('\n')) ++line_;
  }
  Status Plain(std::string& cell) {
    while (!AtEnd()) cell += text_[at_++];
    return OkStatus();
  }
  Status Quoted(std::string& cell) {
    const size_t begun = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        cell += text_[at_];
      } else if (text_.substr(at_ + 1, 1) == "\"") {
        cell += '"';
        ++at_;
      } else {
        ++at_;
        if (AtEnd()) return OkStatus();
        return Err(Code::kInvalidArgument,
                   Say("line {}: text follows a closing quote, expected a comma", line_));
      }
    }
    return Err(Code::kInvalidArgument, Say("line {}: a quote is not closed", begun));
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> ParseCsv(std::string_view text) { return Parser(text).Parse(); }

}  // namespace stetig::client
