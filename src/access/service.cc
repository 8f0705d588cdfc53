#include "access/service.h"

#include <fmt/format.h>

#include "access/internal/memory.h"
#include "access/password.h"
#include "access/repository.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/text.h"
#include "io/pool.h"
#include "journal/service.h"

namespace stetig::access {
namespace {

constexpr size_t kWaitingChecks = 64;  // per thread: about 1.3 s of work
constexpr size_t kMaxNameLength = 128;
constexpr std::string_view kTokenPrefix = "stetig_";

using SteadyClock = std::chrono::steady_clock;

Failure Refused() {
  return Err(Code::kUnauthenticated,
             "the credentials are missing or wrong, expected a user's password or a token");
}

Status CheckName(std::string_view name) {
  bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == ':'; });
  if (name.empty() || CodePoints(name) > kMaxNameLength || control || !IsValidUtf8(name)) {
    return Err(Code::kInvalidArgument,
               fmt::format("a user name has 1 to {} characters without ':' and control characters",
                           kMaxNameLength));
  }
  return OkStatus();
}

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

Status Record(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
              journal::Ref subject) {
  return journal::Append(tx, {.time = now,
                              .actor = who.user,
                              .kind = std::move(kind),
                              .subject = std::move(subject),
                              .request_id = who.request_id});
}

std::span<const std::byte> BytesOf(const Sha256Digest& digest) {
  return std::as_bytes(std::span(digest));
}

}  // namespace

struct Service::Impl {
  Impl(store::Database& database, ServiceOptions opts)
      : db(database),
        options(opts),
        familiar(io::Pool::Options{.name = "passwords", .threads = 1, .queue = kWaitingChecks}),
        strangers(
            io::Pool::Options{.name = "new passwords", .threads = 1, .queue = kWaitingChecks}) {}

  /// On a pool's thread. The success is remembered before the next job begins, so that of many
  /// requests with the same right credentials only the first one costs a check.
  bool Check(const std::string& credential, const std::string& password,
             const std::optional<repository::UserRow>& row, uint64_t generation) {
    if (memory.Find("password", credential, SteadyClock::now()).principal) {
      return true;
    }
    // An unknown user costs the same time as a wrong password.
    const bool matches = VerifyPassword(password, row ? row->password_hash : dummy_hash);
    if (!matches || !row) {
      return false;
    }
    memory.Remember("password", credential, {.user = row->user.name, .role = row->user.role},
                    SteadyClock::now() + options.password_memory, generation);
    return true;
  }

  Task<Principal> ByPassword(std::string user, std::string password, Deadline deadline) {
    std::string credential = user + '\0' + password;
    auto known = memory.Find("password", credential, SteadyClock::now());
    if (known.principal) {
      co_return *known.principal;
    }
    const uint64_t generation = memory.generation();
    auto read = co_await db.Read(
        [user](store::Session& s) { return repository::FindUser(s, user); }, deadline);
    ASSIGN_OR_CO_RETURN(std::optional<repository::UserRow> row, std::move(read));
    auto job = [this, credential, password, row, generation]() -> Result<bool> {
      return Check(credential, password, row, generation);
    };
    auto check = co_await io::Run(known.familiar ? familiar : strangers, std::move(job), deadline);
    ASSIGN_OR_CO_RETURN(bool matches, std::move(check));
    if (!matches || !row) {
      co_return Refused();
    }
    co_return Principal{.user = row->user.name, .role = row->user.role};
  }

