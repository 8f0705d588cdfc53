#include "access/repository.h"

namespace stetig::access::repository {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kNextUserId{"SELECT coalesce(max(user_id), 0) + 1 FROM access_users"};
constexpr Statement kInsertUser{
    "INSERT INTO access_users (user_id, name, role, password_hash, created_at, updated_at) VALUES "
    "($1, $2, $3, $4, $5, $5)"};
constexpr Statement kFindUser{
    "SELECT user_id, name, role, created_at, password_hash FROM access_users WHERE name = $1"};
constexpr Statement kListUsers{
    "SELECT user_id, name, role, created_at FROM access_users ORDER BY name"};
constexpr Statement kCountUsers{"SELECT count(*) FROM access_users"};
constexpr Statement kCountAdmins{"SELECT count(*) FROM access_users WHERE role = 2"};
constexpr Statement kSetPassword{
    "UPDATE access_users SET password_hash = $2, updated_at = $3 WHERE name = $1"};
constexpr Statement kSetRole{"UPDATE access_users SET role = $2, updated_at = $3 WHERE name = $1"};
constexpr Statement kDeleteUser{"DELETE FROM access_users WHERE name = $1"};
constexpr Statement kInsertToken{
    "INSERT INTO access_tokens (token_id, token_sha256, user_id, label, role, created_at, "
    "expires_at, scope, project) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Statement kFindToken{
    "SELECT t.token_id, u.name, t.label, t.role, t.created_at, t.expires_at, t.scope, t.project, "
    "u.role, u.user_id FROM access_tokens t "
    "JOIN access_users u ON u.user_id = t.user_id WHERE t.token_sha256 = $1"};
constexpr Statement kFindTokenById{
    "SELECT t.token_id, u.name, t.label, t.role, t.created_at, t.expires_at, t.scope, t.project, "
    "u.role, u.user_id FROM access_tokens t "
    "JOIN access_users u ON u.user_id = t.user_id WHERE t.token_id = $1"};
constexpr Statement kListTokens{
    "SELECT t.token_id, u.name, t.label, t.role, t.created_at, t.expires_at, t.scope, t.project "
    "FROM access_tokens t JOIN access_users u ON u.user_id = t.user_id ORDER BY t.created_at, "
    "t.token_id"};
constexpr Statement kDeleteToken{"DELETE FROM access_tokens WHERE token_id = $1"};

User UserOf(const Row& row) {
  return {.id = row.Int(0),
          .name = std::string(row.Text(1)),
          .role = static_cast<Role>(row.Int(2)),
          .created = {row.Int(3)}};
}

Token TokenOf(const Row& row) {
  Token token{.id = std::string(row.Text(0)),
              .user = std::string(row.Text(1)),
              .label = std::string(row.Text(2)),
              .role = static_cast<Role>(row.Int(3)),
              .created = {row.Int(4)}};
  if (!row.IsNull(5)) {
    token.expires = WallTime{row.Int(5)};
  }
  // Names that this version does not know allow nothing.
  if (!row.IsNull(6)) token.scope = ParseCapabilities(row.Text(6)).value_or(Capabilities());
  if (!row.IsNull(7)) token.project = std::string(row.Text(7));
  return token;
}

Result<int64_t> One(store::Session& session, const Statement& statement) {
  int64_t value = 0;
  TRY(session.Query(statement, {}, [&](const Row& row) {
    value = row.Int(0);
    return OkStatus();
  }));
  return value;
}

}  // namespace

Result<User> InsertUser(store::Transaction& tx, const User& user,
                        const std::string& password_hash) {
  User made = user;
  ASSIGN_OR_RETURN(made.id, One(tx, kNextUserId));
  TRY(tx.Execute(kInsertUser, {made.id, made.name, static_cast<int64_t>(made.role), password_hash,
                               made.created.ms}));
  return made;
}

Result<std::optional<UserRow>> FindUser(store::Session& session, const std::string& name) {
  std::optional<UserRow> found;
  TRY(session.Query(kFindUser, {name}, [&](const Row& row) {
    found = UserRow{UserOf(row), std::string(row.Text(4))};
    return OkStatus();
  }));
  return found;
}

Result<std::vector<User>> ListUsers(store::Session& session) {
  std::vector<User> users;
  TRY(session.Query(kListUsers, {}, [&](const Row& row) {
    users.push_back(UserOf(row));
    return OkStatus();
  }));
  return users;
}

Result<int64_t> CountUsers(store::Session& session) { return One(session, kCountUsers); }
Result<int64_t> CountAdmins(store::Session& session) { return One(session, kCountAdmins); }

Result<int64_t> SetPassword(store::Transaction& tx, const std::string& name,
                            const std::string& password_hash, WallTime now) {
  const store::Value params[] = {name, password_hash, now.ms};
  return tx.Changed(kSetPassword, params);
}

Result<int64_t> SetRole(store::Transaction& tx, const std::string& name, Role role, WallTime now) {
  const store::Value params[] = {name, static_cast<int64_t>(role), now.ms};
  return tx.Changed(kSetRole, params);
}

Result<int64_t> DeleteUser(store::Transaction& tx, const std::string& name) {
  const store::Value params[] = {name};
  return tx.Changed(kDeleteUser, params);
}

Status InsertToken(store::Transaction& tx, const Token& token, int64_t user_id,
                   std::span<const std::byte> sha256) {
  store::Value expires = token.expires ? store::Value(token.expires->ms) : store::Value();
  const std::string names = token.scope ? CapabilityNames(*token.scope) : std::string();
  store::Value scope = token.scope ? store::Value(names) : store::Value();
  store::Value project = token.project ? store::Value(*token.project) : store::Value();
  return tx.Execute(kInsertToken,
                    {token.id, sha256, user_id, token.label, static_cast<int64_t>(token.role),
                     token.created.ms, expires, scope, project});
}

namespace {

Result<std::optional<TokenRow>> OneToken(store::Session& session, const Statement& statement,
                                         store::Params params) {
  std::optional<TokenRow> found;
  TRY(session.Query(statement, params, [&](const Row& row) {
    found = TokenRow{TokenOf(row), static_cast<Role>(row.Int(8)), row.Int(9)};
    return OkStatus();
  }));
  return found;
}

}  // namespace

Result<std::optional<TokenRow>> FindToken(store::Session& session,
                                          std::span<const std::byte> sha256) {
  const store::Value params[] = {sha256};
  return OneToken(session, kFindToken, params);
}

Result<std::optional<TokenRow>> FindTokenById(store::Session& session, const std::string& id) {
  const store::Value params[] = {id};
  return OneToken(session, kFindTokenById, params);
}

Result<std::vector<Token>> ListTokens(store::Session& session) {
  std::vector<Token> tokens;
  TRY(session.Query(kListTokens, {}, [&](const Row& row) {
    tokens.push_back(TokenOf(row));
    return OkStatus();
  }));
  return tokens;
}

Result<int64_t> DeleteToken(store::Transaction& tx, const std::string& token_id) {
  const store::Value params[] = {token_id};
  return tx.Changed(kDeleteToken, params);
}

}  // namespace stetig::access::repository
