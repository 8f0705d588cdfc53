// What the use cases of access share.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "access/internal/memory.h"
#include "access/repository.h"
#include "access/service.h"
#include "io/pool.h"
#include "journal/types.h"

namespace stetig::access {

inline constexpr size_t kWaitingChecks = 64;  ///< per thread: about 1.3 s of work

struct Service::Impl {
  using SteadyClock = std::chrono::steady_clock;

  Impl(store::Database& database, ServiceOptions opts)
      : db(database),
        options(opts),
        familiar(io::Pool::Options{.name = "passwords", .threads = 1, .queue = kWaitingChecks}),
        strangers(
            io::Pool::Options{.name = "new passwords", .threads = 1, .queue = kWaitingChecks}) {}

  WallTime Now() const { return options.clock->Now(); }
  bool Check(const std::string& credential, const std::string& password,
             const std::optional<repository::UserRow>& row, const Principal& principal,
             uint64_t generation);
  Task<Principal> ByPassword(std::string user, std::string password, Deadline deadline);
  Task<Principal> ByToken(std::string secret, Deadline deadline);

  store::Database& db;
  ServiceOptions options;
  internal::Memory memory;
  io::Pool familiar;   ///< checks of credentials that were right before, and hashing
  io::Pool strangers;  ///< checks of all others
  /// A hash that no password of a person has; checked for unknown users.
  std::string dummy_hash =
      "$argon2id$v=19$m=19456,t=2,p=1$c3RldGlnc3RldGlnLi4uLg$"
      "RCj7ZuCyRS1wA2QtRNmzH9zj1jFCbqYbQGeLAp3eH3U";
};

/// One answer for everything that is wrong with credentials.
Failure Refused();
/// Of users and groups.
Status CheckName(std::string_view what, std::string_view name);
/// One journal event, written with the rows it describes.
Status Record(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
              journal::Ref subject, std::string project = {}, std::string payload = "{}",
              std::vector<journal::Ref> refs = {});
Result<repository::UserRow> RequireUser(store::Session& session, const std::string& name);

/// What a user's memberships and a token's project make of what they see; null: nothing is hidden
/// and nothing added. `rights`: what role and token allow everywhere.
Result<std::shared_ptr<const Scope>> LoadScope(store::Session& session, int64_t user_id,
                                               Capabilities rights,
                                               const std::optional<std::string>& only);

}  // namespace stetig::access
