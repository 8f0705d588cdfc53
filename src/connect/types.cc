#include "connect/types.h"

#include <utility>

namespace stetig::connect {
namespace {

constexpr std::pair<CiStatus, std::string_view> kCiStatuses[] = {
    {CiStatus::kRunning, "running"},
    {CiStatus::kPassed, "passed"},
    {CiStatus::kFailed, "failed"},
    {CiStatus::kCancelled, "cancelled"}};

}  // namespace

std::string_view CiStatusName(CiStatus status) {
  for (const auto& [value, name] : kCiStatuses) {
    if (value == status) return name;
  }
  return "running";
}

std::optional<CiStatus> ParseCiStatus(std::string_view text) {
  for (const auto& [value, name] : kCiStatuses) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string_view RefKindName(RefKind kind) { return kind == RefKind::kBranch ? "branch" : "tag"; }

}  // namespace stetig::connect
