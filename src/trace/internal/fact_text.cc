#include "trace/internal/fact_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace stetig::trace::internal {
namespace {

void AddScalar(json::Object& out, const json::Member& member) {
  const auto& [name, value] = member;
  if (out.size() >= kMaxAttributes || name.empty() || name.size() > kMaxStatus ||
      name.contains('\0') || value.AsObject() != nullptr || value.AsArray() != nullptr ||
      value.IsNull()) {
    return;
  }
  if (const std::string* text = value.AsString()) {
    out.emplace_back(name, json::Value(CleanText(*text, kMaxAttribute)));
  } else {
    out.push_back(member);
  }
}

}  // namespace

bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::optional<std::string> WrongRef(const NodeRef& ref) {
  if (!IsWord(ref.type)) {
    return fmt::format("\"{}\" is no type of node", CleanText(ref.type, kMaxStatus));
  }
  if (ref.id.empty() || ref.id.size() > kMaxId || ref.id.contains('\0')) {
    return fmt::format("the id of a {} has {} bytes, expected 1 to {} and no NUL", ref.type,
                       ref.id.size(), kMaxId);
  }
  return std::nullopt;
}

std::string CleanText(std::string_view text, size_t bytes) {
  std::string clean(text.substr(0, std::min(text.size(), bytes + 4)));
  std::erase(clean, '\0');
  if (clean.size() > bytes) {
    clean.resize(bytes);
  }
  if (auto broken = FindInvalidUtf8(clean)) {
    clean.resize(*broken);  // cut within a code point
  }
  return clean;
}

std::string CleanStatus(std::string_view text) { return AsciiLower(CleanText(text, kMaxStatus)); }

json::Object Attributes(const json::Value& payload) {
  json::Object out;
  for (const json::Member& member : *payload.AsObject()) {
    if (member.first != "title" && member.first != "name" && member.first != "status" &&
        member.first != "attributes") {
      AddScalar(out, member);
    }
  }
  const json::Value* nested = payload.Find("attributes");
  if (nested != nullptr && nested->AsObject() != nullptr) {
    for (const json::Member& member : *nested->AsObject()) {
      AddScalar(out, member);
    }
  }
  return out;
}

}  // namespace stetig::trace::internal
