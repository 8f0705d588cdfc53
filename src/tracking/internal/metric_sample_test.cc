#include "tracking/internal/metric_sample.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The rule, point by point: deal `count` points into `most` buckets, the first ones larger by one.
std::vector<int64_t> FirstOfEachBucket(int64_t count, int64_t most) {
  std::vector<int64_t> firsts;
  int64_t point = 0;
  for (int64_t bucket = 0; bucket < most && point < count; ++bucket) {
    firsts.push_back(point);
    const int64_t size = count / most + (bucket < count % most ? 1 : 0);
    point += size;
  }
  if (!firsts.empty()) firsts.back() = count - 1;
  return firsts;
}

TEST(MetricSampleTest, FewPointsAreAllGiven) {
  EXPECT_THAT(SamplePositions(0, 5), IsEmpty());
  EXPECT_THAT(SamplePositions(3, 5), ElementsAre(0, 1, 2));
  EXPECT_THAT(SamplePositions(5, 5), ElementsAre(0, 1, 2, 3, 4));
}

TEST(MetricSampleTest, ManyPointsGiveTheFirstOfEachBucketAndTheLastOfAll) {
  EXPECT_THAT(SamplePositions(10, 1), ElementsAre(9));
  EXPECT_THAT(SamplePositions(10, 2), ElementsAre(0, 9));
  EXPECT_THAT(SamplePositions(10, 4), ElementsAre(0, 3, 6, 9));  // buckets of 3, 3, 2, 2
  EXPECT_THAT(SamplePositions(6, 5), ElementsAre(0, 2, 3, 4, 5));
}

TEST(MetricSampleTest, EveryCountFollowsTheRule) {
  for (int64_t count = 0; count <= 200; ++count) {
    for (int64_t most = 1; most <= 210; ++most)
      ASSERT_EQ(SamplePositions(count, most), FirstOfEachBucket(count, most))
          << count << ' ' << most;
  }
}

TEST(MetricSampleTest, LongSeriesDoNotOverflow) {
  constexpr int64_t kLong = int64_t{1} << 62;
  const std::vector<int64_t> positions = SamplePositions(kLong, 2500);
  ASSERT_EQ(positions.size(), 2500U);
  EXPECT_TRUE(std::ranges::is_sorted(positions));
  EXPECT_EQ(positions.back(), kLong - 1);
}

}  // namespace
}  // namespace stetig::tracking
