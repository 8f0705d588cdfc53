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

  /// kInvalidArgument: name empty, longer than 128 code points, with ':' or control characters;
  /// password too short. kAlreadyExists.
  Task<User> CreateUser(Principal who, std::string name, std::string password, Role role,
                        Deadline deadline);
  Task<std::vector<User>> ListUsers(Deadline deadline);
  Task<int64_t> CountUsers(Deadline deadline);
  Task<> SetPassword(Principal who, std::string name, std::string password, Deadline deadline);
  /// kFailedPrecondition for these two: the last admin stays.
  Task<> SetRole(Principal who, std::string name, Role role, Deadline deadline);
  Task<> DeleteUser(Principal who, std::string name, Deadline deadline);

  /// kNotFound: no such user.
  Task<NewToken> CreateToken(Principal who, std::string user, std::string label, Role role,
                             std::optional<WallTime> expires, Deadline deadline);
  Task<std::vector<Token>> ListTokens(Deadline deadline);
  /// kNotFound: no such token.
  Task<> RevokeToken(Principal who, std::string token_id, Deadline deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether `role` may do what a route asks for: "public", "read", "write" or "admin".
bool Allows(Role role, std::string_view permission);

}  // namespace stetig::access
