// The body of the request that a connection is serving, as the handler's ByteStream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/internal/connection.h"

namespace stetig::http::internal {

/// What a request without a body has.
ByteStream& NoBody();

/// Framing is undone by Connection::ReadBody; here is what is counted meanwhile.
class Connection::Body final : public ByteStream {
 public:
  Body(Connection* connection, std::optional<uint64_t> length, uint64_t limit, bool wants_continue)
      : wants_continue(wants_continue),
        limit(limit),
        held(*connection->server_),
        connection_(connection),
        length_(length) {}

  Task<size_t> Read(std::span<std::byte> into) override { return connection_->ReadBody(into); }
  std::optional<uint64_t> length() const override { return length_; }
  bool Hold(uint64_t more) override { return held.Add(more); }

  bool wants_continue;  ///< the client waits for "100 Continue"
  uint64_t limit;       ///< bytes; more is kResourceExhausted
  Held held;            ///< by the handler, of this body
  uint64_t received = 0;
  Clock::duration waited{0};            ///< time spent waiting for the peer
  Status failed;                        ///< sticky
  std::unique_ptr<ByteStream> decoded;  ///< around this one when the body is compressed

 private:
  Connection* connection_;
  std::optional<uint64_t> length_;
};

}  // namespace stetig::http::internal
