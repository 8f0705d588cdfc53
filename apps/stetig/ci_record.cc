// `stetig ci record`: books the build that runs it, with the reports that it left behind.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/v1/table.h"
#include "base/text.h"
#include "client/ci_environment.h"
#include "client/output.h"
#include "io/file.h"
#include "operation.h"
#include "reports/reports.h"
#include "resources.h"

namespace stetig::app {
namespace {

using api::v1::Operation;
using api::v1::Property;

constexpr size_t kMaxEvent = size_t{32} << 20;

struct Record {
  Asked asked;
  std::string status;
  std::vector<std::string> junit;
  std::vector<std::string> coverage;
  std::vector<std::string> sarif;
};

std::string Variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::string() : value;
}

client::CiBuild ReadEnvironment() {
  std::string event;
  if (const std::string path = client::CiEventFile(Variable); !path.empty()) {
    event = io::ReadFile(io::Env::System(), path, kMaxEvent).value_or("");
  }
  return client::ReadCiEnvironment(Variable, event);
}

/// Reads a report and says of an error which file it is in.
template <class Read>
Status ReadReport(const std::string& path, Read read) {
  auto text = io::ReadFile(io::Env::System(), path, reports::kMaxFile);
  Status status = text ? read(*text) : text.error();
  if (status.ok()) return status;
  return {text ? status.code() : Code::kInvalidArgument,
          fmt::format("{}: {}", path, status.message()), std::string(status.detail())};
}

Status AddTests(const Record& record, json::Value& body) {
  if (record.junit.empty()) return OkStatus();
  reports::TestCounts sum;
  for (const std::string& path : record.junit) {
    TRY(ReadReport(path, [&](std::string_view text) -> Status {
      ASSIGN_OR_RETURN(const reports::TestCounts counts, reports::ReadJUnit(text));
      sum.tests += counts.tests;
      sum.failures += counts.failures;
      sum.errors += counts.errors;
      sum.skipped += counts.skipped;
      return OkStatus();
    }));
  }
  body.Set("tests", sum.tests);
  body.Set("failures", sum.failures);
  body.Set("errors", sum.errors);
  body.Set("skipped", sum.skipped);
  return OkStatus();
}

Status AddCoverage(const Record& record, json::Value& body) {
  if (record.coverage.empty()) return OkStatus();
  reports::LineCoverage sum;
  for (const std::string& path : record.coverage) {
    TRY(ReadReport(path, [&](std::string_view text) { return sum.Add(text); }));
  }
  const auto rate = sum.Rate();
  if (!rate) {
    return {
        Code::kInvalidArgument,
        Say("{}: no line is named, expected those that tests could run", record.coverage.front()),
        reports::kMalformedReport};
  }
  body.Set("line_coverage", *rate);
  return OkStatus();
}

Status AddFindings(const Record& record, json::Value& body) {
  if (record.sarif.empty()) return OkStatus();
  reports::FindingCounts sum;
  for (const std::string& path : record.sarif) {
    TRY(ReadReport(path, [&](std::string_view text) -> Status {
      ASSIGN_OR_RETURN(const reports::FindingCounts counts, reports::ReadSarif(text));
      sum.findings += counts.findings;
      sum.errors += counts.errors;
      return OkStatus();
    }));
  }
  body.Set("findings", sum.findings);
  body.Set("finding_errors", sum.errors);
  return OkStatus();
}

void AddEnvironment(const client::CiBuild& build, json::Value& body) {
  const std::pair<const char*, const std::string*> texts[] = {{"provider", &build.provider},
                                                              {"external_id", &build.external_id},
                                                              {"repository", &build.repository},
                                                              {"commit", &build.commit},
                                                              {"branch", &build.branch},
                                                              {"name", &build.name},
                                                              {"url", &build.url},
                                                              {"started_at", &build.started_at}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) body.Set(name, *text);
  }
  if (const auto attempt = ParseInt64(build.attempt)) body.Set("attempt", *attempt);
}

/// What was said of the end; failed tests where nothing was.
Result<std::string> StatusOf(const Record& record, const client::CiBuild& build,
                             const json::Value& body) {
  if (!record.status.empty()) {
    std::string word = client::CiStatusWord(record.status);
    if (!word.empty()) return word;
    return Err(Code::kInvalidArgument,
               Say("--status is '{}', expected running, passed, failed or cancelled, or the word "
                   "of the CI system",
                   FirstCodePoints(record.status, 80)));
  }
  if (!build.status.empty()) return build.status;
  for (const auto* name : {"failures", "errors"}) {
    const json::Value* count = body.Find(name);
    if (count != nullptr && *count->AsInt64() > 0) return "failed";
  }
  return "running";
}

