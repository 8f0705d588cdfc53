// Use cases of the forge connector: repositories of forges of GitHub's shape (GitHub, Gitea,
// Forgejo), their webhooks, polls that close what webhooks lost, and commit statuses sent back.
//
// Thread-safe; coroutines resume on the caller's loop. Common errors: kInvalidArgument, kNotFound
// (detail repository_not_found), and the store's.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "connect/forge/types.h"
#include "http/message.h"
#include "io/task.h"
#include "planning/service.h"
#include "store/database.h"

namespace stetig::connect::forge {

using access::Principal;

struct ServiceOptions {
  /// Folder of secrets: a file for each, whose name is what a repository's `secret` and `token`
  /// say. Read when needed, so a changed one counts within seconds.
  std::string secrets;
  const Clock* clock = &Clock::System();
  /// Statuses of a commit are asked for by every poll until it has been known this long.
  std::chrono::milliseconds settle{600'000};
  std::chrono::milliseconds poll_every{300'000};
  /// Most requests of one poll; what is left is done by the next, at once.
  int64_t requests = 4'000;
};

/// A webhook as it arrived.
struct Webhook {
  std::string repository;  ///< the name in the path
  http::Headers headers;
  std::string body;
  std::string address;  ///< of who sent it; personal
  std::string request_id;
};

struct NewStatus {
  std::string sha;
  std::string context;
  std::string state;  ///< "pending", "success", "failure", "error"
  std::string description;
  std::string url;
};

struct PollReport {
  int64_t requests = 0;
  int64_t taken = 0;      ///< facts that webhooks had not brought
  bool complete = false;  ///< false: the rest follows with the next poll
};

/// Borrows the database, which must have the migrations of journal, planning and connect.
class Service {
 public:
  Service(store::Database& db, planning::Service& planning, ServiceOptions options);
  ~Service();

  /// kAlreadyExists: the name. kInvalidArgument: a name, an address, a secret that is not there.
  Task<Repository> Connect(Principal who, NewRepository request, Deadline deadline);
  Task<Repository> Get(std::string name, Deadline deadline);
  Task<std::vector<Repository>> List(Deadline deadline);
  /// What the journal and the trace graph have stays.
  Task<> Disconnect(Principal who, std::string name, Deadline deadline);

  /// Checks the signature before anything of the body is read, then takes the facts in: once, by
  /// the delivery's id and by what is known. kUnauthenticated: no such repository, no or a wrong
  /// signature; the journal has an event of it ("webhook.refused"; in a flood, one a second that
  /// says how many it stands for). kInvalidArgument: the payload is not what its event says.
  Task<Applied> Receive(Webhook webhook, Deadline deadline);

  /// Asks the forge for what webhooks may have lost. kAborted: a poll of this repository runs
  /// already. Else the forge's errors (rest.h), after which the next is put off.
  Task<PollReport> Poll(std::string name, Deadline deadline);

  /// Keeps a commit status for the forge; it is sent in the background, and again until the forge
  /// has it. The same once more changes nothing.
  Task<OutStatus> PostStatus(Principal who, std::string name, NewStatus status, Deadline deadline);
  /// The last `limit` statuses, newest first.
  Task<std::vector<OutStatus>> Statuses(std::string name, int64_t limit, Deadline deadline);

  // For the background (worker.h).
  /// Sends statuses that are due; how many were sent.
  Task<int64_t> SendDue(Deadline deadline);
  /// Names of repositories whose poll is due.
  Task<std::vector<std::string>> DuePolls(Deadline deadline);
  /// Forgets ids of deliveries older than a week.
  Task<> Prune(Deadline deadline);
  /// Statuses for what a journal event says of a commit (kinds ci_run.*, gate_result.*) that some
  /// connected repository has; nothing for events of this connector's own.
  Task<> Report(journal::Event event, Deadline deadline);

  struct Impl;  ///< for the sources of this folder

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace stetig::connect::forge
