#include "tracking/internal/metric_batch.h"

#include <unordered_map>

#include "base/bytes.h"

namespace stetig::tracking {
namespace {

constexpr char kNamed = 1;
constexpr char kNumbered = 2;

void PutKey(std::string& out, std::string_view key) { PutText(out, key); }
void PutKey(std::string& out, int64_t key) { PutVarint(out, static_cast<uint64_t>(key)); }

template <class Key>
std::string Encode(const PointBatch<Key>& batch, char version) {
  std::string out(1, version);
  out.reserve(16 + batch.keys.size() * 16 + batch.points.size() * 14);
  PutVarint(out, batch.keys.size());
  for (const Key& key : batch.keys) PutKey(out, key);
  uint64_t timestamp = 0;
  uint64_t step = 0;
  for (const KeyedPoint& keyed : batch.points) {
    PutVarint(out, keyed.key);
    PutVarint(out, ZigZag(static_cast<uint64_t>(keyed.point.timestamp) - timestamp));
    PutVarint(out, ZigZag(static_cast<uint64_t>(keyed.point.step) - step));
    timestamp = static_cast<uint64_t>(keyed.point.timestamp);
    step = static_cast<uint64_t>(keyed.point.step);
    AppendLe(out, keyed.point.value);
  }
  return out;
}

bool TakeKey(ByteReader& in, std::string_view& key) { return in.Text(key); }
bool TakeKey(ByteReader& in, int64_t& key) {
  uint64_t number = 0;
  if (!in.Varint(number)) return false;
  key = static_cast<int64_t>(number);
  return true;
}

Failure Damaged() { return Err(Code::kDataLoss, "stored metric batch is damaged"); }

template <class Key>
Result<PointBatch<Key>> Decode(std::span<const std::byte> bytes, char version) {
  if (bytes.empty() || static_cast<char>(bytes[0]) != version) return Damaged();
  ByteReader in(bytes.subspan(1));
  PointBatch<Key> batch;
  uint64_t keys = 0;
  if (!in.Count(keys)) return Damaged();
  batch.keys.resize(keys);
  for (Key& key : batch.keys) {
    if (!TakeKey(in, key)) return Damaged();
  }
  batch.points.reserve(in.left() / 11);
  uint64_t timestamp = 0;
  uint64_t step = 0;
  while (!in.done()) {
    uint64_t key = 0;
    uint64_t time_difference = 0;
    uint64_t step_difference = 0;
    double value = 0;
    if (!in.Varint(key) || key >= keys || !in.Varint(time_difference) ||
        !in.Varint(step_difference) || !in.Real(value))
      return Damaged();
    timestamp += UnZigZag(time_difference);
    step += UnZigZag(step_difference);
    batch.points.push_back({.key = static_cast<uint32_t>(key),
                            .point = {.timestamp = static_cast<int64_t>(timestamp),
                                      .step = static_cast<int64_t>(step),
                                      .value = value}});
  }
  return batch;
}

bool Repeats(const NamedBatch& batch, size_t from, const KeyedPoint& keyed) {
  for (size_t i = from; i < batch.points.size(); ++i) {
    if (batch.points[i].key == keyed.key && batch.points[i].point == keyed.point) return true;
  }
  return false;
}

}  // namespace

NamedBatch BatchOf(std::span<const Metric> metrics) {
  NamedBatch batch;
  batch.points.reserve(metrics.size());
  std::unordered_map<std::string_view, uint32_t> index;
  for (const Metric& metric : metrics) {
    KeyedPoint keyed{.point = {.timestamp = metric.timestamp,
                               .step = metric.step,
                               .value = NormalValue(metric.value)}};
    if (metrics.size() == 1) {
      batch.keys.push_back(metric.key);
    } else {
      const auto [at, added] =
          index.try_emplace(metric.key, static_cast<uint32_t>(batch.keys.size()));
      if (added) batch.keys.push_back(metric.key);
      keyed.key = at->second;
      // Clients repeat points close together if at all; what is left is dropped when points are
      // folded or read.
      const size_t near = batch.points.size() > 4 ? batch.points.size() - 4 : 0;
      if (!added && Repeats(batch, near, keyed)) continue;
    }
    batch.points.push_back(keyed);
  }
  return batch;
}

std::string EncodeBatch(const NamedBatch& batch) { return Encode(batch, kNamed); }
std::string EncodeBatch(const NumberedBatch& batch) { return Encode(batch, kNumbered); }
Result<NamedBatch> DecodeNamedBatch(std::span<const std::byte> bytes) {
  return Decode<std::string_view>(bytes, kNamed);
}
Result<NumberedBatch> DecodeNumberedBatch(std::span<const std::byte> bytes) {
  return Decode<int64_t>(bytes, kNumbered);
}

}  // namespace stetig::tracking
