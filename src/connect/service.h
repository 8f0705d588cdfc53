// Use cases of connect: git repositories that stetig follows, their commits and branches, and
// builds of any CI system. What they say goes into the journal, and from there into the trace
// graph.
//
// Thread-safe; coroutines resume on the caller's loop. Common errors: kInvalidArgument, kNotFound,
// and the store's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "connect/types.h"
#include "io/task.h"
#include "planning/service.h"
#include "store/database.h"

namespace stetig::connect {

using access::Principal;

inline constexpr int64_t kMaxPage = 1000;

struct ServiceOptions {
  std::string mirrors;  ///< folder of the bare copies (git.h)
  const Clock* clock = &Clock::System();
};

struct NewSource {
  std::string name;            ///< letters, digits, '.', '_', '-', '/'; at most 200 bytes; unique
  std::string url;             ///< git.h, CheckGitUrl
  std::string project;         ///< reference; empty: none
  int64_t poll_seconds = 300;  ///< 0, or 10 to 604800
};

struct SourceChanges {
  std::optional<std::string> url;
  std::optional<std::string> project;
  std::optional<int64_t> poll_seconds;
};

struct ListCommits {
  std::string repository;  ///< id or name; empty: all
  int64_t limit = 100;     ///< 1 … kMaxPage
  std::string page_token;
};

struct ListCiRuns {
  std::string project;  ///< reference
  std::string commit;   ///< hash or the start of one
  std::string status;
  int64_t limit = 100;
  std::string page_token;
};

/// Borrows the database, which must have the migrations of journal, planning and connect.
class Service {
 public:
  Service(store::Database& db, planning::Service& planning, ServiceOptions options);
  ~Service();

  // Repositories (service.cc)
  /// kAlreadyExists: the name. Nothing is fetched yet.
  Task<SourceRepository> AddSource(Principal who, NewSource request, Deadline deadline);
  Task<SourceRepository> GetSource(std::string reference, Deadline deadline);
  Task<Page<SourceRepository>> ListSources(int64_t limit, std::string page_token,
                                           Deadline deadline);
  Task<SourceRepository> ChangeSource(Principal who, std::string reference, SourceChanges changes,
                                      Deadline deadline);
  /// With its mirror, commits and branches; what the journal and the trace graph have stays.
  Task<> RemoveSource(Principal who, std::string reference, Deadline deadline);

  // Commits (service.cc)
  /// By hash, or the start of one of at least 7 digits.
  Task<Commit> GetCommit(std::string sha, Deadline deadline);
  /// Newest first, in the order in which stetig saw them.
  Task<Page<Commit>> FindCommits(ListCommits request, Deadline deadline);
  Task<std::vector<Branch>> ListBranches(std::string repository, Deadline deadline);

  // Synchronisation (sync.cc)
  /// Fetches and books what is new. Safe to repeat and to break off: what is booked stays, and the
  /// next one goes on. kUnavailable: the repository cannot be fetched (it is kept as last_error).
  /// kFailedPrecondition: this repository is being synchronised already.
  Task<SyncReport> Sync(Principal who, std::string reference, Deadline deadline);
  /// Ids of repositories whose poll is due.
  Task<std::vector<std::string>> DueSources(Deadline deadline);

  // Builds (ci_runs.cc)
  /// Books a build, or what is new of one that was booked before: the same provider, external id
  /// and attempt. A build that has ended does not begin to run again.
  Task<CiRun> RecordCiRun(Principal who, CiRun run, Deadline deadline);
  Task<CiRun> GetCiRun(std::string id, Deadline deadline);
  /// Newest first.
  Task<Page<CiRun>> FindCiRuns(ListCiRuns request, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stetig::connect