Status CheckNamed(const Record& record, const json::Value& body) {
  for (const auto* name : {"provider", "external_id", "commit"}) {
    const bool given = std::ranges::any_of(
        record.asked.body, [&](const auto& pair) { return pair.first->name == name; });
    if (given || body.Find(name) != nullptr) continue;
    std::string flag = name;
    std::ranges::replace(flag, '_', '-');
    return {Code::kInvalidArgument,
            Say("--{} is missing: the environment does not say it, as GitLab, GitHub, Gitea and "
                "Bamboo do",
                flag)};
  }
  return OkStatus();
}

Result<json::Value> Describe(const Record& record) {
  const client::CiBuild build = ReadEnvironment();
  json::Value body{json::Object()};
  AddEnvironment(build, body);
  TRY(CheckNamed(record, body));
  TRY(AddTests(record, body));
  TRY(AddCoverage(record, body));
  TRY(AddFindings(record, body));
  ASSIGN_OR_RETURN(std::string status, StatusOf(record, build, body));
  body.Set("status", std::move(status));
  return body;
}

int Run(const Operation& operation, const Record& record) {
  const bool as_json = record.asked.output == "json";
  auto body = Describe(record);
  if (!body) return FailRequest(body.error(), as_json, "ci");
  Asked asked = record.asked;
  asked.data = json::Dump(*body);
  const int code = RunOperation(operation, asked);
  if (code == kDone && *body->Find("status")->AsString() == "running" && !asked.quiet && !as_json) {
    fmt::print(stderr, "{}\n", Say("(booked as running: tell how it ends with --status)"));
  }
  return code;
}

void AddFieldFlag(CLI::App& command, const Property& property, Record& record) {
  std::string flag = property.name;
  std::ranges::replace(flag, '_', '-');
  command
      .add_option_function<std::string>(
          "--" + flag,
          [&record, &property](const std::string& value) {
            record.asked.body.emplace_back(&property, value);
          },
          Translated(property.doc))
      ->type_name(property.type == api::v1::Type::kString ? "TEXT" : "N");
}

void AddReportFlag(CLI::App& command, const std::string& flag, std::vector<std::string>& paths,
                   std::string doc) {
  command.add_option(flag, paths, std::move(doc))->type_name("FILE")->allow_extra_args(false);
}

void AddFlags(CLI::App& command, const Operation& operation, Record& record) {
  AddReportFlag(command, "--junit", record.junit, Say("Results of tests, JUnit XML"));
  AddReportFlag(command, "--coverage", record.coverage,
                Say("Coverage of lines, Cobertura XML or LCOV"));
  AddReportFlag(command, "--sarif", record.sarif, Say("Findings of analysers, SARIF 2.1.0"));
  command
      .add_option("--status", record.status,
                  Say("How it stands: running, passed, failed, cancelled, or the word of the CI "
                      "system"))
      ->type_name("WORD");
  for (const Property& property : operation.body) {
    if (property.name != "status") AddFieldFlag(command, property, record);
  }
  command
      .add_option("--server", record.asked.server,
                  Say("URL or context of the server [STETIG_SERVER]"))
      ->type_name("URL");
  command
      .add_option("-o,--output", record.asked.output,
                  Say("One of {}; auto: a table on a terminal, else tab-separated",
                      fmt::format("{}", fmt::join(client::OutputForms(), ", "))))
      ->check(CLI::IsMember(client::OutputForms()))
      ->type_name("FORM");
  command
      .add_option("--pick", record.asked.pick,
                  Say("Prints only what a path finds: .title, .items[].key"))
      ->type_name("PATH");
  command.add_flag("-q,--quiet", record.asked.quiet, Say("Only the answer, no remarks"));
}

}  // namespace

void AddCiRecord(CLI::App& app, Invocation& in) {
  if (!in.Wants("ci")) return;
  const auto& all = api::v1::Operations();
  const auto found = std::ranges::find_if(all, [](const Operation& operation) {
    return operation.noun == "ci" && operation.verb == "record";
  });
  auto record = std::make_shared<Record>();
  CLI::App* command = app.get_subcommand("ci")->add_subcommand(
      "record", Say("Books the build that runs this, with its reports"));
  AddFlags(*command, *found, *record);
  command->footer(
      Say("What GitLab, GitHub, Gitea and Bamboo say in the environment need not be said again; "
          "flags come on top. Reports may be given more than once and are read here: only their "
          "sums are sent.") +
      "\n\n" +
      Examples({"ci record --junit junit.xml --coverage coverage.xml --sarif lint.sarif",
                "ci record --provider jenkins --external-id 812 --commit \"$GIT_COMMIT\" "
                "--status \"$RESULT\""}));
  command->callback([record, &in, &operation = *found] {
    in.action = [record, &operation] { return Run(operation, *record); };
  });
}

}  // namespace stetig::app
