#include "access/sessions.h"

#include <fmt/format.h>

#include "access/repository.h"
#include "access/session_repository.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json_value.h"
#include "base/text.h"
#include "journal/service.h"

namespace stetig::access {
namespace {

constexpr int64_t kTouchMs = 60'000;
constexpr size_t kMaxAgent = 200;  // code points
constexpr size_t kSecretLength = 43;

std::span<const std::byte> BytesOf(const Sha256Digest& digest) {
  return std::as_bytes(std::span(digest));
}

Failure Refused() {
  return Err(Code::kUnauthenticated, "the session is unknown or has ended, expected to sign in",
             "session_ended");
}

Status Note(store::Transaction& tx, const std::string& actor, const std::string& request_id,
            WallTime now, std::string kind, const Session& session) {
  return journal::Append(tx, {.time = now,
                              .actor = actor,
                              .kind = std::move(kind),
                              .subject = {"user", session.user},
                              .refs = {{"session", session.id}},
                              .payload = json::Dump(json::Object{{"way", session.way}}),
                              .request_id = request_id,
                              .texts = {session.address, session.agent}});
}

}  // namespace

bool Sessions::Ended(const Session& session, WallTime now) const {
  return now >= session.expires || now.ms >= session.used.ms + options_.idle.count();
}

Task<NewSession> Sessions::Start(Session wanted, std::string request_id, Deadline deadline) {
  const WallTime now = options_.clock->Now();
  if (!IsValidUtf8(wanted.agent)) wanted.agent.clear();
  wanted.agent = FirstCodePoints(wanted.agent, kMaxAgent);
  wanted.id = NewUlid(now);
  wanted.created = now;
  wanted.used = now;
  wanted.expires = WallTime{now.ms + options_.life.count()};
  NewSession made{.session = std::move(wanted), .secret = NewTokenSecret()};
  const Sha256Digest digest = Sha256(made.secret);
  const WallTime idle_since{now.ms - options_.idle.count()};
  auto write = [session = made.session, digest, request_id, now, idle_since,
                keep = options_.most_per_user](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const auto user, repository::FindUser(tx, session.user));
    if (!user) {
      return Err(Code::kNotFound, fmt::format("user '{}' does not exist", session.user));
    }
    TRY(repository::DeleteEndedSessions(tx, idle_since, now));
    TRY(repository::InsertSession(tx, session, user->user.id, BytesOf(digest)));
    TRY(repository::DeleteOldSessions(tx, user->user.id, keep));
    return Note(tx, session.user, request_id, now, "user.signed_in", session);
  };
  CO_TRY(co_await db_.Write(std::move(write), deadline));
  co_return made;
}

Task<Principal> Sessions::Authenticate(std::string secret, std::string request_id,
                                       Deadline deadline) {
  if (secret.size() != kSecretLength) co_return Refused();
  const Sha256Digest digest = Sha256(secret);
  auto read = co_await db_.Read(
      [digest](store::Session& s) { return repository::FindSession(s, BytesOf(digest)); },
      deadline);
  ASSIGN_OR_CO_RETURN(const std::optional<Session> found, std::move(read));
  const WallTime now = options_.clock->Now();
  if (!found || Ended(*found, now)) co_return Refused();
  if (now.ms - found->used.ms >= std::min(kTouchMs, options_.idle.count() / 2)) {
    auto touch = [id = found->id, now](store::Transaction& tx) {
      return repository::TouchSession(tx, id, now);
    };
    // A store that takes no writes must not end sessions that are in use.
    [[maybe_unused]] const Status touched = co_await db_.Write(std::move(touch), deadline);
  }
  std::string user = found->user;
  co_return co_await access_.PrincipalOf(std::move(user), std::move(request_id), deadline);
}

Task<std::vector<Session>> Sessions::List(std::string user, std::string before, int64_t limit,
                                          Deadline deadline) {
  const WallTime now = options_.clock->Now();
  const repository::SessionQuery query{.user = std::move(user),
                                       .before = std::move(before),
                                       .limit = limit,
                                       .used_after = {now.ms - options_.idle.count()},
                                       .now = now};
  co_return co_await db_.Read(
      [query](store::Session& s) { return repository::ListSessions(s, query); }, deadline);
}

Task<> Sessions::SignOut(Principal who, std::string secret, Deadline deadline) {
  const Sha256Digest digest = Sha256(secret);
  auto write = [who, digest, now = options_.clock->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const auto found, repository::FindSession(tx, BytesOf(digest)));
    if (!found) return OkStatus();
    ASSIGN_OR_RETURN([[maybe_unused]] const int64_t gone, repository::DeleteSession(tx, found->id));
    return Note(tx, who.user, who.request_id, now, "user.signed_out", *found);
  };
  co_return co_await db_.Write(std::move(write), deadline);
}

Task<> Sessions::End(Principal who, std::string id, std::string user, Deadline deadline) {
  auto write = [who, id, user, now = options_.clock->Now()](store::Transaction& tx) -> Status {
    std::optional<Session> found;
    if (IsUlid(id)) {
      ASSIGN_OR_RETURN(found, repository::FindSessionById(tx, id));
    }
    if (!found || (!user.empty() && found->user != user)) {
      return Err(Code::kNotFound,
                 fmt::format("session '{}' does not exist", FirstCodePoints(id, 80)),
                 "no_such_session");
    }
    ASSIGN_OR_RETURN([[maybe_unused]] const int64_t gone, repository::DeleteSession(tx, id));
    return Note(tx, who.user, who.request_id, now, "session.ended", *found);
  };
  co_return co_await db_.Write(std::move(write), deadline);
}

}  // namespace stetig::access
