#include "access/session_repository.h"

namespace stetig::access::repository {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kInsertSession{
    "INSERT INTO access_sessions (session_id, secret_sha256, user_id, way, address, agent, "
    "created_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)"};
constexpr Statement kFindSession{
    "SELECT s.session_id, u.name, s.way, s.address, s.agent, s.created_at, s.used_at, s.expires_at "
    "FROM access_sessions s JOIN access_users u ON u.user_id = s.user_id WHERE s.secret_sha256 = "
    "$1"};
constexpr Statement kFindSessionById{
    "SELECT s.session_id, u.name, s.way, s.address, s.agent, s.created_at, s.used_at, s.expires_at "
    "FROM access_sessions s JOIN access_users u ON u.user_id = s.user_id WHERE s.session_id = $1"};
constexpr Statement kListSessions{
    "SELECT s.session_id, u.name, s.way, s.address, s.agent, s.created_at, s.used_at, s.expires_at "
    "FROM access_sessions s JOIN access_users u ON u.user_id = s.user_id WHERE ($1 = '' OR u.name "
    "= "
    "$1) AND ($2 = '' OR s.session_id < $2) AND s.used_at > $3 AND s.expires_at > $4 ORDER BY "
    "s.session_id DESC LIMIT $5"};
constexpr Statement kTouchSession{
    "UPDATE access_sessions SET used_at = $2 WHERE session_id = $1 AND used_at < $2"};
constexpr Statement kDeleteSession{"DELETE FROM access_sessions WHERE session_id = $1"};
constexpr Statement kDeleteEndedSessions{
    "DELETE FROM access_sessions WHERE used_at <= $1 OR expires_at <= $2"};
constexpr Statement kDeleteOldSessions{
    "DELETE FROM access_sessions WHERE user_id = $1 AND session_id NOT IN (SELECT session_id FROM "
    "access_sessions WHERE user_id = $1 ORDER BY session_id DESC LIMIT $2)"};
constexpr Statement kFindIdentity{
    "SELECT u.user_id, u.name, u.role, u.created_at FROM access_identities i JOIN access_users u "
    "ON "
    "u.user_id = i.user_id WHERE i.issuer = $1 AND i.subject = $2"};
constexpr Statement kUserHasIdentity{
    "SELECT count(*) FROM access_identities WHERE user_id = $1 AND issuer = $2"};
constexpr Statement kInsertIdentity{
    "INSERT INTO access_identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)"};
constexpr Statement kInsertCode{
    "INSERT INTO access_sign_in_codes (code_sha256, user_id, challenge, expires_at) VALUES ($1, "
    "$2, "
    "$3, $4)"};
constexpr Statement kFindCode{
    "SELECT u.name, c.challenge, c.expires_at FROM access_sign_in_codes c JOIN access_users u ON "
    "u.user_id = c.user_id WHERE c.code_sha256 = $1"};
constexpr Statement kDeleteCode{"DELETE FROM access_sign_in_codes WHERE code_sha256 = $1"};
constexpr Statement kDeleteEndedCodes{"DELETE FROM access_sign_in_codes WHERE expires_at <= $1"};

Session SessionOf(const Row& row) {
  return {.id = std::string(row.Text(0)),
          .user = std::string(row.Text(1)),
          .way = std::string(row.Text(2)),
          .address = std::string(row.Text(3)),
          .agent = std::string(row.Text(4)),
          .created = {row.Int(5)},
          .used = {row.Int(6)},
          .expires = {row.Int(7)}};
}

}  // namespace

Status InsertSession(store::Transaction& tx, const Session& session, int64_t user_id,
                     std::span<const std::byte> sha256) {
  return tx.Execute(kInsertSession, {session.id, sha256, user_id, session.way, session.address,
                                     session.agent, session.created.ms, session.expires.ms});
}

Result<std::optional<Session>> FindSession(store::Session& session,
                                           std::span<const std::byte> sha256) {
  std::optional<Session> found;
  TRY(session.Query(kFindSession, {sha256}, [&](const Row& row) {
    found = SessionOf(row);
    return OkStatus();
  }));
  return found;
}

Result<std::optional<Session>> FindSessionById(store::Session& session, const std::string& id) {
  std::optional<Session> found;
  TRY(session.Query(kFindSessionById, {id}, [&](const Row& row) {
    found = SessionOf(row);
    return OkStatus();
  }));
  return found;
}

Result<std::vector<Session>> ListSessions(store::Session& session, const SessionQuery& query) {
  std::vector<Session> sessions;
  const std::initializer_list<store::Value> values = {query.user, query.before, query.used_after.ms,
                                                      query.now.ms, query.limit};
  TRY(session.Query(kListSessions, values, [&](const Row& row) {
    sessions.push_back(SessionOf(row));
    return OkStatus();
  }));
  return sessions;
}

Status TouchSession(store::Transaction& tx, const std::string& id, WallTime used) {
  return tx.Execute(kTouchSession, {id, used.ms});
}

Result<int64_t> DeleteSession(store::Transaction& tx, const std::string& id) {
  const store::Value params[] = {id};
  return tx.Changed(kDeleteSession, params);
}

Status DeleteEndedSessions(store::Transaction& tx, WallTime used_before, WallTime now) {
  return tx.Execute(kDeleteEndedSessions, {used_before.ms, now.ms});
}

Status DeleteOldSessions(store::Transaction& tx, int64_t user_id, int64_t keep) {
  return tx.Execute(kDeleteOldSessions, {user_id, keep});
}

Result<std::optional<User>> FindIdentity(store::Session& session, const std::string& issuer,
                                         const std::string& subject) {
  std::optional<User> found;
  TRY(session.Query(kFindIdentity, {issuer, subject}, [&](const Row& row) {
    found = User{.id = row.Int(0),
                 .name = std::string(row.Text(1)),
                 .role = static_cast<Role>(row.Int(2)),
                 .created = {row.Int(3)}};
    return OkStatus();
  }));
  return found;
}

Status InsertIdentity(store::Transaction& tx, const std::string& issuer, const std::string& subject,
                      int64_t user_id, WallTime now) {
  int64_t there = 0;
  TRY(tx.Query(kUserHasIdentity, {user_id, issuer}, [&](const Row& row) {
    there = row.Int(0);
    return OkStatus();
  }));
  if (there != 0) {
    return Err(Code::kAlreadyExists, "the user is another person of this provider");
  }
  return tx.Execute(kInsertIdentity, {issuer, subject, user_id, now.ms});
}

Status InsertSignInCode(store::Transaction& tx, std::span<const std::byte> sha256, int64_t user_id,
                        const std::string& challenge, WallTime expires) {
  return tx.Execute(kInsertCode, {sha256, user_id, challenge, expires.ms});
}

Result<std::optional<SignInCode>> TakeSignInCode(store::Transaction& tx,
                                                 std::span<const std::byte> sha256) {
  std::optional<SignInCode> found;
  TRY(tx.Query(kFindCode, {sha256}, [&](const Row& row) {
    found = SignInCode{.user = std::string(row.Text(0)),
                       .challenge = std::string(row.Text(1)),
                       .expires = {row.Int(2)}};
    return OkStatus();
  }));
  TRY(tx.Execute(kDeleteCode, {sha256}));
  return found;
}

Status DeleteEndedSignInCodes(store::Transaction& tx, WallTime now) {
  return tx.Execute(kDeleteEndedCodes, {now.ms});
}

}  // namespace stetig::access::repository
