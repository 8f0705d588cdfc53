#include "planning/criteria.h"

#include <fmt/format.h>

namespace stetig::planning {
namespace {

/// The first clause that is not about a metric.
const query::Clause* FindForeign(const query::Node& node) {
  if (node.kind == query::Node::Kind::kClause) {
    return node.clause.field.entity == query::Entity::kMetric ? nullptr : &node.clause;
  }
  for (const query::Node& child : node.children) {
    if (const query::Clause* foreign = FindForeign(child)) return foreign;
  }
  return nullptr;
}

}  // namespace

Result<query::Node> ParseCriterion(std::string_view text) {
  auto filter = query::ParseFilter(text, query::Subject::kRuns);
  if (!filter) {
    return Err(Code::kInvalidArgument,
               fmt::format("criterion '{}' cannot be read, expected a condition on metrics such as "
                           "metrics.accuracy >= 0.9: {}",
                           text, filter.error().message()));
  }
  if (!*filter) {
    return Err(Code::kInvalidArgument,
               "a criterion is empty, expected a condition such as metrics.accuracy >= 0.9");
  }
  if (const query::Clause* foreign = FindForeign(**filter)) {
    return Err(Code::kInvalidArgument,
               fmt::format("criterion '{}' compares '{}', expected metrics only", text,
                           foreign->field.key));
  }
  return std::move(**filter);
}

}  // namespace stetig::planning
