// Use cases of metrics: writing one point, reading histories and charts, and the background work on
// what was written.
#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "query/page_token.h"
#include "tracking/internal/impl.h"
#include "tracking/internal/metric_fold.h"
#include "tracking/internal/metric_repository.h"
#include "tracking/internal/metric_sample.h"
#include "tracking/internal/metric_series.h"
#include "tracking/internal/metric_settle.h"
#include "tracking/internal/run_repository.h"
#include "tracking/internal/sight.h"
#include "tracking/search/run_snapshot.h"
#include "tracking/service.h"
#include "tracking/validate.h"

namespace stetig::tracking {
namespace {

constexpr size_t kMaxBulkRuns = 100;
constexpr int64_t kMaxSamples = 2500;

Metric ToMetric(const Point& point, const std::string& key) {
  return {.key = key, .value = point.value, .timestamp = point.timestamp, .step = point.step};
}

std::vector<query::CursorValue> CursorOf(const Point& point) {
  return {point.timestamp, point.step,
          point.IsNan() ? query::CursorValue() : query::CursorValue(point.value)};
}

Result<std::optional<Point>> PointOfToken(std::string_view token, uint64_t fingerprint) {
  if (token.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const std::vector<query::CursorValue> values,
                   query::DecodePageToken(token, fingerprint));
  if (values.size() != 3 || !std::holds_alternative<int64_t>(values[0]) ||
      !std::holds_alternative<int64_t>(values[1])) {
    return Err(Code::kInvalidArgument, "Invalid page token, it is not one of a metric history");
  }
  Point point{.timestamp = std::get<int64_t>(values[0]),
              .step = std::get<int64_t>(values[1]),
              .value = std::numeric_limits<double>::quiet_NaN()};
  if (const auto* value = std::get_if<double>(&values[2])) point.value = *value;
  return point;
}

/// Numbers of the runs that exist and are seen, with their place in `run_ids`.
struct KnownRuns {
  std::vector<int64_t> numbers;
  std::vector<size_t> places;
};

constexpr store::Statement kRunNo{"SELECT run_no, experiment_no FROM runs WHERE run_id = $1"};

Result<KnownRuns> FindRuns(store::Session& session, const access::Principal& who,
                           std::span<const std::string> run_ids) {
  KnownRuns known;
  const std::vector<store::Value> ids(run_ids.begin(), run_ids.end());
  std::vector<store::Params> batch;
  for (const store::Value& id : ids) batch.emplace_back(&id, 1);
  TRY(session.QueryMany(kRunNo, batch, [&](size_t i, const store::Row& row) {
    if (!Sees(who, row.Int(1))) return OkStatus();
    known.numbers.push_back(row.Int(0));
    known.places.push_back(i);
    return OkStatus();
  }));
  return known;
}

Result<Page<Point>> ReadHistoryPage(store::Session& session, const access::Principal& who,
                                    const MetricHistory& query, const std::optional<Point>& after,
                                    uint64_t fingerprint) {
  Page<Point> page;
  ASSIGN_OR_RETURN(const KnownRuns runs, FindRuns(session, who, std::span(&query.run_id, 1)));
  if (runs.numbers.empty()) return page;
  ASSIGN_OR_RETURN(const std::vector<Series> series,
                   OpenSeries(session, runs.numbers, query.metric_key));
  constexpr int64_t kEverything = std::numeric_limits<int64_t>::max() / 2;
  const int64_t limit = std::min(query.max_results.value_or(kEverything), kEverything);
  const int64_t expected = series[0].folded ? series[0].folded->point_count +
                                                  static_cast<int64_t>(series[0].unfolded.size())
                                            : static_cast<int64_t>(series[0].unfolded.size());
  page.items.reserve(static_cast<size_t>(std::min(limit + 1, expected)));
  TRY(ReadHistory(session, series[0], after, limit + 1, [&](std::span<const Point> points) {
    page.items.insert(page.items.end(), points.begin(), points.end());
  }));
  if (static_cast<int64_t>(page.items.size()) > limit) {
    page.items.pop_back();
    page.next_page_token = query::EncodePageToken(fingerprint, CursorOf(page.items.back()));
  }
  return page;
}

Result<std::vector<Metric>> ReadBulk(store::Session& session, const access::Principal& who,
                                     std::span<const std::string> run_ids, const std::string& key,
                                     int64_t limit) {
  std::vector<Metric> metrics;
  ASSIGN_OR_RETURN(const KnownRuns runs, FindRuns(session, who, run_ids));
  ASSIGN_OR_RETURN(const std::vector<Series> series, OpenSeries(session, runs.numbers, key));
  for (size_t i = 0; i < series.size() && static_cast<int64_t>(metrics.size()) < limit; ++i) {
    TRY(ReadHistory(session, series[i], std::nullopt, limit - static_cast<int64_t>(metrics.size()),
                    [&](std::span<const Point> points) {
                      for (const Point& point : points) {
                        metrics.push_back(ToMetric(point, key));
                        metrics.back().run_id = run_ids[runs.places[i]];
                      }
                    }));
  }
  return metrics;
}

Result<std::vector<Metric>> ReadSamples(store::Session& session, const access::Principal& who,
                                        const BulkInterval& query,
                                        const std::optional<StepRange>& range) {
  std::vector<Metric> metrics;
  ASSIGN_OR_RETURN(const KnownRuns runs, FindRuns(session, who, query.run_ids));
  ASSIGN_OR_RETURN(const std::vector<Series> series,
                   OpenSeries(session, runs.numbers, query.metric_key));
  metrics.reserve(series.size() * static_cast<size_t>(query.max_results));
  for (size_t i = 0; i < series.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<Point> samples,
                     SampleSeries(session, series[i], range, query.max_results));
    for (const Point& point : samples) {
      metrics.push_back(ToMetric(point, query.metric_key));
      metrics.back().run_id = query.run_ids[runs.places[i]];
    }
  }
  return metrics;
}

Result<std::optional<StepRange>> CheckInterval(const BulkInterval& query) {
  if (query.run_ids.size() > kMaxBulkRuns) {
    return Err(Code::kInvalidArgument,
               fmt::format("GetMetricHistoryBulkInterval request must specify at most {} run_ids. "
                           "Received {} run_ids.",
                           kMaxBulkRuns, query.run_ids.size()));
  }
  if (query.max_results < 1 || query.max_results > kMaxSamples) {
    return Err(Code::kInvalidArgument,
               fmt::format("max_results must be between 1 and {}.", kMaxSamples));
  }
  if (query.start_step.has_value() != query.end_step.has_value()) {
    return Err(Code::kInvalidArgument,
               "If either start step or end step are specified, both must be specified.");
  }
  if (!query.start_step) return std::nullopt;
  if (*query.start_step > *query.end_step) {
    return Err(Code::kInvalidArgument,
               fmt::format(
                   "end_step must be greater than start_step. Found start_step={} and end_step={}.",
                   *query.start_step, *query.end_step));
  }
  return StepRange{.start = *query.start_step, .end = *query.end_step};
}

}  // namespace

