// Percent, base64 and hex encodings of text.h.
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace stetig {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using DecodeTable = std::array<int8_t, 256>;
constexpr DecodeTable TableOf(std::string_view alphabet) {
  DecodeTable table{};
  table.fill(-1);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return table;
}
constexpr DecodeTable kBase64Values = TableOf(kBase64);
constexpr DecodeTable kBase64UrlValues = TableOf(kBase64Url);

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  char lower = AsciiLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The byte that two hex digits spell, or -1.
int HexByte(char high, char low) {
  int h = HexValue(high);
  int l = HexValue(low);
  return h < 0 || l < 0 ? -1 : h * 16 + l;
}

std::string Encode64(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (k < n ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k <= n; ++k) {
      out.push_back(alphabet[(group >> (18 - 6 * k)) & 63]);
    }
    if (pad) {
      out.append(3 - n, '=');
    }
  }
  return out;
}

std::optional<std::string> Decode64(std::string_view text, const DecodeTable& values) {
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.size() % 4 == 1 || (padding > 0 && (text.size() + padding) % 4 != 0)) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int value = values[static_cast<uint8_t>(c)];
    if (value < 0) {
      return std::nullopt;
    }
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count));
      bits &= (1u << count) - 1;
    }
  }
  return bits == 0 ? std::optional(std::move(out)) : std::nullopt;
}

bool IsUnreserved(char c) {
  char lower = AsciiLower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      int byte = i + 2 < text.size() ? HexByte(text[i + 1], text[i + 2]) : -1;
      if (byte < 0) {
        return std::nullopt;
      }
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string PercentDecodeLenient(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int byte = escape ? HexByte(text[i + 1], text[i + 2]) : -1;
    if (byte >= 0) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::optional<std::string> PercentDecodeFully(std::string_view text) {
  constexpr int kMaxRounds = 10;
  std::string decoded(text);
  for (int round = 0; round < kMaxRounds; ++round) {
    std::string next = PercentDecodeLenient(decoded);
    if (next == decoded) {
      return decoded;
    }
    decoded = std::move(next);
  }
  return std::nullopt;
}

std::string PercentEncode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kUpper = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (IsUnreserved(c) || keep.contains(c)) {
      out.push_back(c);
    } else {
      auto byte = static_cast<uint8_t>(c);
      out.append({'%', kUpper[byte >> 4], kUpper[byte & 15]});
    }
  }
  return out;
}

std::string Base64Encode(std::string_view bytes) { return Encode64(bytes, kBase64, /*pad=*/true); }
std::string Base64UrlEncode(std::string_view bytes) {
  return Encode64(bytes, kBase64Url, /*pad=*/false);
}
std::optional<std::string> Base64Decode(std::string_view text) {
  return Decode64(text, kBase64Values);
}
std::optional<std::string> Base64UrlDecode(std::string_view text) {
  return Decode64(text, kBase64UrlValues);
}

std::string HexEncode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
  }
  return out;
}

std::optional<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    int byte = HexByte(text[i], text[i + 1]);
    if (byte < 0) {
      return std::nullopt;
    }
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

}  // namespace stetig
