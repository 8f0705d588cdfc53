// Text: UTF-8, MLflow's idea of names, encodings, small parsers. Pure functions; all are
// thread-safe and take any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stetig {

// --- UTF-8
// ---------------------------------------------------------------------------------------------------------------

/// Well-formed by Unicode's table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool IsValidUtf8(std::string_view text);
/// Offset of the first byte that starts no well-formed sequence; nothing when all is well.
std::optional<size_t> FindInvalidUtf8(std::string_view text);
/// Takes one code point off the front; nothing at the end and, leaving `rest` as it is, before a
/// malformed sequence.
std::optional<char32_t> TakeCodePoint(std::string_view& rest);
/// `code_point` must be a Unicode scalar value.
void AppendUtf8(std::string& out, char32_t code_point);
/// Number of code points: bytes that are no continuation bytes. Any other text counts at least 1
/// per 4 bytes.
size_t CodePoints(std::string_view text);
/// The first `count` code points.
std::string_view FirstCodePoints(std::string_view text, size_t count);

// --- names
// ---------------------------------------------------------------------------------------------------------------

/// What Python's `\w` matches in a str pattern: letters, digits and underscore of all scripts.
bool IsWordCodePoint(char32_t code_point);
/// True when posixpath.normpath leaves `path` as it is and it is relative, not "." and does not
/// begin with "..": MLflow's rule for keys and names that may become file names.
bool IsNormalRelativePath(std::string_view path);

// --- ASCII
// ---------------------------------------------------------------------------------------------------------------

constexpr char AsciiLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
std::string AsciiLower(std::string_view text);
/// Letters A–Z compare without case, everything else byte by byte.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
/// Without blanks, tabs, line breaks, form feeds and vertical tabs at both ends.
std::string_view Trim(std::string_view text);
/// The parts between separators; always one more than there are separators.
std::vector<std::string_view> Split(std::string_view text, char separator);

/// An optional minus and decimal digits, nothing else, within int64.
std::optional<int64_t> ParseInt64(std::string_view text);
/// A decimal number with optional fraction and exponent, nothing else (no "inf", "nan", hex, blanks
/// or plus), within double.
std::optional<double> ParseDouble(std::string_view text);

// --- encodings
// -----------------------------------------------------------------------------------------------------------

/// Replaces each %XX by its byte. Nothing when an escape is cut off or no hex. `plus_is_blank` for
/// query strings.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank = false);

/// The same, but what is no escape stays, as in Python's unquote.
std::string PercentDecodeLenient(std::string_view text, bool plus_is_blank = false);

/// Decodes until nothing changes, to see what a path means to whoever decodes it next; what is no
/// escape stays, as in Python's unquote. Nothing when more than ten rounds are needed: that is not
/// honest.
std::optional<std::string> PercentDecodeFully(std::string_view text);
/// Escapes every byte but A–Z a–z 0–9 - . _ ~ and those in `keep` (RFC 3986 "unreserved").
std::string PercentEncode(std::string_view text, std::string_view keep = {});

/// RFC 4648 §4 with padding.
std::string Base64Encode(std::string_view bytes);
/// RFC 4648 §5 without padding.
std::string Base64UrlEncode(std::string_view bytes);
/// Padding may be absent. Nothing for foreign characters, wrong padding, and unused bits that are
/// not zero: each text has one meaning.
std::optional<std::string> Base64Decode(std::string_view text);
std::optional<std::string> Base64UrlDecode(std::string_view text);

std::string HexEncode(std::string_view bytes);
/// Either case. Nothing for foreign characters and odd lengths.
std::optional<std::string> HexDecode(std::string_view text);

/// "2023-11-14T22:13:20.000Z". Years beyond 0000–9999 are clamped.
std::string FormatIso8601(WallTime time);
/// The time that "2026-11-27" (its begin, UTC) or RFC 3339's "2026-11-27T08:00:00.123+01:00" means;
/// nothing for anything else. Digits beyond milliseconds are dropped.
std::optional<WallTime> ParseIso8601(std::string_view text);

}  // namespace stetig
