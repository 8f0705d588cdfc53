// The tables of access; the only place with their SQL. Functions run inside a store closure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/types.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::access::repository {

struct UserRow {
  User user;
  std::string password_hash;
};
struct TokenRow {
  Token token;
  Role user_role = Role::kViewer;
  int64_t user_id = 0;
};

/// kAlreadyExists: the name is taken.
Result<User> InsertUser(store::Transaction& tx, const User& user, const std::string& password_hash);
Result<std::optional<UserRow>> FindUser(store::Session& session, const std::string& name);
Result<std::vector<User>> ListUsers(store::Session& session);
Result<int64_t> CountUsers(store::Session& session);
/// How many rows changed: 0 when there is no such user.
Result<int64_t> SetPassword(store::Transaction& tx, const std::string& name,
                            const std::string& password_hash, WallTime now);
Result<int64_t> SetRole(store::Transaction& tx, const std::string& name, Role role, WallTime now);
Result<int64_t> DeleteUser(store::Transaction& tx, const std::string& name);
Result<int64_t> CountAdmins(store::Session& session);

Status InsertToken(store::Transaction& tx, const Token& token, int64_t user_id,
                   std::span<const std::byte> sha256);
Result<std::optional<TokenRow>> FindToken(store::Session& session,
                                          std::span<const std::byte> sha256);
Result<std::optional<TokenRow>> FindTokenById(store::Session& session, const std::string& id);
Result<std::vector<Token>> ListTokens(store::Session& session);
Result<int64_t> DeleteToken(store::Transaction& tx, const std::string& token_id);

}  // namespace stetig::access::repository
