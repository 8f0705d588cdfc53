#include "tracking/internal/metric_settle.h"

#include <array>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tracking/internal/metric_batch.h"
#include "tracking/internal/metric_keys.h"
#include "tracking/internal/rows.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kOldestRows{
    "SELECT seq, run_no, experiment_no, points FROM metric_log ORDER BY seq LIMIT $1"};
constexpr Statement kDropRows{"DELETE FROM metric_log WHERE seq <= $1"};
constexpr Statement kEnds{
    "SELECT (SELECT min(seq) FROM metric_log), (SELECT max(seq) FROM metric_log)"};
constexpr Statement kAddPart{
    "INSERT INTO metric_tail (run_no, part_no, point_count, settled_at, points) "
    "SELECT $1, coalesce((SELECT max(part_no) FROM metric_tail WHERE run_no = $1), 0) + 1, $2, $3, "
    "$4",
    "INSERT INTO metric_tail (run_no, part_no, point_count, settled_at, points) "
    "SELECT $1::bigint, coalesce((SELECT max(part_no) FROM metric_tail WHERE run_no = $1::bigint), "
    "0) + 1, $2::bigint, $3::bigint, $4::bytea"};
constexpr Statement kRaiseLatest{
    "INSERT INTO metric_latest (run_no, key_no, experiment_no, step, timestamp, value) VALUES ($1, "
    "$2, $3, $4, $5, $6) "
    "ON CONFLICT (run_no, key_no) DO UPDATE SET step = excluded.step, timestamp = "
    "excluded.timestamp, value = excluded.value "
    "WHERE (excluded.step, excluded.timestamp, coalesce(excluded.value, 0), excluded.value IS "
    "NULL) > "
    "(metric_latest.step, metric_latest.timestamp, coalesce(metric_latest.value, 0), "
    "metric_latest.value IS NULL)"};
constexpr Statement kBumpVersion{"UPDATE runs SET version = version + 1 WHERE run_no = $1"};

/// Rows read at once: as many as one group commit can have brought.
constexpr int64_t kRowsAtOnce = 1024;
/// Points settled by one transaction.
constexpr int64_t kPointsAtOnce = 20'000;

struct RunPoints {
  int64_t experiment_no = 0;
  NumberedBatch batch;  ///< keys: places in Gathered::keys until they are interned
};

struct Gathered {
  std::deque<std::string> keys;  ///< stable addresses for `places`
  std::unordered_map<std::string_view, int64_t> places;
  std::map<int64_t, RunPoints> runs;
  int64_t last_seq = 0;
  int64_t rows = 0;
  int64_t points = 0;

  int64_t Place(std::string_view key) {
    if (const auto found = places.find(key); found != places.end()) return found->second;
    const auto place = static_cast<int64_t>(keys.size());
    places.emplace(keys.emplace_back(key), place);
    return place;
  }
  void Add(int64_t run_no, int64_t experiment_no, const NamedBatch& named) {
    RunPoints& run = runs[run_no];
    run.experiment_no = experiment_no;
    for (const KeyedPoint& keyed : named.points) {
      run.batch.points.push_back(
          {.key = static_cast<uint32_t>(Place(named.keys[keyed.key])), .point = keyed.point});
    }
    points += static_cast<int64_t>(named.points.size());
  }
};

Status Gather(store::Session& session, int64_t max_points, Gathered& gathered) {
  return session.Query(kOldestRows, {kRowsAtOnce}, [&](const Row& row) -> Status {
    if (gathered.points >= max_points) return OkStatus();  // the row stays for the next round
    ASSIGN_OR_RETURN(const NamedBatch named, DecodeNamedBatch(row.Bytes(3)));
    gathered.Add(row.Int(1), row.Int(2), named);
    gathered.last_seq = row.Int(0);
    ++gathered.rows;
    return OkStatus();
  });
}

/// Turns the places of keys into the batch's own list of key numbers.
void NumberKeys(NumberedBatch& batch, std::span<const int64_t> numbers) {
  std::unordered_map<uint32_t, uint32_t> own;
  for (KeyedPoint& keyed : batch.points) {
    const auto [at, added] = own.try_emplace(keyed.key, static_cast<uint32_t>(batch.keys.size()));
    if (added) batch.keys.push_back(numbers[keyed.key]);
    keyed.key = at->second;
  }
}

