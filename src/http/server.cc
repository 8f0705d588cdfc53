#include "http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "http/internal/acceptor.h"
#include "http/internal/connection.h"
#include "http/internal/server_state.h"

namespace stetig::http {
namespace {

using internal::Acceptor;
using internal::ServerState;
using internal::Shard;

Result<std::vector<Acceptor::Address>> Resolve(const std::string& host, uint16_t port) {
  asio::io_context context;
  asio::ip::tcp::resolver resolver(context);
  boost::system::error_code error;
  auto found = resolver.resolve(
      host, std::to_string(port),
      asio::ip::resolver_base::passive | asio::ip::resolver_base::numeric_service, error);
  std::vector<Acceptor::Address> addresses;
  for (const auto& entry : found) {
    if (std::find(addresses.begin(), addresses.end(), entry.endpoint()) == addresses.end()) {
      addresses.push_back(entry.endpoint());
    }
  }
  if (error || addresses.empty()) {
    return Err(Code::kNotFound,
               fmt::format("the host '{}' has no address: {}", host, error.message()));
  }
  return addresses;
}

// Runs `function` on each shard's loop and waits for all; on loops that do not run, here.
void OnEachShard(ServerState& state, void (*function)(ServerState&, Shard&)) {
  std::vector<std::future<void>> done;
  for (auto& shard : state.shards) {
    if (!shard->loop.running()) {
      function(state, *shard);
      continue;
    }
    auto finished = std::make_shared<std::promise<void>>();
    done.push_back(finished->get_future());
    shard->loop.Post([&state, &shard = *shard, function, finished] {
      function(state, shard);
      finished->set_value();
    });
  }
  for (auto& one : done) {
    one.wait();
  }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(io::LoopGroup& loops,
                                              std::shared_ptr<const Router> router,
                                              ServerOptions options) {
  ASSIGN_OR_RETURN(auto addresses, Resolve(options.host, options.port));
  auto state = std::make_shared<ServerState>(loops, std::move(router), std::move(options));
  std::vector<std::shared_ptr<Acceptor>> acceptors;
  Status failed;
  for (auto& address : addresses) {
    if (state->port != 0) {
      address.port(state->port);
    }
    auto acceptor = Acceptor::Listen(state, address);
    if (acceptor) {
      state->port = (*acceptor)->port();
      acceptors.push_back(*std::move(acceptor));
    } else if (acceptor.error().code() != Code::kUnavailable) {
      return Err(std::move(acceptor).error());
    } else {
      failed = std::move(acceptor).error();  // e.g. "localhost" names ::1 where IPv6 is off
    }
  }
  if (acceptors.empty()) {
    return Err(std::move(failed));
  }
  io::EventLoop& first = state->shards.front()->loop;
  for (auto& acceptor : acceptors) {
    state->acceptors.push_back(acceptor);
    io::Spawn(first, Acceptor::Run(std::move(acceptor)));
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

Server::~Server() {
  static_cast<void>(Drain(std::chrono::milliseconds(0)));
  OnEachShard(*state_, [](ServerState&, Shard& shard) { shard.wheel.ShutDown(); });
}

uint16_t Server::port() const { return state_->port; }

ServerStats Server::stats() const {
  return {.connections = state_->connections.load(),
          .requests_in_flight = state_->in_flight.load(),
          .event_streams = state_->event_streams.load(),
          .accepted = state_->accepted.load(),
          .refused = state_->refused.load(),
          .requests = state_->requests.load()};
}

Status Server::Drain(std::chrono::milliseconds limit) {
  static constexpr std::chrono::milliseconds kAfterCut{1000};
  const Deadline until = After(limit);
  state_->draining.store(true);
  OnEachShard(*state_, [](ServerState& state, Shard& shard) {
    if (&shard == state.shards.front().get()) {
      for (auto& acceptor : state.acceptors) {
        acceptor->Close();
      }
      state.acceptors.clear();
    }
    for (auto& connection : shard.connections) {
      connection.Drain();
    }
  });
  if (state_->WaitUntilEmpty(until)) {
    return OkStatus();
  }
  const uint64_t left = state_->connections.load();
  OnEachShard(*state_, [](ServerState&, Shard& shard) {
    for (auto& connection : shard.connections) {
      connection.Cut();
    }
  });
  static_cast<void>(state_->WaitUntilEmpty(After(kAfterCut)));
  return Err(Code::kDeadlineExceeded, fmt::format("{} connections had to be cut", left));
}

}  // namespace stetig::http
