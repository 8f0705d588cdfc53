// LIKE: `%` any run of characters, `_` one character, no escape; on both stores alike.
#pragma once

#include <string>
#include <string_view>

namespace stetig::query {

/// The SQLite GLOB pattern that means `pattern` of a case-sensitive LIKE (SQLite's own LIKE folds
/// ASCII case).
std::string GlobOfLike(std::string_view pattern);

}  // namespace stetig::query
