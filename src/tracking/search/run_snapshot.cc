#include "tracking/search/run_snapshot.h"

#include <array>

#include "base/bytes.h"
#include "tracking/internal/rows.h"
#include "tracking/internal/run_repository.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr char kForm = 1;
/// Larger contents are read from the tables each time.
constexpr size_t kMaxSnapshot = 4 * 1024 * 1024;

constexpr Statement kSnapshot{"SELECT version, content FROM run_snapshots WHERE run_no = $1"};
constexpr Statement kKeep{
    "INSERT INTO run_snapshots (run_no, version, content) VALUES ($1, $2, $3) "
    "ON CONFLICT (run_no) DO UPDATE SET version = excluded.version, content = excluded.content "
    "WHERE excluded.version > run_snapshots.version"};
constexpr Statement kScan{
    "SELECT r.run_no, r.experiment_no, r.run_id, r.version, r.status, s.version FROM runs r "
    "LEFT JOIN run_snapshots s ON s.run_no = r.run_no WHERE r.run_no > $1 ORDER BY r.run_no LIMIT "
    "$2"};

void PutOptional(std::string& out, const std::optional<std::string>& text) {
  PutVarint(out, text ? 1 : 0);
  if (text) PutText(out, *text);
}

void PutPairs(std::string& out, const std::vector<KeyValue>& pairs) {
  PutVarint(out, pairs.size());
  for (const KeyValue& pair : pairs) {
    PutText(out, pair.key);
    PutText(out, pair.value);
  }
}

bool TakeOptional(ByteReader& in, std::optional<std::string>& text) {
  uint64_t present = 0;
  return in.Varint(present) && (present == 0 || in.Text(text.emplace()));
}

bool TakePairs(ByteReader& in, std::vector<KeyValue>& pairs) {
  uint64_t count = 0;
  if (!in.Count(count)) return false;
  pairs.resize(count);
  for (KeyValue& pair : pairs) {
    if (!in.Text(pair.key) || !in.Text(pair.value)) return false;
  }
  return true;
}

bool TakeMetrics(ByteReader& in, std::vector<Metric>& metrics) {
  uint64_t count = 0;
  if (!in.Count(count)) return false;
  metrics.resize(count);
  for (Metric& metric : metrics) {
    if (!in.Text(metric.key) || !in.Real(metric.value) || !in.Signed(metric.timestamp) ||
        !in.Signed(metric.step))
      return false;
  }
  return true;
}

bool TakeInput(ByteReader& in, DatasetInput& input) {
  Dataset& dataset = input.dataset;
  return in.Text(dataset.name) && in.Text(dataset.digest) && in.Text(dataset.source_type) &&
         in.Text(dataset.source) && TakeOptional(in, dataset.schema) &&
         TakeOptional(in, dataset.profile) && TakePairs(in, input.tags);
}

bool TakeInputs(ByteReader& in, Run& run) {
  uint64_t count = 0;
  if (!in.Count(count)) return false;
  run.dataset_inputs.resize(count);
  for (DatasetInput& input : run.dataset_inputs) {
    if (!TakeInput(in, input)) return false;
  }
  if (!in.Count(count)) return false;
  run.model_inputs.resize(count);
  for (ModelInput& input : run.model_inputs) {
    if (!in.Text(input.model_id)) return false;
  }
  if (!in.Count(count)) return false;
  run.model_outputs.resize(count);
  for (ModelOutput& output : run.model_outputs) {
    if (!in.Text(output.model_id) || !in.Signed(output.step)) return false;
  }
  return in.done();
}

}  // namespace

