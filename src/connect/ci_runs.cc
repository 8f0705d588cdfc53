// Use cases of builds.
#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "base/text.h"
#include "connect/ci_repository.h"
#include "connect/git_output.h"
#include "connect/internal/impl.h"
#include "query/page_token.h"

namespace stetig::connect {
namespace {

constexpr size_t kMaxText = 2'000;
constexpr size_t kMinPrefix = 6;

Status Wrong(std::string_view field, std::string_view found, std::string_view expected) {
  return Err(Code::kInvalidArgument,
             fmt::format("field '{}' is '{}', expected {}", field,
                         FirstCodePoints(CleanGitText(found, 200), 80), expected),
             "invalid_field");
}

Status CheckTexts(const CiRun& run) {
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"provider", &run.provider},
      {"external_id", &run.external_id},
      {"repository", &run.repository},
      {"branch", &run.branch},
      {"name", &run.name},
      {"url", &run.url}};
  for (const auto& [field, text] : texts) {
    if (text->size() > kMaxText || text->contains('\n') || CleanGitText(*text, kMaxText) != *text) {
      return Wrong(field, *text, "a line of at most 2000 bytes without control characters");
    }
  }
  if (run.provider.empty()) return Wrong("provider", "", "the name of the CI system");
  if (run.external_id.empty()) return Wrong("external_id", "", "the system's id of the build");
  if (!run.url.empty() && !run.url.starts_with("https://") && !run.url.starts_with("http://")) {
    return Wrong("url", run.url, "a URL that starts with https:// or http://");
  }
  if (!IsSha(run.commit)) return Wrong("commit", run.commit, "a full hash in lower case");
  return OkStatus();
}

Status CheckNumbers(const CiRun& run) {
  const CiResults& results = run.results;
  const int64_t counts[] = {
      results.tests.value_or(0),    results.failures,      results.errors, results.skipped,
      results.findings.value_or(0), results.finding_errors};
  if (std::ranges::any_of(counts, [](int64_t count) { return count < 0; })) {
    return Err(Code::kInvalidArgument, "a count of the build is negative, expected 0 or more",
               "invalid_field");
  }
  if (run.attempt < 1) {
    return Wrong("attempt", fmt::format("{}", run.attempt), "1 or more");
  }
  if (results.line_coverage && !(*results.line_coverage >= 0 && *results.line_coverage <= 1)) {
    return Wrong("line_coverage", fmt::format("{}", *results.line_coverage), "a number of 0 to 1");
  }
  if (run.started && run.finished && run.finished->ms < run.started->ms) {
    return Err(Code::kInvalidArgument, "the build finished before it started", "invalid_field");
  }
  return OkStatus();
}

Status Note(store::Transaction& tx, const Principal& who, const CiRun& run, WallTime now) {
  json::Object payload = {{"title", run.name.empty() ? run.provider : run.name},
                          {"status", std::string(CiStatusName(run.status))},
                          {"provider", run.provider},
                          {"external_id", run.external_id},
                          {"attempt", run.attempt},
                          {"url", run.url},
                          {"branch", run.branch}};
  const CiResults& results = run.results;
  if (results.tests) {
    payload.emplace_back("tests", *results.tests);
    payload.emplace_back("failures", results.failures);
    payload.emplace_back("errors", results.errors);
    payload.emplace_back("skipped", results.skipped);
  }
  if (results.line_coverage) payload.emplace_back("line_coverage", *results.line_coverage);
  if (results.findings) {
    payload.emplace_back("findings", *results.findings);
    payload.emplace_back("finding_errors", results.finding_errors);
  }
  return journal::Append(tx, {.time = now,
                              .project = run.project,
                              .actor = who.user,
                              .kind = "ci_run.recorded",
                              .subject = {"ci_run", run.id},
                              .refs = {{"commit", run.commit}},
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = who.request_id});
}

