// Cobertura XML: https://cobertura.sourceforge.net/xml/coverage-04.dtd.
#include <fmt/format.h>

#include "base/text.h"
#include "reports/internal/malformed.h"
#include "reports/internal/xml.h"
#include "reports/reports.h"

namespace stetig::reports {
namespace {

class Reader {
 public:
  explicit Reader(LineCoverage& coverage) : coverage_(coverage) {}

  Status Begin(const xml::Element& element) {
    const std::string_view name = element.name();
    if (depth_++ == 0) {
      if (name != "coverage") {
        return element.Error(
            fmt::format("the outermost element is <{}>, expected <coverage>", Quoted(name)));
      }
      valid_ = Sum(element, "lines-valid");
      covered_ = Sum(element, "lines-covered");
    }
    if (name == "class") return BeginClass(element);
    if (name == "line") return AddLine(element);
    return OkStatus();
  }

  Status End(std::string_view name) {
    if (name == "class") file_.clear();
    --depth_;
    return OkStatus();
  }

  /// Where it names no line, its sums must do.
  void Finish() {
    if (!any_ && valid_ && covered_) coverage_.AddSums(*valid_, *covered_);
  }

 private:
  static std::optional<int64_t> Sum(const xml::Element& element, std::string_view name) {
    const auto text = element.Attribute(name);
    const auto number = text ? ParseInt64(*text) : std::nullopt;
    return number && *number >= 0 ? number : std::nullopt;
  }

  Status BeginClass(const xml::Element& element) {
    const auto file = element.Attribute("filename");
    if (!file || file->empty()) return element.Error("<class> lacks 'filename'");
    file_ = *file;
    return OkStatus();
  }

  Status AddLine(const xml::Element& element) {
    if (file_.empty()) return element.Error("a <line> outside of <class>");
    const std::string_view number = element.Attribute("number").value_or("");
    const auto line = ParseInt64(number);
    if (!line || *line < 0 || *line > UINT32_MAX) {
      return element.Error(
          fmt::format("'number' of <line> is '{}', expected the number of a line", Quoted(number)));
    }
    const std::string_view hits = element.Attribute("hits").value_or("");
    const auto hit = IsHit(hits);
    if (!hit) {
      return element.Error(
          fmt::format("'hits' of <line> is '{}', expected a number", Quoted(hits)));
    }
    any_ = true;
    return coverage_.AddLine(file_, static_cast<uint32_t>(*line), *hit);
  }

  LineCoverage& coverage_;
  std::string file_;  // of the class that is open
  int depth_ = 0;
  bool any_ = false;
  std::optional<int64_t> valid_;
  std::optional<int64_t> covered_;
};

}  // namespace

Status LineCoverage::AddCobertura(std::string_view text) {
  Reader reader(*this);
  TRY(xml::Walk(text, {.begin = [&](const xml::Element& element) { return reader.Begin(element); },
                       .end = [&](std::string_view name) { return reader.End(name); }}));
  reader.Finish();
  return OkStatus();
}

}  // namespace stetig::reports
