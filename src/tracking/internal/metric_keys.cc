#include "tracking/internal/metric_keys.h"

#include <array>
#include <unordered_map>

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr Statement kFindKey{"SELECT key_no FROM metric_keys WHERE key = $1"};
constexpr Statement kLastKey{"SELECT coalesce(max(key_no), 0) FROM metric_keys"};
constexpr Statement kAddKey{"INSERT INTO metric_keys (key_no, key) VALUES ($1, $2)"};

}  // namespace

Result<std::vector<int64_t>> InternMetricKeys(store::Transaction& tx,
                                              std::span<const std::string_view> keys) {
  std::vector<int64_t> numbers(keys.size(), 0);
  std::vector<Value> values(keys.begin(), keys.end());
  std::vector<Params> batch;
  batch.reserve(values.size());
  for (const Value& value : values) batch.emplace_back(&value, 1);
  TRY(tx.QueryMany(kFindKey, batch, [&](size_t i, const Row& row) {
    numbers[i] = row.Int(0);
    return OkStatus();
  }));
  int64_t last = 0;
  std::unordered_map<std::string_view, int64_t> added;
  std::vector<std::array<Value, 2>> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (numbers[i] != 0) continue;
    if (last == 0) {
      TRY(tx.Query(kLastKey, {}, [&](const Row& row) {
        last = row.Int(0);
        return OkStatus();
      }));
    }
    const auto [at, is_new] = added.try_emplace(keys[i], last + 1);
    if (is_new) rows.push_back({Value(++last), Value(keys[i])});
    numbers[i] = at->second;
  }
  if (!rows.empty()) {
    batch.assign(rows.begin(), rows.end());
    TRY(tx.ExecuteMany(kAddKey, batch));
  }
  return numbers;
}

Result<std::optional<int64_t>> FindMetricKey(store::Session& session, std::string_view key) {
  std::optional<int64_t> number;
  TRY(session.Query(kFindKey, {key}, [&](const Row& row) {
    number = row.Int(0);
    return OkStatus();
  }));
  return number;
}

}  // namespace stetig::tracking
