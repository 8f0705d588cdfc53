#include "load/driver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "load/answer_reader.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kConnectTries = 250;
constexpr useconds_t kBetweenTries = 20'000;

double CpuSeconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

struct Connection {
  int fd = -1;
  bool busy = false;
  bool wants_write = false;
  Clock::time_point due;
  std::string out;
  size_t sent = 0;
  AnswerReader reader;
};

class Driver {
 public:
  explicit Driver(const Load& load)
      : load_(load), epoll_(epoll_create1(0)), connections_(static_cast<size_t>(load.connections)) {
    for (size_t i = 0; i < connections_.size(); ++i) {
      Open(i);
    }
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() {
    for (Connection& c : connections_) {
      close(c.fd);
    }
    close(epoll_);
  }

  Outcome Run() {
    double cpu = CpuSeconds();
    start_ = last_ = Clock::now();
    end_ = start_ + std::chrono::microseconds(static_cast<int64_t>(load_.seconds * 1e6));
    give_up_ = end_ + std::chrono::microseconds(static_cast<int64_t>(load_.drain * 1e6));
    if (load_.rate == 0) {
      for (size_t i = 0; i < connections_.size() && !Enough(); ++i) {
        Start(i, /*due=*/nullptr);
      }
    }
    while (!Done() && Clock::now() < give_up_) {
      Arrive();
      Wait();
    }
    outcome_.lost += in_flight_ + waiting_.size();
    outcome_.seconds = std::chrono::duration<double>(last_ - start_).count();
    outcome_.answered = outcome_.micros.size();
    double window = load_.requests == 0 ? load_.seconds : outcome_.seconds;
    outcome_.rate = window > 0 ? static_cast<double>(right_in_time_) / window : 0;
    outcome_.cpu_seconds = CpuSeconds() - cpu;
    std::ranges::sort(outcome_.micros);
    return std::move(outcome_);
  }

 private:
  bool Enough() const {
    return exhausted_ || (load_.requests != 0 && outcome_.sent >= load_.requests) ||
           Clock::now() >= end_;
  }
  bool Done() const { return in_flight_ == 0 && waiting_.empty() && Enough(); }

  void Open(size_t i) {
    Connection& c = connections_[i];
    c.fd = Connect(load_.port);
    fcntl(c.fd, F_SETFL, fcntl(c.fd, F_GETFL) | O_NONBLOCK);
    c.busy = c.wants_write = false;
    c.reader.Clear();
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
  }

  std::chrono::nanoseconds Gap() const {
    return std::chrono::nanoseconds(static_cast<int64_t>(1e9 / load_.rate));
  }

  /// Open loop: what is due by now goes out on idle connections; the rest waits.
  void Arrive() {
    if (load_.rate == 0) {
      return;
    }
    auto now = std::min(Clock::now(), end_);
    for (; NextDue() <= now && !Planned(); ++scheduled_) {
      waiting_.push_back(NextDue());
    }
    for (size_t tried = 0; tried < connections_.size() && !waiting_.empty(); ++tried) {
      turn_ = (turn_ + 1) % connections_.size();
      if (!connections_[turn_].busy) {
        auto due = waiting_.front();
        waiting_.pop_front();
        Start(turn_, &due);
      }
    }
  }
  bool Planned() const { return load_.requests != 0 && scheduled_ >= load_.requests; }
  Clock::time_point NextDue() const { return start_ + Gap() * static_cast<int64_t>(scheduled_); }

  void Start(size_t i, const Clock::time_point* due) {
    Connection& c = connections_[i];
    c.out.clear();
    c.sent = 0;
    if (!load_.next(i, c.out)) {
      exhausted_ = true;
      return;
    }
    c.busy = true;
    c.due = due != nullptr ? *due : Clock::now();
    ++outcome_.sent;
    ++in_flight_;
    Flush(i);
  }

  void Flush(size_t i) {
    Connection& c = connections_[i];
    while (c.sent < c.out.size()) {
      ssize_t sent = send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        break;
      }
      if (sent <= 0) {
        Lose(i);
        return;
      }
      c.sent += static_cast<size_t>(sent);
    }
    bool wants = c.sent < c.out.size();
    if (wants != c.wants_write) {
      c.wants_write = wants;
      epoll_event event{.events = EPOLLIN | (wants ? EPOLLOUT : 0U), .data = {.u64 = i}};
      epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
    }
  }

