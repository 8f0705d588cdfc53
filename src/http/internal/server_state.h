// What the connections of one server share: options, counters, and one shard per loop.
#pragma once

#include <array>
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "http/internal/buffer.h"
#include "http/internal/parser.h"
#include "http/server.h"
#include "io/transport.h"
#include "io/wheel.h"

namespace stetig::http::internal {

class Acceptor;
class Connection;
struct ShardTag;
using ShardHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<ShardTag>,
                                     boost::intrusive::link_mode<boost::intrusive::normal_link>>;

/// What a connection needs while bytes move; idle connections have none. Kept for reuse by the
/// shard.
struct Workspace {
  explicit Workspace(const Limits* limits) : parser(Parser::Kind::kRequest, limits) {}
  Parser parser;
  ReadBuffer in;
  std::string out;  ///< answers not yet sent
};

/// One loop's part of the server. Confined to that loop, except `load`.
class Shard {
 public:
  Shard(io::EventLoop& loop, const Limits* limits);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  std::unique_ptr<Workspace> TakeWorkspace();
  void GiveBack(std::unique_ptr<Workspace> workspace);
  /// A buffer of kStreamBuffer bytes for streamed answers.
  std::unique_ptr<char[]> TakeStreamBuffer();
  void GiveBack(std::unique_ptr<char[]> buffer);
  static constexpr size_t kStreamBuffer = 256 * 1024;
  /// Takes bytes that nobody looks at; one for all connections.
  asio::mutable_buffer Sink() { return asio::buffer(sink_); }

  std::string_view Date();
  std::string NewRequestId();

  io::EventLoop& loop;
  io::TimerWheel wheel;
  boost::intrusive::list<Connection, boost::intrusive::base_hook<ShardHook>> connections;
  std::atomic<size_t> load{0};  ///< connections given to this shard

 private:
  static constexpr size_t kKeptWorkspaces = 64;
  static constexpr size_t kKeptStreamBuffers = 4;
  static constexpr size_t kKeptCapacity = 64 * 1024;

  const Limits* limits_;
  std::vector<std::unique_ptr<Workspace>> workspaces_;
  std::vector<std::unique_ptr<char[]>> stream_buffers_;
  std::array<char, size_t{16} * 1024> sink_;
  int64_t date_second_ = -1;
  std::string date_;
  uint64_t random_ = 0;
};

/// Shared by the server, its acceptors and its connections, so that whichever goes last finds it.
/// Members without a lock are constant after Start or atomic.
class ServerState : public std::enable_shared_from_this<ServerState> {
 public:
  ServerState(io::LoopGroup& loops, std::shared_ptr<const Router> router, ServerOptions options);

  /// Counts a connection of `peer` in; false when a limit forbids it. Addresses of one IPv6 network
  /// (/64) are one peer: whoever has one has all.
  bool Admit(const std::string& peer, bool loopback);
  void Leave(const std::string& peer, Shard& shard);
  /// The shard with the fewest connections.
  Shard& Lightest();
  /// False: connections were left at `until`.
  bool WaitUntilEmpty(Deadline until);

  const std::shared_ptr<const Router> router;
  const ServerOptions options;
  std::vector<std::unique_ptr<Shard>> shards;
  uint16_t port = 0;
  std::vector<std::shared_ptr<Acceptor>>
      acceptors;  ///< touched at start and then on the first shard's loop

  std::atomic<bool> draining{false};
  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> in_flight{0};
  std::atomic<uint64_t> event_streams{0};
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> held{0};  ///< by all Held

  /// Memory runs short: those who hold some must hurry.
  bool Pressed() const {
    return held.load(std::memory_order_relaxed) > options.limits.held_bytes / 2;
  }

 private:
  Mutex mutex_;
  CondVar empty_;
  std::map<std::string, size_t> peers_ GUARDED_BY(mutex_);
};

/// What one request keeps in memory at its peer's pace, as long as this lives.
class Held {
 public:
  explicit Held(ServerState& state) : state_(state) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { state_.held.fetch_sub(bytes_, std::memory_order_relaxed); }

  /// False: the limit has been reached, nothing is added. The last one in may go beyond it.
  bool Add(uint64_t more);
  uint64_t bytes() const { return bytes_; }

 private:
  ServerState& state_;
  uint64_t bytes_ = 0;
};

}  // namespace stetig::http::internal
