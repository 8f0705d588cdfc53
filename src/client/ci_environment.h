// The build that runs this program, as the environment of its CI system tells it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace stetig::client {

/// Members that the environment does not say are empty. Names as in API v1's NewCiRun.
struct CiBuild {
  std::string provider;  ///< "gitlab", "github", "gitea", "bamboo"; empty: no CI system is known
  std::string external_id;
  std::string attempt;
  std::string repository;  ///< without a login
  std::string commit;
  std::string branch;
  std::string name;
  std::string url;
  std::string status;      ///< as CiStatusWord
  std::string started_at;  ///< a time that API v1 takes
  friend bool operator==(const CiBuild&, const CiBuild&) = default;
};

/// The value of an environment variable; empty where it is not set.
using Variables = std::function<std::string(std::string_view name)>;

/// The file that tells which commit a pull request of GitHub is about; empty: none is needed.
std::string CiEventFile(const Variables& variable);

/// Reads CI_* of GitLab, GITHUB_* of GitHub and Gitea, bamboo_* of Bamboo. `event`: the text of
/// CiEventFile. Builds of a merge request are of the commit that was pushed, not of the merge that
/// the CI system made for the build and that nobody else has.
CiBuild ReadCiEnvironment(const Variables& variable, std::string_view event);

/// API v1's word for a CI system's: "passed" of "success", "failed" of "FAILURE", "cancelled" of
/// "canceled"; empty for a word that is none.
std::string CiStatusWord(std::string_view word);

}  // namespace stetig::client
