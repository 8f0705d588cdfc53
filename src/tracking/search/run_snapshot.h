// Snapshots of runs: latest metrics, params, tags, inputs and outputs in one blob, valid for one
// version of the run.
//
// Form (varints, texts with length): version byte 1 | metrics: key, value (8 bytes), timestamp,
// step | params: key, value | tags | dataset inputs: dataset, tags | model inputs | model outputs:
// model, step. Each list starts with its count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/run_ref.h"
#include "tracking/types.h"

namespace stetig::tracking {

/// Everything of `run` but its info.
std::string EncodeSnapshot(const Run& run);
/// Fills `run`, all but its info. kDataLoss: the bytes are no snapshot.
Status DecodeSnapshot(std::span<const std::byte> bytes, Run& run);

/// A run of which a search shows the content.
struct VersionedRun {
  RunRef ref;
  int64_t version = 0;  ///< as read in the same session
};

struct Snapshot {
  int64_t run_no = 0;
  int64_t version = 0;
  std::string content;
};

/// Fills in `contents`, one for each of `runs`: from snapshots of their version, the others from
/// the tables. Returns snapshots of those, worth keeping. Errors: as Session; kDataLoss.
Result<std::vector<Snapshot>> ReadContents(store::Session& session,
                                           std::span<const VersionedRun> runs,
                                           std::span<Run> contents);

/// Keeps snapshots, unless there are newer ones. Errors: as Transaction.
Status KeepSnapshots(store::Transaction& tx, std::span<const Snapshot> snapshots);

/// Runs behind `after_run_no` that do not change by the second (not running) and lack a snapshot of
/// their version, looking at most at `limit` runs.
struct StaleRuns {
  std::vector<VersionedRun> runs;
  int64_t last_run_no = 0;  ///< how far it looked; 0: to the end
};
Result<StaleRuns> FindStaleRuns(store::Session& session, int64_t after_run_no, int64_t limit);

}  // namespace stetig::tracking
