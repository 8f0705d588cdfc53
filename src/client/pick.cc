// The path language of --pick.
#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "client/language.h"
#include "client/output.h"

namespace stetig::client {
namespace {

/// One step of a path: a member, an element, or every element.
struct Step {
  std::string member;
  std::optional<int64_t> element;
  bool every = false;
};

Failure Refuse(std::string_view path) {
  return Err(Code::kInvalidArgument,
             Say("'{}' is no path, expected one like .title, .items[].key or .params.\"max depth\"",
                 path));
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  /// Paths separated by commas.
  Result<std::vector<std::vector<Step>>> Parse() {
    std::vector<std::vector<Step>> paths;
    do {
      ASSIGN_OR_RETURN(std::vector<Step> path, ParsePath());
      paths.push_back(std::move(path));
    } while (Take(','));
    if (at_ != text_.size()) return Refuse(text_);
    return paths;
  }

 private:
  bool Take(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  void SkipBlanks() {
    while (Take(' ')) {
    }
  }
  Result<std::vector<Step>> ParsePath() {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != '.') return Refuse(text_);
    std::vector<Step> steps;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ' ') {
      if (Take('.')) {
        if (at_ == text_.size() || text_[at_] == ',' || text_[at_] == '[')
          continue;  // "." and ".[0]"
        ASSIGN_OR_RETURN(Step step, ParseMember());
        steps.push_back(std::move(step));
      } else if (Take('[')) {
        ASSIGN_OR_RETURN(Step step, ParseElement());
        steps.push_back(std::move(step));
      } else {
        return Refuse(text_);
      }
    }
    SkipBlanks();
    return steps;
  }
  Result<Step> ParseMember() {
    Step step;
    if (Take('"')) {
      const size_t end = text_.find('"', at_);
      if (end == std::string_view::npos) return Refuse(text_);
      step.member = text_.substr(at_, end - at_);
      at_ = end + 1;
      return step;
    }
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) step.member += text_[at_++];
    if (step.member.empty()) return Refuse(text_);
    return step;
  }
  Result<Step> ParseElement() {
    const size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) return Refuse(text_);
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    if (inside.empty()) return Step{.member = {}, .element = {}, .every = true};
    const auto number = ParseInt64(inside);
    if (!number) return Refuse(text_);
    return Step{.member = {}, .element = *number};
  }

  std::string_view text_;
  size_t at_ = 0;
};

const json::Value kNothing;

/// Every value at the path; null where there is nothing.
void Collect(const json::Value& value, std::span<const Step> steps,
             std::vector<const json::Value*>& found) {
  if (steps.empty()) {
    found.push_back(&value);
    return;
  }
  const Step& step = steps.front();
  const json::Array* array = value.AsArray();
  if (step.every) {
    if (array == nullptr) return;
    for (const json::Value& element : *array) Collect(element, steps.subspan(1), found);
    return;
  }
  const json::Value* next = &kNothing;
  if (step.element) {
    const auto size = array == nullptr ? 0 : static_cast<int64_t>(array->size());
    const int64_t place = *step.element < 0 ? size + *step.element : *step.element;
    if (place >= 0 && place < size) next = &(*array)[static_cast<size_t>(place)];
  } else if (const json::Value* member = value.Find(step.member)) {
    next = member;
  }
  Collect(*next, steps.subspan(1), found);
}

std::string AsText(const json::Value& value) {
  const std::string* text = value.AsString();
  return text == nullptr ? json::Dump(value) : *text;
}

}  // namespace

Result<std::string> Pick(const json::Value& value, std::string_view paths) {
  ASSIGN_OR_RETURN(const auto parsed, Parser(paths).Parse());
  std::vector<std::vector<const json::Value*>> columns;
  size_t rows = 0;
  for (const std::vector<Step>& path : parsed) {
    Collect(value, path, columns.emplace_back());
    rows = std::max(rows, columns.back().size());
  }
  std::string out;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += "\t";
      if (row < columns[i].size()) out += AsText(*columns[i][row]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace stetig::client
