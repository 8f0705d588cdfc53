// SARIF 2.1.0, OASIS standard. Section numbers are its.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/json_value.h"
#include "reports/internal/malformed.h"
#include "reports/reports.h"

namespace stetig::reports {
namespace {

constexpr std::string_view kVersion = "2.1.0";
constexpr std::array<std::string_view, 4> kLevels = {"none", "note", "warning", "error"};

Status Wrong(std::string_view path, const json::Value& found, std::string_view expected) {
  const std::string* text = found.AsString();
  const std::string shown =
      text != nullptr ? fmt::format("'{}'", Quoted(*text)) : std::string(KindName(found.kind()));
  return Malformed(fmt::format("{} is {}, expected {}", path, shown, expected));
}

/// An optional member that is a text.
Result<std::string_view> TextOf(const json::Value& object, std::string_view name,
                                const std::string& path, std::string_view otherwise) {
  const json::Value* member = object.Find(name);
  if (member == nullptr) return otherwise;
  if (member->AsString() == nullptr) {
    return Err(Wrong(fmt::format("{}.{}", path, name), *member, "a text"));
  }
  return std::string_view(*member->AsString());
}

/// An optional member that is a list.
Result<const json::Array*> ListOf(const json::Value& object, std::string_view name,
                                  const std::string& path) {
  static const json::Array kNone;
  const json::Value* member = object.Find(name);
  if (member == nullptr || member->IsNull()) return &kNone;
  if (member->AsArray() == nullptr) {
    return Err(Wrong(fmt::format("{}.{}", path, name), *member, "a list"));
  }
  return member->AsArray();
}

/// An index, -1 where there is none (§3.27.6).
Result<int64_t> IndexOf(const json::Value& object, std::string_view name, const std::string& path) {
  const json::Value* member = object.Find(name);
  if (member == nullptr) return -1;
  if (member->AsInt64() == nullptr || *member->AsInt64() < -1) {
    return Err(Wrong(fmt::format("{}.{}", path, name), *member, "-1 or the place in a list"));
  }
  return *member->AsInt64();
}

Result<std::string_view> LevelOf(const json::Value& object, const std::string& path,
                                 std::string_view otherwise) {
  ASSIGN_OR_RETURN(const std::string_view level, TextOf(object, "level", path, otherwise));
  if (!level.empty() && std::ranges::find(kLevels, level) == kLevels.end()) {
    return Err(Wrong(path + ".level", *object.Find("level"), "none, note, warning or error"));
  }
  return level;
}

/// Levels by the ids of rules; the first of an id stays.
using LevelsById = std::map<std::string_view, std::string_view>;
/// The levels of the rules of a tool or of an extension of it, in their order.
using Levels = std::vector<std::string_view>;

Result<Levels> ReadRules(const json::Value& component, const std::string& path, LevelsById& by_id) {
  Levels levels;
  ASSIGN_OR_RETURN(const json::Array* list, ListOf(component, "rules", path));
  for (size_t i = 0; i < list->size(); ++i) {
    const json::Value& rule = (*list)[i];
    const std::string at = fmt::format("{}.rules[{}]", path, i);
    if (rule.AsObject() == nullptr) return Err(Wrong(at, rule, "an object"));
    std::string_view level = "warning";
    if (const json::Value* configuration = rule.Find("defaultConfiguration")) {
      ASSIGN_OR_RETURN(level, LevelOf(*configuration, at + ".defaultConfiguration", "warning"));
    }
    ASSIGN_OR_RETURN(const std::string_view id, TextOf(rule, "id", at, ""));
    levels.push_back(level);
    by_id.emplace(id, level);
  }
  return levels;
}

class Run {
 public:
  Run(const json::Value& run, std::string path) : run_(run), path_(std::move(path)) {}

  Status Count(FindingCounts& counts) {
    if (run_.AsObject() == nullptr) return Wrong(path_, run_, "an object");
    TRY(ReadTool());
    ASSIGN_OR_RETURN(const json::Array* results, ListOf(run_, "results", path_));
    for (size_t i = 0; i < results->size(); ++i) {
      TRY(CountResult((*results)[i], fmt::format("{}.results[{}]", path_, i), counts));
    }
    return OkStatus();
  }

 private:
  Status ReadTool() {
    const json::Value* tool = run_.Find("tool");
    const json::Value* driver = tool == nullptr ? nullptr : tool->Find("driver");
    if (driver == nullptr || driver->AsObject() == nullptr) {
      return Malformed(fmt::format("{}.tool.driver is missing, expected the analyser", path_));
    }
    ASSIGN_OR_RETURN(driver_, ReadRules(*driver, path_ + ".tool.driver", by_id_));
    ASSIGN_OR_RETURN(const json::Array* extensions, ListOf(*tool, "extensions", path_ + ".tool"));
    for (size_t i = 0; i < extensions->size(); ++i) {
      ASSIGN_OR_RETURN(
          Levels levels,
          ReadRules((*extensions)[i], fmt::format("{}.tool.extensions[{}]", path_, i), by_id_));
      extensions_.push_back(std::move(levels));
    }
    return OkStatus();
  }

