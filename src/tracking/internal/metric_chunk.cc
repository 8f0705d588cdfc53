#include "tracking/internal/metric_chunk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace stetig::tracking {
namespace {

constexpr char kVersion = 1;
constexpr int kMaxExponent = 12;
constexpr std::array<double, kMaxExponent + 1> kPowers = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                          1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

uint8_t WidthOf(uint64_t largest) {
  if (largest == 0) return 0;
  if (largest <= 0xFF) return 1;
  if (largest <= 0xFFFF) return 2;
  return largest <= 0xFFFFFFFF ? 4 : 8;
}

// Arithmetic wraps on purpose: every int64 series has a form, if only of width 8.
void PutIntColumn(std::string& out, std::span<const int64_t> values) {
  const size_t count = values.size();
  const auto first = static_cast<uint64_t>(values.front());
  uint64_t stride = 0;
  if (count > 1) {
    // The mean step, unless the range overflows: then 0, and the residuals carry everything.
    int64_t range = 0;
    if (!__builtin_sub_overflow(values.back(), values.front(), &range))
      stride = static_cast<uint64_t>(range / static_cast<int64_t>(count - 1));
  }
  std::vector<uint64_t> residuals(count);
  int64_t least = 0;
  int64_t most = 0;
  for (size_t i = 0; i < count; ++i) {
    residuals[i] = static_cast<uint64_t>(values[i]) - first - i * stride;
    least = std::min(least, static_cast<int64_t>(residuals[i]));
    most = std::max(most, static_cast<int64_t>(residuals[i]));
  }
  const auto shift = static_cast<uint64_t>(least);
  const uint8_t width = WidthOf(static_cast<uint64_t>(most) - shift);
  AppendLe(out, first + shift);
  AppendLe(out, stride);
  AppendLe(out, width);
  for (const uint64_t residual : residuals) {
    const uint64_t stored = residual - shift;
    char bytes[sizeof(stored)];
    std::memcpy(bytes, &stored, sizeof(stored));
    out.append(bytes, width);
  }
}

// The values as integers of 10^-e, for the smallest e that gives each back bit by bit.
std::optional<std::pair<uint8_t, std::vector<int64_t>>> AsDecimals(std::span<const Point> points) {
  std::vector<int64_t> whole(points.size());
  int exponent = 0;
  for (size_t i = 0; i < points.size();) {
    const double scaled = points[i].value * kPowers[static_cast<size_t>(exponent)];
    if (!(std::abs(scaled) < 9e15)) return std::nullopt;
    if (scaled == 0 && std::signbit(scaled)) return std::nullopt;  // integers have no -0
    const double rounded = std::nearbyint(scaled);
    if (rounded / kPowers[static_cast<size_t>(exponent)] == points[i].value) {
      whole[i++] = static_cast<int64_t>(rounded);
    } else if (++exponent > kMaxExponent) {
      return std::nullopt;
    } else {
      i = 0;  // start again with the finer unit; kMaxExponent rounds at most
    }
  }
  return std::pair(static_cast<uint8_t>(exponent), std::move(whole));
}

void PutValues(std::string& out, std::span<const Point> points) {
  const auto same_bits = [&](const Point& point) {
    return std::bit_cast<uint64_t>(point.value) == std::bit_cast<uint64_t>(points.front().value);
  };
  if (std::ranges::all_of(points, same_bits)) {
    AppendLe(out, uint8_t{3});
    AppendLe(out, points.front().value);
    return;
  }
  std::string decimal;
  if (const auto decimals = AsDecimals(points)) {
    AppendLe(decimal, uint8_t{2});
    AppendLe(decimal, decimals->first);
    PutIntColumn(decimal, decimals->second);
  }
  const auto is_float = [](const Point& point) {
    return static_cast<double>(static_cast<float>(point.value)) == point.value;
  };
  const bool floats = std::ranges::all_of(points, is_float);
  const size_t plain_size = 1 + points.size() * (floats ? sizeof(float) : sizeof(double));
  if (!decimal.empty() && decimal.size() < plain_size) {
    out += decimal;
    return;
  }
  AppendLe(out, floats ? uint8_t{1} : uint8_t{0});
  for (const Point& point : points) {
    if (floats) {
      AppendLe(out, static_cast<float>(point.value));
    } else {
      AppendLe(out, point.value);
    }
  }
}

template <class T>
void AddResiduals(const std::byte* residuals, size_t count, uint64_t first, uint64_t stride,
                  const auto& store) {
  for (size_t i = 0; i < count; ++i)
    store(i, first + i * stride + LoadLe<T>(residuals + i * sizeof(T)));
}

}  // namespace

