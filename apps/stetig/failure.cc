// What commands that ask a server say when it does not work out.
#include <fmt/format.h>

#include "resources.h"

namespace stetig::app {
namespace {

/// What helps most after this failure.
std::string NextCommand(const Status& status, const std::string& noun) {
  switch (status.code()) {
    case Code::kUnavailable:
      return Say(
          "Start one:  stetig up\nOr name another:  --server URL, or once and for all:  "
          "stetig login URL");
    case Code::kUnauthenticated:
      return Say("Log in:  stetig login URL");
    case Code::kPermissionDenied:
      return Say("See who you are:  stetig server info");
    case Code::kNotFound:
      return Say("See:  stetig {} list", noun);
    case Code::kInvalidArgument:
      return Say("See:  stetig help {}", noun);
    case Code::kFailedPrecondition:
      return status.detail() == "revision_mismatch"
                 ? Say("Look at it again:  stetig {} get ID", noun)
                 : "";
    default:
      return "";
  }
}

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case Code::kInvalidArgument:
      return kWrongCommandLine;
    case Code::kNotFound:
      return kNotFound;
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
      return kNotAllowed;
    case Code::kFailedPrecondition:
      return kRefused;
    case Code::kUnavailable:
      return kNotReachable;
    default:
      return kFailed;
  }
}

}  // namespace

Status ProblemOf(const client::Exchange& exchange) {
  auto value = json::Parse(exchange.body);
  const auto text = [&](std::string_view name) {
    const json::Value* member = value ? value->Find(name) : nullptr;
    const std::string* found = member == nullptr ? nullptr : member->AsString();
    return found == nullptr ? std::string() : *found;
  };
  std::string detail = text("detail");
  if (detail.empty()) detail = Say("the server answers {}", exchange.status);
  const Code code = exchange.status == 404   ? Code::kNotFound
                    : exchange.status == 401 ? Code::kUnauthenticated
                    : exchange.status == 403 ? Code::kPermissionDenied
                    : exchange.status == 409 || exchange.status == 412 || exchange.status == 422
                        ? Code::kFailedPrecondition
                    : exchange.status == 429     ? Code::kResourceExhausted
                    : exchange.status / 100 == 4 ? Code::kInvalidArgument
                                                 : Code::kInternal;
  return {code, std::move(detail), text("code")};
}

int FailRequest(const Status& status, bool json, const std::string& noun) {
  const std::string next = NextCommand(status, noun);
  if (json) {
    const std::string_view code =
        status.detail().empty() ? CodeName(status.code()) : status.detail();
    const json::Value error = json::Object{
        {"error", json::Object{{"code", code}, {"detail", status.message()}, {"next", next}}}};
    fmt::print(stderr, "{}\n", json::Dump(error));
  } else {
    fmt::print(stderr, "stetig: {}\n", InWords(status));
    if (!next.empty()) fmt::print(stderr, "{}\n", next);
  }
  return ExitCodeOf(status);
}

}  // namespace stetig::app
