// Use cases of phases: their status in a project, and their evidence. Asserted evidence is links;
// derived evidence is found in the trace graph each time and kept nowhere.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "planning/internal/scope.h"
#include "planning/internal/visible.h"
#include "planning/link_repository.h"
#include "planning/phase_repository.h"
#include "planning/phases.h"

namespace stetig::planning {
namespace {

constexpr int64_t kMaxAsserted = 500;
constexpr size_t kMaxDerived = 100;

Result<const PhaseDef*> RequirePhase(std::string_view name) {
  if (const PhaseDef* phase = FindPhase(name)) return phase;
  std::vector<std::string_view> names;
  for (const PhaseDef& phase : PhaseDefs()) names.push_back(phase.name);
  return Err(Code::kNotFound,
             fmt::format("there is no phase '{}', expected one of {}", FirstCodePoints(name, 40),
                         fmt::join(names, ", ")),
             "phase_not_found");
}

std::string IdOf(const std::string& project, const PhaseDef& phase) {
  return fmt::format("{}/{}", project, phase.name);
}

PhaseState StateOf(const PhaseDef& phase, const std::map<std::string, repository::PhaseRow>& rows) {
  PhaseState state{.name = std::string(phase.name),
                   .title = std::string(phase.title),
                   .status = std::string(PhaseStatuses().front()),
                   .note = {},
                   .updated = {},
                   .updated_by = {}};
  if (const auto row = rows.find(state.name); row != rows.end()) {
    state.status = row->second.status;
    state.note = row->second.note;
    state.updated = row->second.updated;
    state.updated_by = row->second.updated_by;
  }
  return state;
}

struct Listed {
  std::string project;
  std::vector<PhaseState> states;
};

Result<Listed> ReadStates(store::Session& session, const Principal& who,
                          const std::string& reference) {
  ASSIGN_OR_RETURN(const repository::RecordRow project,
                   internal::ResolveFor(session, who, kProject, reference));
  ASSIGN_OR_RETURN(const auto rows, repository::ReadPhases(session, project.record_no));
  ASSIGN_OR_RETURN(const auto links, repository::CountPhaseLinks(session, project.record_no));
  Listed listed{.project = project.record.id, .states = {}};
  for (const PhaseDef& phase : PhaseDefs()) {
    PhaseState state = StateOf(phase, rows);
    if (const auto count = links.find(IdOf(listed.project, phase)); count != links.end()) {
      state.asserted = count->second;
    }
    listed.states.push_back(std::move(state));
  }
  return listed;
}

Status CheckChange(const SetPhase& request) {
  const auto statuses = PhaseStatuses();
  if (request.status && std::ranges::find(statuses, *request.status) == statuses.end()) {
    return Err(Code::kInvalidArgument,
               fmt::format("field 'status' is '{}', expected one of {}",
                           FirstCodePoints(*request.status, 80), fmt::join(statuses, ", ")),
               "invalid_field");
  }
  const bool plain =
      !request.note || (IsValidUtf8(*request.note) && !request.note->contains('\0') &&
                        CodePoints(*request.note) <= kMaxLine);
  if (plain) return OkStatus();
  return Err(Code::kInvalidArgument,
             fmt::format("field 'note' is no text of at most {} characters without NUL", kMaxLine),
             "invalid_field");
}

Result<PhaseState> Change(store::Transaction& tx, const Principal& who, const SetPhase& request,
                          const PhaseDef& phase, WallTime now) {
  ASSIGN_OR_RETURN(const repository::RecordRow project,
                   internal::ResolveFor(tx, who, kProject, request.project));
  ASSIGN_OR_RETURN(auto rows, repository::ReadPhases(tx, project.record_no));
  const PhaseState before = StateOf(phase, rows);
  repository::PhaseRow row{.status = request.status.value_or(before.status),
                           .note = request.note.value_or(before.note),
                           .updated = now,
                           .updated_by = who.user};
  if (row.status == before.status && row.note == before.note) return before;
  TRY(repository::PutPhase(tx, project.record_no, phase.name, row));
  json::Object payload = {{"project", project.record.key},
                          {"phase", phase.name},
                          {"status", row.status},
                          {"before", before.status},
                          {"note", row.note}};
  TRY(journal::Append(tx, {.time = now,
                           .project = project.record.id,
                           .actor = who.user,
                           .kind = "phase.changed",
                           .subject = {std::string(kPhaseType), IdOf(project.record.id, phase)},
                           .refs = {{std::string(kProject), project.record.id}},
                           .payload = json::Dump(json::Value(std::move(payload))),
                           .request_id = who.request_id}));
  rows[std::string(phase.name)] = std::move(row);
  return StateOf(phase, rows);
}

/// What people named, newest first.
Result<std::vector<EvidenceItem>> ReadAsserted(store::Session& session, const Ref& phase) {
  ASSIGN_OR_RETURN(
      std::vector<repository::LinkRow> rows,
      repository::ListLinks(session,
                            {.to = phase, .type = "evidence", .after = 0, .limit = kMaxAsserted}));
  std::vector<EvidenceItem> items;
  for (repository::LinkRow& row : rows) {
    EvidenceItem item{.ref = std::move(row.link.from),
                      .title = {},
                      .status = {},
                      .since = row.link.created,
                      .basis = std::move(row.link.basis),
                      .joined = {},
                      .note = std::move(row.link.evidence),
                      .by = std::move(row.link.created_by),
                      .link = std::move(row.link.id)};
    if (FindKind(item.ref.type) != nullptr) {
      ASSIGN_OR_RETURN(const auto record, repository::FindById(session, item.ref.id));
      if (record) {
        item.title = record->record.title;
        item.status = record->record.status;
      }
    }
    items.push_back(std::move(item));
  }
  std::ranges::reverse(items);
  return items;
}

}  // namespace

Task<std::vector<PhaseState>> Service::ListPhases(Principal who, std::string project,
                                                  Deadline deadline) {
  auto read = [who = std::move(who), project = std::move(project)](store::Session& session) {
    return ReadStates(session, who, project);
  };
  auto done = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(Listed listed, std::move(done));
  auto found = co_await internal::FindScope(&impl_->db, listed.project, deadline);
  ASSIGN_OR_CO_RETURN(const trace::Scope scope, std::move(found));
  for (PhaseState& state : listed.states) {
    state.derived = FindEvidence(scope, FindPhase(state.name)->derived).count;
  }
  co_return std::move(listed.states);
}

Task<PhaseState> Service::ChangePhase(Principal who, SetPhase request, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const PhaseDef* phase, RequirePhase(request.phase));
  CO_TRY(CheckChange(request));
  const WallTime now = impl_->clock.Now();
  std::string project = request.project;
  auto write = [who, request = std::move(request), phase, now](store::Transaction& tx) {
    return Change(tx, who, request, *phase, now);
  };
  CO_TRY(co_await impl_->db.Write(std::move(write), deadline));
  // With its evidence, as the list shows it.
  auto listed = co_await ListPhases(std::move(who), std::move(project), deadline);
  ASSIGN_OR_CO_RETURN(std::vector<PhaseState> states, std::move(listed));
  co_return std::move(states[static_cast<size_t>(phase - PhaseDefs().data())]);
}

