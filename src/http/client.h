// A small HTTP/1.1 client: one connection, kept alive, streams both ways. For the command line,
// tests and tools.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/status.h"
#include "http/limits.h"
#include "http/message.h"
#include "io/tls.h"

namespace stetig::http {

struct ClientRequest {
  Method method = Method::kGet;
  std::string target = "/";  ///< path and query, already escaped
  Headers headers;  ///< Host, Content-Length, Transfer-Encoding and Connection are the client's
  std::variant<std::string, std::unique_ptr<ByteStream>>
      body;  ///< a stream without a length is sent in chunks
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  ByteStream* body =
      nullptr;  ///< never null; owned by the client, valid until its next Send or end
};

/// Belongs to the loop that first awaits Send and must go before it: make it inside the coroutine
/// that uses it. One request at a time: read the body to its end to have the connection reused;
/// Send abandons what is left of it.
class Client {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    uint16_t port = 80;
    std::shared_ptr<io::TlsContext> tls;  ///< null: plain
    Limits limits;  ///< header_bytes and header_count bound what a server may send
  };
  explicit Client(Options options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Until the response's head. kUnavailable: no connection, or it broke; kDeadlineExceeded:
  /// `deadline`, which also bounds the reading of the body; kInvalidArgument: not HTTP, or beyond
  /// the limits. A connection that the server closed while it was idle is opened again, unless the
  /// request's body is a stream or its method is POST or PATCH and bytes of it may have arrived.
  Task<ClientResponse> Send(ClientRequest request, Deadline deadline);

  /// Closes the connection; the next Send opens another.
  void Close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// One request whose answer's body is small: reads it whole. kResourceExhausted: more than `limit`
/// bytes.
struct SmallResponse {
  int status = 0;
  Headers headers;
  std::string body;
};
Task<SmallResponse> Fetch(Client& client, ClientRequest request, Deadline deadline, size_t limit);

}  // namespace stetig::http
