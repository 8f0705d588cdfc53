#include "tracking/internal/metric_series.h"

#include <algorithm>
#include <array>

#include "tracking/internal/metric_batch.h"
#include "tracking/internal/metric_keys.h"
#include "tracking/internal/metric_repository.h"
#include "tracking/internal/rows.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kFindSeries{
    "SELECT series_no, point_count, step_ordered FROM metric_series WHERE run_no = $1 AND key_no = "
    "$2"};
constexpr Statement kOneChunk{"SELECT points FROM metric_chunks WHERE chunk_no = $1"};
constexpr Statement kChunkRange{
    "SELECT chunk_no, points FROM metric_chunks WHERE chunk_no >= $1 AND chunk_no < $2 ORDER BY "
    "chunk_no"};
constexpr Statement kTailOfRun{"SELECT points FROM metric_tail WHERE run_no = $1 ORDER BY part_no"};

/// Chunks read by one query of a long scan.
constexpr int64_t kScanChunks = 64;

Failure Missing() { return Err(Code::kDataLoss, "a stored metric chunk is missing"); }

template <class Key>
void Take(const PointBatch<Key>& batch, const Key& key, std::vector<Point>& points) {
  const auto found = std::ranges::find(batch.keys, key);
  if (found == batch.keys.end()) return;
  const auto index = static_cast<uint32_t>(found - batch.keys.begin());
  for (const KeyedPoint& keyed : batch.points) {
    if (keyed.key == index) points.push_back(keyed.point);
  }
}

Status ReadTails(store::Session& session, std::span<const int64_t> run_nos, int64_t key_no,
                 std::vector<Series>& series) {
  return QueryForEach(session, kTailOfRun, run_nos, [&](size_t i, const Row& row) -> Status {
    ASSIGN_OR_RETURN(const NumberedBatch batch, DecodeNumberedBatch(row.Bytes(0)));
    Take(batch, key_no, series[i].unfolded);
    return OkStatus();
  });
}

Status ReadLog(store::Session& session, std::span<const int64_t> run_nos, std::string_view key,
               std::vector<Series>& series) {
  return ReadMetricLog(session, run_nos, [&](size_t i, const NamedBatch& batch) {
    Take(batch, key, series[i].unfolded);
  });
}

FoldedSeries ToFolded(const Row& row) {
  return {.series_no = row.Int(0), .point_count = row.Int(1), .step_ordered = row.Int(2) != 0};
}

/// Merges chunks and unfolded points in history order, dropping what is there twice.
class Merger {
 public:
  Merger(std::span<const Point> unfolded, int64_t limit,
         std::move_only_function<void(std::span<const Point>)>& on_points)
      : unfolded_(unfolded), left_(limit), on_points_(on_points) {}

  bool full() const { return left_ == 0; }

  void Folded(std::span<const Point> points) {
    if (points.empty()) return;
    if (unfolded_.empty() || BeforeInHistory(points.back(), unfolded_.front())) return Give(points);
    merged_.clear();
    for (const Point& point : points) {
      while (!unfolded_.empty() && BeforeInHistory(unfolded_.front(), point)) TakeUnfolded();
      while (!unfolded_.empty() && unfolded_.front() == point) unfolded_ = unfolded_.subspan(1);
      merged_.push_back(point);
    }
    Give(merged_);
  }
  void Rest() {
    Give(unfolded_);
    unfolded_ = {};
  }

 private:
  void TakeUnfolded() {
    merged_.push_back(unfolded_.front());
    unfolded_ = unfolded_.subspan(1);
  }
  void Give(std::span<const Point> points) {
    const std::span<const Point> some =
        points.first(std::min(points.size(), static_cast<size_t>(left_)));
    if (!some.empty()) on_points_(some);
    left_ -= static_cast<int64_t>(some.size());
  }

  std::span<const Point> unfolded_;
  int64_t left_;
  std::move_only_function<void(std::span<const Point>)>& on_points_;
  std::vector<Point> merged_;
};

}  // namespace

Result<std::optional<FoldedSeries>> FindFoldedSeries(store::Session& session, int64_t run_no,
                                                     int64_t key_no) {
  std::optional<FoldedSeries> found;
  TRY(session.Query(kFindSeries, {run_no, key_no}, [&](const Row& row) {
    found = ToFolded(row);
    return OkStatus();
  }));
  return found;
}

Result<std::vector<Series>> OpenSeries(store::Session& session, std::span<const int64_t> run_nos,
                                       std::string_view key) {
  std::vector<Series> series(run_nos.size());
  if (run_nos.empty()) return series;
  ASSIGN_OR_RETURN(const std::optional<int64_t> key_no, FindMetricKey(session, key));
  if (key_no) {
    std::vector<std::array<Value, 2>> pairs;
    for (const int64_t run_no : run_nos) pairs.push_back({Value(run_no), Value(*key_no)});
    const std::vector<Params> batch(pairs.begin(), pairs.end());
    TRY(session.QueryMany(kFindSeries, batch, [&](size_t i, const Row& row) {
      series[i].folded = ToFolded(row);
      return OkStatus();
    }));
    TRY(ReadTails(session, run_nos, *key_no, series));
  }
  TRY(ReadLog(session, run_nos, key, series));
  for (Series& one : series) {
    std::ranges::sort(one.unfolded, BeforeInHistory);
    const auto repeated = std::ranges::unique(one.unfolded);
    one.unfolded.erase(repeated.begin(), repeated.end());
  }
  return series;
}

