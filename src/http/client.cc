#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/internal/buffer.h"
#include "http/internal/parser.h"
#include "http/internal/serialize.h"
#include "io/deadline.h"
#include "io/transport.h"

namespace stetig::http {
namespace {

using internal::Parser;
using internal::ReadBuffer;
using Error = boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr size_t kPiece = 64 * 1024;

bool IsOurs(std::string_view name) {
  for (std::string_view ours : {"host", "content-length", "transfer-encoding", "connection"}) {
    if (EqualsIgnoreCase(name, ours)) {
      return true;
    }
  }
  return false;
}

bool HasBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

class Client::Impl final : public ByteStream {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)), parser_(Parser::Kind::kResponse, &options_.limits) {}

  Task<ClientResponse> Send(ClientRequest request, Deadline deadline);
  void Close() {
    transport_.reset();
    in_.Release();
    body_open_ = false;
  }

  // The body of the current response.
  Task<size_t> Read(std::span<std::byte> into) override;
  std::optional<uint64_t> length() const override { return body_length_; }

 private:
  Task<> Connect(Deadline deadline);
  Result<std::string> HeadOf(const ClientRequest& request) const;
  Task<ClientResponse> Exchange(ClientRequest& request, Deadline deadline);
  Task<> SendBody(ByteStream& body, bool chunked);
  Task<> Write(std::string_view bytes);
  Task<ClientResponse> ReadResponse(bool head_only);
  /// Status of a broken operation: the deadline's when it passed.
  Status Broken(const io::DeadlineGuard& guard, std::string_view what) const;

  const Options options_;
  std::unique_ptr<io::Transport> transport_;
  Parser parser_;
  ReadBuffer in_;
  bool body_open_ = false;  // a response's body has not been read to its end
  bool received_ = false;   // bytes of the current response have come
  std::optional<uint64_t> body_length_;
  Status body_failed_;
  Deadline deadline_;
};

Status Client::Impl::Broken(const io::DeadlineGuard& guard, std::string_view what) const {
  if (guard.expired()) {
    return Err(Code::kDeadlineExceeded,
               fmt::format("{}:{} took too long", options_.host, options_.port));
  }
  return Err(Code::kUnavailable, fmt::format("{}:{}: {}", options_.host, options_.port, what));
}

Task<> Client::Impl::Connect(Deadline deadline) {
  const io::Executor executor = co_await asio::this_coro::executor;
  auto resolver = asio::ip::basic_resolver<Tcp, io::Executor>(executor);
  io::Socket socket(executor);
  io::DeadlineGuard guard(executor, deadline, [&] {
    resolver.cancel();
    Error ignored;
    socket.close(ignored);
  });
  constexpr auto kToken = asio::as_tuple(io::kUseAwaitable);
  std::vector<Tcp::endpoint> addresses;
  Error error;
  if (auto address = asio::ip::make_address(options_.host, error); !error) {
    addresses.emplace_back(address, options_.port);
  } else {
    auto resolved =
        co_await resolver.async_resolve(options_.host, std::to_string(options_.port), kToken);
    if (std::get<0>(resolved)) {
      co_return Broken(guard, std::get<0>(resolved).message());
    }
    for (const auto& entry : std::get<1>(resolved)) {
      addresses.push_back(entry.endpoint());
    }
  }
  auto connected = co_await asio::async_connect(socket, addresses, kToken);
  if (std::get<0>(connected)) {
    co_return Broken(guard, std::get<0>(connected).message());
  }
  socket.set_option(Tcp::no_delay(true), error);
  transport_ = options_.tls ? io::Transport::Tls(std::move(socket), options_.tls)
                            : io::Transport::Plain(std::move(socket));
  io::DeadlineGuard shaking(executor, deadline, [this] { transport_->Close(); });
  std::string name = options_.host;
  auto shaken = co_await transport_->HandshakeAsClient(std::move(name));
  if (std::get<0>(shaken)) {
    const std::string what = std::get<0>(shaken).message();
    transport_.reset();
    co_return Broken(shaking, what);
  }
  co_return OkStatus();
}

