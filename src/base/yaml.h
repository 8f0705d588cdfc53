// YAML as a tree of JSON values (YAML 1.2, core schema). The adapter of yaml-cpp, which throws.
#pragma once

#include <string_view>

#include "base/json_value.h"
#include "base/status.h"

namespace stetig {

inline constexpr size_t kMaxYamlBytes = size_t{1} << 20;
inline constexpr size_t kMaxYamlNodes = 100'000;  ///< aliases count as often as they are used
inline constexpr int kMaxYamlDepth = 64;

/// One document. Plain scalars are null, booleans, integers and numbers where they look so, else
/// texts; quoted ones are texts. An empty text is null. kInvalidArgument names `source`, line and
/// what is wrong: no YAML, more than one document, a key that is no scalar or stands twice, beyond
/// the limits.
Result<json::Value> ParseYaml(std::string_view text, std::string_view source);

}  // namespace stetig