Task<> Service::LogMetric(Principal who, std::string run_id, Metric metric, Deadline deadline) {
  CO_TRY(ValidateMetric(metric));
  auto write = [who = std::move(who), run_id = std::move(run_id),
                metric = std::move(metric)](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const RunRef run, RequireActiveRun(tx, who, run_id));
    return AppendMetrics(tx, who, run, std::span(&metric, 1));
  };
  auto done = co_await impl_->db.Write(std::move(write), deadline);
  co_return done;
}

Task<Page<Point>> Service::GetMetricHistory(Principal who, MetricHistory query, Deadline deadline) {
  if (query.max_results && *query.max_results <= 0) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format(
            "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer.",
            *query.max_results));
  }
  const uint64_t fingerprint =
      query::Fingerprint("metric_history").Add(query.run_id).Add(query.metric_key).value();
  ASSIGN_OR_CO_RETURN(const std::optional<Point> after,
                      PointOfToken(query.page_token, fingerprint));
  auto read = [who = std::move(who), query = std::move(query), after,
               fingerprint](store::Session& session) {
    return ReadHistoryPage(session, who, query, after, fingerprint);
  };
  auto page = co_await impl_->db.Read(std::move(read), deadline);
  co_return page;
}

Task<std::vector<Metric>> Service::GetMetricHistoryBulk(Principal who,
                                                        std::vector<std::string> run_ids,
                                                        std::string metric_key, int64_t max_results,
                                                        Deadline deadline) {
  if (run_ids.size() > kMaxBulkRuns) {
    co_return Err(Code::kInvalidArgument, fmt::format("GetMetricHistoryBulk request cannot specify "
                                                      "more than {} run_ids. Received {} run_ids.",
                                                      kMaxBulkRuns, run_ids.size()));
  }
  std::ranges::sort(run_ids);
  const auto repeated = std::ranges::unique(run_ids);
  run_ids.erase(repeated.begin(), repeated.end());
  auto read = [who = std::move(who), run_ids = std::move(run_ids),
               metric_key = std::move(metric_key), max_results](store::Session& session) {
    return ReadBulk(session, who, run_ids, metric_key, max_results);
  };
  auto metrics = co_await impl_->db.Read(std::move(read), deadline);
  co_return metrics;
}

