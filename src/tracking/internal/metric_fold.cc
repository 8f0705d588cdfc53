#include "tracking/internal/metric_fold.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "tracking/internal/metric_batch.h"
#include "tracking/internal/metric_chunk.h"
#include "tracking/internal/metric_series.h"
#include "tracking/internal/rows.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kRunsDue{
    "SELECT run_no FROM metric_tail WHERE folded = 0 GROUP BY run_no "
    "HAVING sum(point_count) >= $1 OR count(*) >= $2 OR max(settled_at) <= $3 ORDER BY run_no "
    "LIMIT $4"};
constexpr Statement kTail{
    "SELECT part_no, points FROM metric_tail WHERE run_no = $1 ORDER BY part_no"};
constexpr Statement kDropTail{"DELETE FROM metric_tail WHERE run_no = $1"};
constexpr Statement kKeepPart{
    "INSERT INTO metric_tail (run_no, part_no, point_count, settled_at, folded, points) VALUES "
    "($1, $2, $3, 0, $4, $5)"};
constexpr Statement kLastSeries{"SELECT coalesce(max(series_no), 0) FROM metric_series"};
constexpr Statement kPutSeries{
    "INSERT INTO metric_series (series_no, run_no, key_no, point_count, step_ordered) VALUES ($1, "
    "$2, $3, $4, $5) "
    "ON CONFLICT (series_no) DO UPDATE SET point_count = excluded.point_count, step_ordered = "
    "excluded.step_ordered"};
constexpr Statement kPutChunk{
    "INSERT INTO metric_chunks (chunk_no, point_count, first_time, last_time, min_step, max_step, "
    "first_value, last_value, min_value, "
    "max_value, sum_value, points) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
    "ON CONFLICT (chunk_no) DO UPDATE SET point_count = excluded.point_count, first_time = "
    "excluded.first_time, "
    "last_time = excluded.last_time, min_step = excluded.min_step, max_step = excluded.max_step, "
    "first_value = excluded.first_value, "
    "last_value = excluded.last_value, min_value = excluded.min_value, max_value = "
    "excluded.max_value, sum_value = excluded.sum_value, "
    "points = excluded.points"};

constexpr auto kPoints = static_cast<int64_t>(kChunkPoints);

/// One row of metric_chunks. Aggregates leave NaN out; the sum of values near DBL_MAX is kept
/// finite.
struct ChunkRow {
  std::string blob;
  std::array<Value, 12> values;

  ChunkRow(int64_t chunk_no, std::span<const Point> points) : blob(EncodeChunk(points)) {
    int64_t least_step = points.front().step;
    int64_t most_step = least_step;
    std::optional<double> least;
    std::optional<double> most;
    double sum = 0;
    for (const Point& point : points) {
      least_step = std::min(least_step, point.step);
      most_step = std::max(most_step, point.step);
      if (point.IsNan()) continue;
      least = std::min(least.value_or(point.value), point.value);
      most = std::max(most.value_or(point.value), point.value);
      sum += point.value;
    }
    values = {Value(chunk_no),
              Value(static_cast<int64_t>(points.size())),
              Value(points.front().timestamp),
              Value(points.back().timestamp),
              Value(least_step),
              Value(most_step),
              RealOrNull(points.front().value),
              RealOrNull(points.back().value),
              least ? Value(*least) : Value(nullptr),
              most ? Value(*most) : Value(nullptr),
              least ? Value(NormalValue(sum)) : Value(nullptr),
              Value(std::as_bytes(std::span(blob)))};
  }
  ChunkRow(const ChunkRow&) = delete;
  ChunkRow& operator=(const ChunkRow&) = delete;
};

Status WriteChunks(store::Transaction& tx, const FoldedSeries& series, int64_t first_place,
                   std::span<const Point> points) {
  constexpr size_t kChunksAtOnce = 64;
  for (size_t at = 0; at < points.size();) {
    std::vector<std::unique_ptr<ChunkRow>> rows;
    std::vector<Params> batch;
    for (; at < points.size() && rows.size() < kChunksAtOnce; at += kChunkPoints) {
      const std::span<const Point> some =
          points.subspan(at, std::min(kChunkPoints, points.size() - at));
      rows.push_back(std::make_unique<ChunkRow>(
          series.FirstChunk() + first_place + static_cast<int64_t>(at / kChunkPoints), some));
      batch.emplace_back(rows.back()->values);
    }
    TRY(tx.ExecuteMany(kPutChunk, batch));
  }
  return OkStatus();
}

