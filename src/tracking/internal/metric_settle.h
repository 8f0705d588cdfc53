// Settling: points leave the arrival log (stage 1) for the tail of their run (stage 2), and the
// latest values learn of them.
//
// The log has no index and names keys by text, so that a request costs one appended row. Everything
// that a search compares is brought up to date here, in the background or by the first search that
// finds the log not empty.
#pragma once

#include <cstdint>
#include <stop_token>

#include "base/clock.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::tracking {

struct Settled {
  int64_t rows = 0;
  int64_t points = 0;
};

/// Settles the oldest rows of the log, about `max_points` points. Rows move within the caller's
/// transaction: a crash leaves them in exactly one stage. Bumps the version of the runs concerned.
/// Errors: as Transaction; kDataLoss: a row of the log is damaged.
Result<Settled> SettleMetrics(store::Transaction& tx, WallTime now, int64_t max_points);

/// How many rows the log holds, or a few more: two looks at the ends of an index. Errors: as
/// Session.
Result<int64_t> UnsettledRows(store::Session& session);

/// Settles every point that was logged before the call, in transactions that hold up the writer for
/// some tens of milliseconds each; points logged meanwhile may wait. Returns the rows settled.
/// Errors: as Transaction; kDeadlineExceeded; kCancelled: `stop` was asked for between two of them.
Task<int64_t> SettleLogged(store::Database& db, const Clock& clock, Deadline deadline,
                           std::stop_token stop = {});

}  // namespace stetig::tracking
