// Reads git repositories by the `git` executable: the only place that runs it.
//
// Each repository is fetched into a bare mirror of its own and read there. Nothing of what it holds
// is ever run or checked out: no hooks, no submodules, no filters, no configuration of the system
// or of users; https, http, ssh and local paths are the only transports; no prompt is ever shown.
// Passwords come from git's own credential file in the mirrors' folder, keys from ssh's agent.
//
// Everything is bounded: output (kMaxOutput), messages and names (kMax…), time (the caller's
// deadline); blobs over 1 MiB are not read. Runs on the caller's loop.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "connect/types.h"
#include "io/task.h"

namespace stetig::connect {

inline constexpr size_t kMaxOutput = size_t{512} << 20;
inline constexpr size_t kMaxRefs = 20'000;        ///< branches and tags of a repository
inline constexpr size_t kMaxCommitsAtOnce = 200;  ///< of Patches and Describe
inline constexpr size_t kMaxListed = 1'000'000;   ///< commits of a repository

/// kInvalidArgument: no URL that stetig lets git fetch from: another transport, a password in it,
/// an option.
Status CheckGitUrl(std::string_view url);

class Git {
 public:
  /// `folder` is made when needed; a file named "credentials" in it is git's credential store.
  explicit Git(std::string folder) : folder_(std::move(folder)) {}

  /// Brings the mirror `id` to what the repository has now. kUnavailable, with git's last words:
  /// it cannot be fetched.
  Task<> Fetch(std::string id, std::string url, Deadline deadline) const;
  /// Ascending by kind and name.
  Task<std::vector<GitRef>> Refs(std::string id, Deadline deadline) const;
  /// Ids of commits that the branches and tags lead to and none of `known` does, parents first.
  Task<std::vector<std::string>> Reachable(std::string id, std::vector<std::string> known,
                                           Deadline deadline) const;
  /// Ids of commits that `tips` lead to and nothing of `without` does; empty: no branch or tag
  /// does. Parents first; tips that the mirror does not have are left out.
  Task<std::vector<std::string>> Behind(std::string id, std::vector<std::string> tips,
                                        std::vector<std::string> without, Deadline deadline) const;
  /// These commits in full, in this order; at most kMaxCommitsAtOnce.
  Task<std::vector<Commit>> Describe(std::string id, std::vector<std::string> shas,
                                     Deadline deadline) const;
  /// Identities of their changes (types.h, Commit::patch); those without one are left out.
  Task<std::map<std::string, std::string>> Patches(std::string id, std::vector<std::string> shas,
                                                   Deadline deadline) const;
  /// Identity of all that lies between two commits as one change; empty: none.
  Task<std::string> PatchBetween(std::string id, std::string from, std::string to,
                                 Deadline deadline) const;
  /// The best common ancestor; empty: none.
  Task<std::string> MergeBase(std::string id, std::string a, std::string b,
                              Deadline deadline) const;
  /// Forgets the mirror.
  Status Remove(const std::string& id) const;

 private:
  std::string folder_;
};

}  // namespace stetig::connect