Task<std::vector<Metric>> Service::GetMetricHistoryBulkInterval(Principal who, BulkInterval query,
                                                                Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const std::optional<StepRange> range, CheckInterval(query));
  auto read = [who = std::move(who), query = std::move(query), range](store::Session& session) {
    return ReadSamples(session, who, query, range);
  };
  auto metrics = co_await impl_->db.Read(std::move(read), deadline);
  co_return metrics;
}

Task<int64_t> Service::Impl::FoldDue(Deadline deadline, std::stop_token stop) {
  constexpr int64_t kRunsAtOnce = 64;
  int64_t folded = 0;
  for (bool more = true; more;) {
    auto find = [now = Now()](store::Session& session) {
      return RunsToFold(session, now, kRunsAtOnce);
    };
    auto found = co_await db.Read(std::move(find), deadline);
    ASSIGN_OR_CO_RETURN(const std::vector<int64_t> runs, std::move(found));
    for (const int64_t run_no : runs) {
      if (stop.stop_requested()) co_return Err(Code::kCancelled, "folding was stopped");
      auto fold = [run_no](store::Transaction& tx) { return FoldRun(tx, run_no); };
      auto points = co_await db.Write(std::move(fold), deadline);
      ASSIGN_OR_CO_RETURN(const int64_t count, std::move(points));
      folded += count;
    }
    more = !runs.empty();  // also of the same runs: a long series takes several transactions
  }
  co_return folded;
}

Task<> Service::Impl::SweepSnapshots(Deadline deadline, std::stop_token stop) {
  constexpr int64_t kRunsAtOnce = 1024;
  constexpr int kStretches = 16;
  for (int i = 0; i < kStretches && sweep_wanted; ++i) {
    if (stop.stop_requested()) co_return Err(Code::kCancelled, "the sweep was stopped");
    struct Made {
      int64_t last_run_no = 0;
      std::vector<Snapshot> snapshots;
    };
    auto make = [after = sweep_after.load()](store::Session& session) -> Result<Made> {
      ASSIGN_OR_RETURN(const StaleRuns stale, FindStaleRuns(session, after, kRunsAtOnce));
      std::vector<Run> contents(stale.runs.size());
      ASSIGN_OR_RETURN(std::vector<Snapshot> snapshots,
                       ReadContents(session, stale.runs, contents));
      return Made{.last_run_no = stale.last_run_no, .snapshots = std::move(snapshots)};
    };
    auto read = co_await db.Read(std::move(make), deadline);
    ASSIGN_OR_CO_RETURN(Made made, std::move(read));
    if (!made.snapshots.empty()) {
      auto keep = [snapshots = std::move(made.snapshots)](store::Transaction& tx) {
        return KeepSnapshots(tx, snapshots);
      };
      auto kept = co_await db.Write(std::move(keep), deadline);
      CO_TRY(std::move(kept));
    }
    sweep_after = made.last_run_no;
    sweep_wanted = made.last_run_no != 0;
  }
  co_return OkStatus();
}

Task<int64_t> Service::FoldMetrics(Deadline deadline, std::stop_token stop) {
  auto settled = co_await SettleLogged(impl_->db, *impl_->options.clock, deadline, stop);
  ASSIGN_OR_CO_RETURN(const int64_t settled_rows, std::move(settled));
  if (settled_rows > 0) impl_->sweep_wanted = true;
  auto folded = co_await impl_->FoldDue(deadline, stop);
  if (!folded) co_return folded;
  auto swept = co_await impl_->SweepSnapshots(deadline, stop);
  CO_TRY(std::move(swept));
  co_return folded;
}

}  // namespace stetig::tracking
