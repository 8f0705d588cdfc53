// What should be joined with what: a declarative list. A node without it has a gap, which a gate
// can block on.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "trace/types.h"

namespace stetig::trace {

/// `node_type` nodes (of `only_status`, when that is not empty: words joined by "|") must reach a
/// node of one of the `wanted` types (and of `wanted_status`) over at most `depth` edges in
/// `direction`.
struct GapRule {
  std::string_view id;
  std::string_view node_type;
  std::string_view only_status;
  Direction direction;                     ///< never kBoth
  std::array<std::string_view, 6> wanted;  ///< empty ones do not count
  std::string_view wanted_status;
  int depth;  ///< 1: neighbours; kWholeChain: however far, but not through what came after delivery
  std::string_view sentence;  ///< after "run 4f1c…"
};
inline constexpr int kWholeChain = 64;

/// Whether `status` is one of `words`, which "|" joins; any is when there are none.
bool StatusIs(std::string_view words, std::string_view status);

/// All rules, those of one type of node together.
std::span<const GapRule> GapRules();
/// Whether a search along a chain ends at nodes of this type: behind them another cycle begins.
bool EndsChain(std::string_view node_type);

}  // namespace stetig::trace
