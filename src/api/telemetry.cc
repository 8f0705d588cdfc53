#include "api/telemetry.h"

#include <algorithm>

#include "access/principal.h"
#include "base/log.h"

namespace stetig::api {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

metrics::Labels LabelsOf(const http::Route* route) {
  return route == nullptr
             ? metrics::Labels{{"method", ""}, {"route", ""}}
             : metrics::Labels{{"method", std::string(http::MethodName(route->method))},
                               {"route", route->pattern}};
}

bool IsSlow(const http::Exchange& exchange) {
  const uint64_t bytes = exchange.bytes_in + exchange.bytes_out;
  const auto patience =
      Telemetry::kSlow + std::chrono::milliseconds(bytes * 1000 / Telemetry::kBytesPerSecond);
  return exchange.took > patience;
}

/// Turned away: who asked, what was asked for or when is at fault, and an operator wants to know.
bool IsRefused(int status) {
  return status == 401 || status == 403 || status == 408 || status == 413 || status == 429 ||
         status == 431 || status == 503;
}

std::string_view UserOf(const http::Request& request) {
  const auto* caller = std::any_cast<access::Principal>(&request.caller);
  return caller == nullptr ? std::string_view() : std::string_view(caller->user);
}

// The query is left out: it may hold what people search for.
#define STETIG_EXCHANGE_FIELDS                                                            \
  {"method", http::MethodName(request.method)}, {"path", request.path},                   \
      {"status", exchange.status}, {"ms", Milliseconds(exchange.took).count()},           \
      {"request_id", request.request_id}, {"peer", request.peer.address}, {"user", user}, \
      {"bytes_in", exchange.bytes_in}, {                                                  \
    "bytes_out", exchange.bytes_out                                                       \
  }

void Log(const http::Exchange& exchange) {
  const http::Request& request = *exchange.request;
  const std::string_view user = UserOf(request);
  if (IsRefused(exchange.status)) {
    LOG(kWarning, "request refused", STETIG_EXCHANGE_FIELDS, {"reason", exchange.failure});
  } else if (exchange.status >= 500) {
    LOG(kError, "request failed", STETIG_EXCHANGE_FIELDS, {"reason", exchange.failure});
  } else if (!exchange.complete && exchange.status < 400) {
    LOG(kWarning, "answer was cut", STETIG_EXCHANGE_FIELDS);
  } else if (IsSlow(exchange)) {
    LOG(kWarning, "request was slow", STETIG_EXCHANGE_FIELDS);
  } else {
    // The one line that is not limited: who asks for debug wants every request.
    log::Logger::Default().Write(log::Level::kDebug, "request", {STETIG_EXCHANGE_FIELDS});
  }
}

#undef STETIG_EXCHANGE_FIELDS

bool IsWorthALine(const http::Exchange& exchange) {
  return exchange.status >= 500 || IsRefused(exchange.status) || !exchange.complete ||
         exchange.took > Telemetry::kSlow || log::Logger::Default().Enabled(log::Level::kDebug);
}

}  // namespace

Telemetry::Telemetry(metrics::Registry& registry, std::shared_ptr<const http::Router> router)
    : registry_(registry), router_(std::move(router)), series_(router_->routes().size() + 1) {}

void Telemetry::Observe(const http::Exchange& exchange) {
  Count(exchange);
  if (IsWorthALine(exchange)) {
    Log(exchange);
  }
}

void Telemetry::Count(const http::Exchange& exchange) {
  Series& series = SeriesOf(exchange.route);
  const auto status_class = static_cast<size_t>(std::clamp(exchange.status / 100, 0, 5));
  Seconds(series, exchange.route, status_class)
      .Observe(std::chrono::duration<double>(exchange.took).count());
  if (series.bytes_out.load(std::memory_order_acquire) == nullptr) {
    Make(series, exchange.route);
  }
  if (exchange.bytes_in > 0) {
    series.bytes_in.load(std::memory_order_relaxed)->Add(exchange.bytes_in);
  }
  series.bytes_out.load(std::memory_order_relaxed)->Add(exchange.bytes_out);
}

Telemetry::Series& Telemetry::SeriesOf(const http::Route* route) {
  return route == nullptr ? series_.back()
                          : series_[static_cast<size_t>(route - router_->routes().data())];
}

metrics::Histogram& Telemetry::Seconds(Series& series, const http::Route* route,
                                       size_t status_class) {
  std::atomic<metrics::Histogram*>& slot = series.seconds[status_class];
  metrics::Histogram* histogram = slot.load(std::memory_order_acquire);
  if (histogram == nullptr) {
    static constexpr std::array<std::string_view, 6> kNames = {"none", "1xx", "2xx",
                                                               "3xx",  "4xx", "5xx"};
    metrics::Labels labels = LabelsOf(route);
    labels.emplace_back("status", kNames[status_class]);
    // The registry gives two threads that come at once the same histogram.
    histogram = &registry_.GetHistogram(
        "stetig_http_request_duration_seconds",
        "Time from a request's complete head to the last byte of its answer, by status class.",
        metrics::LatencyBounds(), std::move(labels));
    slot.store(histogram, std::memory_order_release);
  }
  return *histogram;
}

void Telemetry::Make(Series& series, const http::Route* route) {
  series.bytes_in.store(
      &registry_.GetCounter("stetig_http_request_body_bytes_total",
                            "Bytes of request bodies as received.", LabelsOf(route)),
      std::memory_order_relaxed);
  series.bytes_out.store(
      &registry_.GetCounter("stetig_http_response_bytes_total", "Bytes of answers, heads included.",
                            LabelsOf(route)),
      std::memory_order_release);
}

}  // namespace stetig::api
