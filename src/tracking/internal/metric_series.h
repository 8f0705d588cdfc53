// Reading one series (run, key) over all three stages. Functions run inside the caller's closure;
// errors as Session, besides kDataLoss: stored bytes are damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/metric_chunk.h"
#include "tracking/internal/metric_point.h"

namespace stetig::tracking {

/// Chunks of one series at most: the places below a series' number in chunk_no.
inline constexpr int64_t kChunksOfSeries = int64_t{1} << 20;

/// The folded part of a series.
struct FoldedSeries {
  int64_t series_no = 0;
  int64_t point_count = 0;
  bool step_ordered = true;  ///< in history order the steps never fall, so that both orders are one

  int64_t FirstChunk() const { return series_no * kChunksOfSeries; }
  int64_t ChunkCount() const {
    return (point_count + static_cast<int64_t>(kChunkPoints) - 1) /
           static_cast<int64_t>(kChunkPoints);
  }
};

/// A series as one read transaction sees it: chunks, and points that are not folded yet.
struct Series {
  std::optional<FoldedSeries> folded;
  std::vector<Point> unfolded;  ///< history order, none twice; may repeat folded ones
};

/// Series of one key for several runs, in order of `run_nos`.
Result<std::vector<Series>> OpenSeries(store::Session& session, std::span<const int64_t> run_nos,
                                       std::string_view key);

Result<std::optional<FoldedSeries>> FindFoldedSeries(store::Session& session, int64_t run_no,
                                                     int64_t key_no);

/// Points [0, count) of the chunks at `places` (ascending) of a series: `on_chunk(i, chunk)` for
/// places[i]. kDataLoss: one is missing.
Status ReadChunks(store::Session& session, const FoldedSeries& series,
                  std::span<const int64_t> places,
                  std::move_only_function<Status(size_t, const Chunk&)> on_chunk);
/// The same for the run of places [from, to).
Status ReadChunkRange(store::Session& session, const FoldedSeries& series, int64_t from, int64_t to,
                      std::move_only_function<Status(int64_t, const Chunk&)> on_chunk);

/// The folded point at a position.
Result<Point> ReadFoldedPoint(store::Session& session, const FoldedSeries& series,
                              int64_t position);

/// How many folded points `before` says true for; it must be true for a prefix and false for the
/// rest. A dozen single reads.
Result<int64_t> CountFoldedBefore(store::Session& session, const FoldedSeries& series,
                                  const std::function<bool(const Point&)>& before);

/// Gives the points behind `after` (none: all) in history order, in pieces, at most `limit` in all.
Status ReadHistory(store::Session& session, const Series& series, const std::optional<Point>& after,
                   int64_t limit, std::move_only_function<void(std::span<const Point>)> on_points);

}  // namespace stetig::tracking
