// A server on a free port with the routes that the tests of this module need.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/server.h"
#include "http/testing/raw_client.h"
#include "io/loop.h"

namespace stetig::http::testing {

/// Routes:
///   GET  /hello           "hello"
///   GET  /big/{size}      that many bytes, as one string
///   GET  /stream/{size}   the same as a stream of known length; ?chunked=1 without; ?fail=N fails
///   after N bytes GET  /slow/{ms}       answers after so many milliseconds GET  /throw throws GET
///   /events/{n}      n events, then waits for ever GET  /files/{path*}   echoes the rest of the
///   path POST /echo            the body, at most 1 MiB POST /count           the number of body
///   bytes, read in pieces, unlimited POST /ignore          answers without reading the body, at
///   most 64 MiB
std::shared_ptr<Router> TestRoutes();

class ServerFixture : public ::testing::Test {
 protected:
  /// Starts with `options`; port and host are the fixture's.
  void StartServer(ServerOptions options = {}, size_t loops = 1);
  void TearDown() override;
  uint16_t port() const { return server_->port(); }

  std::unique_ptr<io::LoopGroup> loops_;
  std::unique_ptr<Server> server_;
};

/// Byte i of every test stream.
inline char PatternByte(uint64_t i) { return static_cast<char>('a' + (i * 7 + i / 251) % 26); }
std::string Pattern(size_t size);

}  // namespace stetig::http::testing
