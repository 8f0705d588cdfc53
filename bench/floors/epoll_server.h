// The least a server can do: one thread, epoll, keep-alive, bodies by Content-Length, no parsing
// beyond that. What the floors share.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace floors {

constexpr size_t kRead = size_t{64} * 1024;

/// One whole request.
struct Request {
  int connection = -1;
  std::string_view head;
  std::string_view body;
};

inline size_t ContentLength(std::string_view head) {
  size_t at = head.find("ontent-");
  while (at != std::string_view::npos) {
    std::string_view rest = head.substr(at);
    if (rest.starts_with("ontent-Length:") || rest.starts_with("ontent-length:")) {
      return static_cast<size_t>(
          std::strtoull(rest.data() + std::strlen("ontent-Length:"), nullptr, 10));
    }
    at = head.find("ontent-", at + 1);
  }
  return 0;
}

inline void Send(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

inline std::string Answer(std::string_view body) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

inline int Listen(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, 1024) != 0) {
    std::perror("floor");
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  return fd;
}

/// Serves for ever. `round` gets all requests that one epoll round completed and gives the one
/// answer that each of them is sent.
template <class Round>
[[noreturn]] void Serve(uint16_t port, Round round) {
  int listener = Listen(port);
  int epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::unordered_map<int, std::string> buffers;
  std::array<epoll_event, 256> events{};
  std::vector<Request> requests;
  for (;;) {
    int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    requests.clear();
    for (int i = 0; i < count; ++i) {
      int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        int client = accept(listener, nullptr, nullptr);
        int on = 1;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        epoll_event added{.events = EPOLLIN, .data = {.fd = client}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, client, &added);
        buffers[client].reserve(kRead);
        continue;
      }
      std::string& buffer = buffers[fd];
      std::array<char, kRead> chunk;
      ssize_t got = recv(fd, chunk.data(), chunk.size(), 0);
      if (got <= 0) {
        buffers.erase(fd);
        close(fd);
        continue;
      }
      buffer.append(chunk.data(), static_cast<size_t>(got));
      size_t head = buffer.find("\r\n\r\n");
      if (head == std::string::npos) {
        continue;
      }
      size_t total = head + 4 + ContentLength(std::string_view(buffer).substr(0, head + 4));
      if (buffer.size() >= total) {
        requests.push_back({fd, std::string_view(buffer).substr(0, head + 4),
                            std::string_view(buffer).substr(head + 4, total - head - 4)});
      }
    }
    if (requests.empty()) {
      continue;
    }
    const std::string& answer = round(requests);
    for (const Request& request : requests) {
      Send(request.connection, answer);
      buffers[request.connection].clear();
    }
  }
}

}  // namespace floors
