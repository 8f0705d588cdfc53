#include "tracking/internal/metric_sample.h"

#include <algorithm>
#include <limits>

namespace stetig::tracking {
namespace {

constexpr auto kPoints = static_cast<int64_t>(kChunkPoints);

/// Everything, sorted: the way for series whose steps do not rise with time.
Result<std::vector<Point>> SampleSorted(store::Session& session, const Series& series,
                                        const std::optional<StepRange>& range, int64_t most) {
  std::vector<Point> points;
  TRY(ReadHistory(session, series, std::nullopt, std::numeric_limits<int64_t>::max() / 2,
                  [&](std::span<const Point> some) {
                    for (const Point& point : some) {
                      if (!range || (point.step >= range->start && point.step <= range->end))
                        points.push_back(point);
                    }
                  }));
  std::ranges::sort(points, BeforeInSteps);
  std::vector<Point> samples;
  for (const int64_t position : SamplePositions(static_cast<int64_t>(points.size()), most)) {
    samples.push_back(points[static_cast<size_t>(position)]);
  }
  return samples;
}

/// The folded points at `positions` (ascending), appended to `samples`.
Status ReadFolded(store::Session& session, const FoldedSeries& folded,
                  std::span<const int64_t> positions, std::vector<Point>& samples) {
  std::vector<int64_t> places;
  for (const int64_t position : positions) {
    if (places.empty() || places.back() != position / kPoints) places.push_back(position / kPoints);
  }
  size_t next = 0;
  const auto take = [&](int64_t place, const Chunk& chunk) -> Status {
    for (; next < positions.size() && positions[next] / kPoints == place; ++next) {
      const auto offset = static_cast<size_t>(positions[next] % kPoints);
      if (offset >= chunk.size()) return Err(Code::kDataLoss, "a stored metric chunk is too short");
      samples.push_back(chunk.At(offset));
    }
    return OkStatus();
  };
  if (places.empty()) return OkStatus();
  const int64_t span = places.back() + 1 - places.front();
  if (span <= 2 * static_cast<int64_t>(places.size()))
    return ReadChunkRange(session, folded, places.front(), places.back() + 1, take);
  return ReadChunks(session, folded, places,
                    [&](size_t i, const Chunk& chunk) { return take(places[i], chunk); });
}

/// Whether folded points followed by unfolded ones are in step order without a repetition.
Result<bool> IsConcatenation(store::Session& session, const Series& series,
                             std::span<const Point> unfolded) {
  if (!series.folded) return true;
  if (!series.folded->step_ordered) return false;
  if (unfolded.empty()) return true;
  ASSIGN_OR_RETURN(const Point last,
                   ReadFoldedPoint(session, *series.folded, series.folded->point_count - 1));
  return BeforeInSteps(last, unfolded.front());
}

}  // namespace

std::vector<int64_t> SamplePositions(int64_t count, int64_t most) {
  std::vector<int64_t> positions;
  const int64_t buckets = std::min(count, most);
  positions.reserve(static_cast<size_t>(buckets));
  if (buckets == 0) return positions;
  const int64_t size = count / buckets;
  const int64_t larger = count % buckets;
  for (int64_t i = 0; i < buckets; ++i) positions.push_back(i * size + std::min(i, larger));
  positions.back() = count - 1;
  return positions;
}

Result<std::vector<Point>> SampleSeries(store::Session& session, const Series& series,
                                        const std::optional<StepRange>& range, int64_t most) {
  std::vector<Point> unfolded = series.unfolded;
  std::ranges::sort(unfolded, BeforeInSteps);
  ASSIGN_OR_RETURN(const bool concatenation, IsConcatenation(session, series, unfolded));
  if (!concatenation) return SampleSorted(session, series, range, most);
  const int64_t folded_count = series.folded ? series.folded->point_count : 0;
  const auto position_of = [&](const std::function<bool(const Point&)>& before) -> Result<int64_t> {
    int64_t position = 0;
    if (series.folded) {
      ASSIGN_OR_RETURN(position, CountFoldedBefore(session, *series.folded, before));
    }
    if (position < folded_count) return position;
    const auto at = std::ranges::partition_point(unfolded, before);
    return folded_count + (at - unfolded.begin());
  };
  int64_t from = 0;
  int64_t to = folded_count + static_cast<int64_t>(unfolded.size());
  if (range) {
    ASSIGN_OR_RETURN(from, position_of([&](const Point& p) { return p.step < range->start; }));
    ASSIGN_OR_RETURN(to, position_of([&](const Point& p) { return p.step <= range->end; }));
  }
  std::vector<int64_t> positions = SamplePositions(std::max<int64_t>(to - from, 0), most);
  for (int64_t& position : positions) position += from;
  const auto behind = std::ranges::lower_bound(positions, folded_count);
  const auto in_chunks = static_cast<size_t>(behind - positions.begin());
  std::vector<Point> samples;
  samples.reserve(positions.size());
  if (in_chunks > 0)
    TRY(ReadFolded(session, *series.folded, std::span(positions).first(in_chunks), samples));
  for (size_t i = in_chunks; i < positions.size(); ++i)
    samples.push_back(unfolded[static_cast<size_t>(positions[i] - folded_count)]);
  return samples;
}

}  // namespace stetig::tracking
