// Checks of what clients send to the registry, with MLflow's texts. All errors are
// kInvalidArgument.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "registry/types.h"

namespace stetig::registry {

/// Not blank, no '/' or ':', equal to itself as a normal path. `parameter`: "name" or "new_name".
Status CheckModelName(std::string_view name, std::string_view parameter = "name");
/// `[\w-]+`, at most 255 code points.
Status CheckAliasName(std::string_view alias);
/// Besides, neither "latest" nor "v" and digits (any case): these name versions already.
Status CheckNewAliasName(std::string_view alias);
/// Key characters and path form; key at most 250, value at most 100,000 code points.
Status CheckTag(const KeyValue& tag);
/// Prompts are registered models, and their versions, with a tag; of equal keys the last wins.
bool IsPrompt(const std::vector<KeyValue>& tags);
/// A whole number.
Result<int64_t> ParseVersion(std::string_view version);
/// The error for a stage that ParseStage does not know.
Failure InvalidStage(std::string_view stage);

}  // namespace stetig::registry
