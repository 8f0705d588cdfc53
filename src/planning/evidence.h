// What counts as evidence, for phases of CRISP-DM and for levels of maturity alike: a pattern over
// the trace graph of a project. Pure functions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "planning/types.h"
#include "trace/types.h"

namespace stetig::planning {

/// A node of `node_type` that fits everything else that is not empty. Never one that was deleted.
struct EvidenceRule {
  std::string_view node_type;
  std::string_view status = {};     ///< one of these, which "|" joins
  std::string_view came_from = {};  ///< an edge leads to it from a node of this type
  std::string_view led_to = {};     ///< an edge leads from it to a node of this type
  std::string_view attribute = {};  ///< NAME=TEXT: what its events say
  /// A person said that it is evidence for this phase; then `node_type` may be empty: anything.
  std::string_view phase = {};
};

/// At most this many items are shown of what one rule finds; all are counted.
inline constexpr size_t kShownEvidence = 5;

/// Evidence of a box or a phase: how much there is, and the newest of it.
struct Evidence {
  int64_t count = 0;
  std::vector<EvidenceItem> items;  ///< newest first
};

/// What `rules` find in the scope, each node once. `most`: items to keep.
Evidence FindEvidence(const trace::Scope& scope, std::span<const EvidenceRule> rules,
                      size_t most = kShownEvidence);

}  // namespace stetig::planning
