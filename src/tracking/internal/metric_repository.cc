#include "tracking/internal/metric_repository.h"

#include <array>
#include <map>
#include <unordered_map>
#include <vector>

#include "tracking/internal/logged_model_repository.h"
#include "tracking/internal/metric_batch.h"
#include "tracking/internal/rows.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kAppend{
    "INSERT INTO metric_log (run_no, experiment_no, points) VALUES ($1, $2, $3)"};
constexpr Statement kAppendToModel{
    "INSERT INTO logged_model_metrics (model_id, key, timestamp, step, run_no, value, "
    "dataset_name, dataset_digest) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"};
constexpr Statement kLatestOfRun{
    "SELECT k.key, m.step, m.timestamp, m.value FROM metric_latest m JOIN metric_keys k ON "
    "k.key_no = m.key_no WHERE m.run_no = $1"};
constexpr Statement kLogOfRun{"SELECT run_no, points FROM metric_log WHERE run_no = $1"};
constexpr Statement kLogOfAll{"SELECT run_no, points FROM metric_log"};
constexpr Statement kMetricsOfModel{
    "SELECT m.key, m.dataset_name, m.dataset_digest, m.timestamp, m.step, m.value, r.run_id FROM "
    "logged_model_metrics m "
    "JOIN runs r ON r.run_no = m.run_no WHERE m.model_id = $1 "
    "ORDER BY m.key, m.dataset_name, m.dataset_digest, m.timestamp, m.step, r.run_id DESC"};

/// Deleted models still take metrics, as in MLflow.
Status RequireModels(store::Transaction& tx, const access::Principal& who,
                     std::span<const Metric> points) {
  std::string_view known;
  for (const Metric& metric : points) {
    if (metric.model_id.empty() || metric.model_id == known) continue;
    TRY(GetLoggedModelRow(tx, who, metric.model_id, /*allow_deleted=*/true));
    known = metric.model_id;
  }
  return OkStatus();
}

Status AppendToModels(store::Transaction& tx, int64_t run_no, std::span<const Metric> points) {
  std::vector<std::array<Value, 8>> rows;
  for (const Metric& metric : points) {
    if (metric.model_id.empty()) continue;
    rows.push_back({Value(metric.model_id), Value(metric.key), Value(metric.timestamp),
                    Value(metric.step), Value(run_no), RealOrNull(NormalValue(metric.value)),
                    Value(metric.dataset_name), Value(metric.dataset_digest)});
  }
  if (rows.empty()) return OkStatus();
  const std::vector<Params> batch(rows.begin(), rows.end());
  return tx.ExecuteMany(kAppendToModel, batch);
}

/// The latest points of one run by key.
using Latest = std::map<std::string, Point, std::less<>>;

void Raise(Latest& latest, std::string_view key, const Point& point) {
  const auto found = latest.find(key);
  if (found == latest.end()) {
    latest.emplace(key, point);
  } else if (BeforeInSteps(found->second, point)) {
    found->second = point;
  }
}

Status RaiseByLog(store::Session& session, std::span<const RunRef> runs,
                  std::vector<Latest>& latest) {
  return ReadMetricLog(session, RunNumbers(runs), [&](size_t i, const NamedBatch& batch) {
    for (const KeyedPoint& keyed : batch.points)
      Raise(latest[i], batch.keys[keyed.key], keyed.point);
  });
}

}  // namespace

Status ReadMetricLog(store::Session& session, std::span<const int64_t> run_nos,
                     std::move_only_function<void(size_t, const NamedBatch&)> on_batch) {
  std::unordered_multimap<int64_t, size_t> places;
  for (size_t i = 0; i < run_nos.size(); ++i) places.emplace(run_nos[i], i);
  const auto on_row = [&](const Row& row) -> Status {
    const auto [from, to] = places.equal_range(row.Int(0));
    if (from == to) return OkStatus();
    ASSIGN_OR_RETURN(const NamedBatch batch, DecodeNamedBatch(row.Bytes(1)));
    for (auto at = from; at != to; ++at) on_batch(at->second, batch);
    return OkStatus();
  };
  if (run_nos.size() == 1) return session.Query(kLogOfRun, {run_nos[0]}, on_row);
  return session.Query(kLogOfAll, {}, on_row);
}

Status AppendMetrics(store::Transaction& tx, const access::Principal& who, const RunRef& run,
                     std::span<const Metric> points) {
  if (points.empty()) return OkStatus();
  TRY(RequireModels(tx, who, points));
  const std::string blob = EncodeBatch(BatchOf(points));
  TRY(tx.Execute(kAppend, {run.run_no, run.experiment_no, std::as_bytes(std::span(blob))}));
  return AppendToModels(tx, run.run_no, points);
}

Status ReadLatest(store::Session& session, std::span<const RunRef> runs,
                  std::move_only_function<void(size_t, Metric)> on_metric) {
  if (runs.empty()) return OkStatus();
  std::vector<Latest> latest(runs.size());
  TRY(QueryForEach(session, kLatestOfRun, RunNumbers(runs), [&](size_t i, const Row& row) {
    latest[i].emplace(
        row.Text(0),
        Point{.timestamp = row.Int(2), .step = row.Int(1), .value = RealOrNan(row, 3)});
    return OkStatus();
  }));
  TRY(RaiseByLog(session, runs, latest));
  for (size_t i = 0; i < runs.size(); ++i) {
    for (const auto& [key, point] : latest[i]) {
      on_metric(
          i,
          Metric{
              .key = key, .value = point.value, .timestamp = point.timestamp, .step = point.step});
    }
  }
  return OkStatus();
}

Status ReadLoggedModelMetrics(store::Session& session, std::span<const std::string> model_ids,
                              std::move_only_function<void(size_t, Metric)> on_metric) {
  const std::vector<Value> ids(model_ids.begin(), model_ids.end());
  std::vector<Params> batch;
  for (const Value& id : ids) batch.emplace_back(&id, 1);
  std::vector<std::vector<Metric>> metrics(model_ids.size());
  TRY(session.QueryMany(kMetricsOfModel, batch, [&](size_t i, const Row& row) {
    Metric metric{.key = std::string(row.Text(0)),
                  .value = RealOrNan(row, 5),
                  .timestamp = row.Int(3),
                  .step = row.Int(4),
                  .model_id = model_ids[i],
                  .dataset_name = std::string(row.Text(1)),
                  .dataset_digest = std::string(row.Text(2)),
                  .run_id = std::string(row.Text(6))};
    std::vector<Metric>& of_model = metrics[i];
    const bool same_series = !of_model.empty() && of_model.back().key == metric.key &&
                             of_model.back().dataset_name == metric.dataset_name &&
                             of_model.back().dataset_digest == metric.dataset_digest;
    if (same_series) {
      of_model.back() = std::move(metric);  // rows come oldest first
    } else {
      of_model.push_back(std::move(metric));
    }
    return OkStatus();
  }));
  for (size_t i = 0; i < metrics.size(); ++i) {
    for (Metric& metric : metrics[i]) on_metric(i, std::move(metric));
  }
  return OkStatus();
}

}  // namespace stetig::tracking