  Status CountResult(const json::Value& result, const std::string& path, FindingCounts& counts) {
    if (result.AsObject() == nullptr) return Wrong(path, result, "an object");
    ASSIGN_OR_RETURN(const std::string_view kind, TextOf(result, "kind", path, "fail"));
    ASSIGN_OR_RETURN(const std::string_view state, TextOf(result, "baselineState", path, ""));
    ASSIGN_OR_RETURN(const bool suppressed, IsSuppressed(result, path));
    ASSIGN_OR_RETURN(std::string_view level, LevelOf(result, path, ""));
    if (kind != "fail" || state == "absent" || suppressed) return OkStatus();
    if (level.empty()) {
      ASSIGN_OR_RETURN(level, LevelOfRule(result, path));
    }
    ++counts.findings;
    counts.errors += level == "error" ? 1 : 0;
    return OkStatus();
  }

  /// §3.27.23: by any suppression, unless one is under review or rejected.
  static Result<bool> IsSuppressed(const json::Value& result, const std::string& path) {
    ASSIGN_OR_RETURN(const json::Array* list, ListOf(result, "suppressions", path));
    for (size_t i = 0; i < list->size(); ++i) {
      ASSIGN_OR_RETURN(
          const std::string_view status,
          TextOf((*list)[i], "status", fmt::format("{}.suppressions[{}]", path, i), "accepted"));
      if (status == "underReview" || status == "rejected") return false;
    }
    return !list->empty();
  }

  Result<std::string_view> LevelOfRule(const json::Value& result, const std::string& path) const {
    ASSIGN_OR_RETURN(int64_t index, IndexOf(result, "ruleIndex", path));
    ASSIGN_OR_RETURN(std::string_view id, TextOf(result, "ruleId", path, ""));
    const Levels* levels = &driver_;
    if (const json::Value* rule = result.Find("rule")) {
      if (index < 0) {
        ASSIGN_OR_RETURN(index, IndexOf(*rule, "index", path + ".rule"));
      }
      if (id.empty()) {
        ASSIGN_OR_RETURN(id, TextOf(*rule, "id", path + ".rule", ""));
      }
      const json::Value* component = rule->Find("toolComponent");
      if (component != nullptr) {
        ASSIGN_OR_RETURN(const int64_t place,
                         IndexOf(*component, "index", path + ".rule.toolComponent"));
        if (place >= static_cast<int64_t>(extensions_.size())) {
          return Err(Wrong(path + ".rule.toolComponent.index", *component->Find("index"),
                           fmt::format("one of {} extensions", extensions_.size())));
        }
        if (place >= 0) levels = &extensions_[static_cast<size_t>(place)];
      }
    }
    if (index >= 0) {
      if (index < static_cast<int64_t>(levels->size())) {
        return (*levels)[static_cast<size_t>(index)];
      }
      return Err(Malformed(
          fmt::format("{} is of rule {}, expected one of {} rules", path, index, levels->size())));
    }
    return LevelOfId(id);
  }

  /// §3.27.5: a result's id may go on behind that of its rule: "CA1000/1".
  std::string_view LevelOfId(std::string_view id) const {
    constexpr int kMaxParts = 8;
    for (int part = 0; part < kMaxParts; ++part) {
      if (const auto found = by_id_.find(id); found != by_id_.end()) return found->second;
      const size_t slash = id.rfind('/');
      if (slash == std::string_view::npos) break;
      id = id.substr(0, slash);
    }
    return "warning";
  }

  const json::Value& run_;
  std::string path_;
  LevelsById by_id_;
  Levels driver_;
  std::vector<Levels> extensions_;
};

}  // namespace

Result<FindingCounts> ReadSarif(std::string_view text) {
  if (text.size() > kMaxFile) return Err(TooLarge(text.size()));
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  auto log = json::Parse(text, {.bytes = kMaxFile, .depth = 64});
  if (!log) return Err(Malformed(std::string(log.error().message())));
  if (log->AsObject() == nullptr) return Err(Wrong("the log", *log, "an object"));
  const json::Value* version = log->Find("version");
  if (version == nullptr) {
    return Err(Malformed("'version' is missing, expected 2.1.0: is it a SARIF log?"));
  }
  if (version->AsString() == nullptr || *version->AsString() != kVersion) {
    return Err(Wrong("version", *version, kVersion));
  }
  const json::Value* runs = log->Find("runs");
  if (runs == nullptr || runs->AsArray() == nullptr) {
    return Err(Malformed("'runs' is no list, expected the runs of analysers"));
  }
  FindingCounts counts;
  for (size_t i = 0; i < runs->AsArray()->size(); ++i) {
    TRY(Run((*runs->AsArray())[i], fmt::format("runs[{}]", i)).Count(counts));
  }
  return counts;
}

}  // namespace stetig::reports
