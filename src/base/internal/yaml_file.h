// The flat part of YAML that configuration files use. The adapter of yaml-cpp, which throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace stetig::config::internal {

struct YamlItem {
  std::string name;
  std::vector<std::string> values;  // exactly one unless is_list
  bool is_list = false;
  size_t line = 0;
};

inline constexpr size_t kMaxFile = size_t{1} << 20;

/// kNotFound, kPermissionDenied, kUnavailable; kInvalidArgument: larger than kMaxFile.
Result<std::string> ReadSmallFile(const std::string& path);

/// One mapping of names to scalars or lists of scalars; an empty text is an empty mapping.
/// kInvalidArgument with `source` and line.
Result<std::vector<YamlItem>> ReadYamlMapping(std::string_view text, std::string_view source);

}  // namespace stetig::config::internal
