#include "query/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/json_writer.h"
#include "base/text.h"

namespace stetig::query {
namespace {

/// What a key may hold besides what Python's `\w` matches.
constexpr std::string_view kBesidesWords = "/.- :";

bool IsAsciiAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Status InvalidName(std::string_view name, std::string_view parameter, std::string_view why) {
  return Err(Code::kInvalidArgument, fmt::format("Invalid value {} for parameter '{}' supplied: {}",
                                                 PythonJson(name), parameter, why));
}

}  // namespace

std::string PythonJson(std::string_view text) {
  std::string out;
  AppendJsonString(out, text, /*ascii=*/true);
  return out;
}

std::string PythonRepr(std::string_view text) {
  const char quote = text.contains('\'') && !text.contains('"') ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += quote;
  return out;
}

bool HasOnlyWordCharactersAnd(std::string_view others, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    if (IsAsciiAlphanumeric(c) || c == '_' || others.contains(c)) {
      text.remove_prefix(1);
      continue;
    }
    const std::optional<char32_t> code_point = TakeCodePoint(text);
    if (!code_point || !IsWordCodePoint(*code_point)) {
      return false;
    }
  }
  return true;
}

std::string NormalPath(std::string_view path) {
  if (path.empty()) {
    return ".";
  }
  const size_t slashes =
      path.starts_with("//") && !path.starts_with("///") ? 2 : (path.starts_with('/') ? 1 : 0);
  std::vector<std::string_view> kept;
  for (size_t start = 0; start <= path.size();) {
    const size_t slash = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, slash - start);
    start = slash + 1;
    if (part.empty() || part == ".") {
      continue;
    }
    if (part != ".." || (slashes == 0 && kept.empty()) || (!kept.empty() && kept.back() == "..")) {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string normal(slashes, '/');
  normal += fmt::format("{}", fmt::join(kept, "/"));
  return normal.empty() ? "." : normal;
}

Status CheckNormalPath(std::string_view name, std::string_view parameter) {
  if (IsNormalRelativePath(name)) {
    return OkStatus();
  }
  return InvalidName(name, parameter,
                     fmt::format("Names may be treated as files in certain cases, and must not "
                                 "resolve to other names when treated as such. "
                                 "This name would resolve to {}",
                                 PythonRepr(NormalPath(name))));
}

bool IsKey(std::string_view key) {
  return HasOnlyWordCharactersAnd(kBesidesWords, key) && IsNormalRelativePath(key);
}

Status CheckKey(std::string_view key, std::string_view parameter) {
  if (!HasOnlyWordCharactersAnd(kBesidesWords, key)) {
    return InvalidName(key, parameter,
                       "Names may only contain alphanumerics, underscores (_), dashes (-), periods "
                       "(.), spaces ( ), colon(:) and slashes (/).");
  }
  return CheckNormalPath(key, parameter);
}

Status CheckLength(std::string_view what, size_t limit, std::string_view text) {
  if (text.size() <= limit || CodePoints(text) <= limit) {
    return OkStatus();
  }
  return Err(Code::kInvalidArgument,
             fmt::format("'{}' exceeds the maximum length of {} characters", what, limit));
}

}  // namespace stetig::query
