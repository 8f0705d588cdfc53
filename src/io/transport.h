// A byte connection, plain or TLS, behind one interface. Its functions are not coroutines: they
// return Asio's awaitable as it is, so the indirection costs no frame. For `http`; the rest of
// stetig sees streams and messages.
#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <tuple>

#include "io/loop.h"
#include "io/task.h"
#include "io/tls.h"

namespace stetig::io {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

/// Confined to one loop. At most one read (or wait) and one write at a time.
class Transport {
 public:
  using Error = boost::system::error_code;
  using Pieces = std::array<asio::const_buffer, 2>;

  virtual ~Transport() = default;
  /// Waits for some bytes. End of stream: asio::error::eof.
  virtual Awaitable<std::tuple<Error, size_t>> ReadSome(asio::mutable_buffer into) = 0;
  /// Waits until some of the bytes have been taken.
  virtual Awaitable<std::tuple<Error, size_t>> WriteSome(Pieces pieces) = 0;
  /// Sends what the system takes at once: its number of bytes, 0 when it takes none or an error is
  /// to be met by WriteSome.
  virtual size_t TryWrite(Pieces pieces) = 0;
  /// Waits for bytes without a buffer. Only where can_wait().
  virtual Awaitable<std::tuple<Error>> WaitReadable() = 0;
  virtual bool can_wait() const = 0;
  virtual bool tls() const = 0;
  /// Accepts the TLS session; nothing to do on a plain connection.
  virtual Awaitable<std::tuple<Error>> HandshakeAsServer() = 0;
  /// `name` is checked against the certificate.
  virtual Awaitable<std::tuple<Error>> HandshakeAsClient(std::string name) = 0;
  /// Tells the peer that no more comes (TLS: close_notify as well).
  virtual Awaitable<std::tuple<Error>> ShutDownSending() = 0;

  /// Aborts what waits: asio::error::operation_aborted.
  void Cancel();
  void Close();
  /// The peer has gone or has sent its end; bytes that wait unread do not matter.
  bool PeerGone();
  Socket& socket() { return *socket_; }

  static std::unique_ptr<Transport> Plain(Socket socket);
  static std::unique_ptr<Transport> Tls(Socket socket, std::shared_ptr<TlsContext> context);

 protected:
  Socket* socket_ = nullptr;  // owned by the derived class
};

}  // namespace stetig::io
