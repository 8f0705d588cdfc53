// One large artifact by plain HTTP. Its bytes are made while they are sent and again while they are
// compared, at the speed of memory: a random block of 1 MiB, combined with another random word for
// each block, so that no block repeats and none compresses.
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "load/answer_reader.h"
#include "load/driver.h"
#include "load/scenarios.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBlock = size_t{1024} * 1024;
constexpr size_t kWords = kBlock / sizeof(uint64_t);

[[noreturn]] void Fail(std::string_view what) {
  fmt::print(stderr, "bench_load: artifact: {}\n", what);
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): one thread
}

class Pattern {
 public:
  explicit Pattern(uint64_t seed) : seed_(seed), base_(kWords), block_(kWords) {
    std::mt19937_64 random(seed);
    std::ranges::generate(base_, random);
  }
  std::string_view Block(uint64_t number) {
    const uint64_t word = std::mt19937_64(seed_ ^ (number + 1) * 0x9E3779B97F4A7C15)();
    for (size_t i = 0; i < kWords; ++i) {
      block_[i] = base_[i] ^ word;
    }
    return {reinterpret_cast<const char*>(block_.data()), kBlock};
  }

 private:
  uint64_t seed_;
  std::vector<uint64_t> base_;
  std::vector<uint64_t> block_;
};

std::string Path(const Settings& s) {
  return fmt::format("/api/2.0/mlflow-artifacts/artifacts/bench/blob-{}", s.seed);
}

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      Fail("the connection was lost while sending");
    }
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

/// Receives more; the text of an answer other than 200 ends the program.
void ReceiveHead(int fd, AnswerReader& reader) {
  while (!reader.HasHead()) {
    std::span<char> room = reader.Room();
    ssize_t got = recv(fd, room.data(), room.size(), 0);
    if (got <= 0) {
      Fail("the connection was lost before an answer");
    }
    reader.Filled(static_cast<size_t>(got));
  }
  if (reader.Status() != 200) {
    Fail(fmt::format("{}{}", reader.Head(), reader.AfterHead().substr(0, 300)));
  }
}

/// Compares a body with the pattern as it comes.
class Comparison {
 public:
  explicit Comparison(const Settings& s) : pattern_(s.seed), block_(pattern_.Block(0)) {}
  void Take(std::string_view bytes) {
    while (!bytes.empty()) {
      size_t part = std::min(bytes.size(), kBlock - at_);
      if (std::memcmp(bytes.data(), block_.data() + at_, part) != 0) {
        Fail(fmt::format("wrong bytes in block {}", number_));
      }
      bytes.remove_prefix(part);
      at_ += part;
      total_ += part;
      if (at_ == kBlock) {
        block_ = pattern_.Block(++number_);
        at_ = 0;
      }
    }
  }
  uint64_t Total() const { return total_; }

 private:
  Pattern pattern_;
  std::string_view block_;
  uint64_t number_ = 0;
  uint64_t total_ = 0;
  size_t at_ = 0;
};

/// Takes a chunked body apart.
class Chunks {
 public:
  /// Whether the last chunk has come.
  bool Take(std::string_view bytes, Comparison& out) {
    while (!bytes.empty() && !done_) {
      if (left_ > 0) {
        size_t part = std::min(left_, bytes.size());
        out.Take(bytes.substr(0, part));
        left_ -= part;
        bytes.remove_prefix(part);
        continue;
      }
      line_ += bytes.front();
      bytes.remove_prefix(1);
      if (line_.size() > 2 && line_.ends_with("\r\n")) {
        left_ = std::strtoull(line_.c_str() + (line_.starts_with("\r\n") ? 2 : 0), nullptr, 16);
        done_ = left_ == 0;
        line_.clear();
      }
    }
    return done_;
  }

 private:
  std::string line_;
  size_t left_ = 0;
  bool done_ = false;
};

void Put(const Settings& s, int fd) {
  Pattern pattern(s.seed);
  SendAll(fd, fmt::format("PUT {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                          "application/octet-stream\r\nContent-Length: {}\r\n\r\n",
                          Path(s), s.size));
  for (uint64_t sent = 0; sent < s.size; sent += kBlock) {
    SendAll(fd, pattern.Block(sent / kBlock).substr(0, s.size - sent));
  }
  AnswerReader reader;
  ReceiveHead(fd, reader);
}

void Get(const Settings& s, int fd) {
  SendAll(fd, fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", Path(s)));
  AnswerReader reader;
  ReceiveHead(fd, reader);
  if (!reader.Chunked() && reader.Length() != s.size) {
    Fail(fmt::format("{} bytes announced, expected {}", reader.Length(), s.size));
  }
  Comparison comparison(s);
  Chunks chunks;
  std::vector<char> buffer(kBlock / 4);
  std::string_view bytes = reader.AfterHead();
  for (;;) {
    if (reader.Chunked()) {
      if (chunks.Take(bytes, comparison)) {
        break;
      }
    } else {
      comparison.Take(bytes);
      if (comparison.Total() >= s.size) {
        break;
      }
    }
    ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      Fail(fmt::format("the connection was lost after {} bytes", comparison.Total()));
    }
    bytes = std::string_view(buffer.data(), static_cast<size_t>(got));
  }
  if (comparison.Total() != s.size) {
    Fail(fmt::format("{} bytes, expected {}", comparison.Total(), s.size));
  }
}

}  // namespace

bool Artifact(const Settings& s) {
  if (s.scenario != "put-artifact" && s.scenario != "get-artifact") {
    return false;
  }
  int fd = Connect(s.port);
  auto start = Clock::now();
  if (s.scenario == "put-artifact") {
    Put(s, fd);
  } else {
    Get(s, fd);
  }
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  close(fd);
  fmt::print(R"({{"scenario":"{}","bytes":{},"seconds":{:.3f},"errors":0}})"
             "\n",
             s.scenario, s.size, seconds);
  return true;
}

}  // namespace bench
