// The HTTP/1.1 server: connections, limits and time-outs around one route table.
//
// Per request: parse, find the route, check limits, `before` hook, handler, answer, `after` hook;
// all on the connection's loop. Handlers must not block; what an exception from one means is 500.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/router.h"
#include "io/loop.h"
#include "io/tls.h"

namespace stetig::http {

/// What the server itself has to refuse, for the renderer to put into the words of the caller's
/// dialect.
struct Problem {
  int status = 500;     ///< 400 404 405 408 413 414 415 417 431 500 501 503 505
  std::string message;  ///< one sentence: what was found, what was expected
};

/// One finished exchange, for logs and metrics.
struct Exchange {
  const Request* request = nullptr;  ///< never null; nearly empty when the head was malformed
  const Route* route = nullptr;      ///< null when none was found
  int status = 0;
  uint64_t bytes_in = 0;             ///< of the body, as received
  uint64_t bytes_out = 0;            ///< of head and body
  std::chrono::nanoseconds took{0};  ///< from the complete head to the last byte handed over
  bool complete = true;              ///< false: the peer went away or a stream failed on the way
  std::string_view failure;          ///< Response::failure
};

/// Functions are called on loop threads, several at once; each may be empty.
struct Hooks {
  /// Before the handler, for a route that was found: an answer ends the request there (access
  /// checks, Host and Origin).
  std::function<io::Awaitable<std::optional<Response>>(const Route&, std::shared_ptr<Request>)>
      before;
  /// After the answer. Must not block or throw.
  std::function<void(const Exchange&)> after;
  /// Words for a refusal. The status is set afterwards; Allow, Retry-After and Connection are the
  /// server's.
  std::function<Response(const Problem&, const Request&)> render_problem;
  /// The answer when the stream that was to be sent fails before its first byte, with the status
  /// that the failure has for this caller; its body must be a string. Empty: 500.
  std::function<Response(const Status&, const Request&)> render_failure;
};

/// When and how answers are compressed, by the request's Accept-Encoding. Streams and events are
/// sent as they are.
struct Compression {
  bool enabled = true;
  size_t threshold = 2'048;        ///< smaller bodies are not worth the time
  size_t largest = 1'024 * 1'024;  ///< larger ones would hold the loop for too long
  bool loopback = false;           ///< bandwidth to this host is free
};

struct ServerOptions {
  std::string host =
      "127.0.0.1";    ///< name or address; every address that it resolves to is listened on
  uint16_t port = 0;  ///< 0: any free one
  Limits limits;
  Compression compression;
  Hooks hooks;
  std::shared_ptr<io::TlsContext> tls;  ///< null: plain HTTP
};

struct ServerStats {
  uint64_t connections = 0;         ///< open now
  uint64_t requests_in_flight = 0;  ///< handlers running now
  uint64_t event_streams = 0;       ///< open now
  uint64_t accepted = 0;            ///< connections since the start
  uint64_t refused = 0;             ///< connections and requests turned away by a limit
  uint64_t requests = 0;            ///< since the start
};

namespace internal {
class ServerState;
}

/// Thread-safe. Destroy before the loops.
class Server {
 public:
  /// Listens at once; connections are spread over `loops`, which must run for anything to happen.
  /// kAlreadyExists: the port is taken. kPermissionDenied: not allowed to use it. kNotFound: the
  /// host name means nothing.
  static Result<std::unique_ptr<Server>> Start(io::LoopGroup& loops,
                                               std::shared_ptr<const Router> router,
                                               ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// As Drain(0).
  ~Server();

  uint16_t port() const;
  ServerStats stats() const;

  /// Stops accepting, lets running requests end for up to `limit`, closes idle connections at once
  /// and the rest then. Blocks; not on a loop's thread. kDeadlineExceeded: connections had to be
  /// cut. Idempotent.
  Status Drain(std::chrono::milliseconds limit);

 private:
  explicit Server(std::shared_ptr<internal::ServerState> state);
  std::shared_ptr<internal::ServerState> state_;
};

}  // namespace stetig::http