Task<PhaseEvidence> Service::ListPhaseEvidence(Principal who, std::string project,
                                               std::string phase, Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const PhaseDef* def, RequirePhase(phase));
  struct Asserted {
    std::string project;
    std::vector<EvidenceItem> items;
  };
  auto read = [who = std::move(who), project = std::move(project),
               def](store::Session& session) -> Result<Asserted> {
    ASSIGN_OR_RETURN(const repository::RecordRow row,
                     internal::ResolveFor(session, who, kProject, project));
    Asserted asserted{.project = row.record.id, .items = {}};
    ASSIGN_OR_RETURN(asserted.items,
                     ReadAsserted(session, {std::string(kPhaseType), IdOf(row.record.id, *def)}));
    return asserted;
  };
  auto done = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(Asserted asserted, std::move(done));
  auto found = co_await internal::FindScope(&impl_->db, asserted.project, deadline);
  ASSIGN_OR_CO_RETURN(const trace::Scope scope, std::move(found));
  Evidence derived = FindEvidence(scope, def->derived, kMaxDerived);
  PhaseEvidence evidence{.items = std::move(asserted.items),
                         .complete = scope.complete,
                         .applied_seq = scope.applied_seq};
  evidence.complete = evidence.complete && std::ssize(derived.items) == derived.count &&
                      std::ssize(evidence.items) < kMaxAsserted;
  std::ranges::move(derived.items, std::back_inserter(evidence.items));
  co_return evidence;
}

Task<Link> Service::AssertPhaseEvidence(Principal who, NewPhaseEvidence request,
                                        Deadline deadline) {
  ASSIGN_OR_CO_RETURN(const PhaseDef* phase, RequirePhase(request.phase));
  NewLink link{.type = "evidence",
               .from = std::move(request.thing),
               .to = {std::string(kPhaseType), fmt::format("{}/{}", request.project, phase->name)},
               .evidence = std::move(request.note)};
  co_return co_await AddLink(std::move(who), std::move(link), deadline);
}

}  // namespace stetig::planning
