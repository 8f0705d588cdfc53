// Sessions of browsers: who signed in once and shows a cookie from then on.
//
// A session is a random secret of 256 bits; only its SHA-256 is stored. It ends when it is not used
// for `idle`, at the latest after `life`, when somebody signs out or takes it away, and with its
// user. Every request with one reads the store, so that an end counts at once on every replica;
// when it was last used is written at most once a minute.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "access/service.h"
#include "base/clock.h"
#include "base/status.h"
#include "io/task.h"
#include "store/database.h"

namespace stetig::access {

struct Session {
  std::string id;  ///< public handle
  std::string user;
  std::string way;      ///< how the person signed in: "oidc"
  std::string address;  ///< of the peer that signed in
  std::string agent;    ///< its User-Agent, cut
  WallTime created;
  WallTime used;  ///< to the minute
  WallTime expires;
};

/// `secret` exists only in this answer: 43 characters of base64url.
struct NewSession {
  Session session;
  std::string secret;
};

struct SessionOptions {
  std::chrono::milliseconds idle{std::chrono::hours(12)};
  std::chrono::milliseconds life{std::chrono::hours(24 * 7)};
  int64_t most_per_user = 20;  ///< a new one ends the oldest
  const Clock* clock = &Clock::System();
};

/// Thread-safe; coroutines resume on the caller's loop. Borrows the database and the service.
class Sessions {
 public:
  Sessions(store::Database& db, Service& access, SessionOptions options)
      : db_(db), access_(access), options_(options) {}

  const SessionOptions& options() const { return options_; }

  /// Begins one for a user who has been proven. `wanted`: user, way, address, agent; the rest is
  /// given. Writes "user.signed_in". kNotFound: no such user.
  Task<NewSession> Start(Session wanted, std::string request_id, Deadline deadline);

  /// Who shows this secret. kUnauthenticated: nobody, or the session has ended.
  Task<Principal> Authenticate(std::string secret, std::string request_id, Deadline deadline);

  /// Newest first, without those that have ended by themselves; of all users when `user` is empty.
  /// `before`: only those behind the session with this id.
  Task<std::vector<Session>> List(std::string user, std::string before, int64_t limit,
                                  Deadline deadline);

  /// Ends the session with this secret; fine when there is none. Writes "user.signed_out".
  Task<> SignOut(Principal who, std::string secret, Deadline deadline);
  /// Ends one by its id, of `user` only unless that is empty. Writes "session.ended". kNotFound.
  Task<> End(Principal who, std::string id, std::string user, Deadline deadline);

 private:
  bool Ended(const Session& session, WallTime now) const;

  store::Database& db_;
  Service& access_;
  const SessionOptions options_;
};

}  // namespace stetig::access
