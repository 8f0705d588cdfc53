// The tables of sessions, of people of an OpenID provider, and of codes for a waiting command line;
// the only place with their SQL. Functions run inside a store closure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access/repository.h"
#include "access/sessions.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::access::repository {

Status InsertSession(store::Transaction& tx, const Session& session, int64_t user_id,
                     std::span<const std::byte> sha256);
Result<std::optional<Session>> FindSession(store::Session& session,
                                           std::span<const std::byte> sha256);
Result<std::optional<Session>> FindSessionById(store::Session& session, const std::string& id);
/// Newest first, of those that have not ended by themselves.
struct SessionQuery {
  std::string user;    ///< empty: of all
  std::string before;  ///< id; empty: from the newest on
  int64_t limit = 0;
  WallTime used_after;
  WallTime now;
};
Result<std::vector<Session>> ListSessions(store::Session& session, const SessionQuery& query);
/// Only forward.
Status TouchSession(store::Transaction& tx, const std::string& id, WallTime used);
/// How many rows went.
Result<int64_t> DeleteSession(store::Transaction& tx, const std::string& id);
/// What ended by itself: not used since `used_before`, or past its end at `now`.
Status DeleteEndedSessions(store::Transaction& tx, WallTime used_before, WallTime now);
/// All but the newest `keep` of a user.
Status DeleteOldSessions(store::Transaction& tx, int64_t user_id, int64_t keep);

/// The user that a person of a provider is.
Result<std::optional<User>> FindIdentity(store::Session& session, const std::string& issuer,
                                         const std::string& subject);
/// kAlreadyExists: the user is another person of this provider already.
Status InsertIdentity(store::Transaction& tx, const std::string& issuer, const std::string& subject,
                      int64_t user_id, WallTime now);

Status InsertSignInCode(store::Transaction& tx, std::span<const std::byte> sha256, int64_t user_id,
                        const std::string& challenge, WallTime expires);
struct SignInCode {
  std::string user;
  std::string challenge;
  WallTime expires;
};
/// Takes it out: it works once.
Result<std::optional<SignInCode>> TakeSignInCode(store::Transaction& tx,
                                                 std::span<const std::byte> sha256);
Status DeleteEndedSignInCodes(store::Transaction& tx, WallTime now);

}  // namespace stetig::access::repository