  void Lose(size_t i) {
    Connection& c = connections_[i];
    outcome_.lost += c.busy ? 1 : 0;
    in_flight_ -= c.busy ? 1 : 0;
    Reopen(i);
  }

  void Reopen(size_t i) {
    close(connections_[i].fd);
    Open(i);
    Continue(i);
  }

  /// The loss of an idle connection is no error: servers may end those.
  void Continue(size_t i) {
    if (load_.rate == 0 && !Enough()) {
      Start(i, /*due=*/nullptr);
    }
  }

  void Wait() {
    std::array<epoll_event, 256> events{};
    std::chrono::nanoseconds limit = std::chrono::milliseconds(100);
    if (load_.rate != 0 && waiting_.empty()) {
      limit = std::clamp<std::chrono::nanoseconds>(NextDue() - Clock::now(),
                                                   std::chrono::nanoseconds(0), limit);
    }
    timespec time{.tv_sec = 0, .tv_nsec = limit.count()};
    int count =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &time, nullptr);
    for (int e = 0; e < count; ++e) {
      const epoll_event& event = events[static_cast<size_t>(e)];
      if ((event.events & EPOLLOUT) != 0) {
        Flush(event.data.u64);
      }
      if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
        Receive(event.data.u64);
      }
    }
  }

  void Receive(size_t i) {
    Connection& c = connections_[i];
    std::span<char> room = c.reader.Room();
    ssize_t got = recv(c.fd, room.data(), room.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return;
    }
    if (load_.quick_ack) {
      int on = 1;
      setsockopt(c.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    }
    if (got <= 0) {
      Lose(i);
      return;
    }
    c.reader.Filled(static_cast<size_t>(got));
    if (!c.reader.Whole()) {
      return;
    }
    last_ = Clock::now();
    Judge(i, std::chrono::duration_cast<std::chrono::microseconds>(last_ - c.due).count());
    bool closes = c.reader.Closes();
    c.reader.Next();
    c.busy = false;
    --in_flight_;
    if (closes) {
      Reopen(i);
    } else {
      Continue(i);
    }
  }

  void Judge(size_t i, int64_t micros) {
    const AnswerReader& reader = connections_[i].reader;
    outcome_.micros.push_back(static_cast<uint32_t>(micros));
    outcome_.bytes += reader.Body().size();
    if (!load_.check(i, {.status = reader.Status(), .body = reader.Body()})) {
      if (outcome_.wrong++ == 0) {
        outcome_.first_wrong = fmt::format("{} {}", reader.Status(), reader.Body().substr(0, 300));
      }
    } else if (load_.requests != 0 || last_ <= end_) {
      ++right_in_time_;
    }
  }

  const Load& load_;
  int epoll_;
  std::vector<Connection> connections_;
  Outcome outcome_;
  Clock::time_point start_;
  Clock::time_point end_;
  Clock::time_point give_up_;
  Clock::time_point last_;
  uint64_t scheduled_ = 0;
  uint64_t in_flight_ = 0;
  uint64_t right_in_time_ = 0;
  size_t turn_ = 0;
  bool exhausted_ = false;
  std::deque<Clock::time_point> waiting_;
};

}  // namespace

double Outcome::Percentile(double p) const {
  if (micros.empty()) {
    return 0;
  }
  auto at = static_cast<size_t>(std::lround(p / 100 * static_cast<double>(micros.size() - 1)));
  return micros[at];
}

Outcome Run(const Load& load) { return Driver(load).Run(); }

int Connect(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int tries = 0; tries < kConnectTries; ++tries) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
      int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return fd;
    }
    close(fd);
    usleep(kBetweenTries);
  }
  std::perror("bench_load: connect");
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
}

std::string Request(std::string_view method, std::string_view path, std::string_view body) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n\r\n{}",
      method, path, body.size(), body);
}

std::string Once(uint16_t port, const std::string& request) {
  std::string body;
  Load load{.port = port, .connections = 1, .seconds = 600, .requests = 1};
  load.next = [&](size_t, std::string& out) {
    out = request;
    return true;
  };
  load.check = [&](size_t, const Answer& answer) {
    body = answer.body;
    if (answer.status != 200) {
      fmt::print(stderr, "bench_load: status {} for {}\n{}\n", answer.status,
                 request.substr(0, 200), body);
      std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    return true;
  };
  if (Run(load).answered != 1) {
    fmt::print(stderr, "bench_load: no answer to {}\n", request.substr(0, 200));
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  return body;
}

}  // namespace bench
