// The six phases of CRISP-DM, and what in the trace graph speaks for each.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "planning/evidence.h"
#include "planning/types.h"

namespace stetig::planning {

/// Type of a phase as the end of a link; its id is "<id of the project>/<name>".
inline constexpr std::string_view kPhaseType = "phase";

struct PhaseDef {
  std::string_view name;   ///< "data_understanding"
  std::string_view title;  ///< "Data understanding"
  std::string_view doc;    ///< one sentence: what its evidence is
  std::span<const EvidenceRule> derived;
};
/// In their order.
std::span<const PhaseDef> PhaseDefs();
/// Null: there is none. '-' counts as '_'.
const PhaseDef* FindPhase(std::string_view name);

/// The first is that of a phase that nobody has touched. Every move is allowed: CRISP-DM goes back
/// and forth.
std::span<const std::string_view> PhaseStatuses();

}  // namespace stetig::planning
