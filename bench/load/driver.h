// A load generator on one thread: keep-alive connections over epoll, closed loop (each connection
// sends as soon as it got its answer) or open loop (a fixed rate; time counts from when a request
// was due, so that a slow server cannot hide its queue). Every answer is checked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Answer {
  int status = 0;
  std::string_view body;
};

struct Load {
  uint16_t port = 0;
  int connections = 1;
  double seconds = 5;
  uint64_t requests = 0;   ///< stop after so many; 0: by time
  double rate = 0;         ///< requests per second; 0: closed loop
  double drain = 30;       ///< seconds for the last answers; what misses them counts as lost
  bool quick_ack = false;  ///< the client sets TCP_QUICKACK
  /// Appends the next whole request of a connection; false: it has nothing more to send.
  std::function<bool(size_t connection, std::string& out)> next;
  /// Whether the answer that a connection got is right.
  std::function<bool(size_t connection, const Answer&)> check;
};

struct Outcome {
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t wrong = 0;      ///< answers that the check refused
  uint64_t lost = 0;       ///< sent or due, and never answered
  uint64_t bytes = 0;      ///< of bodies received
  double seconds = 0;      ///< from the first request to the last answer
  double rate = 0;         ///< right answers per second, not counting those of the drain
  double cpu_seconds = 0;  ///< of the load generator itself
  std::string first_wrong;
  std::vector<uint32_t> micros;  ///< every answer's time, sorted, in µs
  uint64_t Errors() const { return wrong + lost; }
  double Percentile(double p) const;
};

Outcome Run(const Load& load);

/// A blocking connection to the server; ends the program when there is none within 5 s.
int Connect(uint16_t port);
/// One request on a connection of its own; the body of the answer. Ends the program when the status
/// is not 200.
std::string Once(uint16_t port, const std::string& request);
/// "METHOD PATH" with a JSON body.
std::string Request(std::string_view method, std::string_view path, std::string_view body);

}  // namespace bench
