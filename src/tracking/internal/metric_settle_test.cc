#include "tracking/internal/metric_settle.h"

#include "tracking/internal/metric_repository.h"
#include "tracking/internal/run_repository.h"
#include "tracking/testing/fixture.h"

namespace stetig::tracking {
namespace {

/// A run that logs another point each time somebody asks for the time.
class BusyClock final : public Clock {
 public:
  BusyClock(store::Database& db, std::string run_id) : db_(db), run_id_(std::move(run_id)) {}

  WallTime Now() const override {
    ++asked_;
    db_.SubmitWrite([this](store::Transaction& tx) { return LogOne(tx); }, [](Status) {},
                    After(std::chrono::seconds(5)));
    return {1'700'000'000'000};
  }
  int asked() const { return asked_; }

 private:
  Status LogOne(store::Transaction& tx) const {
    ASSIGN_OR_RETURN(const RunRef run, RequireActiveRun(tx, {}, run_id_));
    const Metric metric{.key = "loss", .value = 1, .step = asked_};
    return AppendMetrics(tx, {}, run, std::span(&metric, 1));
  }

  store::Database& db_;
  std::string run_id_;
  mutable std::atomic<int> asked_ = 0;
};

class MetricSettleTest : public testing::TrackingTest {
 protected:
  int64_t Unsettled() {
    return Read([](store::Session& session) { return UnsettledRows(session); }).value_or(-1);
  }
  void LogPoints(const std::string& run_id, int64_t count) {
    for (int64_t step = 0; step < count; ++step) {
      Metric metric{.key = "loss", .value = 0.5, .step = step};
      ASSERT_EQ(Run(service().LogMetric(Who(), run_id, std::move(metric), Soon())), OkStatus());
    }
  }
};

TEST_P(MetricSettleTest, WhatWasLoggedIsSettled) {
  EXPECT_EQ(Unsettled(), 0);
  LogPoints(NewRun(), 3);
  EXPECT_EQ(Unsettled(), 3);
  EXPECT_EQ(Run(SettleLogged(db(), clock_, Soon())), 3);
  EXPECT_EQ(Unsettled(), 0);
  EXPECT_EQ(Run(SettleLogged(db(), clock_, Soon())), 0);
}

TEST_P(MetricSettleTest, PointsThatKeepArrivingDoNotHoldItUp) {
  const std::string run_id = NewRun();
  LogPoints(run_id, 1);
  const BusyClock clock(db(), run_id);
  const auto settled = Run(SettleLogged(db(), clock, Soon()));
  ASSERT_TRUE(settled.has_value()) << settled.error().ToString();
  // One round is enough for what was there; it may meet the point of the first asking.
  EXPECT_EQ(clock.asked(), 1);
  EXPECT_GE(*settled, 1);
  EXPECT_LE(*settled, 2);
}

STETIG_ON_BOTH_STORES(MetricSettleTest);

}  // namespace
}  // namespace stetig::tracking
