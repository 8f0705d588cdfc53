#include "connect/forge/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace stetig::connect::forge {

using std::string_view;

constexpr size_t kMaxShaText = 80;

std::string FirstBytes(string_view text, size_t bytes) {
  std::string out(text.substr(0, bytes));
  if (text.size() > bytes) {
    if (const auto broken = FindInvalidUtf8(out)) out.resize(*broken);
  }
  std::erase(out, '\0');
  return out;
}

std::string Reader::PathOf(string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

Failure Reader::Wrong(string_view name, string_view found, string_view expected) const {
  const std::string path = PathOf(name);
  return Err(
      Code::kInvalidArgument,
      fmt::format("{} {}, expected {}", path.empty() ? "the payload" : path, found, expected),
      "invalid_payload");
}

Reader Reader::At(string_view name) const {
  return {value_ == nullptr ? nullptr : value_->Find(name), PathOf(name)};
}

Reader Reader::At(size_t index) const {
  const json::Array* list = value_ == nullptr ? nullptr : value_->AsArray();
  return {list == nullptr || index >= list->size() ? nullptr : &(*list)[index],
          fmt::format("{}[{}]", path_, index)};
}

Result<size_t> Reader::Count() const {
  if (missing()) return 0;
  const json::Array* list = value_->AsArray();
  if (list == nullptr) {
    return Err(Code::kInvalidArgument,
               fmt::format("{} is a {}, expected an array", path_.empty() ? "the answer" : path_,
                           json::KindName(value_->kind())),
               "invalid_payload");
  }
  return list->size();
}

Result<std::string> Reader::NeedText(string_view name) const {
  const Reader at = At(name);
  if (at.missing()) return Wrong(name, "is missing", "a string");
  const std::string* text = at.value_->AsString();
  if (text == nullptr) {
    return Wrong(name, fmt::format("is a {}", json::KindName(at.value_->kind())), "a string");
  }
  std::string out = *text;
  std::erase(out, '\0');
  return out;
}

Result<std::string> Reader::Text(string_view name, size_t bytes) const {
  if (At(name).missing()) return std::string();
  ASSIGN_OR_RETURN(const std::string text, NeedText(name));
  return FirstBytes(text, bytes);
}

Result<int64_t> Reader::NeedInt(string_view name) const {
  const Reader at = At(name);
  if (at.missing()) return Wrong(name, "is missing", "an integer");
  const int64_t* number = at.value_->AsInt64();
  if (number == nullptr) {
    return Wrong(name, fmt::format("is a {}", json::KindName(at.value_->kind())), "an integer");
  }
  return *number;
}

Result<int64_t> Reader::Int(string_view name, int64_t otherwise) const {
  if (At(name).missing()) return otherwise;
  return NeedInt(name);
}

Result<bool> Reader::Bool(string_view name) const {
  const Reader at = At(name);
  if (at.missing()) return false;
  const bool* flag = at.value_->AsBool();
  if (flag == nullptr) {
    return Wrong(name, fmt::format("is a {}", json::KindName(at.value_->kind())), "true or false");
  }
  return *flag;
}

Result<WallTime> Reader::Time(string_view name) const {
  if (At(name).missing()) return WallTime{};
  ASSIGN_OR_RETURN(const std::string text, NeedText(name));
  const auto time = ParseIso8601(text);
  if (!time) {
    return Wrong(name, fmt::format("is '{}'", FirstCodePoints(text, 40)),
                 "a time such as 2026-11-27T08:00:00Z");
  }
  return WallTime{std::max<int64_t>(time->ms, 0)};
}

Result<WallTime> Reader::NeedTime(string_view name) const {
  if (At(name).missing()) return Wrong(name, "is missing", "a time");
  return Time(name);
}

Result<std::string> Reader::Sha(string_view name) const {
  ASSIGN_OR_RETURN(const std::string text, NeedText(name));
  std::string sha = AsciiLower(text);
  if ((sha.size() != 40 && sha.size() != 64) ||
      sha.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Wrong(name, fmt::format("is '{}'", FirstCodePoints(text, 80)),
                 "a hash of 40 or 64 hex digits");
  }
  return sha;
}

Result<std::string> Reader::MaybeSha(string_view name) const {
  ASSIGN_OR_RETURN(const std::string text, Text(name, kMaxShaText));
  if (text.empty()) return std::string();
  return Sha(name);
}

Result<std::string> Reader::ShaOrZero(string_view name) const {
  ASSIGN_OR_RETURN(std::string sha, Sha(name));
  if (sha.find_first_not_of('0') == std::string::npos) sha.clear();
  return sha;
}

}  // namespace stetig::connect::forge
