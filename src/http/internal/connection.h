// One connection of the server: reads heads, runs handlers, writes answers, in one coroutine.
//
// States:  cold  waits for bytes without any buffer
//          warm  holds a workspace: reading a head, running a handler, writing
//   cold -> warm on the first byte; warm -> cold after Limits::cool_down without one; either ->
//   closed.
// Invariants: 1. only the coroutine reads from the transport; 2. `out` goes out before the
// connection waits for the peer; 3. what waits has a deadline in the shard's wheel, whose expiry
// cancels the transport's operation and leaves `timed_out_`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/internal/parser.h"
#include "http/internal/serialize.h"
#include "http/internal/server_state.h"
#include "http/server.h"
#include "io/transport.h"
#include "io/wheel.h"

namespace stetig::http::internal {

class Connection final : public std::enable_shared_from_this<Connection>,
                         public io::TimerWheel::Entry,
                         public ShardHook {
 public:
  Connection(std::shared_ptr<ServerState> server, Shard* shard,
             std::unique_ptr<io::Transport> transport, Peer peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;

  /// The whole life of the connection. `self` keeps it alive.
  static io::Awaitable<void> Run(std::shared_ptr<Connection> self);

  /// The server stops: an idle connection closes, a busy one after its answer.
  void Drain();
  /// Cuts the connection; running handlers find it gone.
  void Cut();
  void OnTimeout() override;

 private:
  class Body;
  friend class Body;
  using Clock = std::chrono::steady_clock;

  /// What is known of the request being served; lives in Serve's frame.
  struct Serving {
    std::shared_ptr<Request> request;
    const Route* route = nullptr;
    Clock::time_point begun;
    bool http10 = false;
    bool head_only = false;  ///< HEAD: the answer's body stays here
    bool close = false;      ///< the connection ends with this answer
    int status = 0;
    uint64_t bytes_out = 0;
    bool complete = true;
    std::string failure;
  };

  // connection.cc: the life of a connection.
  io::Awaitable<bool> WaitForBytes();
  io::Awaitable<bool> WaitCold();
  io::Awaitable<bool> Handshake();
  io::Awaitable<void> Linger();
  Clock::duration Patience(Limits::Milliseconds grace, uint64_t rate, uint64_t bytes,
                           bool holds) const;

  // serve.cc: one request.
  io::Awaitable<void> Serve();
  io::Awaitable<Response> Answer(Serving& serving);
  io::Awaitable<Response> CallHandler(Serving& serving);
  std::optional<Problem> ReadHead(Serving& serving);
  std::optional<Problem> OpenBody(Serving& serving);
  std::optional<Problem> CheckLoad() const;
  Response Refuse(const Problem& problem, const Request& request) const;
  Response Fail(const Status& status, const Request& request) const;
  io::Awaitable<void> RefuseAndClose(Problem problem);
  bool MustCloseAfter(const Serving& serving) const;
  void Observe(const Serving& serving) const;

  // write.cc: answers. False: the peer is gone, or the answer could not be ended properly.
  io::Awaitable<bool> Send(Serving& serving, Response response);
  io::Awaitable<bool> SendText(Serving& serving, Response& response, std::string_view text);
  io::Awaitable<bool> SendStream(Serving& serving, Response& response, ByteStream& stream);
  io::Awaitable<bool> SendPieces(Serving& serving, ByteStream& stream, char* buffer, size_t first,
                                 bool chunked);
  io::Awaitable<bool> SendEvents(Serving& serving, Response& response, EventSource& source);
  void AppendHeadFor(Serving& serving, const Response& response, HeadFacts::Framing framing,
                     uint64_t length);
  void Compress(const Serving& serving, Response& response) const;
  io::Awaitable<bool> Flush(std::string_view after);
  void FlushSoon();
  bool TryFlush();

  // body.cc: the request's body.
  io::Awaitable<Result<size_t>> ReadBody(std::span<std::byte> into);
  io::Awaitable<Status> FetchBody(std::span<char> direct, size_t* got);
  io::Awaitable<bool> SkipBody();

  const std::shared_ptr<ServerState> server_;
  Shard* const shard_;
  const std::unique_ptr<io::Transport> transport_;
  const Peer peer_;
  std::unique_ptr<Workspace> work_;
  std::unique_ptr<Body> body_;  // of the request being served, when it has one
  Clock::time_point
      since_;        // beginning of the present wait: for a request, or for the rest of its head
  size_t sent_ = 0;  // bytes of work_->out that have gone
  bool open_ = true;
  bool idle_ = true;  // between requests, no byte of the next one is here
  bool served_ = false;
  bool timed_out_ = false;
  bool writing_ = false;  // Flush waits; TryFlush keeps out
  bool linger_ =
      false;  // the peer may still be sending: read on before closing, so that it sees the answer
};

}  // namespace stetig::http::internal