/// What is folded in the chunks at places [from, to).
Result<std::vector<Point>> ReadPlaces(store::Session& session, const FoldedSeries& series,
                                      int64_t from, int64_t to) {
  std::vector<Point> points;
  std::array<Point, kChunkPoints> buffer;
  TRY(ReadChunkRange(session, series, from, to, [&](int64_t, const Chunk& chunk) {
    chunk.Decode(buffer);
    points.insert(points.end(), buffer.begin(),
                  buffer.begin() + static_cast<ptrdiff_t>(chunk.size()));
    return OkStatus();
  }));
  return points;
}

/// The chunks of a series that are written anew: places [from, to), with the folded points next to
/// them.
struct Window {
  int64_t from = 0;
  int64_t to = 0;
  std::optional<Point> before;
  std::optional<Point> after;
};

/// From the first place that `point` touches on, `most` chunks.
Result<Window> WindowAt(store::Session& session, const FoldedSeries& series, const Point& point,
                        int64_t most) {
  Window window{.to = most};
  if (series.point_count == 0) return window;
  ASSIGN_OR_RETURN(const int64_t ahead, CountFoldedBefore(session, series, [&](const Point& p) {
                     return BeforeInHistory(p, point);
                   }));
  window.from = std::min(ahead, series.point_count - 1) / kPoints;
  window.to = window.from + most;
  if (window.from > 0) {
    ASSIGN_OR_RETURN(window.before, ReadFoldedPoint(session, series, window.from * kPoints - 1));
  }
  if (window.to < series.ChunkCount()) {
    ASSIGN_OR_RETURN(window.after, ReadFoldedPoint(session, series, window.to * kPoints));
  }
  return window;
}

bool StepsFall(const Window& window, std::span<const Point> points) {
  const auto falls = [](const Point& a, const Point& b) { return b.step < a.step; };
  return (window.before && falls(*window.before, points.front())) ||
         (window.after && falls(points.back(), *window.after)) ||
         std::ranges::adjacent_find(points, falls) != points.end();
}

struct SeriesFold {
  int64_t chunks = 0;       ///< written
  std::vector<Point> rest;  ///< what found no place in them, in history order
};

/// Folds `fresh` (history order, none twice) into a series, in `most` chunks at most.
Result<SeriesFold> FoldSeries(store::Transaction& tx, int64_t run_no, int64_t key_no,
                              FoldedSeries series, std::span<const Point> fresh, int64_t most) {
  ASSIGN_OR_RETURN(const Window window, WindowAt(tx, series, fresh.front(), most));
  ASSIGN_OR_RETURN(const std::vector<Point> folded,
                   ReadPlaces(tx, series, window.from, std::min(window.to, series.ChunkCount())));
  std::span<const Point> here = fresh;
  if (window.after) {
    const auto behind = std::ranges::partition_point(
        fresh, [&](const Point& point) { return BeforeInHistory(point, *window.after); });
    here = fresh.first(static_cast<size_t>(behind - fresh.begin()));
  }
  std::vector<Point> points;
  points.reserve(folded.size() + here.size());
  std::ranges::merge(folded, here, std::back_inserter(points), BeforeInHistory);
  const auto repeated = std::ranges::unique(points);
  points.erase(repeated.begin(), repeated.end());
  if (StepsFall(window, points)) series.step_ordered = false;

  const auto room = static_cast<size_t>(most * kPoints);
  SeriesFold done;
  if (points.size() > room) {
    done.rest.assign(points.begin() + static_cast<ptrdiff_t>(room), points.end());
    points.resize(room);
  }
  done.rest.insert(done.rest.end(), fresh.begin() + static_cast<ptrdiff_t>(here.size()),
                   fresh.end());
  const auto count = static_cast<int64_t>(points.size());
  done.chunks = (count + kPoints - 1) / kPoints;
  if (!window.after) series.point_count = window.from * kPoints + count;
  if (series.ChunkCount() > kChunksOfSeries) {
    return Err(Code::kResourceExhausted, fmt::format("a metric has more than {} points in one run",
                                                     kChunksOfSeries * kPoints));
  }
  TRY(WriteChunks(tx, series, window.from, points));
  TRY(tx.Execute(kPutSeries,
                 {series.series_no, run_no, key_no, series.point_count, series.step_ordered}));
  return done;
}

