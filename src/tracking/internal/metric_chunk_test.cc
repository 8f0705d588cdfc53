#include "tracking/internal/metric_chunk.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cfloat>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

#include "tracking/testing/exact.h"

namespace stetig::tracking {
namespace {

using testing::Exact;
using ::testing::SizeIs;

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kHead = 3;         // version and count
constexpr size_t kColumnHead = 17;  // first, stride, width

enum class Kind : uint8_t { kDouble = 0, kFloat = 1, kDecimal = 2, kConstant = 3 };

double NanOf(uint64_t payload) { return std::bit_cast<double>(0x7FF8'0000'0000'0000 | payload); }

/// Points that equal each other bit by bit; unlike Point's own equality, where every NaN is one.
using Bits = std::tuple<int64_t, int64_t, uint64_t>;
std::vector<Bits> BitsOf(std::span<const Point> points) {
  std::vector<Bits> bits;
  for (const Point& p : points)
    bits.emplace_back(p.timestamp, p.step, std::bit_cast<uint64_t>(p.value));
  return bits;
}

std::vector<Point> OneByOne(const Chunk& chunk) {
  std::vector<Point> points;
  for (size_t i = 0; i < chunk.size(); ++i) {
    points.push_back(chunk.At(i));
    EXPECT_EQ(chunk.StepAt(i), points.back().step);
  }
  return points;
}

std::vector<Point> AtOnce(const Chunk& chunk) {
  std::vector<Point> points(chunk.size());
  chunk.Decode(points);
  return points;
}

/// Encodes, checks that both ways of reading give `points` back, and returns the encoded form.
std::string RoundTrip(std::span<const Point> points) {
  std::string text = EncodeChunk(points);
  const Exact exact(text);
  const Result<Chunk> chunk = Chunk::Open(exact.span());
  EXPECT_TRUE(chunk.has_value());
  if (chunk) {
    EXPECT_EQ(BitsOf(OneByOne(*chunk)), BitsOf(points));
    EXPECT_EQ(BitsOf(AtOnce(*chunk)), BitsOf(points));
  }
  return text;
}

size_t TimestampWidth(std::string_view chunk) {
  return static_cast<uint8_t>(chunk[kHead + kColumnHead - 1]);
}
size_t StepWidth(std::string_view chunk, size_t count) {
  return static_cast<uint8_t>(
      chunk[kHead + kColumnHead + TimestampWidth(chunk) * count + kColumnHead - 1]);
}
Kind ValueKind(std::string_view chunk, size_t count) {
  return static_cast<Kind>(
      chunk[kHead + 2 * kColumnHead + (TimestampWidth(chunk) + StepWidth(chunk, count)) * count]);
}

std::vector<Point> WithTimestamps(std::span<const int64_t> timestamps) {
  std::vector<Point> points;
  for (const int64_t timestamp : timestamps) points.push_back({.timestamp = timestamp});
  return points;
}
std::vector<Point> WithValues(std::span<const double> values) {
  std::vector<Point> points;
  for (const double value : values) points.push_back({.value = value});
  return points;
}
Kind KindOf(const std::vector<double>& values) {
  return ValueKind(RoundTrip(WithValues(values)), values.size());
}
size_t WidthOf(const std::vector<int64_t>& timestamps) {
  return TimestampWidth(RoundTrip(WithTimestamps(timestamps)));
}

TEST(MetricChunkTest, BytesAreAsTheyWereAlwaysStored) {
  const Point points[] = {{.timestamp = 1000, .step = 1, .value = 0.5},
                          {.timestamp = 1010, .step = 2, .value = 0.25},
                          {.timestamp = 1021, .step = 3, .value = 0.75}};
  constexpr std::string_view kStored(
      "\x01\x03\x00"
      "\xE8\x03\0\0\0\0\0\0\x0A\0\0\0\0\0\0\0\x01\x00\x00\x01"  // 1000 + 10 i + {0, 0, 1}
      "\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x00"                // 1 + i
      "\x01\0\0\0\x3F\0\0\x80\x3E\0\0\x40\x3F",                 // floats
      3 + 20 + 17 + 13);
  EXPECT_EQ(RoundTrip(points), kStored);
}

TEST(MetricChunkTest, OnePointIsAChunk) {
  for (const double value : {0.0, -0.0, 0.1, NanOf(7), kInfinity, DBL_TRUE_MIN}) {
    const Point point{.timestamp = kMost, .step = kLeast, .value = value};
    EXPECT_THAT(RoundTrip(std::span(&point, 1)), SizeIs(kHead + 2 * kColumnHead + 9));
  }
}

TEST(MetricChunkTest, IntegersTakeTheLeastWidth) {
  EXPECT_EQ(WidthOf({5, 5, 5, 5}), 0U);
  EXPECT_EQ(WidthOf({5, 15, 25, 35}), 0U);
  EXPECT_EQ(WidthOf({35, 25, 15, 5}), 0U);
  EXPECT_EQ(WidthOf({0, 255, 0}), 1U);
  EXPECT_EQ(WidthOf({0, 256, 0}), 2U);
  EXPECT_EQ(WidthOf({0, -255, 0}), 1U);
  EXPECT_EQ(WidthOf({0, 65'535, 0}), 2U);
  EXPECT_EQ(WidthOf({0, 65'536, 0}), 4U);
  EXPECT_EQ(WidthOf({0, 4'294'967'295, 0}), 4U);
  EXPECT_EQ(WidthOf({0, 4'294'967'296, 0}), 8U);
  EXPECT_EQ(WidthOf({-100, 155, -100}), 1U);  // residuals on both sides of zero share the range
}

TEST(MetricChunkTest, IntegersReachBothEndsOfTheirRange) {
  EXPECT_EQ(WidthOf({kLeast, kMost}), 1U);  // one step down, where arithmetic wraps
  EXPECT_EQ(WidthOf({kMost, kLeast}), 1U);
  EXPECT_EQ(WidthOf({kLeast, 0, kMost, kLeast, kMost}), 8U);
  EXPECT_EQ(WidthOf({kMost - 3, kMost - 2, kMost - 1, kMost}), 0U);
  EXPECT_EQ(WidthOf({kLeast + 3, kLeast + 2, kLeast + 1, kLeast}), 0U);
  EXPECT_EQ(WidthOf({0, kLeast, 0, kMost, -1}), 8U);
}

TEST(MetricChunkTest, EveryWidthOfStepsStandsBesideEveryWidthOfTimestamps) {
  constexpr int64_t kSpans[] = {0, 1, 1000, 100'000, int64_t{1} << 40};
  for (const int64_t time_span : kSpans) {
    for (const int64_t step_span : kSpans) {
      const Point points[] = {{.timestamp = 7, .step = -7, .value = 0.1},
                              {.timestamp = 7 + time_span, .step = -7 - step_span, .value = 1e300},
                              {.timestamp = 7, .step = -7, .value = -3}};
      RoundTrip(points);
    }
  }
}

TEST(MetricChunkTest, ValuesTakeTheSmallestFormThatIsExact) {
  const std::vector<double> accuracies = {0.125, 0.917, 0.918, 0.9185, 0.92, 0.92, 0.921, 0.93};
  const std::vector<double> thirds = {1.0 / 3, 2.0 / 3, 1e-300, 5e200};
  EXPECT_EQ(KindOf({0.1, 0.1, 0.1}), Kind::kConstant);
  EXPECT_EQ(KindOf({1, 2, 3, 4, 5, 6, 7, 8}), Kind::kDecimal);
  std::vector<double> long_series;
  for (int i = 0; i < 20; ++i)
    long_series.insert(long_series.end(), accuracies.begin(), accuracies.end());
  EXPECT_EQ(KindOf(long_series), Kind::kDecimal);
  EXPECT_EQ(KindOf({0.5, 0.25}), Kind::kFloat);  // two floats are smaller than a decimal column
  EXPECT_EQ(KindOf({0.5F, 1.1F, 1e30F, 2.7F}), Kind::kFloat);
  EXPECT_EQ(KindOf(thirds), Kind::kDouble);
}

TEST(MetricChunkTest, OddValuesKeepEveryBit) {
  EXPECT_EQ(KindOf({NanOf(1), NanOf(2), NanOf(1)}), Kind::kDouble);
  EXPECT_EQ(KindOf({NanOf(3), NanOf(3)}), Kind::kConstant);
  EXPECT_EQ(KindOf({kInfinity, -kInfinity, 1}), Kind::kFloat);
  EXPECT_EQ(KindOf({DBL_MAX, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN}), Kind::kDouble);
  KindOf({9e15, 9e15 + 2, -9e15, 9'007'199'254'740'993.0});
  KindOf({0.1, 0.2, 0.1 + 0.2});
  KindOf({1e-12, -1e-12, 1e-13});
}

TEST(MetricChunkTest, NegativeZeroStaysNegative) {
  std::vector<double> steps;
  for (int i = 0; i < 64; ++i) steps.push_back(i);
  steps[5] = -0.0;
  EXPECT_EQ(KindOf(steps), Kind::kFloat);
  EXPECT_EQ(KindOf({-0.0, -0.0}), Kind::kConstant);
  EXPECT_EQ(KindOf({0.0, -0.0}), Kind::kFloat);
}

/// Chunks of every form, from a seed.
class Chunks {
 public:
  explicit Chunks(uint64_t seed) : random_(seed) {}

  std::vector<Point> Next() {
    std::vector<Point> points(1 + random_() % (random_() % 4 == 0 ? kChunkPoints : 20));
    const std::vector<int64_t> timestamps = Integers(points.size());
    const std::vector<int64_t> steps = Integers(points.size());
    const uint64_t form = random_() % 7;
    for (size_t i = 0; i < points.size(); ++i)
      points[i] = {.timestamp = timestamps[i], .step = steps[i], .value = Value(form)};
    return points;
  }
  uint64_t Number() { return random_(); }

 private:
  /// A line with noise of some bits around it.
  std::vector<int64_t> Integers(size_t count) {
    const uint64_t start = random_() >> random_() % 64;
    const uint64_t stride = random_() % 3 == 0 ? 0 : random_() >> random_() % 64;
    const uint64_t noise = random_() % 65;
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t off = noise == 0 ? 0 : random_() >> (64 - noise);
      numbers.push_back(static_cast<int64_t>(start + i * stride + off));
    }
    return numbers;
  }
  double Value(uint64_t form) {
    constexpr double kOdd[] = {0.0, -0.0, kInfinity, -kInfinity, DBL_MAX, DBL_TRUE_MIN, 1, 0.1};
    switch (form) {
      case 0:
        return 0.1;
      case 1:
        return static_cast<double>(random_() % 100'000) / 1000;
      case 2:
        return static_cast<double>(static_cast<int64_t>(random_())) / 1e12;
      case 3:
        return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(random_() >> 33)));
      case 4:
        return random_() % 9 == 0 ? NanOf(random_() % 1000) : kOdd[random_() % 8];
      case 5:
        return static_cast<double>(random_() % 50) - 25;
      default:
        return std::bit_cast<double>(random_());
    }
  }

  std::mt19937_64 random_;
};

TEST(MetricChunkTest, AnyPointsComeBack) {
  std::array<int, 4> kinds = {};
  std::array<int, 9> widths = {};
  Chunks chunks(20'240'601);
  for (int i = 0; i < 3000; ++i) {
    const std::vector<Point> points = chunks.Next();
    const std::string text = RoundTrip(points);
    ASSERT_FALSE(HasFailure()) << "chunk " << i << " of " << points.size() << " points";
    ++kinds.at(static_cast<size_t>(ValueKind(text, points.size())));
    ++widths.at(StepWidth(text, points.size()));
  }
  for (const int seen : kinds) EXPECT_GT(seen, 50);
  for (const size_t width : {0U, 1U, 2U, 4U, 8U}) EXPECT_GT(widths.at(width), 50) << width;
}

/// Damage either shows, or leaves another chunk that can be read.
void ReadDamaged(std::string_view text) {
  const Exact exact(text);
  const Result<Chunk> chunk = Chunk::Open(exact.span());
  if (!chunk) {
    EXPECT_EQ(chunk.error().code(), Code::kDataLoss);
    return;
  }
  ASSERT_GE(chunk->size(), 1U);
  ASSERT_LE(chunk->size(), kChunkPoints);
  EXPECT_EQ(BitsOf(OneByOne(*chunk)), BitsOf(AtOnce(*chunk)));
}

TEST(MetricChunkTest, CutOrLengthenedBytesAreDataLoss) {
  Chunks chunks(3);
  for (int i = 0; i < 60; ++i) {
    std::string text = EncodeChunk(chunks.Next());
    for (size_t size = 0; size < text.size(); ++size) {
      const Exact exact(std::string_view(text).substr(0, size));
      const Result<Chunk> chunk = Chunk::Open(exact.span());
      ASSERT_FALSE(chunk.has_value()) << size << " of " << text.size();
      ASSERT_EQ(chunk.error().code(), Code::kDataLoss);
    }
    text += '\0';
    EXPECT_FALSE(Chunk::Open(Exact(text).span()).has_value());
  }
}

TEST(MetricChunkTest, FlippedBitsNeverReachBeyondTheBytes) {
  Chunks chunks(4);
  for (int i = 0; i < 20; ++i) {
    const std::string text = EncodeChunk(chunks.Next());
    for (size_t bit = 0; bit < 8 * std::min<size_t>(text.size(), 200); ++bit) {
      std::string damaged = text;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      ReadDamaged(damaged);
      ASSERT_FALSE(HasFailure()) << "chunk " << i << ", bit " << bit;
    }
  }
}

TEST(MetricChunkTest, BytesByChanceNeverReachBeyondTheirEnd) {
  Chunks chunks(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(chunks.Number() % 120, '\0');
    for (char& c : text) c = static_cast<char>(chunks.Number() % 12);
    if (text.size() > kHead) text.replace(0, kHead, std::string_view("\x01\x02\x00", kHead));
    ReadDamaged(text);
    ASSERT_FALSE(HasFailure()) << i;
  }
}

TEST(MetricChunkTest, WhatIsNoChunkIsDataLoss) {
  const Point point{.value = 1};
  const std::string text = EncodeChunk(std::span(&point, 1));
  const auto code_with = [&](size_t at, char byte) {
    std::string other = text;
    other[at] = byte;
    const Exact exact(other);
    const Result<Chunk> chunk = Chunk::Open(exact.span());
    return chunk ? Code::kOk : chunk.error().code();
  };
  EXPECT_EQ(code_with(0, 1), Code::kOk);
  EXPECT_EQ(code_with(0, 2), Code::kDataLoss);                         // another version
  EXPECT_EQ(code_with(1, 0), Code::kDataLoss);                         // no points
  EXPECT_EQ(code_with(2, 3), Code::kDataLoss);                         // more than a chunk holds
  EXPECT_EQ(code_with(kHead + kColumnHead - 1, 3), Code::kDataLoss);   // no such width
  EXPECT_EQ(code_with(kHead + kColumnHead - 1, 16), Code::kDataLoss);  // no such width
  EXPECT_EQ(code_with(kHead + 2 * kColumnHead, 4), Code::kDataLoss);   // no such kind of values
}

}  // namespace
}  // namespace stetig::tracking
