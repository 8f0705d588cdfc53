#include "http/internal/server_state.h"

#include <sys/random.h>

#include <boost/asio/ip/address_v6.hpp>
#include <ctime>
#include <utility>

#include "base/check.h"
#include "http/internal/connection.h"
#include "http/internal/serialize.h"

namespace stetig::http::internal {

Shard::Shard(io::EventLoop& l, const Limits* limits)
    : loop(l), wheel(l.executor()), limits_(limits) {
  CHECK(::getrandom(&random_, sizeof random_, 0) == sizeof random_);
}

Shard::~Shard() = default;

std::unique_ptr<Workspace> Shard::TakeWorkspace() {
  if (workspaces_.empty()) {
    return std::make_unique<Workspace>(limits_);
  }
  auto workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  workspace->parser.Reset();
  return workspace;
}

void Shard::GiveBack(std::unique_ptr<Workspace> workspace) {
  if (workspaces_.size() < kKeptWorkspaces && workspace->in.capacity() <= kKeptCapacity &&
      workspace->out.capacity() <= kKeptCapacity) {
    workspace->in.Consume(workspace->in.size());
    workspace->out.clear();
    workspaces_.push_back(std::move(workspace));
  }
}

std::unique_ptr<char[]> Shard::TakeStreamBuffer() {
  if (stream_buffers_.empty()) {
    return std::make_unique_for_overwrite<char[]>(kStreamBuffer);
  }
  auto buffer = std::move(stream_buffers_.back());
  stream_buffers_.pop_back();
  return buffer;
}

void Shard::GiveBack(std::unique_ptr<char[]> buffer) {
  if (stream_buffers_.size() < kKeptStreamBuffers) {
    stream_buffers_.push_back(std::move(buffer));
  }
}

std::string_view Shard::Date() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != date_second_) {
    date_second_ = now.tv_sec;
    date_ = HttpDate(now.tv_sec);
  }
  return date_;
}

// splitmix64: unique per shard for 2^64 requests, and of no use to an attacker beyond telling
// requests apart.
std::string Shard::NewRequestId() {
  static constexpr char kHex[] = "0123456789abcdef";
  uint64_t z = (random_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  std::string id(16, '0');
  for (size_t i = 0; i < id.size(); ++i) {
    id[i] = kHex[(z >> (4 * i)) & 15];
  }
  return id;
}

ServerState::ServerState(io::LoopGroup& loops, std::shared_ptr<const Router> r, ServerOptions o)
    : router(std::move(r)), options(std::move(o)) {
  for (size_t i = 0; i < loops.size(); ++i) {
    shards.push_back(std::make_unique<Shard>(loops.at(i), &options.limits));
  }
}

namespace {

/// What connections are counted under.
std::string PeerKey(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address_v6(address, error);
  if (error) {
    return address;
  }
  const auto bytes = parsed.to_bytes();
  return {bytes.begin(), bytes.begin() + bytes.size() / 2};
}

}  // namespace

bool ServerState::Admit(const std::string& peer, bool loopback) {
  MutexLock lock(mutex_);
  if (connections.load() >= options.limits.connections) {
    return false;
  }
  if (!loopback) {
    size_t& open = peers_[PeerKey(peer)];
    if (open >= options.limits.connections_per_peer) {
      return false;
    }
    ++open;
  }
  connections.fetch_add(1);
  return true;
}

void ServerState::Leave(const std::string& peer, Shard& shard) {
  shard.load.fetch_sub(1);
  bool last = false;
  {
    MutexLock lock(mutex_);
    if (auto it = peers_.find(PeerKey(peer)); it != peers_.end() && --it->second == 0) {
      peers_.erase(it);
    }
    last = connections.fetch_sub(1) == 1;
  }
  if (last) {
    empty_.NotifyAll();
  }
}

Shard& ServerState::Lightest() {
  Shard* lightest = shards.front().get();
  for (auto& shard : shards) {
    if (shard->load.load() < lightest->load.load()) {
      lightest = shard.get();
    }
  }
  lightest->load.fetch_add(1);
  return *lightest;
}

bool Held::Add(uint64_t more) {
  if (state_.held.fetch_add(more, std::memory_order_relaxed) >= state_.options.limits.held_bytes) {
    state_.held.fetch_sub(more, std::memory_order_relaxed);
    state_.refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  bytes_ += more;
  return true;
}

bool ServerState::WaitUntilEmpty(Deadline until) {
  MutexLock lock(mutex_);
  while (connections.load() > 0) {
    if (!empty_.WaitUntil(mutex_, until)) {
      return connections.load() == 0;
    }
  }
  return true;
}

}  // namespace stetig::http::internal
