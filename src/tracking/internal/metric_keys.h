// Numbers of metric keys: each text is stored once for the whole installation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "store/database.h"

namespace stetig::tracking {

/// The number of each key, giving one to those that have none. Two round trips. Errors: as
/// Transaction.
Result<std::vector<int64_t>> InternMetricKeys(store::Transaction& tx,
                                              std::span<const std::string_view> keys);

/// The number of a key; none when no settled point has it. Errors: as Session.
Result<std::optional<int64_t>> FindMetricKey(store::Session& session, std::string_view key);

}  // namespace stetig::tracking
