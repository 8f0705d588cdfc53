// Counters, gauges and histograms of this process, and their text for Prometheus.
//
// Recording takes one relaxed atomic addition on a cache line that few threads share; reading sums
// the lines up, so a reading taken while others record may miss their latest additions but never
// shows a torn value.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace stetig::metrics {

inline constexpr size_t kShards = 8;
/// The calling thread's shard: threads are dealt out in turn.
size_t ThisShard();

/// A number that only grows. Thread-safe.
class Counter {
 public:
  void Add(uint64_t by = 1) { shards_[ThisShard()].value.fetch_add(by, std::memory_order_relaxed); }
  uint64_t Value() const;

 private:
  struct alignas(64) Shard {
    std::atomic<uint64_t> value{0};
  };
  std::array<Shard, kShards> shards_;
};

/// A number that moves both ways. Thread-safe.
class Gauge {
 public:
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  int64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

/// Counts of observations up to each bound, with their sum. Thread-safe.
class Histogram {
 public:
  /// `bounds`: ascending, finite, at least one; a bucket for everything above is added.
  explicit Histogram(std::span<const double> bounds);
  /// NaN counts above every bound and leaves the sum alone.
  void Observe(double value);

  struct Reading {
    std::vector<uint64_t> counts;  ///< per bucket, not cumulative; one more than there are bounds
    uint64_t count = 0;
    double sum = 0;
  };
  Reading Read() const;
  std::span<const double> bounds() const { return bounds_; }

 private:
  struct alignas(64) Shard {
    std::unique_ptr<std::atomic<uint64_t>[]> counts;
    std::atomic<double> sum{0};
  };
  std::vector<double> bounds_;
  std::array<Shard, kShards> shards_;
};

/// Seconds from 0.1 ms to 10 s, three per decade: for latencies.
std::span<const double> LatencyBounds();

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Holds metrics by name and labels and prints them. Thread-safe. References stay valid as long as
/// the registry.
class Registry {
 public:
  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  /// Makes the metric, or gives the one that has this name and these labels. Names and label names
  /// are constants of the program: a malformed one, or one name with two kinds, is a broken
  /// invariant. Name counters `…_total`; units are base units.
  Counter& GetCounter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& GetHistogram(std::string_view name, std::string_view help,
                          std::span<const double> bounds, Labels labels = {});
  /// A gauge whose value is asked for at each exposition. `read` must be thread-safe and quick, and
  /// must not use this registry.
  void AddGaugeFunction(std::string_view name, std::string_view help, std::function<double()> read,
                        Labels labels = {});
  /// The same for a number that somebody else counts and that only grows.
  void AddCounterFunction(std::string_view name, std::string_view help,
                          std::function<double()> read, Labels labels = {});
  /// The same for a distribution that somebody else keeps; `bounds` as of Histogram, the reading
  /// has one count more.
  void AddHistogramFunction(std::string_view name, std::string_view help,
                            std::vector<double> bounds, std::function<Histogram::Reading()> read,
                            Labels labels = {});

  /// Everything in Prometheus's text format 0.0.4, families in order of name.
  std::string Expose() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Family;
  Family& FamilyOf(std::string_view name, std::string_view help, int kind) REQUIRES(mutex_);
  void AddFunction(std::string_view name, std::string_view help, int kind,
                   std::function<double()> read, Labels labels);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ GUARDED_BY(mutex_);
};

}  // namespace stetig::metrics
