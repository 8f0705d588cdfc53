// Folding is background work: it goes in bounded steps and ends when it is told to.
#include <gtest/gtest.h>

#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

class FoldTest : public testing::TrackingTest {
 protected:
  Status FoldWhenStopped(const std::stop_source& stop) {
    auto folded = Run(service().FoldMetrics(Soon(), stop.get_token()));
    return folded ? OkStatus() : folded.error();
  }
  /// Points at steps [from, to), timestamp and value as the step says.
  void Log(const std::string& run_id, int64_t from, int64_t to) {
    while (from < to) {
      LogBatch batch{.run_id = run_id};
      for (; from < to && batch.metrics.size() < 1'000; ++from) {
        batch.metrics.push_back(
            {.key = "loss", .value = static_cast<double>(from), .timestamp = from, .step = from});
      }
      ASSERT_EQ(Run(service().LogBatch(Who(), std::move(batch), Soon())), OkStatus());
    }
  }
};

TEST_P(FoldTest, AStopIsSeenBeforeTheNextRun) {
  const std::string run = NewRun();
  Log(run, 0, 100);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(FoldWhenStopped(stop).code(), Code::kCancelled);
  Run(service().FoldMetrics(Soon())).value();  // settles what was logged
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(FoldWhenStopped(stop).code(), Code::kCancelled);
  EXPECT_EQ(Run(service().FoldMetrics(Soon())), 100);
}

TEST_P(FoldTest, OnePassFoldsASeriesThatTakesSeveralTransactions) {
  constexpr int64_t kPoints = 270'000;  // more than 512 chunks of 512
  const std::string run = NewRun();
  Log(run, 1, kPoints + 1);
  EXPECT_EQ(Run(service().FoldMetrics(Soon())), kPoints);
  Log(run, 0, 1);
  Run(service().FoldMetrics(Soon())).value();  // settles the point, which is too young
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(Run(service().FoldMetrics(Soon())), 1);
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(Run(service().FoldMetrics(Soon())), 0);
  MetricHistory query{.run_id = run, .metric_key = "loss", .max_results = 2};
  auto page = Run(service().GetMetricHistory(Who(), std::move(query), Soon()));
  ASSERT_TRUE(page.has_value()) << page.error().ToString();
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[0].step, 0);
  EXPECT_EQ(page->items[1].step, 1);
}

STETIG_ON_BOTH_STORES(FoldTest);

}  // namespace
}  // namespace stetig::tracking
