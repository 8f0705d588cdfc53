#include "http/internal/acceptor.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <utility>

#include "http/internal/connection.h"
#include "io/file.h"

namespace stetig::http::internal {
namespace {

using Error = boost::system::error_code;

constexpr int kBacklog = 4096;
// Connections taken per wake-up, so that a flood does not keep the loop from its requests.
constexpr int kBatch = 64;

Status ListenError(const Error& error, const Acceptor::Address& address) {
  const std::string what = fmt::format("{} port {}", address.address().to_string(), address.port());
  switch (error.value()) {
    case EADDRINUSE:
      return Err(Code::kAlreadyExists, fmt::format("{} is in use by another program", what));
    case EACCES:
    case EPERM:
      return Err(Code::kPermissionDenied,
                 fmt::format("{} may not be listened on by this user", what));
    default:
      return Err(Code::kUnavailable,
                 fmt::format("{} cannot be listened on: {}", what, error.message()));
  }
}

io::Awaitable<void> Serve(std::shared_ptr<ServerState> state, Shard* shard, int fd,
                          asio::ip::tcp protocol, Peer peer) {
  io::Socket socket(shard->loop.executor());
  Error error;
  socket.assign(protocol, fd, error);
  if (error) {
    ::close(fd);
    state->Leave(peer.address, *shard);
    co_return;
  }
  auto transport = state->options.tls ? io::Transport::Tls(std::move(socket), state->options.tls)
                                      : io::Transport::Plain(std::move(socket));
  auto connection =
      std::make_shared<Connection>(std::move(state), shard, std::move(transport), std::move(peer));
  co_await Connection::Run(std::move(connection));
}

}  // namespace

Acceptor::Acceptor(std::shared_ptr<ServerState> state)
    : state_(std::move(state)), socket_(state_->shards.front()->loop.executor()) {}

Acceptor::~Acceptor() = default;

Result<std::shared_ptr<Acceptor>> Acceptor::Listen(std::shared_ptr<ServerState> state,
                                                   const Address& address) {
  auto acceptor = std::make_shared<Acceptor>(std::move(state));
  Socket& socket = acceptor->socket_;
  Error error;
  socket.open(address.protocol(), error);
  if (!error) {
    socket.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error && address.protocol() == asio::ip::tcp::v6()) {
    socket.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) {
    socket.bind(address, error);
  }
  if (!error) {
    socket.listen(kBacklog, error);
  }
  if (!error) {
    socket.native_non_blocking(true, error);
  }
  if (error) {
    return Err(ListenError(error, address));
  }
  acceptor->port_ = socket.local_endpoint(error).port();
  return acceptor;
}

void Acceptor::Close() {
  Error ignored;
  socket_.close(ignored);
}

io::Awaitable<void> Acceptor::Run(std::shared_ptr<Acceptor> self) {
  Socket& socket = self->socket_;
  while (socket.is_open()) {
    auto waited = co_await socket.async_wait(Socket::wait_read, asio::as_tuple(io::kUseAwaitable));
    if (std::get<0>(waited)) {
      break;
    }
    bool starved = false;
    for (int i = 0; i < kBatch && socket.is_open(); ++i) {
      Address peer;
      socklen_t size = static_cast<socklen_t>(peer.capacity());
      int fd = ::accept4(socket.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        starved = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        break;
      }
      peer.resize(size);
      self->Take(fd, peer);
    }
    if (starved) {
      // No descriptors or memory: those who wait stay in the backlog until some are free again.
      auto slept = co_await io::SleepUntil(After(std::chrono::milliseconds(100)));
      static_cast<void>(slept);
    }
  }
}

void Acceptor::Take(int fd, const Address& from) {
  auto address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  Peer peer{.address = address.to_string(),
            .loopback = address.is_loopback(),
            .tls = state_->options.tls != nullptr};
  state_->accepted.fetch_add(1, std::memory_order_relaxed);
  if (!state_->Admit(peer.address, peer.loopback)) {
    TurnAway(fd);
    return;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Shard& shard = state_->Lightest();
  // The socket joins its own loop on that loop's thread: reactors are not locked.
  shard.loop.Post(
      [state = state_, &shard, fd, protocol = from.protocol(), peer = std::move(peer)]() mutable {
        io::Spawn(shard.loop, Serve(std::move(state), &shard, fd, protocol, std::move(peer)));
      });
}

void Acceptor::TurnAway(int fd) {
  state_->refused.fetch_add(1, std::memory_order_relaxed);
  if (!state_->options.tls) {
    static constexpr std::string_view kBusy =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: "
        "close\r\n\r\n";
    static_cast<void>(::send(fd, kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

}  // namespace stetig::http::internal
