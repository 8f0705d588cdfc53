#include "base/json_writer.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace stetig {
namespace {

constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

/// Writes the digits of `value` so that they end before `end`; returns their begin.
char* DigitsBefore(char* end, uint64_t value) {
  while (value >= 100) {
    end -= 2;
    std::memcpy(end, &kDigitPairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    end -= 2;
    std::memcpy(end, &kDigitPairs[2 * value], 2);
  } else {
    *--end = static_cast<char>('0' + value);
  }
  return end;
}

constexpr size_t kMaxDigits = 17;

/// Lays `digits` out as repr() does; `point` is the number of digits before the decimal point.
/// Returns the end.
char* Layout(char* to, const char* digits, int count, int point) {
  auto n = static_cast<size_t>(count);
  if (point > 16 || point < -3) {
    *to++ = *digits;
    if (n > 1) {
      *to++ = '.';
      std::memcpy(to, digits + 1, n - 1);
      to += n - 1;
    }
    int exponent = point - 1;
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    auto size = static_cast<unsigned>(exponent < 0 ? -exponent : exponent);
    if (size >= 100) {
      *to++ = static_cast<char>('0' + size / 100);
      size %= 100;
    }
    std::memcpy(to, &kDigitPairs[size_t{2} * size], 2);
    return to + 2;
  }
  if (point <= 0) {
    std::memcpy(to, "0.000", 5);
    to += 2 - point;
    std::memcpy(to, digits, n);
    return to + n;
  }
  auto before = static_cast<size_t>(point);
  if (n <= before) {
    std::memcpy(to, digits, n);
    std::memset(to + n, '0', before - n);
    std::memcpy(to + before, ".0", 2);
    return to + before + 2;
  }
  std::memcpy(to, digits, before);
  to[before] = '.';
  std::memcpy(to + before + 1, digits + before, n - before);
  return to + n + 1;
}

bool NeedsEscape(char c, bool ascii) {
  auto byte = static_cast<uint8_t>(c);
  return byte < 0x20 || c == '"' || c == '\\' || (ascii && byte >= 0x7F);
}

/// Length of the prefix of `text` in which no byte is below 0x20, a quote, a backslash or above
/// 0x7F.
size_t PlainPrefix(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    auto zero = [](uint64_t x) { return (x - kOnes) & ~x; };
    uint64_t hits =
        (word | (word - kOnes * 0x20) | zero(word ^ (kOnes * '"')) | zero(word ^ (kOnes * '\\'))) &
        kHighs;
    if (hits != 0) {
      break;
    }
  }
  while (i < text.size() && !NeedsEscape(text[i], /*ascii=*/true)) {
    ++i;
  }
  return i;
}

void AppendUnicodeEscape(std::string& out, unsigned unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.append({'\\', 'u', kHex[unit >> 12], kHex[(unit >> 8) & 15], kHex[(unit >> 4) & 15],
              kHex[unit & 15]});
}

/// Writes the first code point of `rest`, which the plain prefix does not hold, and takes it off.
void AppendSpecial(std::string& out, std::string_view& rest, bool ascii) {
  std::string_view before = rest;
  std::optional<char32_t> taken = TakeCodePoint(rest);
  if (!taken) {
    rest.remove_prefix(1);
  }
  char32_t code = taken.value_or(0xFFFD);
  switch (code) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\b':
      out.append("\\b");
      return;
    case '\f':
      out.append("\\f");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      break;
  }
  if (code >= 0x20 && !ascii) {
    if (taken) {
      out.append(before.substr(0, before.size() - rest.size()));
    } else {
      AppendUtf8(out, code);
    }
  } else if (code == 0x7F) {
    out.push_back('\x7F');  // ASCII after all; Python prints it as it is
  } else if (code < 0x10000) {
    AppendUnicodeEscape(out, code);
  } else {
    AppendUnicodeEscape(out, 0xD800 + ((code - 0x10000) >> 10));
    AppendUnicodeEscape(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
  }
}

char* PutNonFinite(char* to, double value, NonFinite spelling) {
  std::string_view name = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  if (spelling == NonFinite::kNull) name = "null";
  if (spelling == NonFinite::kQuoted) *to++ = '"';
  std::memcpy(to, name.data(), name.size());
  to += name.size();
  if (spelling == NonFinite::kQuoted) *to++ = '"';
  return to;
}

}  // namespace

