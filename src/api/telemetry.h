// What operators see of requests: counters and latencies by route, and log lines for those that
// went wrong.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "http/router.h"
#include "http/server.h"

namespace stetig::api {

/// Observes every exchange; at the log level "info" one that went well costs a few additions and no
/// allocation. A route has no series before its first request, so that the exposition stays short.
/// Thread-safe.
class Telemetry {
 public:
  /// An exchange that took longer is logged, with more patience for one that moved many bytes.
  static constexpr std::chrono::milliseconds kSlow{1000};
  /// What a body may take beyond that.
  static constexpr uint64_t kBytesPerSecond = uint64_t{4} << 20;

  /// Both outlive this object.
  Telemetry(metrics::Registry& registry, std::shared_ptr<const http::Router> router);
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  /// For http::Hooks::after.
  void Observe(const http::Exchange& exchange);

 private:
  /// Series of one route, made at its first request of each kind.
  struct Series {
    std::array<std::atomic<metrics::Histogram*>, 6> seconds{};  ///< by status class, 1xx … 5xx
    std::atomic<metrics::Counter*> bytes_in{nullptr};
    std::atomic<metrics::Counter*> bytes_out{nullptr};
  };
  void Count(const http::Exchange& exchange);
  Series& SeriesOf(const http::Route* route);
  metrics::Histogram& Seconds(Series& series, const http::Route* route, size_t status_class);
  void Make(Series& series, const http::Route* route);

  metrics::Registry& registry_;
  const std::shared_ptr<const http::Router> router_;
  std::vector<Series> series_;  ///< by the route's place; the last one: no route
};

}  // namespace stetig::api
