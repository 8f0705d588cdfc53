// The maturity page of a project: which boxes of the model of levels are ticked, and by what.
#include <algorithm>

#include "planning/internal/scope.h"
#include "planning/internal/visible.h"
#include "planning/maturity_rules.h"

namespace stetig::planning {
namespace {

MaturityBox BoxOf(const BoxDef& def, const trace::Scope& scope) {
  std::vector<EvidenceRule> rules;
  for (const EvidenceRule& rule : def.any) {
    if (!rule.node_type.empty() || !rule.phase.empty()) rules.push_back(rule);
  }
  Evidence found = FindEvidence(scope, rules);
  const auto parts = RecordedParts();
  const bool recorded = std::ranges::find(parts, def.part) != parts.end();
  MaturityBox box{.level = def.level,
                  .id = std::string(def.id),
                  .group = std::string(def.group),
                  .title = std::string(def.title),
                  .source = std::string(def.source),
                  .optional = def.optional,
                  .state = found.count > 0 ? BoxState::kTicked
                           : recorded      ? BoxState::kOpen
                                           : BoxState::kNotRecorded,
                  .missing = {},
                  .count = found.count,
                  .evidence = std::move(found.items)};
  if (box.state == BoxState::kNotRecorded) box.missing = def.part;
  return box;
}

/// The highest level up to which nothing that is needed is missing.
std::optional<int> LevelOf(const std::vector<MaturityBox>& boxes) {
  std::optional<int> reached;
  for (int level = 0; level <= kTopLevel; ++level) {
    const bool all = std::ranges::all_of(boxes, [level](const MaturityBox& box) {
      return box.level != level || box.optional || box.state == BoxState::kTicked;
    });
    if (!all) break;
    reached = level;
  }
  return reached;
}

}  // namespace

Task<Maturity> Service::GetMaturity(Principal who, std::string project, Deadline deadline) {
  auto read = [who = std::move(who),
               project = std::move(project)](store::Session& session) -> Result<std::string> {
    ASSIGN_OR_RETURN(const repository::RecordRow row,
                     internal::ResolveFor(session, who, kProject, project));
    return row.record.id;
  };
  auto done = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(const std::string id, std::move(done));
  auto found = co_await internal::FindScope(&impl_->db, id, deadline);
  ASSIGN_OR_CO_RETURN(const trace::Scope scope, std::move(found));
  Maturity maturity{.project = id,
                    .level = {},
                    .boxes = {},
                    .complete = scope.complete,
                    .applied_seq = scope.applied_seq};
  for (const BoxDef& def : BoxDefs()) maturity.boxes.push_back(BoxOf(def, scope));
  maturity.level = LevelOf(maturity.boxes);
  co_return maturity;
}

}  // namespace stetig::planning
