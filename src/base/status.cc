#include "base/status.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"

namespace stetig {

std::string_view CodeName(Code code) {
  static constexpr std::array<std::string_view, 15> kNames = {"ok",
                                                              "invalid_argument",
                                                              "not_found",
                                                              "already_exists",
                                                              "failed_precondition",
                                                              "aborted",
                                                              "permission_denied",
                                                              "unauthenticated",
                                                              "resource_exhausted",
                                                              "deadline_exceeded",
                                                              "cancelled",
                                                              "unimplemented",
                                                              "unavailable",
                                                              "data_loss",
                                                              "internal"};
  return kNames.at(static_cast<size_t>(code));
}

Status::Status(Code code, std::string message, std::string detail)
    : rep_(std::make_unique<Rep>(Rep{code, std::move(message), std::move(detail)})) {
  CHECK(code != Code::kOk);
}

Status::Status(const Status& other)
    : rep_(other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr) {}

Status& Status::operator=(const Status& other) {
  if (this != &other) {
    rep_ = other.rep_ ? std::make_unique<Rep>(*other.rep_) : nullptr;
  }
  return *this;
}

std::string Status::ToString() const {
  return ok() ? "ok" : fmt::format("{}: {}", CodeName(code()), message());
}

}  // namespace stetig
