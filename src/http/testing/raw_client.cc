#include "http/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace stetig::http::testing {

RawClient::RawClient(uint16_t port, std::chrono::milliseconds patience) : patience_(patience) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    fd_ = -1;
    return;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::~RawClient() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd ready = {.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(patience_.count())) != 1) {
      return false;
    }
    ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool RawClient::SendSlowly(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [this](char c) { return Send({&c, 1}); });
}

void RawClient::EndSending() { ::shutdown(fd_, SHUT_WR); }

void RawClient::SetReceiveBuffer(int bytes) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool RawClient::Fill() {
  pollfd ready = {.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(patience_.count())) != 1) {
    return false;
  }
  std::array<char, 65536> piece{};
  ssize_t n = ::recv(fd_, piece.data(), piece.size(), 0);
  if (n <= 0) {
    return false;
  }
  buffer_.append(piece.data(), static_cast<size_t>(n));
  return true;
}

std::optional<std::string> RawClient::Line() {
  size_t end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (!Fill()) {
      return std::nullopt;
    }
    end = buffer_.find("\r\n");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string RawClient::ReadBytes(size_t n) {
  while (buffer_.size() < n && Fill()) {
  }
  std::string bytes = buffer_.substr(0, n);
  buffer_.erase(0, bytes.size());
  return bytes;
}

std::optional<std::string> RawClient::ReadToEnd() {
  while (Fill()) {
  }
  std::string all = std::move(buffer_);
  buffer_.clear();
  return Closed() ? std::optional(std::move(all)) : std::nullopt;
}

bool RawClient::Closed() {
  pollfd ready = {.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(patience_.count())) != 1) {
    return false;
  }
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK) <= 0;
}

std::optional<RawResponse> RawClient::Read(bool head_only) {
  RawResponse response;
  auto line = Line();
  if (!line || !line->starts_with("HTTP/1.1 ")) {
    return std::nullopt;
  }
  response.status = std::atoi(line->c_str() + 9);
  while ((line = Line()) && !line->empty()) {
    const size_t colon = line->find(": ");
    if (colon == std::string::npos) {
      return std::nullopt;
    }
    std::string name = line->substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string& value = response.fields[name];
    value += (value.empty() ? "" : ", ") + line->substr(colon + 2);
  }
  if (!line) {
    return std::nullopt;
  }
  const bool chunked = response.fields.contains("transfer-encoding");
  response.framed = chunked || response.fields.contains("content-length");
  if (head_only || response.status / 100 == 1 || response.status == 204 || response.status == 304) {
    return response;
  }
  if (!chunked) {
    const size_t size = response.framed
                            ? std::strtoul(response.fields["content-length"].c_str(), nullptr, 10)
                            : SIZE_MAX;
    response.body = ReadBytes(size);
    return !response.framed || response.body.size() == size ? std::optional(response)
                                                            : std::nullopt;
  }
  for (;;) {
    auto size_line = Line();
    if (!size_line) {
      return std::nullopt;
    }
    const size_t size = std::strtoul(size_line->c_str(), nullptr, 16);
    std::string chunk = ReadBytes(size + 2);
    if (chunk.size() != size + 2) {
      return std::nullopt;
    }
    response.body += chunk.substr(0, size);
    if (size == 0) {
      return response;
    }
  }
}

}  // namespace stetig::http::testing