Result<std::string> Client::Impl::HeadOf(const ClientRequest& request) const {
  if (request.target.empty() || HasBreak(request.target) ||
      request.target.find(' ') != std::string::npos) {
    return Err(Code::kInvalidArgument,
               "the request target holds a space or line break, expected an escaped path");
  }
  const bool ipv6 = options_.host.find(':') != std::string::npos;
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}{}{}:{}\r\n", MethodName(request.method),
                  request.target, ipv6 ? "[" : "", options_.host, ipv6 ? "]" : "", options_.port);
  for (size_t i = 0; i < request.headers.size(); ++i) {
    auto [name, value] = request.headers.at(i);
    if (HasBreak(name) || HasBreak(value)) {
      return Err(Code::kInvalidArgument, "a header field holds a line break");
    }
    if (!IsOurs(name)) {
      head.append(name).append(": ").append(value).append("\r\n");
    }
  }
  if (const auto* stream = std::get_if<std::unique_ptr<ByteStream>>(&request.body)) {
    const auto length = (*stream)->length();
    head.append(length ? fmt::format("Content-Length: {}\r\n", *length)
                       : "Transfer-Encoding: chunked\r\n");
  } else if (const auto& text = std::get<std::string>(request.body);
             !text.empty() || (request.method != Method::kGet && request.method != Method::kHead)) {
    head.append(fmt::format("Content-Length: {}\r\n", text.size()));
  }
  head.append("\r\n");
  return head;
}

Task<> Client::Impl::Write(std::string_view bytes) {
  size_t sent = transport_->TryWrite({asio::buffer(bytes), asio::const_buffer()});
  while (sent < bytes.size()) {
    io::Transport::Pieces pieces = {asio::buffer(bytes.data() + sent, bytes.size() - sent),
                                    asio::const_buffer()};
    auto written = co_await transport_->WriteSome(pieces);
    if (std::get<0>(written)) {
      co_return Err(Code::kUnavailable, std::get<0>(written).message());
    }
    sent += std::get<1>(written);
  }
  co_return OkStatus();
}

Task<> Client::Impl::SendBody(ByteStream& body, bool chunked) {
  std::string piece;
  for (;;) {
    piece.resize(kPiece);
    const auto into = std::as_writable_bytes(std::span(piece));
    auto got = co_await body.Read(into);
    ASSIGN_OR_CO_RETURN(const size_t size, std::move(got));
    piece.resize(size);
    if (chunked) {
      std::string line;
      internal::AppendChunkSize(line, size);
      piece = line + piece + "\r\n";
    }
    Status sent = co_await Write(piece);
    CO_TRY(std::move(sent));
    if (size == 0) {
      co_return OkStatus();
    }
  }
}

Task<ClientResponse> Client::Impl::ReadResponse(bool head_only) {
  for (;;) {
    parser_.Reset();
    if (head_only) {
      parser_.ExpectNoBody();
    }
    auto state = in_.empty() ? Parser::HeadState::kMore : parser_.FeedHead(in_.view());
    while (state == Parser::HeadState::kMore) {
      std::span<char> room = in_.Prepare(4096);
      auto read = co_await transport_->ReadSome(asio::buffer(room.data(), room.size()));
      if (std::get<0>(read)) {
        co_return Err(Code::kUnavailable, std::get<0>(read).message());
      }
      received_ = true;
      in_.Commit(std::get<1>(read));
      state = parser_.FeedHead(in_.view());
    }
    if (state == Parser::HeadState::kFailed) {
      co_return Err(Code::kInvalidArgument, parser_.error().message);
    }
    ClientResponse response;
    response.status = parser_.status();
    response.headers.Adopt(std::string(in_.view().substr(0, parser_.head_size())),
                           parser_.fields());
    in_.Consume(parser_.head_size());
    if (response.status / 100 != 1) {
      body_length_ = parser_.body_done() ? std::optional<uint64_t>(0) : parser_.content_length();
      body_open_ = true;
      response.body = this;
      co_return response;
    }
  }
}

