// Operations on builds of CI systems.
#include <fmt/format.h>

#include "api/v1/connect_fields.h"
#include "api/v1/groups.h"
#include "base/text.h"
#include "connect/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

json::Value OrNull(const std::optional<int64_t>& number) {
  return number ? json::Value(*number) : json::Value();
}

json::Value ToJson(const connect::CiRun& run) {
  const connect::CiResults& results = run.results;
  json::Object object = {
      {"id", run.id},
      {"provider", run.provider},
      {"external_id", run.external_id},
      {"attempt", run.attempt},
      {"project", run.project},
      {"repository", run.repository},
      {"commit", run.commit},
      {"branch", run.branch},
      {"name", run.name},
      {"url", run.url},
      {"status", std::string(connect::CiStatusName(run.status))},
      {"tests", OrNull(results.tests)},
      {"failures", results.failures},
      {"errors", results.errors},
      {"skipped", results.skipped},
      {"line_coverage",
       results.line_coverage ? json::Value(*results.line_coverage) : json::Value()},
      {"findings", OrNull(results.findings)},
      {"finding_errors", results.finding_errors},
      {"recorded_at", TimeOf(run.recorded)},
      {"recorded_by", run.recorded_by}};
  if (run.started) object.emplace_back("started_at", TimeOf(*run.started));
  if (run.finished) object.emplace_back("finished_at", TimeOf(*run.finished));
  return object;
}

std::optional<double> NumberOf(const Call& call, std::string_view name) {
  for (const auto& [key, value] : call.body) {
    if (key != name) continue;
    if (value.AsInt64() != nullptr) return static_cast<double>(*value.AsInt64());
    if (value.AsDouble() != nullptr) return *value.AsDouble();
  }
  return std::nullopt;
}

Result<std::optional<WallTime>> TimeIfGiven(const Call& call, std::string_view name) {
  const std::string text = call.Text(name);
  if (text.empty()) return std::nullopt;
  const auto time = ParseIso8601(text);
  if (time) return *time;
  return Err(Code::kInvalidArgument,
             fmt::format("field '{}' is '{}', expected a time such as 2026-11-27T08:00:00Z", name,
                         FirstCodePoints(text, 80)),
             "invalid_field");
}

Task<Reply> RecordCiRun(Call call) {
  connect::CiRun run{.id = {},
                     .provider = call.Text("provider"),
                     .external_id = call.Text("external_id"),
                     .attempt = IntegerOf(call, "attempt").value_or(1),
                     .project = call.Text("project"),
                     .repository = call.Text("repository"),
                     .commit = call.Text("commit"),
                     .branch = call.Text("branch"),
                     .name = call.Text("name"),
                     .url = call.Text("url")};
  run.status = connect::ParseCiStatus(call.Text("status")).value_or(connect::CiStatus::kRunning);
  run.results = {.tests = IntegerOf(call, "tests"),
                 .failures = IntegerOf(call, "failures").value_or(0),
                 .errors = IntegerOf(call, "errors").value_or(0),
                 .skipped = IntegerOf(call, "skipped").value_or(0),
                 .line_coverage = NumberOf(call, "line_coverage"),
                 .findings = IntegerOf(call, "findings"),
                 .finding_errors = IntegerOf(call, "finding_errors").value_or(0)};
  ASSIGN_OR_CO_RETURN(run.started, TimeIfGiven(call, "started_at"));
  ASSIGN_OR_CO_RETURN(run.finished, TimeIfGiven(call, "finished_at"));
  auto recorded =
      co_await call.context.connect.RecordCiRun(call.who, std::move(run), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::CiRun kept, std::move(recorded));
  co_return Reply{.body = ToJson(kept), .etag = {}, .location = "/ci-runs/" + kept.id};
}

