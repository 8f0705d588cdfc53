#include "http/internal/connection.h"

#include <algorithm>
#include <utility>

#include "http/internal/body.h"

namespace stetig::http::internal {

Connection::Connection(std::shared_ptr<ServerState> server, Shard* shard,
                       std::unique_ptr<io::Transport> transport, Peer peer)
    : server_(std::move(server)),
      shard_(shard),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      since_(Clock::now()) {
  shard_->connections.push_back(*this);
}

Connection::~Connection() {
  shard_->connections.erase(shard_->connections.iterator_to(*this));
  if (work_) {
    shard_->GiveBack(std::move(work_));
  }
  server_->Leave(peer_.address, *shard_);
}

void Connection::OnTimeout() {
  timed_out_ = true;
  transport_->Cancel();
}

void Connection::Drain() {
  if (idle_) {
    open_ = false;
    transport_->Cancel();
  }
}

void Connection::Cut() {
  open_ = false;
  linger_ = false;
  transport_->Close();
}

io::Awaitable<void> Connection::Run(std::shared_ptr<Connection> self) {
  Connection& c = *self;
  c.open_ = co_await c.Handshake();
  while (c.open_) {
    if (c.work_ && !c.work_->in.empty()) {
      const auto state = c.work_->parser.FeedHead(c.work_->in.view());
      if (state == Parser::HeadState::kDone) {
        c.idle_ = false;
        co_await c.Serve();
        continue;
      }
      if (state == Parser::HeadState::kFailed) {
        Problem problem{.status = c.work_->parser.error().status,
                        .message = c.work_->parser.error().message};
        co_await c.RefuseAndClose(std::move(problem));
        break;
      }
    }
    if (c.work_ && !c.TryFlush() && !co_await c.Flush({})) {
      break;
    }
    if (!co_await c.WaitForBytes()) {
      break;
    }
  }
  if (c.linger_) {
    co_await c.Linger();
  }
  c.shard_->wheel.Set(c, Deadline::max());
  c.transport_->Close();
}

io::Awaitable<bool> Connection::Handshake() {
  if (!transport_->tls()) {
    co_return true;
  }
  shard_->wheel.Set(*this, since_ + server_->options.limits.tls_handshake);
  auto shaken = co_await transport_->HandshakeAsServer();
  since_ = Clock::now();
  co_return open_ && !std::get<0>(shaken);
}

// Without a buffer; the deadline is that of an idle connection.
io::Awaitable<bool> Connection::WaitCold() {
  const Limits& limits = server_->options.limits;
  shard_->wheel.Set(*this, since_ + (served_ ? limits.keep_alive : limits.first_byte));
  auto waited = co_await transport_->WaitReadable();
  co_return open_ && !std::get<0>(waited);
}

// True when `in` holds more bytes than before.
io::Awaitable<bool> Connection::WaitForBytes() {
  const Limits& limits = server_->options.limits;
  for (;;) {
    const bool idle = !work_ || work_->in.empty();
    if (idle && server_->draining.load(std::memory_order_relaxed)) {
      co_return false;
    }
    idle_ = idle;
    if (!work_) {
      if (transport_->can_wait() && !co_await WaitCold()) {
        co_return false;
      }
      work_ = shard_->TakeWorkspace();
      sent_ = 0;
    }
    if (!idle) {
      shard_->wheel.Set(*this, since_ + limits.header_time);
    } else if (transport_->can_wait()) {
      shard_->wheel.Set(*this, Clock::now() + limits.cool_down);
    } else {
      shard_->wheel.Set(*this, since_ + (served_ ? limits.keep_alive : limits.first_byte));
    }
    timed_out_ = false;
    std::span<char> room = work_->in.Prepare(4096);
    auto read = co_await transport_->ReadSome(asio::buffer(room.data(), room.size()));
    auto [error, got] = read;
    if (!error) {
      work_->in.Commit(got);
      if (idle) {
        since_ = Clock::now();
        idle_ = false;
      }
      co_return open_;
    }
    if (!timed_out_ || !open_) {
      co_return false;
    }
    if (!idle) {
      Problem problem{.status = 408, .message = "the request's head took too long"};
      co_await RefuseAndClose(std::move(problem));
      co_return false;
    }
    if (!transport_->can_wait()) {
      co_return false;
    }
    shard_->GiveBack(std::move(work_));
  }
}

// Ends our side, then reads and forgets what still comes: a reset would take the answer away from
// the peer.
io::Awaitable<void> Connection::Linger() {
  const Deadline until = Clock::now() + server_->options.limits.linger;
  shard_->wheel.Set(*this, until);
  auto shut = co_await transport_->ShutDownSending();
  static_cast<void>(shut);
  while (linger_ && !transport_->tls() && Clock::now() < until) {
    auto read = co_await transport_->ReadSome(shard_->Sink());
    if (std::get<0>(read)) {
      break;
    }
  }
}

// How long a peer may take for `bytes`. While memory runs short, those who hold some get a
// sixteenth, so that slow ones cannot keep it from the others.
Connection::Clock::duration Connection::Patience(Limits::Milliseconds grace, uint64_t rate,
                                                 uint64_t bytes, bool holds) const {
  static constexpr uint64_t kHaste = 16;
  const uint64_t haste = holds && server_->Pressed() ? kHaste : 1;
  return grace / haste +
         std::chrono::milliseconds(bytes * 1000 / (std::max<uint64_t>(rate, 1) * haste));
}

}  // namespace stetig::http::internal
