// The REST interface of a forge of GitHub's shape: pages, entity tags, its limits, and what its
// errors mean.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "base/status.h"
#include "http/client.h"
#include "io/task.h"

namespace stetig::connect::forge {

/// Where an interface is: "https://api.github.com" or "http://127.0.0.1:3000/api/v1".
struct Address {
  bool tls = false;
  std::string host;
  uint16_t port = 80;
  std::string base;  ///< "/api/v1", or empty; never ends with '/'
};
/// kInvalidArgument: not http or https, without a host, with a user, a query or a fragment.
Result<Address> ParseAddress(const std::string& url);

struct Answer {
  int status = 0;  ///< 2xx, or 304
  std::string body;
  std::string etag;
  bool more = false;  ///< there is a next page
  WallTime date;      ///< the forge's clock; 0: not said
};

/// Detail of kResourceExhausted: the forge's limit is reached, see Rest::wait().
inline constexpr char kForgeLimit[] = "forge_limit";

/// One connection to one forge. Belongs to one coroutine on one loop.
class Rest {
 public:
  /// `token` may be empty. kInvalidArgument: the address. Codes of TlsContext::Client.
  static Result<std::unique_ptr<Rest>> Make(const std::string& api, Secret<std::string> token);

  /// `target` begins with '/' behind the base. With `etag` the answer may be 304. kUnauthenticated
  /// (401), kPermissionDenied (403), kNotFound (404, 410), kResourceExhausted (429, or 403 with a
  /// used up limit; detail kForgeLimit), kUnavailable (5xx, no connection), kFailedPrecondition
  /// (other 4xx), kInvalidArgument (redirects, no HTTP), kDeadlineExceeded.
  Task<Answer> Get(std::string target, std::string etag, Deadline deadline);
  Task<Answer> Post(std::string target, std::string body, Deadline deadline);

  /// How long the forge asks us to stay away after kForgeLimit; at least a second, at most an hour.
  std::chrono::milliseconds wait() const { return wait_; }
  /// Requests sent so far.
  int64_t requests() const { return requests_; }

 private:
  Rest(Address address, Secret<std::string> token, std::shared_ptr<io::TlsContext> tls);
  Task<Answer> Send(http::ClientRequest request, Deadline deadline);
  Result<Answer> Judge(http::SmallResponse response);

  const Address address_;
  const Secret<std::string> token_;
  std::chrono::milliseconds wait_{0};
  int64_t requests_ = 0;
  http::Client client_;
};

/// How long to wait before the next try after `failures` in a row: 5 s, 10 s, 20 s … up to an hour,
/// each half of it by chance (`random` from 0 to 1).
std::chrono::milliseconds Backoff(int64_t failures, double random);

/// "Sun, 06 Nov 1994 08:49:37 GMT"; nothing for anything else.
std::optional<WallTime> ParseHttpDate(std::string_view text);

}  // namespace stetig::connect::forge
