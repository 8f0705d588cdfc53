#include "base/internal/json_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace stetig::json::internal {
namespace {

constexpr size_t kLarge = size_t{1} << 20;
constexpr size_t kDepthWindow = size_t{64} << 10;

std::string_view Describe(simdjson::error_code error) {
  switch (error) {
    case simdjson::TAPE_ERROR:
      return "a comma, colon, key or bracket is missing or misplaced";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "the text ends inside an array or object";
    case simdjson::NUMBER_ERROR:
      return "malformed number, or one beyond the range of double";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return "malformed literal, expected true, false or null";
    default:
      return simdjson::error_message(error);
  }
}

/// Where a control character stands inside a string, or else where a string that is never closed
/// begins.
size_t FindBadString(std::string_view text) {
  size_t i = 0;
  while ((i = text.find('"', i)) != std::string_view::npos) {
    size_t begin = i++;
    while (i < text.size() && text[i] != '"') {
      if (static_cast<unsigned char>(text[i]) < 0x20) {
        return i;
      }
      i += text[i] == '\\' ? 2 : 1;
    }
    if (i >= text.size()) {
      return begin;
    }
    ++i;
  }
  return text.size();
}

std::optional<char32_t> Hex4(const char* at) {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = AsciiLower(at[i]);
    bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) {
      return std::nullopt;
    }
    value = value * 16 + static_cast<char32_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return value;
}

/// The character that the escape at `at` (behind the backslash) stands for; moves `at` behind it.
/// Nothing: no such escape, or a surrogate without its partner. Never reads beyond the closing
/// quote, since a quote is no hex digit.
std::optional<char32_t> TakeEscape(const char*& at) {
  char c = *at++;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return static_cast<char32_t>(c);
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'u':
      break;
    default:
      return std::nullopt;
  }
  std::optional<char32_t> first = Hex4(at);
  if (!first) {
    return std::nullopt;
  }
  at += 4;
  if (*first < 0xD800 || *first > 0xDFFF) {
    return first;
  }
  if (*first > 0xDBFF || at[0] != '\\' || at[1] != 'u') {
    return std::nullopt;
  }
  std::optional<char32_t> second = Hex4(at + 2);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) {
    return std::nullopt;
  }
  at += 6;
  return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
}

/// The next quote or backslash. The parser has made sure that there is one.
const char* NextSpecial(const char* at) {
  while (*at != '"' && *at != '\\') {
    ++at;
  }
  return at;
}

}  // namespace

Position PositionOf(std::string_view text, size_t offset) {
  std::string_view before = text.substr(0, offset);
  size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<size_t>(std::ranges::count(before, '\n')) + 1,
          CodePoints(before.substr(line_begin)) + 1};
}

bool TooDeep(std::string_view text, size_t window, int depth) {
  int open = 0;
  bool in_string = false;
  for (size_t i = 0; i < std::min(window, text.size()); ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if ((c == '[' || c == '{') && ++open > depth) {
      return true;
    } else if (c == ']' || c == '}') {
      --open;
    }
  }
  return false;
}

Status DocumentState::ErrorAt(const char* at, std::string_view message) const {
  size_t skip = is_wrapped() ? 1 : 0;
  auto offset = static_cast<size_t>(at - begin());
  Position position = PositionOf(source(), std::min(offset - std::min(offset, skip), length));
  return Err(Code::kInvalidArgument,
             fmt::format("{} at line {}, column {}", message, position.line, position.column));
}

Status DocumentState::ParserError(simdjson::error_code error) {
  const char* at = last;
  // A parser that gave up stands one token beyond the bad one; the value read last is the nearer
  // guess.
  if (document.is_alive()) {
    const char* here = nullptr;
    if (document.current_location().get(here) == simdjson::SUCCESS) {
      at = std::max(last, here);
    } else {
      at = begin() + length;
    }
  }
  return ErrorAt(at == nullptr ? begin() : at, Describe(error));
}

