#include "io/transport.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cerrno>

namespace stetig::io {
namespace {

constexpr auto kToken = asio::as_tuple(kUseAwaitable);

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(Socket socket) : stream_(std::move(socket)) { socket_ = &stream_; }

  Awaitable<std::tuple<Error, size_t>> ReadSome(asio::mutable_buffer into) override {
    return stream_.async_read_some(into, kToken);
  }
  Awaitable<std::tuple<Error, size_t>> WriteSome(Pieces pieces) override {
    return stream_.async_write_some(pieces, kToken);
  }
  size_t TryWrite(Pieces pieces) override {
    std::array<iovec, 2> parts = {iovec{const_cast<void*>(pieces[0].data()), pieces[0].size()},
                                  iovec{const_cast<void*>(pieces[1].data()), pieces[1].size()}};
    if (parts[1].iov_len == 0) {
      ssize_t n = ::send(stream_.native_handle(), parts[0].iov_base, parts[0].iov_len,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
      return n > 0 ? static_cast<size_t>(n) : 0;
    }
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t n = ::sendmsg(stream_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  Awaitable<std::tuple<Error>> WaitReadable() override {
    return stream_.async_wait(Socket::wait_read, kToken);
  }
  bool can_wait() const override { return true; }
  bool tls() const override { return false; }
  Awaitable<std::tuple<Error>> HandshakeAsServer() override { co_return Error(); }
  Awaitable<std::tuple<Error>> HandshakeAsClient(std::string /*name*/) override {
    co_return Error();
  }
  Awaitable<std::tuple<Error>> ShutDownSending() override {
    Error ignored;
    stream_.shutdown(Socket::shutdown_send, ignored);
    co_return ignored;
  }

 private:
  Socket stream_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, std::shared_ptr<TlsContext> context)
      : context_(std::move(context)), stream_(std::move(socket), context_->asio()) {
    socket_ = &stream_.next_layer();
  }

  Awaitable<std::tuple<Error, size_t>> ReadSome(asio::mutable_buffer into) override {
    return stream_.async_read_some(into, kToken);
  }
  Awaitable<std::tuple<Error, size_t>> WriteSome(Pieces pieces) override {
    // One record at a time: Asio's TLS stream writes the first piece only.
    return stream_.async_write_some(pieces[0].size() > 0 ? pieces[0] : pieces[1], kToken);
  }
  size_t TryWrite(Pieces /*pieces*/) override { return 0; }
  Awaitable<std::tuple<Error>> WaitReadable() override {
    co_return Error(asio::error::operation_not_supported);
  }
  bool can_wait() const override { return false; }
  bool tls() const override { return true; }
  Awaitable<std::tuple<Error>> HandshakeAsServer() override {
    return stream_.async_handshake(asio::ssl::stream_base::server, kToken);
  }
  Awaitable<std::tuple<Error>> HandshakeAsClient(std::string name) override {
    stream_.set_verify_callback(asio::ssl::host_name_verification(name));
    SSL_set_tlsext_host_name(stream_.native_handle(), name.c_str());
    return stream_.async_handshake(asio::ssl::stream_base::client, kToken);
  }
  Awaitable<std::tuple<Error>> ShutDownSending() override { return stream_.async_shutdown(kToken); }

 private:
  std::shared_ptr<TlsContext> context_;
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

void Transport::Cancel() {
  Error ignored;
  socket_->cancel(ignored);
}

void Transport::Close() {
  Error ignored;
  socket_->close(ignored);
}

bool Transport::PeerGone() {
  char byte = 0;
  ssize_t n = ::recv(socket_->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

std::unique_ptr<Transport> Transport::Plain(Socket socket) {
  return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> Transport::Tls(Socket socket, std::shared_ptr<TlsContext> context) {
  return std::make_unique<TlsTransport>(std::move(socket), std::move(context));
}

}  // namespace stetig::io
