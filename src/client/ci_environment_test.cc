#include "client/ci_environment.h"

#include <gtest/gtest.h>

#include <map>

namespace stetig::client {
namespace {

using Set = std::map<std::string, std::string, std::less<>>;

Variables Of(Set set) {
  return [set = std::move(set)](std::string_view name) {
    const auto found = set.find(name);
    return found == set.end() ? std::string() : found->second;
  };
}

Set With(Set set, const Set& more) {
  for (const auto& [name, value] : more) set[name] = value;
  return set;
}

// Values as https://docs.gitlab.com/ci/variables/predefined_variables shows them.
const Set kGitLab = {{"GITLAB_CI", "true"},
                     {"CI_JOB_ID", "7012"},
                     {"CI_PROJECT_URL", "https://gitlab.example.com/ml/churn"},
                     {"CI_REPOSITORY_URL", "https://gitlab-ci-token:secret@gitlab.example.com/x"},
                     {"CI_COMMIT_SHA", "1ecfd275763eff1d6b4844ea3168962458c9f27a"},
                     {"CI_COMMIT_REF_NAME", "main"},
                     {"CI_JOB_NAME", "test"},
                     {"CI_JOB_URL", "https://gitlab.example.com/ml/churn/-/jobs/7012"},
                     {"CI_JOB_STATUS", "success"},
                     {"CI_JOB_STARTED_AT", "2026-11-27T15:04:05Z"}};

const Set kGitHub = {
    {"GITHUB_ACTIONS", "true"},          {"GITHUB_RUN_ID", "1658821493"},
    {"GITHUB_RUN_ATTEMPT", "3"},         {"GITHUB_JOB", "build"},
    {"GITHUB_WORKFLOW", "CI"},           {"GITHUB_SERVER_URL", "https://github.com"},
    {"GITHUB_REPOSITORY", "octo/churn"}, {"GITHUB_SHA", "ffac537e6cbbf934b08745a378932722df287a53"},
    {"GITHUB_REF_NAME", "main"}};

TEST(CiEnvironment, OfGitLab) {
  EXPECT_EQ(ReadCiEnvironment(Of(kGitLab), ""),
            (CiBuild{.provider = "gitlab",
                     .external_id = "7012",
                     .attempt = "",
                     .repository = "https://gitlab.example.com/ml/churn",
                     .commit = "1ecfd275763eff1d6b4844ea3168962458c9f27a",
                     .branch = "main",
                     .name = "test",
                     .url = "https://gitlab.example.com/ml/churn/-/jobs/7012",
                     .status = "passed",
                     .started_at = "2026-11-27T15:04:05Z"}));
}

TEST(CiEnvironment, OfAMergedResultOfGitLabIsTheCommitThatWasPushed) {
  const CiBuild build = ReadCiEnvironment(
      Of(With(kGitLab, {{"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", std::string(40, 'a')},
                        {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "topic"},
                        {"CI_JOB_STARTED_AT", "soon"}})),
      "");
  EXPECT_EQ(build.commit, std::string(40, 'a'));
  EXPECT_EQ(build.branch, "topic");
  EXPECT_EQ(build.started_at, "");
}

TEST(CiEnvironment, OfGitHub) {
  EXPECT_EQ(ReadCiEnvironment(Of(kGitHub), ""),
            (CiBuild{.provider = "github",
                     .external_id = "1658821493/build",
                     .attempt = "3",
                     .repository = "https://github.com/octo/churn",
                     .commit = "ffac537e6cbbf934b08745a378932722df287a53",
                     .branch = "main",
                     .name = "CI / build",
                     .url = "https://github.com/octo/churn/actions/runs/1658821493",
                     .status = "",
                     .started_at = ""}));
}

TEST(CiEnvironment, OfAPullRequestOfGitHubIsItsHead) {
  const Variables variables = Of(With(kGitHub, {{"GITHUB_EVENT_NAME", "pull_request"},
                                                {"GITHUB_EVENT_PATH", "/home/event.json"},
                                                {"GITHUB_HEAD_REF", "topic"},
                                                {"GITHUB_REF_NAME", "7/merge"}}));
  EXPECT_EQ(CiEventFile(variables), "/home/event.json");
  const CiBuild build =
      ReadCiEnvironment(variables, R"({"pull_request": {"head": {"sha": "abc"}}})");
  EXPECT_EQ(build.commit, "abc");
  EXPECT_EQ(build.branch, "topic");
  for (const auto* broken : {"", "{", "[]", R"({"pull_request": {"head": 1}})"}) {
    EXPECT_EQ(ReadCiEnvironment(variables, broken).commit,
              "ffac537e6cbbf934b08745a378932722df287a53");
  }
  EXPECT_EQ(CiEventFile(Of(kGitHub)), "");
}

TEST(CiEnvironment, OfGitea) {
  const CiBuild build = ReadCiEnvironment(Of(With(kGitHub, {{"GITEA_ACTIONS", "true"}})), "");
  EXPECT_EQ(build.provider, "gitea");
  EXPECT_EQ(build.url, "");
}

TEST(CiEnvironment, OfBamboo) {
  EXPECT_EQ(
      ReadCiEnvironment(
          Of({{"bamboo_buildResultKey", "BAM-BOO-JOB1-8"},
              {"bamboo_planRepository_revision", std::string(40, 'b')},
              {"bamboo_planRepository_branchName", "master"},
              {"bamboo_planRepository_repositoryUrl", "https://ada:secret@git.example.org/x.git"},
              {"bamboo_buildPlanName", "Churn - Tests"},
              {"bamboo_buildResultsUrl", "https://bamboo.example.org/browse/BAM-BOO-JOB1-8"},
              {"bamboo_buildTimeStamp", "2026-11-27T16:04:05.123+01:00"}}),
          ""),
      (CiBuild{.provider = "bamboo",
               .external_id = "BAM-BOO-JOB1-8",
               .attempt = "",
               .repository = "https://git.example.org/x.git",
               .commit = std::string(40, 'b'),
               .branch = "master",
               .name = "Churn - Tests",
               .url = "https://bamboo.example.org/browse/BAM-BOO-JOB1-8",
               .status = "",
               .started_at = "2026-11-27T16:04:05.123+01:00"}));
}

TEST(CiEnvironment, LoginsAreLeftOut) {
  const auto repository = [](const std::string& url) {
    return ReadCiEnvironment(Of({{"GITLAB_CI", "true"}, {"CI_PROJECT_URL", url}}), "").repository;
  };
  EXPECT_EQ(repository("https://token@host/x@y"), "https://host/x@y");
  EXPECT_EQ(repository("https://a:b@c:d@host"), "https://host");
  EXPECT_EQ(repository("https://host/a@b"), "https://host/a@b");
  EXPECT_EQ(repository("ssh://git@host/x"), "ssh://git@host/x");
  EXPECT_EQ(repository("ssh://git:secret@host:22/x"), "ssh://git@host:22/x");
  EXPECT_EQ(repository("git@host:x"), "git@host:x");
}

TEST(CiEnvironment, ElsewhereIsNone) {
  EXPECT_EQ(ReadCiEnvironment(Of({{"CI", "true"}}), ""), CiBuild());
}

TEST(CiEnvironment, WordsOfCiSystemsAreKnown) {
  EXPECT_EQ(CiStatusWord("success"), "passed");      // GitLab, GitHub
  EXPECT_EQ(CiStatusWord("Successful"), "passed");   // Bamboo
  EXPECT_EQ(CiStatusWord("failure"), "failed");      // GitHub
  EXPECT_EQ(CiStatusWord("UNSTABLE"), "failed");     // Jenkins
  EXPECT_EQ(CiStatusWord("canceled"), "cancelled");  // GitLab
  EXPECT_EQ(CiStatusWord("fine"), "");
}

}  // namespace
}  // namespace stetig::client
