// The two orders that MLflow puts points into, and the stored form of a value.
#pragma once

#include <cfloat>
#include <cmath>
#include <limits>

#include "tracking/types.h"

namespace stetig::tracking {

/// The order of get-history: timestamp, step, value, NaN last.
inline bool BeforeInHistory(const Point& a, const Point& b) {
  if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
  if (a.step != b.step) return a.step < b.step;
  if (a.Rank() != b.Rank()) return a.Rank() < b.Rank();
  return a.IsNan() < b.IsNan();
}

/// The order that decides the latest point and the samples of charts: step, timestamp, value, NaN
/// last.
inline bool BeforeInSteps(const Point& a, const Point& b) {
  if (a.step != b.step) return a.step < b.step;
  if (a.timestamp != b.timestamp) return a.timestamp < b.timestamp;
  if (a.Rank() != b.Rank()) return a.Rank() < b.Rank();
  return a.IsNan() < b.IsNan();
}

/// The stored form of a value: ±infinity becomes ±DBL_MAX as in MLflow, -0.0 becomes 0.0, every NaN
/// the same NaN.
inline double NormalValue(double value) {
  if (value != value) return std::numeric_limits<double>::quiet_NaN();
  if (value > DBL_MAX) return DBL_MAX;
  if (value < -DBL_MAX) return -DBL_MAX;
  return value == 0 ? 0.0 : value;
}

}  // namespace stetig::tracking