  Task<Principal> ByToken(std::string secret, Deadline deadline) {
    if (auto known = memory.Find("token", secret, SteadyClock::now()); known.principal) {
      co_return *known.principal;
    }
    const uint64_t generation = memory.generation();
    Sha256Digest digest = Sha256(secret);
    auto read = co_await db.Read(
        [digest](store::Session& s) { return repository::FindToken(s, BytesOf(digest)); },
        deadline);
    ASSIGN_OR_CO_RETURN(std::optional<repository::TokenRow> row, std::move(read));
    WallTime now = options.clock->Now();
    if (!row || (row->token.expires && *row->token.expires <= now)) {
      co_return Refused();
    }
    auto until = SteadyClock::now() + options.token_memory;
    if (row->token.expires) {
      until = std::min(
          until, SteadyClock::now() + std::chrono::milliseconds(row->token.expires->ms - now.ms));
    }
    Principal principal{.user = row->token.user, .role = std::min(row->token.role, row->user_role)};
    memory.Remember("token", secret, principal, until, generation);
    co_return principal;
  }

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

Task<User> Service::CreateUser(Principal who, std::string name, std::string password, Role role,
                               Deadline deadline) {
  CO_TRY(CheckName(name));
  auto hashing =
      co_await io::Run(impl_->familiar, [password] { return HashPassword(password); }, deadline);
  ASSIGN_OR_CO_RETURN(std::string hash, std::move(hashing));
  WallTime now = impl_->options.clock->Now();
  User user{.name = name, .role = role, .created = now};
  auto write = [who, user, hash, now](store::Transaction& tx) -> Result<User> {
    ASSIGN_OR_RETURN(auto existing, repository::FindUser(tx, user.name));
    if (existing) {
      return Err(Code::kAlreadyExists, fmt::format("user '{}' already exists", user.name));
    }
    ASSIGN_OR_RETURN(User made, repository::InsertUser(tx, user, hash));
    TRY(Record(tx, who, now, "user.created", {"user", user.name}));
    return made;
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<std::vector<User>> Service::ListUsers(Deadline deadline) {
  co_return co_await impl_->db.Read([](store::Session& s) { return repository::ListUsers(s); },
                                    deadline);
}

Task<int64_t> Service::CountUsers(Deadline deadline) {
  co_return co_await impl_->db.Read([](store::Session& s) { return repository::CountUsers(s); },
                                    deadline);
}

Task<> Service::SetPassword(Principal who, std::string name, std::string password,
                            Deadline deadline) {
  auto hashing =
      co_await io::Run(impl_->familiar, [password] { return HashPassword(password); }, deadline);
  ASSIGN_OR_CO_RETURN(std::string hash, std::move(hashing));
  WallTime now = impl_->options.clock->Now();
  auto write = [who, name, hash, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(int64_t changed, repository::SetPassword(tx, name, hash, now));
    if (changed == 0) {
      return Err(Code::kNotFound, fmt::format("user '{}' does not exist", name));
    }
    return Record(tx, who, now, "user.password_changed", {"user", name});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Forget();
  co_return status;
}

namespace {

/// Fails when `name` is the only admin; kNotFound when there is no such user.
Status CheckNotLastAdmin(store::Transaction& tx, const std::string& name) {
  ASSIGN_OR_RETURN(auto user, repository::FindUser(tx, name));
  if (!user) {
    return Err(Code::kNotFound, fmt::format("user '{}' does not exist", name));
  }
  ASSIGN_OR_RETURN(int64_t admins, repository::CountAdmins(tx));
  if (user->user.role == Role::kAdmin && admins == 1) {
    return Err(Code::kFailedPrecondition,
               fmt::format("user '{}' is the last admin, expected another one first", name));
  }
  return OkStatus();
}

}  // namespace

Task<> Service::SetRole(Principal who, std::string name, Role role, Deadline deadline) {
  WallTime now = impl_->options.clock->Now();
  auto write = [who, name, role, now](store::Transaction& tx) -> Status {
    if (role != Role::kAdmin) {
      TRY(CheckNotLastAdmin(tx, name));
    }
    ASSIGN_OR_RETURN(int64_t changed, repository::SetRole(tx, name, role, now));
    if (changed == 0) {
      return Err(Code::kNotFound, fmt::format("user '{}' does not exist", name));
    }
    return Record(tx, who, now, "user.role_changed", {"user", name});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Forget();
  co_return status;
}

Task<> Service::DeleteUser(Principal who, std::string name, Deadline deadline) {
  WallTime now = impl_->options.clock->Now();
  auto write = [who, name, now](store::Transaction& tx) -> Status {
    TRY(CheckNotLastAdmin(tx, name));
    ASSIGN_OR_RETURN([[maybe_unused]] int64_t changed, repository::DeleteUser(tx, name));
    return Record(tx, who, now, "user.deleted", {"user", name});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Forget();
  co_return status;
}

Task<NewToken> Service::CreateToken(Principal who, std::string user, std::string label, Role role,
                                    std::optional<WallTime> expires, Deadline deadline) {
  WallTime now = impl_->options.clock->Now();
  NewToken made{.token = {.id = NewUlid(now),
                          .user = user,
                          .label = label,
                          .role = role,
                          .created = now,
                          .expires = expires},
                .secret = std::string(kTokenPrefix) + NewTokenSecret()};
  Sha256Digest digest = Sha256(made.secret);
  auto write = [who, token = made.token, digest, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(auto owner, repository::FindUser(tx, token.user));
    if (!owner) {
      return Err(Code::kNotFound, fmt::format("user '{}' does not exist", token.user));
    }
    TRY(repository::InsertToken(tx, token, owner->user.id, BytesOf(digest)));
    return Record(tx, who, now, "token.created", {"token", token.id});
  };
  CO_TRY(co_await impl_->db.Write(std::move(write), deadline));
  co_return made;
}

Task<std::vector<Token>> Service::ListTokens(Deadline deadline) {
  co_return co_await impl_->db.Read([](store::Session& s) { return repository::ListTokens(s); },
                                    deadline);
}

Task<> Service::RevokeToken(Principal who, std::string token_id, Deadline deadline) {
  WallTime now = impl_->options.clock->Now();
  auto write = [who, token_id, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(int64_t changed, repository::DeleteToken(tx, token_id));
    if (changed == 0) {
      return Err(Code::kNotFound, fmt::format("token '{}' does not exist", token_id),
                 detail::kNoSuchToken);
    }
    return Record(tx, who, now, "token.revoked", {"token", token_id});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Forget();
  co_return status;
}

bool Allows(Role role, std::string_view permission) {
  if (permission == "public" || permission == "read") {
    return true;
  }
  return permission == "write" ? role >= Role::kEditor : role == Role::kAdmin;
}

}  // namespace stetig::access
