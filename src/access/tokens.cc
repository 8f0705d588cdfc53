// Use cases of tokens.
#include <fmt/format.h>

#include "access/internal/impl.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/text.h"

namespace stetig::access {
namespace {

constexpr std::string_view kTokenPrefix = "stetig_";
constexpr size_t kMaxLabel = 200;

}  // namespace

Task<NewToken> Service::CreateToken(Principal who, Token wanted, Deadline deadline) {
  if (CodePoints(wanted.label) > kMaxLabel || !IsValidUtf8(wanted.label) ||
      wanted.label.contains('\0')) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("a label has at most {} characters", kMaxLabel), "invalid_field");
  }
  const WallTime now = impl_->Now();
  if (wanted.expires && *wanted.expires <= now) {
    co_return Err(Code::kInvalidArgument,
                  "the token would have expired already, expected a time "
                  "to come",
                  "invalid_field");
  }
  NewToken made{.token = std::move(wanted), .secret = std::string(kTokenPrefix) + NewTokenSecret()};
  made.token.id = NewUlid(now);
  made.token.created = now;
  const Sha256Digest digest = Sha256(made.secret);
  auto write = [who, token = made.token, digest, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const auto owner, RequireUser(tx, token.user));
    TRY(repository::InsertToken(tx, token, owner.user.id, std::as_bytes(std::span(digest))));
    return Record(tx, who, now, "token.created", {"token", token.id}, token.project.value_or(""));
  };
  CO_TRY(co_await impl_->db.Write(std::move(write), deadline));
  co_return made;
}

Task<NewToken> Service::CreateToken(Principal who, std::string user, std::string label, Role role,
                                    std::optional<WallTime> expires, Deadline deadline) {
  Token wanted{
      .user = std::move(user), .label = std::move(label), .role = role, .expires = expires};
  co_return co_await CreateToken(std::move(who), std::move(wanted), deadline);
}

Task<std::vector<Token>> Service::ListTokens(Deadline deadline) {
  co_return co_await impl_->db.Read([](store::Session& s) { return repository::ListTokens(s); },
                                    deadline);
}

Task<> Service::RevokeToken(Principal who, std::string token_id, Deadline deadline,
                            std::string of) {
  WallTime now = impl_->options.clock->Now();
  auto write = [who, token_id, of, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const auto row, repository::FindTokenById(tx, token_id));
    if (!row || (!of.empty() && row->token.user != of)) {
      return Err(Code::kNotFound, fmt::format("token '{}' does not exist", token_id),
                 detail::kNoSuchToken);
    }
    TRY(repository::DeleteToken(tx, token_id));
    return Record(tx, who, now, "token.revoked", {"token", token_id},
                  row->token.project.value_or(""));
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Forget();
  co_return status;
}

}  // namespace stetig::access
