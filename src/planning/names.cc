#include "planning/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/paths.h"
#include "base/text.h"
#include "planning/types.h"

namespace stetig::planning {
namespace {

constexpr size_t kMaxContentType = 200;

/// What is not seen, or makes other text look like something else.
bool Misleads(uint32_t point) {
  const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
  const bool line = point == 0x2028 || point == 0x2029;
  const bool direction = (point >= 0x202A && point <= 0x202E) ||
                         (point >= 0x2066 && point <= 0x2069) || point == 0x200E || point == 0x200F;
  const bool invisible = point == 0x200B || point == 0xFEFF;
  return control || line || direction || invisible || point == 0xFFFE || point == 0xFFFF;
}

/// What is wrong with the name; empty: nothing.
std::string_view FaultOf(std::string_view name) {
  if (name.empty()) return "empty";
  if (name.size() > kMaxAttachmentName) return "too long";
  if (name == "." || name == "..") return "no file's name";
  if (name.find_first_of("/\\:") != std::string_view::npos) return "a path";
  if (name.front() == ' ' || name.back() == ' ' || name.back() == '.') {
    return "a name with a blank or a dot at its end";
  }
  std::string_view rest = name;
  while (!rest.empty()) {
    const auto point = TakeCodePoint(rest);
    if (!point) return "no UTF-8";
    if (Misleads(static_cast<uint32_t>(*point))) return "a name with characters that do not show";
  }
  return LeavesItsFolder(name) ? "a path" : "";
}

bool IsToken(std::string_view text) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.contains(c);
  });
}

}  // namespace

Status CheckAttachmentName(std::string_view name) {
  const std::string_view fault = FaultOf(name);
  if (fault.empty()) return OkStatus();
  const std::string shown =
      IsValidUtf8(name) ? fmt::format(" ('{}')", FirstCodePoints(name, 80)) : std::string();
  return Err(
      Code::kInvalidArgument,
      fmt::format("the attachment's name is {}{}, expected a file's name of at most {} bytes "
                  "without '/', '\\' and ':'",
                  fault, shown, kMaxAttachmentName),
      "invalid_name");
}

Status CheckContentType(std::string_view type) {
  const std::string_view media = Trim(type.substr(0, type.find(';')));
  const size_t slash = media.find('/');
  const bool printable = std::ranges::all_of(type, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (type.size() <= kMaxContentType && printable && slash != std::string_view::npos &&
      IsToken(media.substr(0, slash)) && IsToken(media.substr(slash + 1))) {
    return OkStatus();
  }
  return Err(Code::kInvalidArgument,
             fmt::format("content type is '{}', expected one like image/png",
                         IsValidUtf8(type) ? FirstCodePoints(type, 80) : "no UTF-8"),
             "invalid_content_type");
}

}  // namespace stetig::planning