Task<Reply> ListCiRuns(Call call) {
  connect::ListCiRuns request{.project = call.Query("project"),
                              .commit = call.Query("commit"),
                              .status = call.Query("status"),
                              .limit = call.QueryInt("limit", 100),
                              .page_token = call.Query("page_token")};
  auto listed = co_await call.context.connect.FindCiRuns(std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  co_return PageOf(page, [](const auto& item) { return ToJson(item); });
}

Task<Reply> GetCiRun(Call call) {
  auto found = co_await call.context.connect.GetCiRun(call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const connect::CiRun run, std::move(found));
  co_return Reply{.body = ToJson(run), .etag = {}, .location = {}};
}

Property StatusProperty(bool required) {
  return {.name = "status",
          .doc = "How the build stands.",
          .required = required,
          .values = {"running", "passed", "failed", "cancelled"}};
}

std::vector<Property> BuildFields() {
  return {Text("provider", "CI system: gitlab, github, bamboo or another name.", true),
          Text("external_id", "The system's id of the build.", true),
          Count("attempt", "1 for the first, 2 for the first repetition."),
          Text("project", "Project that it belongs to."),
          Text("repository", "URL of the source, as the build saw it."),
          Text("commit", "Full hash of the commit that was built.", true),
          Text("branch", "Branch or tag that was built."),
          Text("name", "Of the job or workflow."),
          Text("url", "Where its log is."),
          StatusProperty(/*required=*/true),
          Count("tests", "Tests that ran or were skipped."),
          Count("failures", "Tests that failed."),
          Count("errors", "Tests that broke."),
          Count("skipped", "Tests that were left out."),
          {.name = "line_coverage",
           .type = Type::kNumber,
           .doc = "Part of the lines that tests ran, 0 to 1."},
          Count("findings", "Findings of analysers."),
          Count("finding_errors", "Findings of level error."),
          Time("started_at", "When it began."),
          Time("finished_at", "When it ended.")};
}

Schema CiRunSchema() {
  Schema schema{.name = "CiRun", .doc = "A build of a CI system.", .properties = {}};
  schema.properties.push_back(Text("id", "ULID.", true));
  for (Property& field : BuildFields()) {
    field.required = !field.name.ends_with("_at");
    field.nullable =
        field.name == "tests" || field.name == "line_coverage" || field.name == "findings";
    schema.properties.push_back(std::move(field));
  }
  schema.properties.push_back(Time("recorded_at", "When it was first recorded.", true));
  schema.properties.push_back(Text("recorded_by", "Who recorded it.", true));
  return schema;
}

std::vector<Operation> BuildOperations() {
  Operation record{.method = Method::kPost,
                   .path = "/ci-runs",
                   .noun = "ci",
                   .verb = "record",
                   .summary = "Books a build, or what is new of one that is known.",
                   .permission = "write",
                   .body = BuildFields(),
                   .body_schema = "NewCiRun",
                   .answer = "CiRun",
                   .examples = {"ci record --provider jenkins --external-id 812 --status passed "
                                "--commit 3f2a91c0d5b7e8f9a1b2c3d4e5f60718293a4b5c"},
                   .act = RecordCiRun};
  Operation list{.method = Method::kGet,
                 .path = "/ci-runs",
                 .noun = "ci",
                 .verb = "list",
                 .summary = "Lists builds, newest first.",
                 .permission = "read",
                 .query = PageParameters(),
                 .answer = "CiRun",
                 .list = true,
                 .shown = {"id", "provider", "name", "status", "commit", "tests", "failures"},
                 .examples = {"ci list --project CHURN --status failed"},
                 .act = ListCiRuns};
  list.query.push_back(Text("project", "Key or id of the project; all if absent."));
  list.query.push_back(Text("commit", "Hash of the commit, or the start of one."));
  list.query.push_back(StatusProperty(/*required=*/false));
  list.query.push_back(FieldsParameter());
  Operation get{.method = Method::kGet,
                .path = "/ci-runs/{id}",
                .noun = "ci",
                .verb = "get",
                .summary = "Shows one build.",
                .permission = "read",
                .answer = "CiRun",
                .examples = {"ci get 01JDN3QZ8W"},
                .act = GetCiRun};
  return {std::move(record), std::move(list), std::move(get)};
}

}  // namespace

Group CiGroup() { return {.operations = BuildOperations(), .schemas = {CiRunSchema()}}; }

}  // namespace stetig::api::v1
