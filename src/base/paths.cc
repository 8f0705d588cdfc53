#include "base/paths.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/text.h"

namespace stetig {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool DecodedLeavesItsFolder(std::string_view decoded) {
  std::string slashed(decoded);
  std::ranges::replace(slashed, '\\', '/');
  return std::ranges::any_of(slashed, IsControl) ||
         std::ranges::any_of(Split(slashed, '/'),
                             [](std::string_view part) { return part == ".."; });
}

}  // namespace

bool LeavesItsFolder(std::string_view path) {
  const std::optional<std::string> decoded = PercentDecodeFully(path);
  return !decoded || DecodedLeavesItsFolder(*decoded);
}

bool IsSafeRelativePath(std::string_view path) {
  const std::optional<std::string> decoded = PercentDecodeFully(path);
  if (!decoded || DecodedLeavesItsFolder(*decoded)) {
    return false;
  }
  const bool drive = decoded->size() > 1 && (*decoded)[1] == ':';
  const bool rooted = decoded->starts_with('/') || decoded->starts_with('\\');
  return !drive && !rooted && !AsciiLower(*decoded).starts_with("file:") &&
         !decoded->contains('#') && IsValidUtf8(*decoded);
}

bool SchemeNamesHost(std::string_view scheme) {
  static constexpr std::array<std::string_view, 9> kSchemes = {
      "ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss"};
  return std::ranges::any_of(
      kSchemes, [&](std::string_view known) { return EqualsIgnoreCase(known, scheme); });
}

}  // namespace stetig
