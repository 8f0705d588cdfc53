// Counting of connections by peer.
#include "http/internal/server_state.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/router.h"
#include "io/loop.h"

namespace stetig::http::internal {
namespace {

TEST(ServerState, AnIpv6NetworkIsOnePeer) {
  io::LoopGroup loops("test", 1);
  ServerOptions options;
  options.limits.connections_per_peer = 2;
  const auto state = std::make_shared<ServerState>(loops, std::make_shared<Router>(), options);
  EXPECT_TRUE(state->Admit("2001:db8:1:2::1", /*loopback=*/false));
  EXPECT_TRUE(state->Admit("2001:db8:1:2:ffff::2", /*loopback=*/false));
  EXPECT_FALSE(state->Admit("2001:db8:1:2:3:4:5:6", /*loopback=*/false));
  EXPECT_TRUE(state->Admit("2001:db8:1:3::1", /*loopback=*/false));
  EXPECT_TRUE(state->Admit("192.0.2.1", /*loopback=*/false));
  EXPECT_TRUE(state->Admit("192.0.2.2", /*loopback=*/false));
  state->Leave("2001:db8:1:2::1", state->Lightest());
  EXPECT_TRUE(state->Admit("2001:db8:1:2:3:4:5:6", /*loopback=*/false));
}

}  // namespace
}  // namespace stetig::http::internal
