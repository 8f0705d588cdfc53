#include "tracking/internal/metric_batch.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <limits>
#include <random>
#include <tuple>

#include "tracking/testing/exact.h"

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using testing::Exact;
using ::testing::SizeIs;

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Flat = std::tuple<uint32_t, int64_t, int64_t, uint64_t>;
template <class Key>
std::vector<Flat> Flatten(const PointBatch<Key>& batch) {
  std::vector<Flat> flat;
  for (const KeyedPoint& keyed : batch.points) {
    flat.emplace_back(keyed.key, keyed.point.timestamp, keyed.point.step,
                      std::bit_cast<uint64_t>(keyed.point.value));
  }
  return flat;
}

/// Points of up to `keys` keys, with differences of every size.
std::vector<KeyedPoint> AnyPoints(std::mt19937_64& random, size_t keys) {
  std::vector<KeyedPoint> points(random() % 30);
  for (KeyedPoint& keyed : points) {
    keyed.key = static_cast<uint32_t>(random() % keys);
    keyed.point = {.timestamp = static_cast<int64_t>(random()) >> random() % 64,
                   .step = random() % 9 == 0 ? kLeast : static_cast<int64_t>(random() % 5),
                   .value = std::bit_cast<double>(random())};
  }
  return points;
}

NamedBatch AnyNamed(std::mt19937_64& random) {
  static constexpr std::string_view kKeys[] = {"", "loss", "é/x", "x", "loss2"};
  NamedBatch batch{.keys = {std::begin(kKeys), std::begin(kKeys) + 1 + random() % 5}, .points = {}};
  batch.points = AnyPoints(random, batch.keys.size());
  return batch;
}
NumberedBatch AnyNumbered(std::mt19937_64& random) {
  NumberedBatch batch{.keys = {1, 127, 128, kMost}, .points = {}};
  batch.points = AnyPoints(random, batch.keys.size());
  return batch;
}

TEST(MetricBatchTest, AnyBatchComesBack) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 1000; ++i) {
    const NamedBatch named = AnyNamed(random);
    const Exact text(EncodeBatch(named));
    const auto decoded = DecodeNamedBatch(text.span());
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->keys, named.keys);
    EXPECT_EQ(Flatten(*decoded), Flatten(named));

    const NumberedBatch numbered = AnyNumbered(random);
    const Exact numbers(EncodeBatch(numbered));
    const auto decoded_numbers = DecodeNumberedBatch(numbers.span());
    ASSERT_TRUE(decoded_numbers.has_value());
    EXPECT_EQ(decoded_numbers->keys, numbered.keys);
    EXPECT_EQ(Flatten(*decoded_numbers), Flatten(numbered));
  }
}

TEST(MetricBatchTest, BytesAreAsTheyWereAlwaysStored) {
  NamedBatch batch{.keys = {"ab"},
                   .points = {{0, {.timestamp = 64, .step = -1, .value = 1}},
                              {0, {.timestamp = 63, .step = 1, .value = -2}}}};
  constexpr std::string_view kStored(
      "\x01\x01\x02"
      "ab"
      "\x00\x80\x01\x01\0\0\0\0\0\0\xF0\x3F"
      "\x00\x01\x04\0\0\0\0\0\0\0\xC0",
      5 + 12 + 11);
  EXPECT_EQ(EncodeBatch(batch), kStored);
}

TEST(MetricBatchTest, OneKindOfBatchIsNotTheOther) {
  const Exact named(EncodeBatch(NamedBatch{.keys = {"a"}, .points = {}}));
  const Exact numbered(EncodeBatch(NumberedBatch{.keys = {1}, .points = {}}));
  EXPECT_FALSE(DecodeNumberedBatch(named.span()).has_value());
  EXPECT_FALSE(DecodeNamedBatch(numbered.span()).has_value());
  EXPECT_FALSE(DecodeNamedBatch({}).has_value());
}

/// Damage either shows, or leaves another batch whose points have keys.
void ReadDamaged(std::string_view text) {
  const Exact exact(text);
  const auto check = [](const auto& batch) {
    if (!batch) {
      EXPECT_EQ(batch.error().code(), Code::kDataLoss);
      return;
    }
    for (const KeyedPoint& keyed : batch->points) EXPECT_LT(keyed.key, batch->keys.size());
  };
  check(DecodeNamedBatch(exact.span()));
  check(DecodeNumberedBatch(exact.span()));
}

TEST(MetricBatchTest, DamageIsDataLossOrAnotherBatch) {
  std::mt19937_64 random(12);
  for (int i = 0; i < 30; ++i) {
    const std::string texts[] = {EncodeBatch(AnyNamed(random)), EncodeBatch(AnyNumbered(random))};
    for (const std::string& text : texts) {
      for (size_t size = 0; size < text.size(); ++size) ReadDamaged(text.substr(0, size));
      for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
        std::string damaged = text;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
        ReadDamaged(damaged);
      }
    }
    ASSERT_FALSE(HasFailure()) << i;
  }
}

TEST(MetricBatchTest, ImpossibleCountsCostNoMemory) {
  const Exact keys("\x01\xFF\xFF\xFF\xFF\x7F");
  EXPECT_EQ(DecodeNamedBatch(keys.span()).error().code(), Code::kDataLoss);
  const Exact numbers("\x02\xFF\xFF\xFF\xFF\x7F");
  EXPECT_EQ(DecodeNumberedBatch(numbers.span()).error().code(), Code::kDataLoss);
  const Exact key_of_none(std::string_view("\x01\x00\x00\x00\x00\0\0\0\0\0\0\0\0", 13));
  EXPECT_EQ(DecodeNamedBatch(key_of_none.span()).error().code(), Code::kDataLoss);
}

TEST(MetricBatchTest, RequestsBecomeBatchesOfNormalValues) {
  const Metric metrics[] = {{.key = "a", .value = HUGE_VAL, .timestamp = 1, .step = 2},
                            {.key = "b", .value = -0.0},
                            {.key = "a", .value = -HUGE_VAL},
                            {.key = "b", .value = kNan}};
  const NamedBatch batch = BatchOf(metrics);
  EXPECT_THAT(batch.keys, ElementsAre("a", "b"));
  EXPECT_THAT(Flatten(batch), ElementsAre(Flat(0, 1, 2, std::bit_cast<uint64_t>(DBL_MAX)),
                                          Flat(1, 0, 0, std::bit_cast<uint64_t>(0.0)),
                                          Flat(0, 0, 0, std::bit_cast<uint64_t>(-DBL_MAX)),
                                          Flat(1, 0, 0, std::bit_cast<uint64_t>(kNan))));
}

TEST(MetricBatchTest, PointsRepeatedCloseTogetherAreDropped) {
  const Metric a{.key = "a", .value = kNan, .step = 1};
  const Metric b{.key = "b", .value = kNan, .step = 1};
  const Metric later{.key = "a", .value = kNan, .step = 2};
  EXPECT_THAT(BatchOf(std::vector{a, a, b, b, a}).points, SizeIs(2));
  EXPECT_THAT(BatchOf(std::vector{a, b, later}).points, SizeIs(3));
}

}  // namespace
}  // namespace stetig::tracking
