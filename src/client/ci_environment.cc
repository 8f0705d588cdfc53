#include "client/ci_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_value.h"
#include "base/text.h"

namespace stetig::client {
namespace {

constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"running", "running"},    {"in_progress", "running"}, {"passed", "passed"},
    {"success", "passed"},     {"successful", "passed"},   {"failed", "failed"},
    {"failure", "failed"},     {"unstable", "failed"},     {"cancelled", "cancelled"},
    {"canceled", "cancelled"}, {"aborted", "cancelled"}};

std::string First(std::string first, std::string otherwise) {
  return first.empty() ? std::move(otherwise) : std::move(first);
}

/// URLs of CI systems may hold a token.
std::string WithoutLogin(std::string url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const size_t begin = scheme + 3;
  const size_t end = std::min(url.find('/', begin), url.size());
  const size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < begin) return url;
  // A user of ssh says which door it is, and is no secret.
  const size_t colon = std::min(url.find(':', begin), at);
  const bool ssh = url.starts_with("ssh://");
  return url.erase(ssh ? colon : begin, ssh ? at - colon : at + 1 - begin);
}

std::string TimeIfAny(std::string text) {
  return ParseIso8601(text) ? std::move(text) : std::string();
}

CiBuild OfGitLab(const Variables& variable) {
  return {
      .provider = "gitlab",
      .external_id = variable("CI_JOB_ID"),  // another one for each repetition
      .attempt = {},
      .repository = WithoutLogin(variable("CI_PROJECT_URL")),
      .commit = First(variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), variable("CI_COMMIT_SHA")),
      .branch =
          First(variable("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), variable("CI_COMMIT_REF_NAME")),
      .name = variable("CI_JOB_NAME"),
      .url = variable("CI_JOB_URL"),
      .status = CiStatusWord(variable("CI_JOB_STATUS")),
      .started_at = TimeIfAny(variable("CI_JOB_STARTED_AT"))};
}

std::string HeadOf(std::string_view event) {
  const auto document = json::Parse(event);
  const json::Value* at = document ? &*document : nullptr;
  for (const auto* name : {"pull_request", "head", "sha"}) {
    at = at == nullptr ? nullptr : at->Find(name);
  }
  return at == nullptr || at->AsString() == nullptr ? std::string() : *at->AsString();
}

CiBuild OfGitHub(const Variables& variable, std::string_view event) {
  const bool gitea = variable("GITEA_ACTIONS") == "true";
  const std::string job = variable("GITHUB_JOB");
  const std::string workflow = variable("GITHUB_WORKFLOW");
  const std::string run = variable("GITHUB_RUN_ID");
  CiBuild build{.provider = gitea ? "gitea" : "github",
                // A run has many jobs, and each ends in its own way.
                .external_id = job.empty() || run.empty() ? run : run + "/" + job,
                .attempt = variable("GITHUB_RUN_ATTEMPT"),
                .repository = {},
                .commit = First(HeadOf(event), variable("GITHUB_SHA")),
                .branch = First(variable("GITHUB_HEAD_REF"), variable("GITHUB_REF_NAME")),
                .name = workflow.empty() || job.empty() ? workflow + job : workflow + " / " + job,
                .url = {},
                .status = {},
                .started_at = {}};
  const std::string server = variable("GITHUB_SERVER_URL");
  const std::string repository = variable("GITHUB_REPOSITORY");
  if (server.empty() || repository.empty()) return build;
  build.repository = WithoutLogin(fmt::format("{}/{}", server, repository));
  // Pages of Gitea's runs go by another number.
  if (!gitea && !run.empty()) build.url = fmt::format("{}/actions/runs/{}", build.repository, run);
  return build;
}

CiBuild OfBamboo(const Variables& variable) {
  return {.provider = "bamboo",
          .external_id = variable("bamboo_buildResultKey"),
          .attempt = {},
          .repository = WithoutLogin(variable("bamboo_planRepository_repositoryUrl")),
          .commit = variable("bamboo_planRepository_revision"),
          .branch = First(variable("bamboo_planRepository_branchName"),
                          variable("bamboo_planRepository_branch")),
          .name = First(variable("bamboo_buildPlanName"), variable("bamboo_planName")),
          .url = First(variable("bamboo_buildResultsUrl"), variable("bamboo_resultsUrl")),
          .status = {},
          .started_at = TimeIfAny(variable("bamboo_buildTimeStamp"))};
}

}  // namespace

std::string CiStatusWord(std::string_view word) {
  const std::string lower = AsciiLower(word);
  for (const auto& [theirs, ours] : kWords) {
    if (lower == theirs) return std::string(ours);
  }
  return {};
}

std::string CiEventFile(const Variables& variable) {
  const bool pull =
      variable("GITHUB_ACTIONS") == "true" && variable("GITHUB_EVENT_NAME") == "pull_request";
  return pull ? variable("GITHUB_EVENT_PATH") : std::string();
}

CiBuild ReadCiEnvironment(const Variables& variable, std::string_view event) {
  if (variable("GITLAB_CI") == "true") return OfGitLab(variable);
  if (variable("GITHUB_ACTIONS") == "true") return OfGitHub(variable, event);
  if (!variable("bamboo_buildResultKey").empty()) return OfBamboo(variable);
  return {};
}

}  // namespace stetig::client