char* PutDouble(char* to, double value, NonFinite non_finite) {
  if (!std::isfinite(value)) [[unlikely]]
    return PutNonFinite(to, value, non_finite);
  if (std::signbit(value)) {
    *to++ = '-';
    value = -value;
  }
  char digits[kMaxDigits + 3];
  char* end = digits + sizeof(digits);
  constexpr double kExact =
      9007199254740992;  // 2^53: below it every integer is its own shortest form
  if (value < kExact && value == static_cast<double>(static_cast<uint64_t>(value))) {
    char* begin = DigitsBefore(end, static_cast<uint64_t>(value));
    std::memcpy(to, begin, static_cast<size_t>(end - begin));
    to += end - begin;
    std::memcpy(to, ".0", 2);
    return to + 2;
  }
  // Dragonbox, as fmt ships it: std::to_chars of libstdc++ 12 (Ryu) takes 1.6 times as long
  // (json_bench.cc).
  auto decimal = fmt::detail::dragonbox::to_decimal(value);
  char* begin = DigitsBefore(end, decimal.significand);
  int count = static_cast<int>(end - begin);
  return Layout(to, begin, count, count + decimal.exponent);
}

char* PutInt64(char* to, int64_t value) {
  char buffer[kMaxInt64Text];
  char* end = buffer + sizeof(buffer);
  uint64_t size = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  char* begin = DigitsBefore(end, size);
  if (value < 0) {
    *--begin = '-';
  }
  auto count = static_cast<size_t>(end - begin);
  std::memcpy(to, begin, count);
  return to + count;
}

void AppendDouble(std::string& out, double value) {
  CHECK(std::isfinite(value));
  char buffer[kMaxDoubleText];
  out.append(buffer, static_cast<size_t>(PutDouble(buffer, value) - buffer));
}

void AppendInt64(std::string& out, int64_t value) {
  char buffer[kMaxInt64Text];
  out.append(buffer, static_cast<size_t>(PutInt64(buffer, value) - buffer));
}

void AppendJsonString(std::string& out, std::string_view text, bool ascii) {
  out.push_back('"');
  while (true) {
    size_t plain = PlainPrefix(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    AppendSpecial(out, text, ascii);
  }
  out.push_back('"');
}

bool JsonWriter::IsPlain(std::string_view text) { return PlainPrefix(text) == text.size(); }

void JsonWriter::Key(std::string_view name) {
  BeforeKey();
  AppendJsonString(*out_, name, options_.ascii);
  out_->push_back(':');
}

void JsonWriter::Double(double value) {
  BeforeValue();
  char buffer[kMaxDoubleText];
  char* end = PutDouble(buffer, value, options_.non_finite);
  out_->append(buffer, static_cast<size_t>(end - buffer));
}

void JsonWriter::Tree(const json::Value& value) {
  if (const auto* array = value.AsArray()) {
    BeginArray();
    for (const json::Value& element : *array) {
      Tree(element);
    }
    EndArray();
  } else if (const auto* object = value.AsObject()) {
    BeginObject();
    for (const auto& [name, member] : *object) {
      Key(std::string_view(name));
      Tree(member);
    }
    EndObject();
  } else if (const auto* text = value.AsString()) {
    String(*text);
  } else if (const auto* integer = value.AsInt64()) {
    Int(*integer);
  } else if (const auto* number = value.AsDouble()) {
    Double(*number);
  } else if (const auto* flag = value.AsBool()) {
    Bool(*flag);
  } else {
    Null();
  }
}

void JsonWriter::Open(char bracket, [[maybe_unused]] bool object) {
  BeforeValue();
#ifndef NDEBUG
  open_.push_back(object ? 'o' : 'a');
#endif
  out_->push_back(bracket);
  comma_ = false;
}

void JsonWriter::Close(char bracket, [[maybe_unused]] bool object) {
#ifndef NDEBUG
  CHECK(!open_.empty() && open_.back() == (object ? 'o' : 'a') && !key_pending_);
  open_.pop_back();
#endif
  out_->push_back(bracket);
  comma_ = true;
}

void JsonWriter::BeforeKey() {
#ifndef NDEBUG
  CHECK(!open_.empty() && open_.back() == 'o' && !key_pending_);
  key_pending_ = true;
#endif
  if (comma_) {
    out_->push_back(',');
  }
  comma_ = false;
}

#ifndef NDEBUG
bool JsonWriter::MayWriteValue() {
  if (open_.empty()) {
    return !comma_;
  }
  return open_.back() == 'a' || std::exchange(key_pending_, false);
}
#endif

}  // namespace stetig
