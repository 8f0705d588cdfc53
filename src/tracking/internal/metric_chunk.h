// Up to kChunkPoints points of one series in columns that can be read at any place without decoding
// the rest.
//
// Form, little endian: version (1 byte) | count (2) | timestamps | steps | values.
//   integer column: first (8) | stride (8) | width (1: 0, 1, 2, 4 or 8) | count × width bytes;
//   value i = first + i × stride + residual i value column:   kind (1) | 0: count × 8 bytes | 1:
//   count × 4 bytes of float | 2: exponent e (1), integer column n; n / 10^e |
//                   3: one value of 8 bytes for all. The smallest form that gives back the exact
//                   bits is taken.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"
#include "tracking/internal/metric_point.h"

namespace stetig::tracking {

/// Points of a full chunk: about one or two database pages.
inline constexpr size_t kChunkPoints = 512;

/// CHECKs that there are 1 to kChunkPoints points.
std::string EncodeChunk(std::span<const Point> points);

/// A view of an encoded chunk; borrows the bytes.
class Chunk {
 public:
  /// kDataLoss: the bytes are no chunk.
  static Result<Chunk> Open(std::span<const std::byte> bytes);

  size_t size() const { return count_; }
  /// Place `i` < size() alone, in constant time.
  Point At(size_t i) const;
  int64_t StepAt(size_t i) const { return steps_.At(i); }
  /// All points, into the first size() places of `out`.
  void Decode(std::span<Point> out) const;

 private:
  struct IntColumn {
    uint64_t first = 0;
    uint64_t stride = 0;
    uint8_t width = 0;
    const std::byte* residuals = nullptr;
    int64_t At(size_t i) const;
  };
  enum class ValueKind : uint8_t { kDouble = 0, kFloat = 1, kDecimal = 2, kConstant = 3 };

  static bool Take(std::span<const std::byte>& in, size_t count, IntColumn& column);
  double ValueAt(size_t i) const;

  size_t count_ = 0;
  IntColumn timestamps_;
  IntColumn steps_;
  ValueKind kind_ = ValueKind::kDouble;
  const std::byte* values_ = nullptr;
  IntColumn decimals_;
  double scale_ = 1;
};

}  // namespace stetig::tracking
