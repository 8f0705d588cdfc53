// Tokens of JSON as text, where the parser's own reading does not do. Pure; thread-safe.
#pragma once

#include <optional>
#include <string_view>

namespace stetig::json::internal {

/// The value of a bare NaN, Infinity or -Infinity at `at`, which must have 10 bytes behind it (the
/// parser's padding).
std::optional<double> NanLiteral(const char* at);

/// `raw` without the blanks behind it.
std::string_view Token(std::string_view raw);

/// RFC 8259, section 6.
bool IsNumber(std::string_view text);

}  // namespace stetig::json::internal
