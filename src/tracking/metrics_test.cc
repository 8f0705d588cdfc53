#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "tracking/testing/fixture.h"
#include "tracking/testing/point_oracle.h"

namespace stetig::tracking {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::PointMaker;
using testing::PointOracle;
using testing::Said;
using testing::Show;
using testing::ShowAll;
using testing::Shown;
using ::testing::SizeIs;

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class MetricsTest : public testing::TrackingTest {
 protected:
  /// Logs in requests of at most `at_once` metrics, and tells the oracle.
  void Log(const std::string& run_id, const std::vector<Metric>& metrics, size_t at_once = 1000) {
    for (size_t at = 0; at < metrics.size(); at += at_once) {
      const auto begin = metrics.begin() + static_cast<ptrdiff_t>(at);
      const auto count = static_cast<ptrdiff_t>(std::min(at_once, metrics.size() - at));
      LogBatch batch{.run_id = run_id, .metrics = {begin, begin + count}};
      ASSERT_EQ(Run(service().LogBatch(Who(), std::move(batch), Soon())), OkStatus());
    }
    for (const Metric& metric : metrics) logged_[{run_id, metric.key}].Log(metric);
  }
  void LogOne(const std::string& run_id, Metric metric) {
    logged_[{run_id, metric.key}].Log(metric);
    ASSERT_EQ(Run(service().LogMetric(Who(), run_id, std::move(metric), Soon())), OkStatus());
  }
  /// A search brings all that was logged up to date.
  void Settle() { ASSERT_EQ(Said(Search("")), "ok"); }
  /// How many points went into chunks: all of long series that were not there yet.
  int64_t Fold() {
    Settle();
    clock_.Advance(std::chrono::minutes(2));  // nobody logs any more
    return Run(service().FoldMetrics(Soon())).value_or(-1);
  }
  Result<Page<tracking::Run>> Search(std::string filter) {
    tracking::SearchRuns query{.experiment_ids = {"0"}, .filter = std::move(filter)};
    return Run(service().SearchRuns(Who(), std::move(query), Soon()));
  }

  Result<Page<Point>> HistoryPage(const std::string& run_id, const std::string& key,
                                  std::optional<int64_t> size, std::string token = "") {
    MetricHistory query{run_id, key, size, std::move(token)};
    return Run(service().GetMetricHistory(Who(), std::move(query), Soon()));
  }
  /// All pages of one size.
  std::vector<Shown> History(const std::string& run_id, const std::string& key,
                             std::optional<int64_t> size = {}) {
    std::vector<Shown> shown;
    std::string token;
    do {
      Result<Page<Point>> page = HistoryPage(run_id, key, size, token);
      EXPECT_EQ(Said(page), "ok");
      if (!page) break;
      EXPECT_LE(page->items.size(), size.value_or(kMost));
      EXPECT_TRUE(token.empty() || !page->items.empty()) << "a page behind the last one";
      for (const Point& point : page->items) shown.push_back(Show(point));
      token = page->next_page_token;
    } while (!token.empty() && shown.size() < 10'000);  // pages that go round end there
    return shown;
  }
  Result<std::vector<Metric>> Interval(BulkInterval query) {
    return Run(service().GetMetricHistoryBulkInterval(Who(), std::move(query), Soon()));
  }
  Result<std::vector<Metric>> Bulk(std::vector<std::string> run_ids, const std::string& key,
                                   int64_t most) {
    return Run(service().GetMetricHistoryBulk(Who(), std::move(run_ids), key, most, Soon()));
  }

  void CheckHistory(const std::string& run_id, const std::string& key, const PointOracle& oracle) {
    const std::vector<Shown> expected = oracle.History();
    EXPECT_EQ(History(run_id, key), expected);
    EXPECT_EQ(History(run_id, key, 512), expected);
    const auto bulk = Bulk({run_id}, key, kMost);
    ASSERT_EQ(Said(bulk), "ok");
    EXPECT_EQ(ShowAll(*bulk), expected);
  }
  void CheckSamples(const std::string& run_id, const std::string& key, const PointOracle& oracle) {
    const auto all = Interval({.run_ids = {run_id}, .metric_key = key, .max_results = 320});
    ASSERT_EQ(Said(all), "ok");
    EXPECT_EQ(ShowAll(*all), oracle.Samples(kLeast, kMost, 320));
    for (const auto& [start, end, most] : std::initializer_list<std::tuple<int64_t, int64_t, int>>{
             {kLeast, kMost, 1}, {-5, 5, 10}, {0, 0, 7}, {100, 700, 33}, {0, kMost, 2500}}) {
      const auto some = Interval({{run_id}, key, start, end, most});
      ASSERT_EQ(Said(some), "ok");
      EXPECT_EQ(ShowAll(*some), oracle.Samples(start, end, static_cast<size_t>(most)))
          << start << " to " << end << ", at most " << most;
    }
  }
  void CheckLatest(const std::string& run_id) {
    const tracking::Run run = Get(run_id);
    for (const Metric& metric : run.metrics) {
      EXPECT_EQ(Show(metric), (logged_[{run_id, metric.key}].Latest())) << metric.key;
    }
    EXPECT_EQ(
        std::ranges::count(logged_, run_id, [](const auto& item) { return item.first.first; }),
        std::ssize(run.metrics));
  }
  /// Everything that was logged is shown by the rules.
  void CheckAll(const std::string& stage) {
    SCOPED_TRACE(stage);
    for (const auto& [series, oracle] : logged_) {
      SCOPED_TRACE(series.second);
      CheckHistory(series.first, series.second, oracle);
      CheckSamples(series.first, series.second, oracle);
      CheckLatest(series.first);
    }
  }
  const PointOracle& Oracle(const std::string& run_id, const std::string& key) {
    return logged_[{run_id, key}];
  }

  PointMaker make_{42};

 private:
  std::map<std::pair<std::string, std::string>, PointOracle> logged_;
};

TEST_P(MetricsTest, EveryStageShowsTheSame) {
  const std::string run = NewRun();
  const std::string other = NewRun();
  const auto log_some = [&](int64_t from) {
    Log(run, make_.Rising("loss", from, 700), 97);
    Log(run, make_.Scattered("scattered", 700));
    Log(run, make_.Wild("wild", 300));
    Log(run, make_.Scattered("few", 9));
    Log(other, make_.Scattered("scattered", 80));
    Log(other, make_.Wild("wild", 20));
  };
  log_some(0);
  CheckAll("log");
  Settle();
  CheckAll("tail");
  EXPECT_GT(Fold(), 1300);
  CheckAll("chunks");
  log_some(700);
  CheckAll("chunks, log");
  Settle();
  log_some(1400);
  CheckAll("chunks, tail, log");
  EXPECT_GT(Fold(), 2000);
  CheckAll("chunks folded into");
  Log(run, make_.Rising("loss", 500, 50));  // steps that are there already
  EXPECT_GT(Fold(), 0);
  CheckAll("chunks written again");
}

TEST_P(MetricsTest, ARestartChangesNothing) {
  const std::string run = NewRun();
  Log(run, make_.Scattered("m", 200));
  ASSERT_GT(Fold(), 0);
  Log(run, make_.Scattered("m", 50));
  Reopen();
  Serve({});
  CheckAll("reopened");
}

TEST_P(MetricsTest, EveryPageSizeGivesTheSameList) {
  const std::string run = NewRun();
  Log(run, make_.Scattered("m", 76));
  ASSERT_GT(Fold(), 64);
  Log(run, make_.Scattered("m", 14));
  Settle();
  Log(run, make_.Scattered("m", 14));
  const std::vector<Shown> expected = Oracle(run, "m").History();
  ASSERT_GT(expected.size(), 90U);
  for (int64_t size = 1; size <= std::ssize(expected) + 1; ++size)
    ASSERT_EQ(History(run, "m", size), expected) << size;
}

TEST_P(MetricsTest, PagesMeetTheEdgesOfChunks) {
  const std::string run = NewRun();
  Log(run, make_.Rising("m", 0, 1536));
  ASSERT_EQ(Fold(), 1536);
  const std::vector<Shown> expected = Oracle(run, "m").History();
  for (const int64_t size : {100, 256, 511, 512, 513, 1023, 1024, 1025, 1535, 1536, 1537})
    EXPECT_EQ(History(run, "m", size), expected) << size;
  EXPECT_EQ(History(run, "m", kMost), expected);
}

TEST_P(MetricsTest, PointsLoggedBetweenPagesShowWhenTheyLieAhead) {
  const std::string run = NewRun();
  Log(run, make_.Rising("m", 10, 10));
  const auto first = HistoryPage(run, "m", 5);
  ASSERT_EQ(Said(first), "ok");
  LogOne(run, {.key = "m", .value = 1, .timestamp = 1, .step = 0});
  LogOne(run, {.key = "m", .value = 1, .timestamp = 5000, .step = 99});
  const auto rest = HistoryPage(run, "m", 100, first->next_page_token);
  ASSERT_EQ(Said(rest), "ok");
  std::vector<Shown> expected = Oracle(run, "m").History();
  expected.erase(expected.begin(), expected.begin() + 6);  // the new one and the first page
  EXPECT_EQ(ShowAll(rest->items), expected);
  EXPECT_EQ(rest->next_page_token, "");
}

TEST_P(MetricsTest, PointsLoggedTwiceAreOnePoint) {
  const std::string run = NewRun();
  const std::vector<Metric> points = make_.Rising("m", 0, 100);
  for (int stage = 0; stage < 3; ++stage) {
    Log(run, points);
    Log(run, points, 7);
    EXPECT_THAT(History(run, "m"), SizeIs(100)) << stage;
    EXPECT_EQ(Fold(), 100) << stage;
    EXPECT_THAT(History(run, "m"), SizeIs(100)) << stage;
  }
  EXPECT_EQ(Fold(), 0);
}

TEST_P(MetricsTest, LatestIsGreatestByStepThenTimestampThenValue) {
  const std::string run = NewRun();
  const auto latest_after = [&](Metric metric) {
    metric.key = "m";
    LogOne(run, metric);
    const Shown unsettled = Show(Get(run).metrics.at(0));
    Settle();
    EXPECT_EQ(Show(Get(run).metrics.at(0)), unsettled);
    return unsettled;
  };
  EXPECT_EQ(latest_after({.value = 1, .timestamp = 50, .step = 5}), Show(50, 5, 1));
  EXPECT_EQ(latest_after({.value = 9, .timestamp = 99, .step = 4}), Show(50, 5, 1));
  EXPECT_EQ(latest_after({.value = 9, .timestamp = 49, .step = 5}), Show(50, 5, 1));
  EXPECT_EQ(latest_after({.value = -1, .timestamp = 50, .step = 5}), Show(50, 5, 1));
  EXPECT_EQ(latest_after({.value = kNan, .timestamp = 50, .step = 5}), Show(50, 5, 1));
  EXPECT_EQ(latest_after({.value = 2, .timestamp = 50, .step = 5}), Show(50, 5, 2));
  EXPECT_EQ(latest_after({.value = -1, .timestamp = 51, .step = 5}), Show(51, 5, -1));
  EXPECT_EQ(latest_after({.value = 0, .timestamp = 51, .step = 5}), Show(51, 5, 0));
  EXPECT_EQ(latest_after({.value = kNan, .timestamp = 51, .step = 5}), Show(51, 5, kNan));
  EXPECT_EQ(latest_after({.value = 0, .timestamp = 51, .step = 5}), Show(51, 5, kNan));
  EXPECT_EQ(latest_after({.value = -5, .timestamp = 0, .step = 6}), Show(0, 6, -5));
  EXPECT_EQ(latest_after({.value = 3, .timestamp = 0, .step = -6}), Show(0, 6, -5));
}

TEST_P(MetricsTest, SearchesCompareTheLatestValue) {
  const std::string run = NewRun();
  Log(run, {{.key = "m", .value = 1, .step = 2}, {.key = "m", .value = 7, .step = 1}});
  EXPECT_THAT(Search("metrics.m = 1").value().items, SizeIs(1));
  EXPECT_THAT(Search("metrics.m = 7").value().items, IsEmpty());
  LogOne(run, {.key = "m", .value = 7, .step = 3});
  EXPECT_THAT(Search("metrics.m = 7").value().items, SizeIs(1));
}

TEST_P(MetricsTest, ValuesTakeTheirStoredForm) {
  const std::string run = NewRun();
  Log(run, {{.key = "m", .value = HUGE_VAL, .step = 0},
            {.key = "m", .value = -HUGE_VAL, .step = 1},
            {.key = "m", .value = -0.0, .step = 2}});
  const auto page = HistoryPage(run, "m", {});
  ASSERT_EQ(Said(page), "ok");
  ASSERT_THAT(page->items, SizeIs(3));
  EXPECT_EQ(page->items[0].value, DBL_MAX);
  EXPECT_EQ(page->items[1].value, -DBL_MAX);
  EXPECT_FALSE(std::signbit(page->items[2].value));
}

TEST_P(MetricsTest, KeysAndRunsKeepTheirPointsApart) {
  const std::string first = NewRun();
  const std::string second = NewRun();
  Log(first, {{.key = "a", .value = 1}, {.key = "A", .value = 2}, {.key = "a/b", .value = 3}});
  LogOne(second, {.key = "a", .value = 4});
  CheckAll("log");
  Fold();
  CheckAll("tail");
  EXPECT_THAT(History(second, "A"), IsEmpty());
  EXPECT_THAT(History("0123", "a"), IsEmpty());
}

TEST_P(MetricsTest, BulkGivesRunsByIdUpToItsLimit) {
  std::vector<std::string> runs = {NewRun(), NewRun(), NewRun()};
  std::ranges::sort(runs);
  for (const std::string& run : runs) Log(run, make_.Rising("m", 0, 4));
  const auto bulk = Bulk({runs[2], runs[0], "missing", runs[1], runs[0]}, "m", 9);
  ASSERT_EQ(Said(bulk), "ok");
  std::vector<std::string> of_runs;
  for (const Metric& metric : *bulk) of_runs.push_back(metric.run_id);
  EXPECT_THAT(of_runs, ElementsAre(runs[0], runs[0], runs[0], runs[0], runs[1], runs[1], runs[1],
                                   runs[1], runs[2]));
  EXPECT_EQ(Said(Bulk(std::vector<std::string>(101, "x"), "m", 1)),
            "invalid_argument: GetMetricHistoryBulk request cannot specify more than 100 run_ids. "
            "Received 101 run_ids.");
}

TEST_P(MetricsTest, IntervalSamplesEachRunByItself) {
  const std::string first = NewRun();
  const std::string second = NewRun();
  Log(first, make_.Rising("m", 0, 100));
  Log(second, make_.Rising("m", 50, 10));
  const auto metrics = Interval({{second, first, "missing"}, "m", {}, {}, 5});
  ASSERT_EQ(Said(metrics), "ok");
  std::vector<std::pair<std::string, int64_t>> found;
  for (const Metric& metric : *metrics) found.emplace_back(metric.run_id, metric.step);
  EXPECT_THAT(found, ElementsAre(std::pair(second, 50), std::pair(second, 52),
                                 std::pair(second, 54), std::pair(second, 56),
                                 std::pair(second, 59), std::pair(first, 0), std::pair(first, 20),
                                 std::pair(first, 40), std::pair(first, 60), std::pair(first, 99)));
}

TEST_P(MetricsTest, WrongQuestionsAreRefused) {
  const std::string run = NewRun();
  Log(run, make_.Rising("m", 0, 10));
  EXPECT_EQ(Said(HistoryPage(run, "m", 0)),
            "invalid_argument: Invalid value 0 for parameter 'max_results' supplied. It must be a "
            "positive integer.");
  const std::string token = HistoryPage(run, "m", 5).value().next_page_token;
  EXPECT_EQ(HistoryPage(run, "other", 5, token).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(HistoryPage(run, "m", 5, token + "x").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Said(Interval({{run}, "m", {}, {}, 2501})),
            "invalid_argument: max_results must be between 1 and 2500.");
  EXPECT_EQ(Said(Interval({{run}, "m", 1, {}, 5})),
            "invalid_argument: If either start step or end step are specified, both must be "
            "specified.");
  EXPECT_EQ(Said(Interval({{run}, "m", 2, 1, 5})),
            "invalid_argument: end_step must be greater than start_step. Found start_step=2 and "
            "end_step=1.");
  ASSERT_EQ(Run(service().DeleteRun(Who(), run, Soon())), OkStatus());
  EXPECT_EQ(Said(Run(service().LogMetric(Who(), run, {.key = "m"}, Soon()))),
            "invalid_argument: The run " + run +
                " must be in the 'active' state. Current state is deleted.");
  EXPECT_THAT(History(run, "m"), SizeIs(10));
}

STETIG_ON_BOTH_STORES(MetricsTest);

}  // namespace
}  // namespace stetig::tracking
