#include "tracking/internal/rows.h"

#include <cmath>
#include <limits>

namespace stetig::tracking {

using store::Params;
using store::Row;
using store::Value;

Value OrNull(std::optional<int64_t> value) { return value ? Value(*value) : Value(nullptr); }
Value OrNull(const std::optional<std::string>& text) {
  return text ? Value(*text) : Value(nullptr);
}
Value OrNull(std::string_view text) { return text.empty() ? Value(nullptr) : Value(text); }

Value RealOrNull(double value) { return std::isnan(value) ? Value(nullptr) : Value(value); }
double RealOrNan(const Row& row, int column) {
  return row.IsNull(column) ? std::numeric_limits<double>::quiet_NaN() : row.Real(column);
}

std::optional<int64_t> OptionalInt(const Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(row.Int(column));
}

std::optional<std::string> OptionalText(const Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(std::string(row.Text(column)));
}

Status ExecuteForEach(store::Transaction& tx, const store::Statement& statement, int64_t owner,
                      std::span<const KeyValue> items) {
  if (items.empty()) {
    return OkStatus();
  }
  std::vector<std::array<Value, 3>> values;
  values.reserve(items.size());
  for (const KeyValue& item : items) {
    values.push_back({Value(owner), Value(item.key), Value(item.value)});
  }
  const std::vector<Params> rows(values.begin(), values.end());
  return tx.ExecuteMany(statement, rows);
}

std::vector<int64_t> RunNumbers(std::span<const RunRef> runs) {
  std::vector<int64_t> numbers;
  numbers.reserve(runs.size());
  for (const RunRef& run : runs) {
    numbers.push_back(run.run_no);
  }
  return numbers;
}

Status QueryForEach(store::Session& session, const store::Statement& statement,
                    std::span<const int64_t> numbers,
                    std::move_only_function<Status(size_t, const Row&)> on_row) {
  if (numbers.empty()) {
    return OkStatus();
  }
  const std::vector<Value> values(numbers.begin(), numbers.end());
  std::vector<Params> batch;
  batch.reserve(values.size());
  for (const Value& value : values) {
    batch.emplace_back(&value, 1);
  }
  return session.QueryMany(statement, batch, std::move(on_row));
}

Status ReadKeyValues(store::Session& session, const store::Statement& statement,
                     std::span<const int64_t> numbers,
                     std::move_only_function<void(size_t, KeyValue)> on_item) {
  return QueryForEach(session, statement, numbers, [&](size_t i, const Row& row) {
    on_item(i, KeyValue{.key = std::string(row.Text(0)), .value = std::string(row.Text(1))});
    return OkStatus();
  });
}

}  // namespace stetig::tracking
