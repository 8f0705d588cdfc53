#include "base/text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace stetig {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
constexpr Range kWordRanges[] = {
#include "base/internal/word_ranges.inc"
};

constexpr uint8_t Byte(char c) { return static_cast<uint8_t>(c); }
constexpr bool IsContinuation(char c) { return (Byte(c) & 0xC0) == 0x80; }

struct Lead {
  size_t length;      // of the sequence; 0: no sequence starts so
  char32_t bits;      // of the first byte
  uint8_t low, high;  // bounds of the second byte, which keep out overlong forms, surrogates and
                      // more than U+10FFFF
};

constexpr Lead LeadOf(uint8_t b) {
  if (b < 0x80) return {1, b, 0, 0};
  if (b < 0xC2) return {0, 0, 0, 0};
  if (b < 0xE0) return {2, b & 0x1Fu, 0x80, 0xBF};
  if (b < 0xF0)
    return {3, b & 0x0Fu, uint8_t(b == 0xE0 ? 0xA0 : 0x80), uint8_t(b == 0xED ? 0x9F : 0xBF)};
  if (b < 0xF5)
    return {4, b & 0x07u, uint8_t(b == 0xF0 ? 0x90 : 0x80), uint8_t(b == 0xF4 ? 0x8F : 0xBF)};
  return {0, 0, 0, 0};
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  if (IsValidUtf8(text)) {
    return std::nullopt;
  }
  std::string_view rest = text;
  while (TakeCodePoint(rest)) {
  }
  return text.size() - rest.size();
}

std::optional<char32_t> TakeCodePoint(std::string_view& rest) {
  if (rest.empty()) {
    return std::nullopt;
  }
  Lead lead = LeadOf(Byte(rest[0]));
  if (lead.length == 0 || lead.length > rest.size()) {
    return std::nullopt;
  }
  char32_t code = lead.bits;
  for (size_t i = 1; i < lead.length; ++i) {
    uint8_t b = Byte(rest[i]);
    if (i == 1 ? b < lead.low || b > lead.high : !IsContinuation(rest[i])) {
      return std::nullopt;
    }
    code = (code << 6) | (b & 0x3Fu);
  }
  rest.remove_prefix(lead.length);
  return code;
}

void AppendUtf8(std::string& out, char32_t code) {
  auto tail = [&](int shift) { out.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F))); };
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    tail(0);
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return !IsContinuation(c); }));
}

std::string_view FirstCodePoints(std::string_view text, size_t count) {
  size_t i = 0;
  for (; i < text.size(); ++i) {
    if (!IsContinuation(text[i]) && count-- == 0) {
      break;
    }
  }
  return text.substr(0, i);
}

bool IsWordCodePoint(char32_t code) {
  if (code < 0x80) {
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
           (code >= '0' && code <= '9') || code == '_';
  }
  const Range* next = std::ranges::upper_bound(kWordRanges, code, {}, &Range::first);
  return next != std::begin(kWordRanges) && code <= std::prev(next)->last;
}

bool IsNormalRelativePath(std::string_view path) {
  if (path.empty() || path.starts_with("..")) {
    return false;
  }
  return std::ranges::none_of(Split(path, '/'), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = AsciiLower(c);
  }
  return lower;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return AsciiLower(x) == AsciiLower(y);
         });
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

std::optional<int64_t> ParseInt64(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> ParseDouble(std::string_view text) {
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
    return std::nullopt;  // from_chars also takes inf, nan and nan(…)
  }
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range) {
    // Both too large and too small end here; only strtod tells them apart.
    value = std::strtod(std::string(text).c_str(), nullptr);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::string FormatIso8601(WallTime time) {
  using namespace std::chrono;
  constexpr int64_t kFirst = -62'167'219'200'000;  // 0000-01-01T00:00:00.000Z
  constexpr int64_t kLast = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z
  sys_time<milliseconds> point(milliseconds(std::clamp(time.ms, kFirst, kLast)));
  auto day = floor<days>(point);
  year_month_day date(day);
  hh_mm_ss clock(point - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace stetig