Status ReadChunks(store::Session& session, const FoldedSeries& series,
                  std::span<const int64_t> places,
                  std::move_only_function<Status(size_t, const Chunk&)> on_chunk) {
  std::vector<Value> numbers;
  numbers.reserve(places.size());
  for (const int64_t place : places) numbers.emplace_back(series.FirstChunk() + place);
  std::vector<Params> batch;
  batch.reserve(numbers.size());
  for (const Value& number : numbers) batch.emplace_back(&number, 1);
  size_t found = 0;
  TRY(session.QueryMany(kOneChunk, batch, [&](size_t i, const Row& row) -> Status {
    ASSIGN_OR_RETURN(const Chunk chunk, Chunk::Open(row.Bytes(0)));
    ++found;
    return on_chunk(i, chunk);
  }));
  return found == places.size() ? OkStatus() : Status(Missing());
}

Status ReadChunkRange(store::Session& session, const FoldedSeries& series, int64_t from, int64_t to,
                      std::move_only_function<Status(int64_t, const Chunk&)> on_chunk) {
  int64_t next = from;
  TRY(session.Query(kChunkRange, {series.FirstChunk() + from, series.FirstChunk() + to},
                    [&](const Row& row) -> Status {
                      const int64_t place = row.Int(0) - series.FirstChunk();
                      if (place != next++) return Missing();
                      ASSIGN_OR_RETURN(const Chunk chunk, Chunk::Open(row.Bytes(1)));
                      return on_chunk(place, chunk);
                    }));
  return next == to ? OkStatus() : Status(Missing());
}

Result<Point> ReadFoldedPoint(store::Session& session, const FoldedSeries& series,
                              int64_t position) {
  const auto points = static_cast<int64_t>(kChunkPoints);
  const int64_t place = position / points;
  const auto offset = static_cast<size_t>(position % points);
  Point point;
  TRY(ReadChunks(session, series, std::span(&place, 1), [&](size_t, const Chunk& chunk) -> Status {
    if (offset >= chunk.size()) return Missing();
    point = chunk.At(offset);
    return OkStatus();
  }));
  return point;
}

Result<int64_t> CountFoldedBefore(store::Session& session, const FoldedSeries& series,
                                  const std::function<bool(const Point&)>& before) {
  // The last chunk whose first point is before; what follows it is not.
  int64_t low = 0;
  int64_t high = series.ChunkCount();
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const Point first,
                     ReadFoldedPoint(session, series, middle * static_cast<int64_t>(kChunkPoints)));
    if (before(first)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return 0;
  const int64_t place = low - 1;
  size_t inside = 0;
  TRY(ReadChunks(session, series, std::span(&place, 1), [&](size_t, const Chunk& chunk) {
    size_t from = 0;
    size_t to = chunk.size();
    while (from < to) {
      const size_t middle = from + (to - from) / 2;
      if (before(chunk.At(middle))) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    inside = from;
    return OkStatus();
  }));
  return place * static_cast<int64_t>(kChunkPoints) + static_cast<int64_t>(inside);
}

Status ReadHistory(store::Session& session, const Series& series, const std::optional<Point>& after,
                   int64_t limit, std::move_only_function<void(std::span<const Point>)> on_points) {
  std::span<const Point> unfolded = series.unfolded;
  int64_t position = 0;
  if (after) {
    const auto behind = std::ranges::upper_bound(unfolded, *after, BeforeInHistory);
    unfolded = unfolded.subspan(static_cast<size_t>(behind - unfolded.begin()));
    if (series.folded) {
      ASSIGN_OR_RETURN(position, CountFoldedBefore(session, *series.folded, [&](const Point& p) {
                         return !BeforeInHistory(*after, p);
                       }));
    }
  }
  Merger merger(unfolded, limit, on_points);
  if (series.folded) {
    std::array<Point, kChunkPoints> buffer;
    const auto points = static_cast<int64_t>(kChunkPoints);
    auto skip = static_cast<size_t>(position % points);
    const int64_t end = series.folded->ChunkCount();
    for (int64_t from = position / points; from < end && !merger.full();) {
      // No more than the limit can need.
      const int64_t wanted = limit / points + 2;
      const int64_t to = std::min({end, from + kScanChunks, from + wanted});
      TRY(ReadChunkRange(session, *series.folded, from, to, [&](int64_t, const Chunk& chunk) {
        if (merger.full()) return OkStatus();
        chunk.Decode(buffer);
        merger.Folded(std::span<const Point>(buffer)
                          .first(chunk.size())
                          .subspan(std::min(skip, chunk.size())));
        skip = 0;
        return OkStatus();
      }));
      from = to;
    }
  }
  merger.Rest();
  return OkStatus();
}

}  // namespace stetig::tracking
