// Folding: the long series of a run leave its tail (stage 2) for column chunks (stage 3).
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::tracking {

/// A tail is folded when it holds this many points that were never folded, in this many parts, or
/// has been quiet for so long. After folding, a series has chunks when it had them before or has at
/// least kShortestSeries points; shorter ones share one part.
inline constexpr int64_t kFoldPoints = 8192;
inline constexpr int64_t kFoldParts = 64;
inline constexpr int64_t kFoldQuietMs = 60'000;
inline constexpr size_t kShortestSeries = 64;

/// Runs whose tail is due, at most `limit`. Errors: as Session.
Result<std::vector<int64_t>> RunsToFold(store::Session& session, WallTime now, int64_t limit);

/// Chunks that one transaction writes at most: some tens of milliseconds, in which nobody else
/// commits, and some ten megabytes.
inline constexpr int64_t kFoldChunks = 512;

/// Folds the tail of one run within the caller's transaction: points move from their part into a
/// chunk, a crash leaves each in exactly one place. Exact duplicates, also of folded points, go.
/// Writes `most_chunks` at most (1 or more). A point that comes before folded ones moves all that
/// follow by one place: what then finds no room goes back into the tail, of which the run is due at
/// once, and the next call goes on behind.
/// Returns the points that were taken up into chunks. Errors: as Transaction; kDataLoss: stored
/// bytes are damaged; kResourceExhausted: a series of more than 2^20 chunks.
Result<int64_t> FoldRun(store::Transaction& tx, int64_t run_no, int64_t most_chunks = kFoldChunks);

}  // namespace stetig::tracking
