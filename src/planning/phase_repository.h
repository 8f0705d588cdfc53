// The table of phases, and counts of the links that lead to them; the only place with their SQL.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "planning/types.h"
#include "store/database.h"

namespace stetig::planning::repository {

struct PhaseRow {
  std::string status;
  std::string note;
  WallTime updated;
  std::string updated_by;
};

/// Those that somebody has set, by name.
Result<std::map<std::string, PhaseRow>> ReadPhases(store::Session& session, int64_t project_no);
Status PutPhase(store::Transaction& tx, int64_t project_no, std::string_view phase,
                const PhaseRow& row);
/// Links of type "evidence" that lead to each phase of the project and have not ended, by the
/// phase's id.
Result<std::map<std::string, int64_t>> CountPhaseLinks(store::Session& session, int64_t project_no);

}  // namespace stetig::planning::repository
