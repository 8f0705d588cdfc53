#include "connect/forge/rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "connect/forge/payload.h"

namespace stetig::connect::forge {
namespace {

using std::string_view;
using std::chrono::milliseconds;

constexpr milliseconds kRequestLimit{20'000};
constexpr milliseconds kLeastWait{1'000};
constexpr milliseconds kMostWait{3'600'000};
constexpr milliseconds kFirstBackoff{5'000};
constexpr size_t kMaxComplaint = 200;

std::optional<int64_t> Number(const http::Headers& headers, string_view name) {
  const auto text = headers.Get(name);
  return text ? ParseInt64(Trim(*text)) : std::nullopt;
}

/// Whether a Link header (RFC 8288) names a next page.
bool HasNext(const http::Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (EqualsIgnoreCase(name, "Link") && value.contains("rel=\"next\"")) return true;
  }
  return false;
}

bool LimitReached(const http::SmallResponse& response) {
  if (response.status == 429) return true;
  return response.status == 403 &&
         (Number(response.headers, "X-RateLimit-Remaining").value_or(1) == 0 ||
          response.headers.Get("Retry-After").has_value());
}

/// What the forge asks for, by Retry-After in seconds or X-RateLimit-Reset in seconds since 1970.
milliseconds WaitOf(const http::Headers& headers, WallTime now) {
  milliseconds wait{60'000};
  if (const auto after = Number(headers, "Retry-After")) {
    wait = milliseconds(std::clamp<int64_t>(*after, 0, 3'600) * 1'000);
  } else if (const auto reset = Number(headers, "X-RateLimit-Reset")) {
    wait = milliseconds(std::clamp<int64_t>(*reset, 0, int64_t{1} << 40) * 1'000 - now.ms);
  }
  return std::clamp(wait, kLeastWait, kMostWait);
}

Code CodeOf(int status) {
  if (status == 401) return Code::kUnauthenticated;
  if (status == 403) return Code::kPermissionDenied;
  if (status == 404 || status == 410) return Code::kNotFound;
  if (status >= 500) return Code::kUnavailable;
  return status >= 400 ? Code::kFailedPrecondition : Code::kInvalidArgument;
}

}  // namespace

Result<Address> ParseAddress(const std::string& url) {
  const auto refuse = [&] {
    return Err(Code::kInvalidArgument,
               fmt::format("the address of the interface is '{}', expected one such as "
                           "https://api.github.com or http://127.0.0.1:3000/api/v1",
                           FirstCodePoints(url, 200)),
               "invalid_address");
  };
  Address address;
  string_view rest = url;
  if (rest.starts_with("https://")) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return refuse();
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  string_view authority = rest.substr(0, slash);
  address.base = rest.substr(slash);
  while (address.base.ends_with('/')) address.base.pop_back();
  constexpr string_view kForbidden = " ?#@\\\"<>\r\n\t";
  if (url.find_first_of(kForbidden) != std::string::npos || url.size() > 500) return refuse();
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x21 || static_cast<unsigned char>(c) > 0x7E) {
      return refuse();
    }
  }
  address.port = address.tls ? 443 : 80;
  const size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == string_view::npos) return refuse();
  const size_t colon = authority.find(':', bracket);
  if (colon != string_view::npos) {
    const auto port = ParseInt64(authority.substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535) return refuse();
    address.port = static_cast<uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (bracket > 0) authority = authority.substr(1, bracket - 1);
  if (authority.empty()) return refuse();
  address.host = authority;
  return address;
}

Result<std::unique_ptr<Rest>> Rest::Make(const std::string& api, Secret<std::string> token) {
  ASSIGN_OR_RETURN(Address address, ParseAddress(api));
  std::shared_ptr<io::TlsContext> tls;
  if (address.tls) {
    ASSIGN_OR_RETURN(tls, io::TlsContext::Client());
  }
  return std::unique_ptr<Rest>(new Rest(std::move(address), std::move(token), std::move(tls)));
}

Rest::Rest(Address address, Secret<std::string> token, std::shared_ptr<io::TlsContext> tls)
    : address_(std::move(address)),
      token_(std::move(token)),
      client_({.host = address_.host, .port = address_.port, .tls = std::move(tls), .limits = {}}) {
}

Task<Answer> Rest::Get(std::string target, std::string etag, Deadline deadline) {
  http::ClientRequest request{
      .method = http::Method::kGet, .target = std::move(target), .headers = {}, .body = {}};
  if (!etag.empty()) request.headers.Add("If-None-Match", etag);
  co_return co_await Send(std::move(request), deadline);
}

Task<Answer> Rest::Post(std::string target, std::string body, Deadline deadline) {
  http::ClientRequest request{.method = http::Method::kPost,
                              .target = std::move(target),
                              .headers = {},
                              .body = std::move(body)};
  request.headers.Add("Content-Type", "application/json");
  co_return co_await Send(std::move(request), deadline);
}

Task<Answer> Rest::Send(http::ClientRequest request, Deadline deadline) {
  ++requests_;
  request.target = address_.base + request.target;
  request.headers.Add("Accept", "application/json");
  request.headers.Add("User-Agent", "stetig");
  if (!token_.Reveal().empty()) {
    request.headers.Add("Authorization", "Bearer " + token_.Reveal());
  }
  const Deadline until = std::min(deadline, After(kRequestLimit));
  auto sent = co_await http::Fetch(client_, std::move(request), until, kMaxPageBytes);
  ASSIGN_OR_CO_RETURN(http::SmallResponse response, std::move(sent));
  co_return Judge(std::move(response));
}

Result<Answer> Rest::Judge(http::SmallResponse response) {
  Answer answer{.status = response.status,
                .body = std::move(response.body),
                .etag = std::string(response.headers.Get("ETag").value_or("")),
                .more = HasNext(response.headers),
                .date = {}};
  if (const auto date = response.headers.Get("Date")) {
    answer.date = ParseHttpDate(*date).value_or(WallTime{});
  }
  if (response.status / 100 == 2 || response.status == 304) return answer;
  if (LimitReached(response)) {
    const WallTime now = answer.date.ms != 0 ? answer.date : Clock::System().Now();
    wait_ = WaitOf(response.headers, now);
    return Err(Code::kResourceExhausted,
               fmt::format("the forge's limit is reached (status {}), it asks to wait {} s",
                           response.status, wait_.count() / 1'000),
               kForgeLimit);
  }
  std::string said(FirstCodePoints(answer.body, kMaxComplaint));
  if (!IsValidUtf8(said) || said.contains('\0')) said = "no text";
  return Err(CodeOf(response.status),
             fmt::format("the forge answered {}: {}", response.status, said));
}

milliseconds Backoff(int64_t failures, double random) {
  const int64_t doublings = std::clamp<int64_t>(failures - 1, 0, 12);
  const milliseconds whole = std::min(kFirstBackoff * (int64_t{1} << doublings), kMostWait);
  return milliseconds(whole.count() / 2 + static_cast<int64_t>(static_cast<double>(whole.count()) /
                                                               2 * std::clamp(random, 0.0, 1.0)));
}

std::optional<WallTime> ParseHttpDate(string_view text) {
  // IMF-fixdate of RFC 9110, the only form that servers may send: fixed places.
  constexpr std::array<string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT" || text[4] != ' ' || text[16] != ' ') {
    return std::nullopt;
  }
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  return ParseIso8601(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4),
                                  month - kMonths.begin() + 1, text.substr(5, 2),
                                  text.substr(17, 8)));
}

}  // namespace stetig::connect::forge
