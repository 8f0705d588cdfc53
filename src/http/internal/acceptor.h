// A listening socket: takes connections and hands each to the shard with the fewest.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "base/status.h"
#include "http/internal/server_state.h"

namespace stetig::http::internal {

/// Lives on the first shard's loop.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  using Address = asio::ip::tcp::endpoint;
  /// Binds and listens. kAlreadyExists: taken; kPermissionDenied; kUnavailable: no such address
  /// here, or another error.
  static Result<std::shared_ptr<Acceptor>> Listen(std::shared_ptr<ServerState> state,
                                                  const Address& address);

  uint16_t port() const { return port_; }
  /// On the loop's thread: no more connections; Run ends.
  void Close();
  static io::Awaitable<void> Run(std::shared_ptr<Acceptor> self);

  explicit Acceptor(std::shared_ptr<ServerState> state);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  using Socket = asio::basic_socket_acceptor<asio::ip::tcp, io::Executor>;
  void Take(int fd, const Address& peer);
  void TurnAway(int fd);

  std::shared_ptr<ServerState> state_;
  Socket socket_;
  uint16_t port_ = 0;
};

}  // namespace stetig::http::internal