Status DocumentState::StructureError(simdjson::error_code error) const {
  std::string_view all = source();
  switch (error) {
    case simdjson::UTF8_ERROR:
      return ErrorAt(begin() + FindInvalidUtf8(all).value_or(0), "invalid UTF-8");
    case simdjson::UNESCAPED_CHARS:
      return ErrorAt(begin() + FindBadString(all), "a control character inside a string");
    case simdjson::UNCLOSED_STRING:
      return ErrorAt(begin() + FindBadString(all), "a string is not closed");
    case simdjson::EMPTY:
      return ErrorAt(begin() + length, "expected a JSON value, found the end of the text");
    case simdjson::MEMALLOC:
      return Err(Code::kResourceExhausted, "no memory for the JSON parser");
    default:
      return ErrorAt(begin(), Describe(error));
  }
}

Status DocumentState::Open(std::string body, const Limits& wanted, bool nan) {
  limits = wanted;
  nan_literals = nan;
  root.reset();
  consumed = false;
  last = nullptr;
  wrapped.clear();
  text = std::move(body);
  length = text.size();
  if (length > limits.bytes) {
    return Err(
        Code::kInvalidArgument,
        fmt::format("the JSON text has {} bytes, expected at most {}", length, limits.bytes));
  }
  // The parser's index needs five times the text: refuse the cheapest attack before paying for it.
  if (length > kLarge && TooDeep(text, kDepthWindow, limits.depth)) {
    return Err(Code::kInvalidArgument,
               fmt::format("arrays and objects are nested deeper than {} at line 1, column 1",
                           limits.depth));
  }
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] != '[' && text[first] != '{') {
    return OpenWrapped();
  }
  text.append(simdjson::SIMDJSON_PADDING, '\0');
  auto error = parser.iterate(text.data(), length, text.size()).get(document);
  if (error != simdjson::SUCCESS) {
    return StructureError(error);
  }
  ondemand::value value;
  error = document.get_value().get(value);
  if (error != simdjson::SUCCESS) {
    return ParserError(error);
  }
  SetRoot(value);
  return OkStatus();
}

Status DocumentState::OpenWrapped() {
  wrapped.reserve(length + 2 + simdjson::SIMDJSON_PADDING);
  wrapped.append(1, '[').append(text).append(1, ']');
  size_t size = wrapped.size();
  wrapped.append(simdjson::SIMDJSON_PADDING, '\0');
  auto error = parser.iterate(wrapped.data(), size, wrapped.size()).get(document);
  if (error != simdjson::SUCCESS) {
    // Look at the text itself, in which no position is shifted.
    wrapped.clear();
    return StructureError(error);
  }
  ondemand::array_iterator end;
  if ((error = document.get_array().get(wrapping)) || (error = wrapping.begin().get(element)) ||
      (error = wrapping.end().get(end))) {
    return ParserError(error);
  }
  ondemand::value value;
  if (!(element != end) || (*element).get(value) != simdjson::SUCCESS) {
    return ErrorAt(begin() + 1, "expected a JSON value");
  }
  SetRoot(value);
  return OkStatus();
}

Result<std::string_view> DocumentState::Decode(const char* raw) {
  const char* at = NextSpecial(raw);
  if (*at == '"') [[likely]] {
    return std::string_view(raw, at);
  }
  std::string& out = unescaped.emplace_back(raw, at);
  while (*at != '"') {
    const char* escape = at++;
    std::optional<char32_t> code = TakeEscape(at);
    if (!code) {
      return Err(ErrorAt(escape, "malformed escape in a string"));
    }
    AppendUtf8(out, *code);
    const char* plain = at;
    at = NextSpecial(at);
    out.append(plain, at);
  }
  return std::string_view(out);
}

Status DocumentState::CheckString(const char* raw) {
  for (const char* at = NextSpecial(raw); *at != '"'; at = NextSpecial(at)) {
    const char* escape = at++;
    if (!TakeEscape(at)) {
      return ErrorAt(escape, "malformed escape in a string");
    }
  }
  return OkStatus();
}

}  // namespace stetig::json::internal