Status RaiseLatest(store::Transaction& tx, const std::map<int64_t, RunPoints>& runs) {
  std::vector<std::array<Value, 6>> rows;
  for (const auto& [run_no, run] : runs) {
    std::vector<const Point*> latest(run.batch.keys.size(), nullptr);
    for (const KeyedPoint& keyed : run.batch.points) {
      const Point*& best = latest[keyed.key];
      if (best == nullptr || BeforeInSteps(*best, keyed.point)) best = &keyed.point;
    }
    for (size_t i = 0; i < latest.size(); ++i) {
      rows.push_back({Value(run_no), Value(run.batch.keys[i]), Value(run.experiment_no),
                      Value(latest[i]->step), Value(latest[i]->timestamp),
                      RealOrNull(latest[i]->value)});
    }
  }
  const std::vector<Params> batch(rows.begin(), rows.end());
  return tx.ExecuteMany(kRaiseLatest, batch);
}

Status AddParts(store::Transaction& tx, const std::map<int64_t, RunPoints>& runs, WallTime now) {
  std::vector<std::string> blobs;
  blobs.reserve(runs.size());
  std::vector<std::array<Value, 4>> rows;
  std::vector<Value> numbers;
  numbers.reserve(runs.size());
  for (const auto& [run_no, run] : runs) {
    blobs.push_back(EncodeBatch(run.batch));
    rows.push_back({Value(run_no), Value(static_cast<int64_t>(run.batch.points.size())),
                    Value(now.ms), Value(std::as_bytes(std::span(blobs.back())))});
    numbers.emplace_back(run_no);
  }
  std::vector<Params> batch(rows.begin(), rows.end());
  TRY(tx.ExecuteMany(kAddPart, batch));
  batch.clear();
  for (const Value& number : numbers) batch.emplace_back(&number, 1);
  return tx.ExecuteMany(kBumpVersion, batch);
}

}  // namespace

Result<Settled> SettleMetrics(store::Transaction& tx, WallTime now, int64_t max_points) {
  Gathered gathered;
  TRY(Gather(tx, max_points, gathered));
  if (gathered.rows == 0) return Settled{};
  const std::vector<std::string_view> keys(gathered.keys.begin(), gathered.keys.end());
  ASSIGN_OR_RETURN(const std::vector<int64_t> numbers, InternMetricKeys(tx, keys));
  for (auto& [run_no, run] : gathered.runs) NumberKeys(run.batch, numbers);
  TRY(RaiseLatest(tx, gathered.runs));
  TRY(AddParts(tx, gathered.runs, now));
  TRY(tx.Execute(kDropRows, {gathered.last_seq}));
  return Settled{.rows = gathered.rows, .points = gathered.points};
}

Result<int64_t> UnsettledRows(store::Session& session) {
  int64_t rows = 0;
  TRY(session.Query(kEnds, {}, [&](const Row& row) {
    if (!row.IsNull(0)) rows = row.Int(1) - row.Int(0) + 1;
    return OkStatus();
  }));
  return rows;
}

Task<int64_t> SettleLogged(store::Database& db, const Clock& clock, Deadline deadline,
                           std::stop_token stop) {
  auto look = [](store::Session& session) { return UnsettledRows(session); };
  auto unsettled = co_await db.Read(std::move(look), deadline);
  ASSIGN_OR_CO_RETURN(int64_t left, std::move(unsettled));
  int64_t rows = 0;
  while (left > 0) {
    if (stop.stop_requested()) co_return Err(Code::kCancelled, "settling was stopped");
    auto settle = [now = clock.Now()](store::Transaction& tx) {
      return SettleMetrics(tx, now, kPointsAtOnce);
    };
    auto settled = co_await db.Write(std::move(settle), deadline);
    ASSIGN_OR_CO_RETURN(const Settled round, std::move(settled));
    if (round.rows == 0) break;
    rows += round.rows;
    left -= round.rows;
  }
  co_return rows;
}

}  // namespace stetig::tracking
