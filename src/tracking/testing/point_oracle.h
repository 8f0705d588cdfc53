// What metrics should show, computed from the points as they were logged by the rules of
// service.h, metric_point.h and metric_sample.h alone, the slow way.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tracking/types.h"

namespace stetig::tracking::testing {

/// Timestamp, step, value (0 for NaN), whether it is NaN: compares in the order of histories.
using Shown = std::tuple<int64_t, int64_t, double, bool>;

inline Shown Show(int64_t timestamp, int64_t step, double value) {
  const bool nan = std::isnan(value);
  return {timestamp, step, nan ? 0.0 : std::clamp(value, -DBL_MAX, DBL_MAX), nan};
}
inline Shown Show(const Point& point) { return Show(point.timestamp, point.step, point.value); }
inline Shown Show(const Metric& metric) {
  return Show(metric.timestamp, metric.step, metric.value);
}
template <class T>
std::vector<Shown> ShowAll(const std::vector<T>& items) {
  std::vector<Shown> shown;
  for (const T& item : items) shown.push_back(Show(item));
  return shown;
}

/// One series, (run, key).
class PointOracle {
 public:
  void Log(const Metric& metric) { points_.insert(Show(metric)); }

  std::vector<Shown> History() const { return {points_.begin(), points_.end()}; }

  /// By step, timestamp, value, NaN last.
  std::vector<Shown> InSteps() const {
    std::vector<Shown> points = History();
    std::ranges::sort(points, {}, [](const Shown& p) {
      return std::tuple(std::get<1>(p), std::get<0>(p), std::get<2>(p), std::get<3>(p));
    });
    return points;
  }
  Shown Latest() const { return InSteps().back(); }

  /// The first point of each of `most` buckets, of the last one the last.
  std::vector<Shown> Samples(int64_t start, int64_t end, size_t most) const {
    std::vector<Shown> inside;
    for (const Shown& point : InSteps()) {
      if (std::get<1>(point) >= start && std::get<1>(point) <= end) inside.push_back(point);
    }
    if (inside.size() <= most) return inside;
    std::vector<Shown> samples;
    size_t in_bucket = 0;
    for (const Shown& point : inside) {
      if (in_bucket == 0) samples.push_back(point);
      const size_t bucket = samples.size() - 1;
      const size_t bucket_size = inside.size() / most + (bucket < inside.size() % most ? 1 : 0);
      in_bucket = (in_bucket + 1) % bucket_size;
    }
    samples.back() = inside.back();
    return samples;
  }

 private:
  std::set<Shown> points_;
};

/// Points of one key from a seed.
class PointMaker {
 public:
  explicit PointMaker(uint64_t seed) : random_(seed) {}

  /// As a training loop logs them: steps and times rise.
  std::vector<Metric> Rising(const std::string& key, int64_t from, int64_t count) {
    std::vector<Metric> metrics;
    for (int64_t i = from; i < from + count; ++i) {
      metrics.push_back({.key = key,
                         .value = static_cast<double>(Number(1000)) / 1000,
                         .timestamp = 1000 + 10 * i,
                         .step = i});
    }
    return metrics;
  }
  /// Out of order, with many ties and repetitions.
  std::vector<Metric> Scattered(const std::string& key, int64_t count) {
    std::vector<Metric> metrics;
    for (int64_t i = 0; i < count; ++i) {
      metrics.push_back({.key = key,
                         .value = Number(8) == 0 ? kNan : static_cast<double>(Number(3)) - 1,
                         .timestamp = Number(30),
                         .step = Number(40) - 20});
    }
    return metrics;
  }
  /// From everywhere in the range of each number.
  std::vector<Metric> Wild(const std::string& key, int64_t count) {
    constexpr double kOdd[] = {kNan, HUGE_VAL, -HUGE_VAL, -0.0, DBL_MAX, -DBL_MAX, DBL_TRUE_MIN};
    std::vector<Metric> metrics;
    for (int64_t i = 0; i < count; ++i) {
      const auto any = static_cast<double>(static_cast<int64_t>(random_()));
      metrics.push_back({.key = key,
                         .value = Number(4) == 0 ? kOdd[random_() % 7] : any,
                         .timestamp = static_cast<int64_t>(random_() >> 1 >> random_() % 63),
                         .step = static_cast<int64_t>(random_()) >> random_() % 63});
    }
    return metrics;
  }
  int64_t Number(uint64_t below) { return static_cast<int64_t>(random_() % below); }

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::mt19937_64 random_;
};

}  // namespace stetig::tracking::testing
