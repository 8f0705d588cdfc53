// The order of a search's answers: MLflow's `order_by` strings, `[entity.]key [ASC|DESC]`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "query/filter.h"

namespace stetig::query {

struct Order {
  Field field;
  bool ascending = true;
  friend bool operator==(const Order&, const Order&) = default;
};

inline constexpr size_t kMaxOrders = 32;

/// Parses each string; the default order of the subject is the caller's to append.
/// kInvalidArgument: cannot be parsed, an unknown or repeated field, more than kMaxOrders. Not for
/// logged models, whose order is a list of objects (see ParseOrderField).
Result<std::vector<Order>> ParseOrderBy(std::span<const std::string> order_by, Subject subject);

/// The field of one order of logged models: an attribute or `metrics.key`, without quotes: the key
/// is all that follows the first dot.
Result<Field> ParseOrderField(std::string_view field_name);

}  // namespace stetig::query
