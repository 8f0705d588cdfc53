// Every limit of the HTTP server by its name. Hitting one is an answer (or a closed connection)
// that names it; no default is unlimited.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace stetig::http {

struct Limits {
  using Milliseconds = std::chrono::milliseconds;

  // What a request may be. Beyond: 431, 414; the body's limit belongs to the route (413).
  size_t header_bytes =
      32 * 1024;  ///< request line and fields together; also the trailers of a chunked body
  size_t header_count = 100;
  size_t target_bytes = 16 * 1024;

  // How many. Beyond: 503 with Retry-After.
  size_t connections = 16'384;
  size_t connections_per_peer =
      1'024;  ///< by address; loopback is exempt, since a proxy on this host speaks for many
  size_t requests_in_flight = 2'048;  ///< handlers running
  size_t event_streams = 1'024;

  // Memory that peers can tie up: bodies that handlers gather and large answers that wait to be
  // taken, all connections together. Beyond: 503 with Retry-After. From half of it on, those who
  // hold some are given a part of the time only (Connection::Patience).
  uint64_t held_bytes = 256 * 1024 * 1024;

  // How long. Beyond: 408 once a request has begun, else the connection is closed.
  Milliseconds tls_handshake{10'000};
  Milliseconds first_byte{30'000};   ///< from connection to the first byte of its first request
  Milliseconds header_time{15'000};  ///< from the first byte of a request to the end of its head
  Milliseconds body_idle{30'000};    ///< between two reads that bring body bytes
  Milliseconds body_grace{20'000};   ///< before body_rate applies
  uint64_t body_rate = 1'024;       ///< bytes per second that a body must bring on average, counted
                                    ///< while the handler waits for it
  Milliseconds keep_alive{75'000};  ///< between two requests
  Milliseconds write_stall{30'000};  ///< an answer of which the peer takes nothing
  Milliseconds write_grace{60'000};  ///< before write_rate applies
  uint64_t write_rate = 1'024;       ///< bytes per second that a peer must take on average of what
                                     ///< waits for it
  Milliseconds linger{2'000};        ///< reading on after an early answer, so that the peer sees it
  Milliseconds event_heartbeat{15'000};
  Milliseconds cool_down{1'000};  ///< an idle connection gives its buffers back

  // What an unread rest of a request body may cost before the connection is closed instead of
  // reused.
  size_t drain_bytes = 256 * 1024;
};

}  // namespace stetig::http