std::string EncodeSnapshot(const Run& run) {
  std::string out(1, kForm);
  out.reserve(64 + run.metrics.size() * 32 + (run.params.size() + run.tags.size()) * 32);
  PutVarint(out, run.metrics.size());
  for (const Metric& metric : run.metrics) {
    PutText(out, metric.key);
    AppendLe(out, metric.value);
    PutSigned(out, metric.timestamp);
    PutSigned(out, metric.step);
  }
  PutPairs(out, run.params);
  PutPairs(out, run.tags);
  PutVarint(out, run.dataset_inputs.size());
  for (const DatasetInput& input : run.dataset_inputs) {
    PutText(out, input.dataset.name);
    PutText(out, input.dataset.digest);
    PutText(out, input.dataset.source_type);
    PutText(out, input.dataset.source);
    PutOptional(out, input.dataset.schema);
    PutOptional(out, input.dataset.profile);
    PutPairs(out, input.tags);
  }
  PutVarint(out, run.model_inputs.size());
  for (const ModelInput& input : run.model_inputs) PutText(out, input.model_id);
  PutVarint(out, run.model_outputs.size());
  for (const ModelOutput& output : run.model_outputs) {
    PutText(out, output.model_id);
    PutSigned(out, output.step);
  }
  return out;
}

Status DecodeSnapshot(std::span<const std::byte> bytes, Run& run) {
  const bool form = !bytes.empty() && static_cast<char>(bytes[0]) == kForm;
  ByteReader in(bytes.subspan(form ? 1 : 0));
  if (!form || !TakeMetrics(in, run.metrics) || !TakePairs(in, run.params) ||
      !TakePairs(in, run.tags) || !TakeInputs(in, run)) {
    return Err(Code::kDataLoss, "stored snapshot of a run is damaged");
  }
  return OkStatus();
}

Result<std::vector<Snapshot>> ReadContents(store::Session& session,
                                           std::span<const VersionedRun> runs,
                                           std::span<Run> contents) {
  std::vector<int64_t> numbers;
  numbers.reserve(runs.size());
  for (const VersionedRun& run : runs) numbers.push_back(run.ref.run_no);
  std::vector<bool> filled(runs.size(), false);
  TRY(QueryForEach(session, kSnapshot, numbers, [&](size_t i, const Row& row) -> Status {
    if (row.Int(0) != runs[i].version) return OkStatus();
    filled[i] = true;
    return DecodeSnapshot(row.Bytes(1), contents[i]);
  }));
  std::vector<size_t> stale;
  std::vector<RunRef> refs;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (filled[i]) continue;
    stale.push_back(i);
    refs.push_back(runs[i].ref);
  }
  std::vector<Run> loaded(refs.size());
  if (!refs.empty()) TRY(ReadRunData(session, refs, loaded));
  std::vector<Snapshot> snapshots;
  for (size_t i = 0; i < stale.size(); ++i) {
    const VersionedRun& run = runs[stale[i]];
    std::string content = EncodeSnapshot(loaded[i]);
    if (content.size() <= kMaxSnapshot)
      snapshots.push_back(
          {.run_no = run.ref.run_no, .version = run.version, .content = std::move(content)});
    loaded[i].info = std::move(contents[stale[i]].info);
    contents[stale[i]] = std::move(loaded[i]);
  }
  return snapshots;
}

Status KeepSnapshots(store::Transaction& tx, std::span<const Snapshot> snapshots) {
  std::vector<std::array<Value, 3>> rows;
  rows.reserve(snapshots.size());
  for (const Snapshot& snapshot : snapshots) {
    rows.push_back({Value(snapshot.run_no), Value(snapshot.version),
                    Value(std::as_bytes(std::span(snapshot.content)))});
  }
  const std::vector<Params> batch(rows.begin(), rows.end());
  return tx.ExecuteMany(kKeep, batch);
}

Result<StaleRuns> FindStaleRuns(store::Session& session, int64_t after_run_no, int64_t limit) {
  StaleRuns stale;
  int64_t seen = 0;
  TRY(session.Query(kScan, {after_run_no, limit}, [&](const Row& row) {
    ++seen;
    stale.last_run_no = row.Int(0);
    const bool running = row.Int(4) == static_cast<int64_t>(RunStatus::kRunning);
    if (!running && (row.IsNull(5) || row.Int(5) != row.Int(3))) {
      stale.runs.push_back({.ref = {.run_no = row.Int(0),
                                    .experiment_no = row.Int(1),
                                    .run_id = std::string(row.Text(2))},
                            .version = row.Int(3)});
    }
    return OkStatus();
  }));
  if (seen < limit) stale.last_run_no = 0;
  return stale;
}

}  // namespace stetig::tracking
