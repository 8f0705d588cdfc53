// Who may come in, and as whom. Users with passwords and roles, tokens for programs, and the check
// of what a request presents.
//
// Passwords are hashed on two threads (argon2id: about 20 ms and 19 MiB each), so at most two
// checks run at a time; what waits is bounded (kResourceExhausted beyond). One of the threads is
// for credentials that were right before, so that a flood of wrong ones never makes those wait. A
// success is remembered for at most 60 s under an HMAC with a key of this process: neither the
// password nor a plain hash of it stays in memory. Tokens are looked up by their SHA-256; a hit is
// remembered for at most 10 s. That is how long a password or token that is no longer right may
// still work when another process changed it, a replica or the command line; what this process
// changes counts at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/types.h"
#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "store/database.h"

namespace stetig::access {

struct ServiceOptions {
  /// Whether a caller without credentials is refused. False only on a loopback listener: then the
  /// caller is "local", an admin.
  bool require_login = true;
  const Clock* clock = &Clock::System();
  std::chrono::milliseconds password_memory{60'000};
  std::chrono::milliseconds token_memory{10'000};
  /// So long may roles, memberships and groups that another process changed go on counting.
  std::chrono::milliseconds rights_memory{10'000};
};

/// Thread-safe; coroutines resume on the caller's loop. Borrows the database, which must have
/// access's migrations.
class Service {
 public:
  Service(store::Database& db, ServiceOptions options);
  ~Service();
  /// Ends the threads that check passwords; from then on such checks answer kUnavailable. Call it
  /// when loops whose coroutines may wait for one stand still, before they are destroyed.
  void Stop();

  /// Resolves an Authorization header ("Basic …", "Bearer …") or its absence. kUnauthenticated:
  /// missing where required, malformed, unknown user or token, wrong password, expired.
  /// kResourceExhausted: too many password checks wait.
  Task<Principal> Authenticate(std::optional<std::string> authorization, std::string request_id,
                               Deadline deadline);

  /// The principal of a user whose identity is proven already (a session, a single sign-on).
  /// kUnauthenticated: no such user. Remembered as a token is.
  Task<Principal> PrincipalOf(std::string user, std::string request_id, Deadline deadline);
  /// The same principal with the rights that it has now, for answers that go on for long.
  /// kUnauthenticated: its user or token is gone.
  Task<Principal> Renew(Principal who, Deadline deadline);
  /// Grows with every change of rights by this process: a reason to Renew at once.
  uint64_t generation() const;

  // Users (users.cc)
  /// kInvalidArgument: name empty, longer than 128 code points, with ':' or control characters;
  /// password too short. kAlreadyExists.
  Task<User> CreateUser(Principal who, std::string name, std::string password, Role role,
                        Deadline deadline);
  /// The user of this name as it is; if there is none, one with this role and without a password,
  /// who comes in by other ways only. kInvalidArgument as CreateUser.
  Task<User> EnsureUser(Principal who, std::string name, Role role, Deadline deadline);
  Task<std::vector<User>> ListUsers(Deadline deadline);
  Task<int64_t> CountUsers(Deadline deadline);
  Task<> SetPassword(Principal who, std::string name, std::string password, Deadline deadline);
  /// kFailedPrecondition for these two: the last admin stays.
  Task<> SetRole(Principal who, std::string name, Role role, Deadline deadline);
  Task<> DeleteUser(Principal who, std::string name, Deadline deadline);

  // Tokens (tokens.cc)
  /// kNotFound: no such user. `wanted`: user, label, role, expires, scope, project; the rest is
  /// given.
  Task<NewToken> CreateToken(Principal who, Token wanted, Deadline deadline);
  Task<NewToken> CreateToken(Principal who, std::string user, std::string label, Role role,
                             std::optional<WallTime> expires, Deadline deadline);
  Task<std::vector<Token>> ListTokens(Deadline deadline);
  /// kNotFound: no such token, or, unless `of` is empty, one of another user.
  Task<> RevokeToken(Principal who, std::string token_id, Deadline deadline, std::string of = {});

  // Groups (groups.cc). Names as those of users.
  /// A group that is there already stays as it is.
  Task<> CreateGroup(Principal who, std::string name, Deadline deadline);
  Task<std::vector<Group>> ListGroups(Deadline deadline);
  /// Its memberships go with it. kNotFound.
  Task<> DeleteGroup(Principal who, std::string name, Deadline deadline);
  /// Puts a user into a group or takes them out. kNotFound: no such group or user.
  Task<> SetGroupUser(Principal who, std::string group, std::string user, bool in,
                      Deadline deadline);
  /// Makes these the groups of a user, and no others; missing groups are made. Writes an event only
  /// when something changes. At most 200. kNotFound: no such user.
  Task<> SetUserGroups(Principal who, std::string user, std::vector<std::string> groups,
                       Deadline deadline);

  // Projects (members.cc), by their id; that there is such a project is for the caller to check.
  /// A role that is there already is replaced. kNotFound: no such user or group.
  Task<> SetMember(Principal who, std::string project, Member member, Deadline deadline);
  /// kNotFound: no such member.
  Task<> RemoveMember(Principal who, std::string project, bool is_group, std::string name,
                      Deadline deadline);
  Task<std::vector<Member>> ListMembers(std::string project, Deadline deadline);
  /// kResourceExhausted: kMaxClosedProjects.
  Task<> SetOpenness(Principal who, std::string project, Openness openness, Deadline deadline);
  Task<Openness> GetOpenness(std::string project, Deadline deadline);
  /// Says which project a thing (kExperimentThing, kModelThing) belongs to; empty: none.
  /// kResourceExhausted: kMaxThings.
  Task<> Assign(Principal who, std::string type, std::string id, std::string project,
                Deadline deadline);
  /// Empty: none.
  Task<std::string> ProjectOfThing(std::string type, std::string id, Deadline deadline);

  // Settings (members.cc)
  /// Whether everybody sees what each person did (docs/access.md); false at first.
  Task<bool> ActivityShown(Deadline deadline);
  Task<> ShowActivity(Principal who, bool shown, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stetig::access
