// Folding in bounded steps: whatever came late, each transaction writes a few chunks, and between
// two of them a series reads as it always did.
#include "tracking/internal/metric_fold.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

#include "tracking/internal/metric_chunk.h"
#include "tracking/internal/metric_settle.h"
#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

constexpr auto kChunk = static_cast<int64_t>(kChunkPoints);
constexpr store::Statement kChunks{"SELECT chunk_no, points FROM metric_chunks ORDER BY chunk_no"};
constexpr store::Statement kTailPoints{"SELECT coalesce(sum(point_count), 0) FROM metric_tail"};

using Triple = std::tuple<int64_t, int64_t, double>;  // timestamp, step, value: history order

class MetricFoldTest : public testing::TrackingTest {
 protected:
  void SetUp() override {
    TrackingTest::SetUp();
    run_ = NewRun();
  }
  /// Logs and settles: the points are in the tail, and in what histories must show.
  void Log(const std::vector<Triple>& points, const std::string& key = "loss") {
    for (size_t at = 0; at < points.size();) {
      LogBatch batch{.run_id = run_};
      for (; at < points.size() && batch.metrics.size() < 1'000; ++at) {
        const auto& [timestamp, step, value] = points[at];
        batch.metrics.push_back({.key = key, .value = value, .timestamp = timestamp, .step = step});
        expected_[key].insert(points[at]);
      }
      ASSERT_EQ(Run(service().LogBatch(Who(), std::move(batch), Soon())), OkStatus());
    }
    ASSERT_TRUE(Run(SettleLogged(db(), clock_, Soon())).has_value());
  }
  /// Nobody logs any more: what has waited long enough is due.
  std::vector<int64_t> Due() {
    const WallTime later{clock_.Now().ms + 2 * kFoldQuietMs};
    auto due = Read([later](store::Session& s) { return RunsToFold(s, later, 10); });
    EXPECT_TRUE(due.has_value());
    return due.value_or(std::vector<int64_t>{});
  }
  int64_t Fold(int64_t run_no, int64_t most) {
    auto folded = Write([=](store::Transaction& tx) { return FoldRun(tx, run_no, most); });
    EXPECT_TRUE(folded.has_value()) << folded.error().ToString();
    return folded.value_or(-1);
  }
  std::map<int64_t, std::string> Chunks() {
    auto chunks = Read([](store::Session& s) -> Result<std::map<int64_t, std::string>> {
      std::map<int64_t, std::string> found;
      TRY(s.Query(kChunks, {}, [&](const store::Row& row) {
        const auto bytes = row.Bytes(1);
        found[row.Int(0)] = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        return OkStatus();
      }));
      return found;
    });
    return chunks.value();
  }
  int64_t TailPoints() {
    auto count = Read([](store::Session& s) -> Result<int64_t> {
      int64_t points = 0;
      TRY(s.Query(kTailPoints, {}, [&](const store::Row& row) {
        points = row.Int(0);
        return OkStatus();
      }));
      return points;
    });
    return count.value();
  }
  void ExpectHistories() {
    for (const auto& [key, points] : expected_) {
      MetricHistory query{.run_id = run_, .metric_key = key};
      auto page = Run(service().GetMetricHistory(Who(), std::move(query), Soon()));
      ASSERT_TRUE(page.has_value()) << page.error().ToString();
      std::vector<Triple> got;
      for (const Point& p : page->items) got.emplace_back(p.timestamp, p.step, p.value);
      ASSERT_EQ(got, std::vector<Triple>(points.begin(), points.end())) << key;
    }
  }
  size_t SamplesAtStep(int64_t step) {
    BulkInterval query{.run_ids = {run_},
                       .metric_key = "loss",
                       .start_step = step,
                       .end_step = step,
                       .max_results = 100};
    auto samples = Run(service().GetMetricHistoryBulkInterval(Who(), std::move(query), Soon()));
    EXPECT_TRUE(samples.has_value());
    return samples ? samples->size() : 0;
  }
  /// Folds in steps of `most` chunks until nothing is due, looking at everything after each. How
  /// many points were taken up, and in how many steps.
  std::pair<int64_t, int> FoldInSteps(int64_t most) {
    int64_t folded = 0;
    int steps = 0;
    for (auto due = Due(); !due.empty() && steps < 1'000; due = Due(), ++steps) {
      const auto before = Chunks();
      folded += Fold(due.front(), most);
      const auto after = Chunks();
      const auto changed = std::ranges::count_if(after, [&](const auto& chunk) {
        const auto old = before.find(chunk.first);
        return old == before.end() || old->second != chunk.second;
      });
      EXPECT_LE(changed, most);
      ExpectHistories();
    }
    return {folded, steps};
  }

