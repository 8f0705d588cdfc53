#include "client/width.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace stetig::client {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
constexpr Range kWide[] = {
#include "client/internal/wide_ranges.inc"
};
constexpr Range kZeroWidth[] = {
#include "client/internal/zero_width_ranges.inc"
};

template <size_t N>
bool Holds(const Range (&ranges)[N], char32_t code_point) {
  const auto* found = std::ranges::lower_bound(ranges, code_point, {}, &Range::last);
  return found != std::end(ranges) && found->first <= code_point;
}

size_t WidthOf(char32_t code_point) {
  if (code_point < 0x300) return 1;
  if (Holds(kZeroWidth, code_point)) return 0;
  return Holds(kWide, code_point) ? 2 : 1;
}

/// Takes a code point, or a malformed byte as if it were one.
char32_t Take(std::string_view& rest) {
  if (const auto code_point = TakeCodePoint(rest)) return *code_point;
  rest.remove_prefix(1);
  return U'\uFFFD';
}

bool IsOrder(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

std::string Replaced(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t c = Take(text);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    const bool keep = !IsOrder(c) || (bytes.size() == 1 && kept.contains(bytes.front()));
    out += keep ? bytes : std::string_view(" ");
  }
  return out;
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += WidthOf(Take(text));
  return width;
}

std::string Shortened(std::string_view text, size_t most) {
  if (DisplayWidth(text) <= most) return std::string(text);
  size_t width = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view next = rest;
    width += WidthOf(Take(next));
    if (width > most - 1) break;
    rest = next;
  }
  return std::string(text.substr(0, text.size() - rest.size())) + "…";
}

std::string OneLine(std::string_view text) { return Replaced(text, ""); }
std::string WithoutOrders(std::string_view text) { return Replaced(text, "\n\t"); }

}  // namespace stetig::client
