#include "planning/phase_repository.h"

namespace stetig::planning::repository {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kRead{
    "SELECT phase, status, note, updated_at, updated_by FROM planning_phases WHERE project_no = "
    "$1"};
constexpr Statement kPut{
    "INSERT INTO planning_phases (project_no, phase, status, note, updated_at, updated_by) VALUES "
    "($1, $2, $3, $4, $5, $6) ON CONFLICT (project_no, phase) DO UPDATE SET status = "
    "excluded.status, note = excluded.note, updated_at = excluded.updated_at, updated_by = "
    "excluded.updated_by"};
constexpr Statement kCountLinks{
    "SELECT to_id, count(*) FROM planning_links WHERE project_no = $1 AND to_type = 'phase' AND "
    "type = 'evidence' AND ended_at IS NULL GROUP BY to_id"};

}  // namespace

Result<std::map<std::string, PhaseRow>> ReadPhases(store::Session& session, int64_t project_no) {
  std::map<std::string, PhaseRow> rows;
  TRY(session.Query(kRead, {project_no}, [&](const Row& row) {
    rows.emplace(row.Text(0), PhaseRow{.status = std::string(row.Text(1)),
                                       .note = std::string(row.Text(2)),
                                       .updated = {row.Int(3)},
                                       .updated_by = std::string(row.Text(4))});
    return OkStatus();
  }));
  return rows;
}

Status PutPhase(store::Transaction& tx, int64_t project_no, std::string_view phase,
                const PhaseRow& row) {
  return tx.Execute(kPut,
                    {project_no, phase, row.status, row.note, row.updated.ms, row.updated_by});
}

Result<std::map<std::string, int64_t>> CountPhaseLinks(store::Session& session,
                                                       int64_t project_no) {
  std::map<std::string, int64_t> counts;
  TRY(session.Query(kCountLinks, {project_no}, [&](const Row& row) {
    counts.emplace(row.Text(0), row.Int(1));
    return OkStatus();
  }));
  return counts;
}

}  // namespace stetig::planning::repository
