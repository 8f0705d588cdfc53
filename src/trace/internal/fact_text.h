// What texts from events may become part of the graph, and how they are cut. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json_value.h"
#include "trace/types.h"

namespace stetig::trace::internal {

inline constexpr size_t kMaxId = 1'024;
inline constexpr size_t kMaxTitle = 512;
inline constexpr size_t kMaxStatus = 64;
inline constexpr size_t kMaxRule = 128;
inline constexpr size_t kMaxEvidence = 4'096;
inline constexpr size_t kMaxAttributes = 32;
inline constexpr size_t kMaxAttribute = 512;

/// A name of a type: a small letter, then up to 63 small letters, digits and underscores.
bool IsWord(std::string_view text);
/// Why `ref` names no node; nothing when it does.
std::optional<std::string> WrongRef(const NodeRef& ref);
/// Without NUL, and cut to whole code points within `bytes`.
std::string CleanText(std::string_view text, size_t bytes);
/// The same in lower case, cut to kMaxStatus.
std::string CleanStatus(std::string_view text);
/// The scalars of a payload and of its member "attributes", without what a node has elsewhere
/// (title, name, status), at most kMaxAttributes of kMaxAttribute bytes.
json::Object Attributes(const json::Value& payload);

}  // namespace stetig::trace::internal
