#include "registry/validate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "query/names.h"

namespace stetig::registry {
namespace {

constexpr size_t kMaxTagKey = 250;
constexpr size_t kMaxTagValue = 100'000;
constexpr size_t kMaxAlias = 255;

}  // namespace

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kNone:
      return "None";
    case Stage::kStaging:
      return "Staging";
    case Stage::kProduction:
      return "Production";
    case Stage::kArchived:
      return "Archived";
  }
  return "None";
}

std::optional<Stage> ParseStage(std::string_view name) {
  for (Stage stage : {Stage::kNone, Stage::kStaging, Stage::kProduction, Stage::kArchived}) {
    if (EqualsIgnoreCase(name, StageName(stage))) {
      return stage;
    }
  }
  return std::nullopt;
}

Failure InvalidStage(std::string_view stage) {
  return Err(Code::kInvalidArgument, fmt::format("Invalid Model Version stage: {}. Value must be "
                                                 "one of None, Staging, Production, Archived.",
                                                 stage));
}

bool IsPrompt(const std::vector<KeyValue>& tags) {
  bool prompt = false;
  for (const KeyValue& tag : tags) {
    if (tag.key == "mlflow.prompt.is_prompt") {
      prompt = EqualsIgnoreCase(tag.value, "true");
    }
  }
  return prompt;
}

Status CheckModelName(std::string_view name, std::string_view parameter) {
  if (std::ranges::all_of(name, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); })) {
    return Err(Code::kInvalidArgument,
               fmt::format("Missing value for required parameter '{}'.", parameter));
  }
  if (name.find_first_of("/:") != std::string_view::npos) {
    return Err(Code::kInvalidArgument,
               fmt::format("Invalid model name '{}'. Names cannot contain '/' or ':'.", name));
  }
  return query::CheckNormalPath(name, "name");
}

Status CheckAliasName(std::string_view alias) {
  if (alias.empty()) {
    return Err(Code::kInvalidArgument, "Registered model alias name cannot be empty.");
  }
  if (!query::HasOnlyWordCharactersAnd("-", alias)) {
    return Err(Code::kInvalidArgument,
               fmt::format("Invalid alias name: '{}'. Names may only contain alphanumerics, "
                           "underscores (_), and dashes (-).",
                           alias));
  }
  return query::CheckLength("Registered model alias name", kMaxAlias, alias);
}

Status CheckNewAliasName(std::string_view alias) {
  TRY(CheckAliasName(alias));
  if (EqualsIgnoreCase(alias, "latest")) {
    return Err(Code::kInvalidArgument, "'latest' alias name (case insensitive) is reserved.");
  }
  bool version_like =
      alias.size() > 1 && (alias[0] == 'v' || alias[0] == 'V') &&
      std::ranges::all_of(alias.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  if (version_like) {
    return Err(Code::kInvalidArgument, fmt::format("Version alias name '{}' is reserved.", alias));
  }
  return OkStatus();
}

Status CheckTag(const KeyValue& tag) {
  TRY(query::CheckKey(tag.key, "key"));
  TRY(query::CheckLength("key", kMaxTagKey, tag.key));
  return query::CheckLength("value", kMaxTagValue, tag.value);
}

Result<int64_t> ParseVersion(std::string_view version) {
  auto number = ParseInt64(version);
  if (!number) {
    return Err(Code::kInvalidArgument,
               fmt::format("Parameter 'version' must be an integer, got '{}'.", version));
  }
  return *number;
}

}  // namespace stetig::registry
