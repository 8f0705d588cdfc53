// Small conversions between rows and values, shared by the repositories.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/database.h"
#include "tracking/internal/run_ref.h"
#include "tracking/types.h"

namespace stetig::tracking {

/// NULL or the value. A text must outlive the call that takes it.
store::Value OrNull(std::optional<int64_t> value);
store::Value OrNull(const std::optional<std::string>& text);
/// NULL for an empty text.
store::Value OrNull(std::string_view text);

/// NULL for NaN, and NaN for NULL.
store::Value RealOrNull(double value);
double RealOrNan(const store::Row& row, int column);

/// None for NULL.
std::optional<int64_t> OptionalInt(const store::Row& row, int column);
std::optional<std::string> OptionalText(const store::Row& row, int column);

/// Runs `statement` with ($1 = owner, $2 = key, $3 = value) for each item, in order, in one batch.
Status ExecuteForEach(store::Transaction& tx, const store::Statement& statement, int64_t owner,
                      std::span<const KeyValue> items);

std::vector<int64_t> RunNumbers(std::span<const RunRef> runs);

/// Runs `statement` ($1 = number) for each number in one round trip: `on_row(i, row)` for
/// numbers[i].
Status QueryForEach(store::Session& session, const store::Statement& statement,
                    std::span<const int64_t> numbers,
                    std::move_only_function<Status(size_t, const store::Row&)> on_row);
/// The same for a statement that yields (key, value).
Status ReadKeyValues(store::Session& session, const store::Statement& statement,
                     std::span<const int64_t> numbers,
                     std::move_only_function<void(size_t, KeyValue)> on_item);

}  // namespace stetig::tracking
