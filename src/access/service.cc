#include "access/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/internal/impl.h"
#include "access/password.h"
#include "base/digest.h"
#include "base/text.h"
#include "journal/service.h"

namespace stetig::access {
namespace {

constexpr size_t kMaxNameLength = 128;

/// "user:password" of a Basic header.
std::optional<std::pair<std::string, std::string>> ParseBasic(std::string_view encoded) {
  auto decoded = Base64Decode(encoded);
  if (!decoded) {
    return std::nullopt;
  }
  size_t colon = decoded->find(':');
  if (colon == std::string::npos) {
    return std::nullopt;
  }
  return std::pair(decoded->substr(0, colon), decoded->substr(colon + 1));
}

/// The part after `scheme` and blanks, when the header is of that scheme.
std::optional<std::string_view> Credentials(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() ||
      !EqualsIgnoreCase(header.substr(0, scheme.size()), scheme) || header[scheme.size()] != ' ') {
    return std::nullopt;
  }
  std::string_view rest = header.substr(scheme.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

/// A user as a store closure found them, with what they may.
struct Found {
  repository::UserRow row;
  Principal principal;
};

Result<std::optional<Found>> FindUser(store::Session& session, const std::string& name) {
  ASSIGN_OR_RETURN(auto row, repository::FindUser(session, name));
  if (!row) return std::nullopt;
  Principal principal{.user = row->user.name, .role = row->user.role};
  ASSIGN_OR_RETURN(principal.scope,
                   LoadScope(session, row->user.id, CapabilitiesOf(row->user.role), {}));
  return Found{*std::move(row), std::move(principal)};
}

/// A token with its owner's rights; nothing: none, or it has expired.
struct FoundToken {
  std::optional<WallTime> expires;
  Principal principal;
};

Result<std::optional<FoundToken>> Opened(store::Session& session,
                                         const std::optional<repository::TokenRow>& row,
                                         WallTime now) {
  if (!row || (row->token.expires && *row->token.expires <= now)) return std::nullopt;
  const Token& token = row->token;
  Principal principal{.user = token.user,
                      .role = row->user_role,
                      .limit = CapabilitiesOf(token.role),
                      .token = token.id};
  // The role that is shown is the lower one, where one of the two is.
  if ((CapabilitiesOf(token.role) & CapabilitiesOf(row->user_role)) == CapabilitiesOf(token.role)) {
    principal.role = token.role;
  }
  if (token.scope) principal.limit = principal.limit & *token.scope;
  const Capabilities rights = CapabilitiesOf(principal.role) & principal.limit;
  ASSIGN_OR_RETURN(principal.scope, LoadScope(session, row->user_id, rights, token.project));
  return FoundToken{token.expires, std::move(principal)};
}

}  // namespace

Failure Refused() {
  return Err(Code::kUnauthenticated,
             "the credentials are missing or wrong, expected a user's password or a token");
}

Status CheckName(std::string_view what, std::string_view name) {
  bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == ':'; });
  if (name.empty() || CodePoints(name) > kMaxNameLength || control || !IsValidUtf8(name)) {
    return Err(Code::kInvalidArgument,
               fmt::format("a {} name has 1 to {} characters without ':' and control characters",
                           what, kMaxNameLength));
  }
  return OkStatus();
}

Status Record(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
              journal::Ref subject, std::string project, std::string payload,
              std::vector<journal::Ref> refs) {
  return journal::Append(tx, {.time = now,
                              .project = std::move(project),
                              .actor = who.user,
                              .kind = std::move(kind),
                              .subject = std::move(subject),
                              .refs = std::move(refs),
                              .payload = std::move(payload),
                              .request_id = who.request_id});
}

Result<repository::UserRow> RequireUser(store::Session& session, const std::string& name) {
  ASSIGN_OR_RETURN(auto row, repository::FindUser(session, name));
  if (!row) return Err(Code::kNotFound, fmt::format("user '{}' does not exist", name));
  return *std::move(row);
}

/// On a pool's thread. The success is remembered before the next job begins, so that of many
/// requests with the same right credentials only the first one costs a check.
bool Service::Impl::Check(const std::string& credential, const std::string& password,
                          const std::optional<repository::UserRow>& row, const Principal& principal,
                          uint64_t generation) {
  const auto known = memory.Find("password", credential, SteadyClock::now());
  if (known.principal && !known.stale) {
    return true;
  }
  // An unknown user costs the same time as a wrong password.
  const bool matches = VerifyPassword(password, row ? row->password_hash : dummy_hash);
  if (!matches || !row) {
    return false;
  }
  const auto now = SteadyClock::now();
  memory.Remember("password", credential, principal, now + options.password_memory,
                  now + options.rights_memory, generation);
  return true;
}

