#include "query/page_token.h"

#include <optional>

#include <xxhash.h>

#include "base/bytes.h"
#include "base/text.h"

namespace stetig::query {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHead = 1 + sizeof(uint64_t);

enum Kind : char { kNull = 0, kInt = 1, kReal = 2, kText = 3 };

Failure BadToken() {
  return Err(Code::kInvalidArgument, "Invalid page token, could not base64-decode");
}
Failure Damaged() {
  return Err(Code::kInvalidArgument, "Invalid page token, it is damaged or of another version");
}

bool TakeValue(std::string_view& in, CursorValue& value) {
  char kind = 0;
  if (!TakeLe(in, kind)) return false;
  switch (kind) {
    case kNull:
      value = std::monostate();
      return true;
    case kInt:
      return TakeLe(in, value.emplace<int64_t>());
    case kReal:
      return TakeLe(in, value.emplace<double>());
    case kText: {
      uint32_t size = 0;
      if (!TakeLe(in, size) || size > in.size()) return false;
      value.emplace<std::string>(in.substr(0, size));
      in.remove_prefix(size);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

Fingerprint& Fingerprint::Add(std::string_view part) {
  state_ = XXH3_64bits_withSeed(part.data(), part.size(), state_ + 1);
  return *this;
}

Fingerprint& Fingerprint::Add(int64_t part) {
  return Add(std::string_view(reinterpret_cast<const char*>(&part), sizeof(part)));
}

std::string EncodePageToken(uint64_t fingerprint, std::span<const CursorValue> values) {
  std::string bytes(1, kVersion);
  AppendLe(bytes, fingerprint);
  for (const CursorValue& value : values) {
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      bytes += kInt;
      AppendLe(bytes, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      bytes += kReal;
      AppendLe(bytes, *real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      bytes += kText;
      AppendLe(bytes, static_cast<uint32_t>(text->size()));
      bytes += *text;
    } else {
      bytes += kNull;
    }
  }
  AppendLe(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return Base64UrlEncode(bytes);
}

Result<std::vector<CursorValue>> DecodePageToken(std::string_view token, uint64_t fingerprint) {
  if (token.size() > kMaxTokenBytes) return BadToken();
  const std::optional<std::string> decoded = Base64UrlDecode(token);
  if (!decoded) return BadToken();
  const std::string& bytes = *decoded;
  if (bytes.size() < kHead + sizeof(uint64_t) || bytes[0] != kVersion) return Damaged();
  std::string_view tail = std::string_view(bytes).substr(bytes.size() - sizeof(uint64_t));
  std::string_view in = std::string_view(bytes).substr(0, bytes.size() - sizeof(uint64_t));
  uint64_t checksum = 0;
  if (!TakeLe(tail, checksum) || checksum != XXH3_64bits(in.data(), in.size())) return Damaged();
  in.remove_prefix(1);
  uint64_t of_query = 0;
  if (!TakeLe(in, of_query)) return Damaged();
  if (of_query != fingerprint)
    return Err(
        Code::kInvalidArgument,
        "Invalid page token, it belongs to another query (ids, filter, order or view differ)");
  std::vector<CursorValue> values;
  while (!in.empty()) {
    if (!TakeValue(in, values.emplace_back())) return Damaged();
  }
  return values;
}

}  // namespace stetig::query
