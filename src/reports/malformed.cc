#include "reports/internal/malformed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "reports/reports.h"

namespace stetig::reports {

Status Malformed(int64_t line, std::string_view message) {
  return Malformed(fmt::format("line {}: {}", line, message));
}

Status Malformed(std::string message) {
  return {Code::kInvalidArgument, std::move(message), kMalformedReport};
}

Status TooLarge(size_t bytes) {
  return {Code::kResourceExhausted,
          fmt::format("the report has {} bytes, expected at most {}", bytes, kMaxFile)};
}

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 60;
  std::string shown(text.substr(0, size_t{4} * kShown));
  for (std::optional<size_t> bad = FindInvalidUtf8(shown); bad; bad = FindInvalidUtf8(shown)) {
    shown[*bad] = '?';
  }
  shown = FirstCodePoints(shown, kShown);
  std::ranges::replace_if(shown, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  return shown;
}

std::optional<bool> IsHit(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const bool digits =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (digits) return !negative && text.find_first_not_of('0') != std::string_view::npos;
  const auto number = ParseDouble(text);
  if (!number) return std::nullopt;
  return !negative && *number > 0;
}

}  // namespace stetig::reports