using PointsByKey = std::map<int64_t, std::vector<Point>>;

Result<PointsByKey> ReadTail(store::Session& session, int64_t run_no) {
  PointsByKey keys;
  TRY(session.Query(kTail, {run_no}, [&](const Row& row) -> Status {
    ASSIGN_OR_RETURN(const NumberedBatch batch, DecodeNumberedBatch(row.Bytes(1)));
    std::vector<std::vector<Point>*> of_key;
    for (const int64_t key : batch.keys) of_key.push_back(&keys[key]);
    for (const KeyedPoint& keyed : batch.points) of_key[keyed.key]->push_back(keyed.point);
    return OkStatus();
  }));
  for (auto& [key, points] : keys) {
    std::ranges::sort(points, BeforeInHistory);
    const auto repeated = std::ranges::unique(points);
    points.erase(repeated.begin(), repeated.end());
  }
  return keys;
}

void Add(NumberedBatch& batch, int64_t key_no, std::span<const Point> points) {
  if (points.empty()) return;
  const auto place = static_cast<uint32_t>(batch.keys.size());
  batch.keys.push_back(key_no);
  for (const Point& point : points) batch.points.push_back({.key = place, .point = point});
}

Status PutPart(store::Transaction& tx, int64_t run_no, int64_t part_no, bool folded,
               const NumberedBatch& batch) {
  if (batch.points.empty()) return OkStatus();
  const std::string blob = EncodeBatch(batch);
  return tx.Execute(kKeepPart, {run_no, part_no, static_cast<int64_t>(batch.points.size()),
                                int64_t{folded}, std::as_bytes(std::span(blob))});
}

/// The number of the newest series.
Result<int64_t> LastSeries(store::Session& session) {
  int64_t last = 0;
  TRY(session.Query(kLastSeries, {}, [&](const Row& row) {
    last = row.Int(0);
    return OkStatus();
  }));
  return last;
}

}  // namespace

Result<std::vector<int64_t>> RunsToFold(store::Session& session, WallTime now, int64_t limit) {
  std::vector<int64_t> runs;
  TRY(session.Query(kRunsDue, {kFoldPoints, kFoldParts, now.ms - kFoldQuietMs, limit},
                    [&](const Row& row) {
                      runs.push_back(row.Int(0));
                      return OkStatus();
                    }));
  return runs;
}

Result<int64_t> FoldRun(store::Transaction& tx, int64_t run_no, int64_t most_chunks) {
  ASSIGN_OR_RETURN(const PointsByKey keys, ReadTail(tx, run_no));
  NumberedBatch kept;  // of short series
  NumberedBatch rest;  // for the next time
  int64_t folded = 0;
  int64_t last_series = 0;
  for (const auto& [key_no, points] : keys) {
    if (points.empty()) continue;
    if (most_chunks <= 0) {
      Add(rest, key_no, points);
      continue;
    }
    ASSIGN_OR_RETURN(std::optional<FoldedSeries> series, FindFoldedSeries(tx, run_no, key_no));
    if (!series && points.size() < kShortestSeries) {
      Add(kept, key_no, points);
      continue;
    }
    if (!series) {
      if (last_series == 0) {
        ASSIGN_OR_RETURN(last_series, LastSeries(tx));
      }
      series = FoldedSeries{.series_no = ++last_series, .point_count = 0};
    }
    ASSIGN_OR_RETURN(const SeriesFold done,
                     FoldSeries(tx, run_no, key_no, *series, points, most_chunks));
    most_chunks -= done.chunks;
    Add(rest, key_no, done.rest);
    folded += static_cast<int64_t>(points.size()) - static_cast<int64_t>(done.rest.size());
  }
  TRY(tx.Execute(kDropTail, {run_no}));
  TRY(PutPart(tx, run_no, 1, /*folded=*/true, kept));
  TRY(PutPart(tx, run_no, 2, /*folded=*/false, rest));
  return folded;
}

}  // namespace stetig::tracking