Task<Principal> Service::Impl::ByPassword(std::string user, std::string password,
                                          Deadline deadline) {
  std::string credential = user + '\0' + password;
  auto known = memory.Find("password", credential, SteadyClock::now());
  if (known.principal && !known.stale) {
    co_return *known.principal;
  }
  const uint64_t generation = memory.generation();
  auto read = co_await db.Read([user](store::Session& s) { return FindUser(s, user); }, deadline);
  ASSIGN_OR_CO_RETURN(std::optional<Found> found, std::move(read));
  if (known.principal) {
    if (!found) co_return Refused();
    memory.Remember("password", credential, found->principal, known.until,
                    SteadyClock::now() + options.rights_memory, generation);
    co_return std::move(found->principal);
  }
  std::optional<repository::UserRow> row;
  Principal principal;
  if (found) {
    row = found->row;
    principal = found->principal;
  }
  auto job = [this, credential, password, row, principal, generation]() -> Result<bool> {
    return Check(credential, password, row, principal, generation);
  };
  auto check = co_await io::Run(known.familiar ? familiar : strangers, std::move(job), deadline);
  ASSIGN_OR_CO_RETURN(bool matches, std::move(check));
  if (!matches || !row) {
    co_return Refused();
  }
  co_return principal;
}

Task<Principal> Service::Impl::ByToken(std::string secret, Deadline deadline) {
  if (auto known = memory.Find("token", secret, SteadyClock::now());
      known.principal && !known.stale) {
    co_return *known.principal;
  }
  const uint64_t generation = memory.generation();
  const WallTime now = Now();
  auto fn = [digest = Sha256(secret), now](store::Session& s) -> Result<std::optional<FoundToken>> {
    ASSIGN_OR_RETURN(const auto row, repository::FindToken(s, std::as_bytes(std::span(digest))));
    return Opened(s, row, now);
  };
  auto read = co_await db.Read(std::move(fn), deadline);
  ASSIGN_OR_CO_RETURN(std::optional<FoundToken> found, std::move(read));
  if (!found) {
    co_return Refused();
  }
  auto until = SteadyClock::now() + options.token_memory;
  if (found->expires) {
    until = std::min(until,
                     SteadyClock::now() + std::chrono::milliseconds(found->expires->ms - now.ms));
  }
  memory.Remember("token", secret, found->principal, until,
                  SteadyClock::now() + options.rights_memory, generation);
  co_return std::move(found->principal);
}

Service::Service(store::Database& db, ServiceOptions options)
    : impl_(std::make_unique<Impl>(db, options)) {}
Service::~Service() = default;

void Service::Stop() {
  impl_->familiar.Stop();
  impl_->strangers.Stop();
}

Task<Principal> Service::Authenticate(std::optional<std::string> authorization,
                                      std::string request_id, Deadline deadline) {
  if (!authorization) {
    if (impl_->options.require_login) {
      co_return Refused();
    }
    co_return Principal{.user = "local", .role = Role::kAdmin, .request_id = std::move(request_id)};
  }
  Result<Principal> found = Refused();
  if (auto basic = Credentials(*authorization, "Basic")) {
    if (auto pair = ParseBasic(*basic)) {
      found = co_await impl_->ByPassword(std::move(pair->first), std::move(pair->second), deadline);
    }
  } else if (auto bearer = Credentials(*authorization, "Bearer")) {
    std::string secret(*bearer);
    found = co_await impl_->ByToken(std::move(secret), deadline);
  }
  ASSIGN_OR_CO_RETURN(Principal principal, std::move(found));
  principal.request_id = std::move(request_id);
  co_return principal;
}

Task<Principal> Service::PrincipalOf(std::string user, std::string request_id, Deadline deadline) {
  using SteadyClock = Impl::SteadyClock;
  Principal principal;
  auto known = impl_->memory.Find("name", user, SteadyClock::now());
  if (known.principal && !known.stale) {
    principal = *std::move(known.principal);
  } else {
    const uint64_t generation = impl_->memory.generation();
    auto read =
        co_await impl_->db.Read([user](store::Session& s) { return FindUser(s, user); }, deadline);
    ASSIGN_OR_CO_RETURN(std::optional<Found> found, std::move(read));
    if (!found) co_return Refused();
    principal = std::move(found->principal);
    const auto until = SteadyClock::now() + impl_->options.rights_memory;
    impl_->memory.Remember("name", user, principal, until, until, generation);
  }
  principal.request_id = std::move(request_id);
  co_return principal;
}

Task<Principal> Service::Renew(Principal who, Deadline deadline) {
  auto fn = [who, now = impl_->Now(),
             login = impl_->options.require_login](store::Session& s) -> Result<Principal> {
    Principal fresh = who;
    if (!who.token.empty()) {
      ASSIGN_OR_RETURN(const auto row, repository::FindTokenById(s, who.token));
      ASSIGN_OR_RETURN(auto found, Opened(s, row, now));
      if (!found) return Refused();
      fresh = std::move(found->principal);
    } else if (login || who.user != "local") {
      ASSIGN_OR_RETURN(auto found, FindUser(s, who.user));
      if (!found) return Refused();
      fresh = std::move(found->principal);
    }
    fresh.request_id = who.request_id;
    fresh.needs = who.needs;
    return fresh;
  };
  co_return co_await impl_->db.Read(std::move(fn), deadline);
}

uint64_t Service::generation() const { return impl_->memory.generation(); }

}  // namespace stetig::access