  std::string run_;
  std::map<std::string, std::set<Triple>> expected_;
};

std::vector<Triple> Even(int64_t count) {
  std::vector<Triple> points;
  for (int64_t i = 0; i < count; ++i) points.emplace_back(2 * i, i, static_cast<double>(i) / 2);
  return points;
}

TEST_P(MetricFoldTest, ALatePointIsFoldedAFewChunksAtATime) {
  Log(Even(8 * kChunk));
  EXPECT_EQ(Fold(Due().front(), kFoldChunks), 8 * kChunk);
  ASSERT_EQ(Chunks().size(), 8U);
  Log({{1, 0, 7.0}});
  // Two places each in [0, 8), then the last point that found no room.
  EXPECT_EQ(FoldInSteps(2), std::pair(int64_t{1}, 5));
  EXPECT_EQ(Chunks().size(), 9U);
  EXPECT_EQ(TailPoints(), 0);
}

TEST_P(MetricFoldTest, ALatePointWithAHighStepIsFoundByItsStepAllTheWhile) {
  Log(Even(8 * kChunk));
  Fold(Due().front(), kFoldChunks);
  // The last of the first window's points, so that it is written there and its successor is not.
  constexpr int64_t kFar = 1'000'000;
  Log({{2 * (2 * kChunk - 1) - 1, kFar, 7.0}, {2 * (2 * kChunk - 1) - 1, kFar + 1, 8.0}});
  for (auto due = Due(); !due.empty(); due = Due()) {
    EXPECT_EQ(SamplesAtStep(kFar), 1U);
    EXPECT_EQ(SamplesAtStep(kFar + 1), 1U);
    EXPECT_EQ(SamplesAtStep(8 * kChunk - 1), 1U);
    Fold(due.front(), 2);
  }
  EXPECT_EQ(SamplesAtStep(kFar), 1U);
  EXPECT_EQ(SamplesAtStep(kFar + 1), 1U);
  EXPECT_EQ(SamplesAtStep(8 * kChunk - 1), 1U);
}

TEST_P(MetricFoldTest, ManySeriesShareTheStep) {
  for (const char* key : {"a", "b", "c", "d", "e"}) Log(Even(100), key);
  Log(Even(10), "short");
  EXPECT_EQ(FoldInSteps(2), std::pair(int64_t{500}, 3));
  EXPECT_EQ(Chunks().size(), 5U);
  EXPECT_EQ(TailPoints(), 10);
}

TEST_P(MetricFoldTest, AnyOrderOfArrivalGivesTheSameHistory) {
  std::mt19937_64 random(20'261);
  for (int round = 0; round < 12; ++round) {
    std::vector<Triple> points;
    const int64_t count = 1 + static_cast<int64_t>(random() % (3 * kChunk));
    const int64_t from = static_cast<int64_t>(random() % 4'000);
    for (int64_t i = 0; i < count; ++i) {  // some of them twice, here and across rounds
      const int64_t time = from + static_cast<int64_t>(random() % 3'000);
      points.emplace_back(time, static_cast<int64_t>(random() % 3), static_cast<double>(time % 5));
    }
    Log(points);
    const auto most = static_cast<int64_t>(1 + random() % 3);
    if (round % 3 == 2) {
      FoldInSteps(most);
    } else if (const auto due = Due(); !due.empty()) {
      Fold(due.front(), most);  // the next points come before it has ended
      ExpectHistories();
    }
  }
  FoldInSteps(2);
  ExpectHistories();
  EXPECT_EQ(TailPoints(), 0);
}

STETIG_ON_BOTH_STORES(MetricFoldTest);

}  // namespace
}  // namespace stetig::tracking