std::string EncodeChunk(std::span<const Point> points) {
  CHECK(!points.empty() && points.size() <= kChunkPoints);
  std::string out(1, kVersion);
  AppendLe(out, static_cast<uint16_t>(points.size()));
  std::vector<int64_t> column(points.size());
  std::ranges::transform(points, column.begin(), &Point::timestamp);
  PutIntColumn(out, column);
  std::ranges::transform(points, column.begin(), &Point::step);
  PutIntColumn(out, column);
  PutValues(out, points);
  return out;
}

int64_t Chunk::IntColumn::At(size_t i) const {
  uint64_t residual = 0;
  switch (width) {
    case 1:
      residual = LoadLe<uint8_t>(residuals + i);
      break;
    case 2:
      residual = LoadLe<uint16_t>(residuals + 2 * i);
      break;
    case 4:
      residual = LoadLe<uint32_t>(residuals + 4 * i);
      break;
    case 8:
      residual = LoadLe<uint64_t>(residuals + 8 * i);
      break;
    default:
      break;
  }
  return static_cast<int64_t>(first + i * stride + residual);
}

bool Chunk::Take(std::span<const std::byte>& in, size_t count, IntColumn& column) {
  if (!TakeLe(in, column.first) || !TakeLe(in, column.stride) || !TakeLe(in, column.width))
    return false;
  if (column.width > 8 || std::popcount(column.width) > 1 || in.size() < count * column.width)
    return false;
  column.residuals = in.data();
  in = in.subspan(count * column.width);
  return true;
}

Result<Chunk> Chunk::Open(std::span<const std::byte> bytes) {
  const auto damaged = [] { return Err(Code::kDataLoss, "stored metric chunk is damaged"); };
  Chunk chunk;
  char version = 0;
  uint16_t count = 0;
  uint8_t kind = 0;
  if (!TakeLe(bytes, version) || version != kVersion || !TakeLe(bytes, count) || count == 0 ||
      count > kChunkPoints)
    return damaged();
  chunk.count_ = count;
  if (!Take(bytes, count, chunk.timestamps_) || !Take(bytes, count, chunk.steps_) ||
      !TakeLe(bytes, kind))
    return damaged();
  chunk.kind_ = static_cast<ValueKind>(kind);
  chunk.values_ = bytes.data();
  size_t rest = 0;
  switch (chunk.kind_) {
    case ValueKind::kDouble:
      rest = count * sizeof(double);
      break;
    case ValueKind::kFloat:
      rest = count * sizeof(float);
      break;
    case ValueKind::kConstant:
      rest = sizeof(double);
      break;
    case ValueKind::kDecimal: {
      uint8_t exponent = 0;
      if (!TakeLe(bytes, exponent) || exponent > kMaxExponent ||
          !Take(bytes, count, chunk.decimals_))
        return damaged();
      chunk.scale_ = kPowers[exponent];
      break;
    }
    default:
      return damaged();
  }
  if (bytes.size() != rest) return damaged();
  return chunk;
}

double Chunk::ValueAt(size_t i) const {
  switch (kind_) {
    case ValueKind::kDouble:
      return LoadLe<double>(values_ + i * sizeof(double));
    case ValueKind::kFloat:
      return static_cast<double>(LoadLe<float>(values_ + i * sizeof(float)));
    case ValueKind::kDecimal:
      return static_cast<double>(decimals_.At(i)) / scale_;
    case ValueKind::kConstant:
      break;
  }
  return LoadLe<double>(values_);
}

Point Chunk::At(size_t i) const {
  return {.timestamp = timestamps_.At(i), .step = steps_.At(i), .value = ValueAt(i)};
}

void Chunk::Decode(std::span<Point> out) const {
  CHECK(out.size() >= count_);
  const auto decode = [this](const IntColumn& column, const auto& store) {
    switch (column.width) {
      case 1:
        return AddResiduals<uint8_t>(column.residuals, count_, column.first, column.stride, store);
      case 2:
        return AddResiduals<uint16_t>(column.residuals, count_, column.first, column.stride, store);
      case 4:
        return AddResiduals<uint32_t>(column.residuals, count_, column.first, column.stride, store);
      case 8:
        return AddResiduals<uint64_t>(column.residuals, count_, column.first, column.stride, store);
      default:
        for (size_t i = 0; i < count_; ++i) store(i, column.first + i * column.stride);
    }
  };
  decode(timestamps_,
         [&](size_t i, uint64_t value) { out[i].timestamp = static_cast<int64_t>(value); });
  decode(steps_, [&](size_t i, uint64_t value) { out[i].step = static_cast<int64_t>(value); });
  if (kind_ == ValueKind::kDecimal) {
    decode(decimals_, [&](size_t i, uint64_t value) {
      out[i].value = static_cast<double>(static_cast<int64_t>(value)) / scale_;
    });
  } else {
    for (size_t i = 0; i < count_; ++i) out[i].value = ValueAt(i);
  }
}

}  // namespace stetig::tracking
