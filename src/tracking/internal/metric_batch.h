// Points of several series of one run in one blob: a row of the arrival log (keys as texts) or of
// the tail (keys as numbers).
//
// Form, integers little endian or LEB128 varints: version (1 byte: 1 named, 2 numbered) | number of
// keys | keys, each a length and its bytes, or a number | points: index of the key, zigzag
// difference of timestamp and of step to the point before, 8 bytes of value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tracking/internal/metric_point.h"
#include "tracking/types.h"

namespace stetig::tracking {

/// A point and the place of its key in a list of keys.
struct KeyedPoint {
  uint32_t key = 0;
  Point point;
};

template <class Key>
struct PointBatch {
  std::vector<Key> keys;
  std::vector<KeyedPoint> points;
};
using NamedBatch = PointBatch<std::string_view>;  ///< borrows its keys
using NumberedBatch = PointBatch<int64_t>;

/// The batch of a request: values normalised, repeated points dropped. Borrows the keys of
/// `metrics`.
NamedBatch BatchOf(std::span<const Metric> metrics);

std::string EncodeBatch(const NamedBatch& batch);
std::string EncodeBatch(const NumberedBatch& batch);

/// kDataLoss: the bytes are no such batch. The named one borrows from `bytes`.
Result<NamedBatch> DecodeNamedBatch(std::span<const std::byte> bytes);
Result<NumberedBatch> DecodeNumberedBatch(std::span<const std::byte> bytes);

}  // namespace stetig::tracking
