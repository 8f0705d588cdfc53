#include "connect/ci_repository.h"

namespace stetig::connect::repository {
namespace {

using store::Literal;
using store::Row;
using store::SqlBuilder;
using store::Statement;
using store::Value;

constexpr Literal kSelect =
    "SELECT ci_run_no, id, provider, external_id, attempt, project, repository, commit_sha, "
    "branch, name, url, status, tests, failures, errors, skipped, line_coverage, findings, "
    "finding_errors, recorded_at, recorded_by, started_at, finished_at FROM connect_ci_runs ";
constexpr Statement kNext{"SELECT coalesce(max(ci_run_no), 0) + 1 FROM connect_ci_runs"};
constexpr Statement kInsert{
    "INSERT INTO connect_ci_runs (ci_run_no, id, provider, external_id, attempt, project, "
    "repository, commit_sha, branch, name, url, status, tests, failures, errors, skipped, "
    "line_coverage, findings, finding_errors, recorded_at, recorded_by, started_at, finished_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
    "$20, $21, $22, $23)"};
constexpr Statement kSet{
    "UPDATE connect_ci_runs SET project = $2, repository = $3, commit_sha = $4, branch = $5, name "
    "= $6, url = $7, status = $8, tests = $9, failures = $10, errors = $11, skipped = $12, "
    "line_coverage = $13, findings = $14, finding_errors = $15, started_at = $16, finished_at = "
    "$17 WHERE ci_run_no = $1"};

Value OrNull(const std::optional<int64_t>& number) { return number ? Value(*number) : Value(); }
Value OrNull(const std::optional<double>& number) { return number ? Value(*number) : Value(); }
Value OrNull(const std::optional<WallTime>& time) { return time ? Value(time->ms) : Value(); }

std::optional<WallTime> TimeAt(const Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(WallTime{row.Int(column)});
}

CiRunRow ToRun(const Row& row) {
  CiRunRow found{.ci_run_no = row.Int(0), .run = {}};
  CiRun& run = found.run;
  run.id = row.Text(1);
  run.provider = row.Text(2);
  run.external_id = row.Text(3);
  run.attempt = row.Int(4);
  run.project = row.Text(5);
  run.repository = row.Text(6);
  run.commit = row.Text(7);
  run.branch = row.Text(8);
  run.name = row.Text(9);
  run.url = row.Text(10);
  run.status = ParseCiStatus(row.Text(11)).value_or(CiStatus::kRunning);
  if (!row.IsNull(12)) run.results.tests = row.Int(12);
  run.results.failures = row.Int(13);
  run.results.errors = row.Int(14);
  run.results.skipped = row.Int(15);
  if (!row.IsNull(16)) run.results.line_coverage = row.Real(16);
  if (!row.IsNull(17)) run.results.findings = row.Int(17);
  run.results.finding_errors = row.Int(18);
  run.recorded = {row.Int(19)};
  run.recorded_by = row.Text(20);
  run.started = TimeAt(row, 21);
  run.finished = TimeAt(row, 22);
  return found;
}

Result<std::vector<CiRunRow>> Rows(store::Session& session, const SqlBuilder& sql) {
  std::vector<CiRunRow> rows;
  TRY(session.Query(sql, [&](const Row& row) {
    rows.push_back(ToRun(row));
    return OkStatus();
  }));
  return rows;
}

}  // namespace

Result<std::optional<CiRunRow>> FindCiRun(store::Session& session, std::string_view provider,
                                          std::string_view external_id, int64_t attempt) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE provider = ").Bind(provider).Add(" AND external_id = ").Bind(external_id);
  sql.Add(" AND attempt = ").Bind(attempt);
  ASSIGN_OR_RETURN(auto rows, Rows(session, sql));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

Result<std::vector<CiRunRow>> FindCiRuns(store::Session& session, std::string_view id) {
  SqlBuilder sql(kSelect);
  // Ids are upper-case letters and digits: what starts with `id` lies before it with a '_' behind.
  sql.Add("WHERE id >= ").Bind(id).Add(" AND id < ").Bind(std::string(id) + "_");
  sql.Add(" ORDER BY id LIMIT 2");
  return Rows(session, sql);
}

Status InsertCiRun(store::Transaction& tx, const CiRun& run) {
  int64_t number = 0;
  TRY(tx.Query(kNext, {}, [&](const Row& row) {
    number = row.Int(0);
    return OkStatus();
  }));
  const CiResults& results = run.results;
  return tx.Execute(kInsert, {number,
                              run.id,
                              run.provider,
                              run.external_id,
                              run.attempt,
                              run.project,
                              run.repository,
                              run.commit,
                              run.branch,
                              run.name,
                              run.url,
                              CiStatusName(run.status),
                              OrNull(results.tests),
                              results.failures,
                              results.errors,
                              results.skipped,
                              OrNull(results.line_coverage),
                              OrNull(results.findings),
                              results.finding_errors,
                              run.recorded.ms,
                              run.recorded_by,
                              OrNull(run.started),
                              OrNull(run.finished)});
}

Status SetCiRun(store::Transaction& tx, const CiRunRow& row) {
  const CiRun& run = row.run;
  const CiResults& results = run.results;
  return tx.Execute(
      kSet, {row.ci_run_no, run.project, run.repository, run.commit, run.branch, run.name, run.url,
             CiStatusName(run.status), OrNull(results.tests), results.failures, results.errors,
             results.skipped, OrNull(results.line_coverage), OrNull(results.findings),
             results.finding_errors, OrNull(run.started), OrNull(run.finished)});
}

Result<std::vector<CiRunRow>> ListCiRuns(store::Session& session, const CiRunListing& listing) {
  SqlBuilder sql(kSelect);
  sql.Add("WHERE 1 = 1");
  if (!listing.project.empty()) sql.Add(" AND project = ").Bind(listing.project);
  if (!listing.commit.empty()) {
    sql.Add(" AND commit_sha >= ").Bind(listing.commit);
    sql.Add(" AND commit_sha < ").Bind(listing.commit + "g");
  }
  if (!listing.status.empty()) sql.Add(" AND status = ").Bind(listing.status);
  if (listing.before > 0) sql.Add(" AND ci_run_no < ").Bind(listing.before);
  sql.Add(" ORDER BY ci_run_no DESC LIMIT ").Bind(listing.limit);
  return Rows(session, sql);
}

}  // namespace stetig::connect::repository