Task<ClientResponse> Client::Impl::Exchange(ClientRequest& request, Deadline deadline) {
  const io::Executor executor = co_await asio::this_coro::executor;
  if (!transport_) {
    Status connected = co_await Connect(deadline);
    CO_TRY(std::move(connected));
  }
  io::DeadlineGuard guard(executor, deadline, [this] { transport_->Close(); });
  ASSIGN_OR_CO_RETURN(std::string head, HeadOf(request));
  auto* stream = std::get_if<std::unique_ptr<ByteStream>>(&request.body);
  if (stream == nullptr) {
    head.append(std::get<std::string>(request.body));
  }
  Status sent = co_await Write(head);
  if (sent.ok() && stream != nullptr) {
    sent = co_await SendBody(**stream, !(*stream)->length());
    if (!sent.ok() && sent.code() != Code::kUnavailable) {
      co_return Err(std::move(sent));  // the body's own error
    }
  }
  // A server that refuses a body closes while we send; its answer says why.
  Result<ClientResponse> response = co_await ReadResponse(request.method == Method::kHead);
  if (!response && response.error().code() == Code::kUnavailable) {
    co_return Err(Broken(guard, response.error().message()));
  }
  co_return response;
}

Task<ClientResponse> Client::Impl::Send(ClientRequest request, Deadline deadline) {
  if (body_open_) {
    Close();
  }
  deadline_ = deadline;
  received_ = false;
  body_failed_ = OkStatus();
  const bool reused = transport_ != nullptr;
  Result<ClientResponse> response = co_await Exchange(request, deadline);
  const bool repeatable = std::holds_alternative<std::string>(request.body) &&
                          request.method != Method::kPost && request.method != Method::kPatch;
  if (!response && reused && repeatable && !received_ &&
      response.error().code() == Code::kUnavailable) {
    Close();
    response = co_await Exchange(request, deadline);
  }
  if (!response) {
    Close();
  }
  co_return response;
}

Task<size_t> Client::Impl::Read(std::span<std::byte> into) {
  std::span<char> out(reinterpret_cast<char*>(into.data()), into.size());
  const io::Executor executor = co_await asio::this_coro::executor;
  while (body_failed_.ok() && body_open_ && !parser_.body_done() && !out.empty()) {
    if (in_.empty()) {
      io::DeadlineGuard guard(executor, deadline_, [this] { transport_->Close(); });
      std::span<char> room = in_.Prepare(kPiece);
      auto read = co_await transport_->ReadSome(asio::buffer(room.data(), room.size()));
      if (std::get<0>(read) == asio::error::eof && parser_.FeedEnd()) {
        break;
      }
      if (std::get<0>(read)) {
        body_failed_ = Broken(guard, std::get<0>(read).message());
        break;
      }
      in_.Commit(std::get<1>(read));
    }
    const auto step =
        parser_.FeedBody(in_.span().first(std::min(in_.size(), out.size())), out.data());
    in_.Consume(step.consumed);
    if (step.failed) {
      body_failed_ = Err(Code::kInvalidArgument, parser_.error().message);
    } else if (step.produced > 0) {
      co_return step.produced;
    }
  }
  if (!body_failed_.ok()) {
    Close();
    co_return Err(Status(body_failed_));
  }
  if (body_open_ && parser_.body_done()) {
    body_open_ = false;
    if (!parser_.keep_alive()) {
      Close();
    }
  }
  co_return size_t{0};
}

Client::Client(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;

Task<ClientResponse> Client::Send(ClientRequest request, Deadline deadline) {
  return impl_->Send(std::move(request), deadline);
}
void Client::Close() { impl_->Close(); }

Task<SmallResponse> Fetch(Client& client, ClientRequest request, Deadline deadline, size_t limit) {
  Result<ClientResponse> response = co_await client.Send(std::move(request), deadline);
  ASSIGN_OR_CO_RETURN(ClientResponse head, std::move(response));
  SmallResponse small{.status = head.status, .headers = std::move(head.headers)};
  Result<std::string> body = co_await ReadAll(*head.body, limit);
  ASSIGN_OR_CO_RETURN(small.body, std::move(body));
  co_return small;
}

}  // namespace stetig::http