/// What a later report says of a build that is known: it adds, and what has ended stays ended.
CiRun Merged(CiRun known, const CiRun& said) {
  const auto take = [](std::string& text, const std::string& later) {
    if (!later.empty()) text = later;
  };
  take(known.project, said.project);
  take(known.repository, said.repository);
  take(known.branch, said.branch);
  take(known.name, said.name);
  take(known.url, said.url);
  known.commit = said.commit;
  if (said.status != CiStatus::kRunning) known.status = said.status;
  if (said.started) known.started = said.started;
  if (said.finished) known.finished = said.finished;
  CiResults& results = known.results;
  if (said.results.tests) {
    results.tests = said.results.tests;
    results.failures = said.results.failures;
    results.errors = said.results.errors;
    results.skipped = said.results.skipped;
  }
  if (said.results.line_coverage) results.line_coverage = said.results.line_coverage;
  if (said.results.findings) {
    results.findings = said.results.findings;
    results.finding_errors = said.results.finding_errors;
  }
  return known;
}

}  // namespace

Task<CiRun> Service::RecordCiRun(Principal who, CiRun run, Deadline deadline) {
  run.commit = AsciiLower(run.commit);
  CO_TRY(CheckTexts(run));
  CO_TRY(CheckNumbers(run));
  auto resolved = co_await impl_->ProjectId(std::move(run.project), deadline);
  ASSIGN_OR_CO_RETURN(run.project, std::move(resolved));
  const WallTime now = impl_->clock.Now();
  run.id = NewUlid(now);
  run.recorded = now;
  run.recorded_by = who.user;
  if (run.status != CiStatus::kRunning && !run.finished) run.finished = now;
  auto write = [who = std::move(who), run = std::move(run),
                now](store::Transaction& tx) -> Result<CiRun> {
    ASSIGN_OR_RETURN(auto known,
                     repository::FindCiRun(tx, run.provider, run.external_id, run.attempt));
    if (!known) {
      TRY(repository::InsertCiRun(tx, run));
      TRY(Note(tx, who, run, now));
      return run;
    }
    if (known->run.commit != run.commit) {
      return Err(
          Code::kFailedPrecondition,
          fmt::format("build {} {} (attempt {}) is known to be of commit {}, found {}",
                      run.provider, run.external_id, run.attempt, known->run.commit, run.commit),
          "ci_run_of_other_commit");
    }
    known->run = Merged(std::move(known->run), run);
    TRY(repository::SetCiRun(tx, *known));
    TRY(Note(tx, who, known->run, now));
    return std::move(known->run);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<CiRun> Service::GetCiRun(std::string id, Deadline deadline) {
  auto read = [id = std::move(id)](store::Session& session) -> Result<CiRun> {
    std::vector<repository::CiRunRow> rows;
    if (id.size() >= kMinPrefix) {
      ASSIGN_OR_RETURN(rows, repository::FindCiRuns(session, id));
    }
    if (rows.empty()) {
      return Err(Code::kNotFound, fmt::format("build '{}' not found", FirstCodePoints(id, 80)),
                 "ci_run_not_found");
    }
    if (rows.size() > 1) {
      return Err(Code::kInvalidArgument,
                 fmt::format("'{}' fits builds {} and {}, expected more of the id", id,
                             rows[0].run.id, rows[1].run.id),
                 "ambiguous_prefix");
    }
    return std::move(rows.front().run);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<Page<CiRun>> Service::FindCiRuns(ListCiRuns request, Deadline deadline) {
  CO_TRY(CheckLimit(request.limit));
  if (!request.status.empty() && !ParseCiStatus(request.status)) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("parameter 'status' is '{}', expected running, passed, failed or "
                              "cancelled",
                              FirstCodePoints(request.status, 80)),
                  "invalid_parameter");
  }
  auto resolved = co_await impl_->ProjectId(std::move(request.project), deadline);
  ASSIGN_OR_CO_RETURN(const std::string project, std::move(resolved));
  const uint64_t print = query::Fingerprint("connect_ci_runs")
                             .Add(project)
                             .Add(request.commit)
                             .Add(request.status)
                             .value();
  ASSIGN_OR_CO_RETURN(const int64_t before, PlaceOf(request.page_token, print));
  repository::CiRunListing listing{.project = project,
                                   .commit = AsciiLower(request.commit),
                                   .status = request.status,
                                   .before = before,
                                   .limit = request.limit + 1};
  auto read = [listing = std::move(listing), limit = request.limit,
               print](store::Session& session) -> Result<Page<CiRun>> {
    ASSIGN_OR_RETURN(auto rows, repository::ListCiRuns(session, listing));
    return ToPage<CiRun>(
        std::move(rows), limit, print,
        [](const repository::CiRunRow& row) { return row.ci_run_no; },
        [](repository::CiRunRow& row) { return std::move(row.run); });
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::connect
