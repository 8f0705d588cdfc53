// Use cases of users.
#include <fmt/format.h>

#include "access/internal/impl.h"
#include "access/password.h"

namespace stetig::access {

Task<User> Service::CreateUser(Principal who, std::string name, std::string password, Role role,
                               Deadline deadline) {
  CO_TRY(CheckName("user", name));
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

Task<User> Service::EnsureUser(Principal who, std::string name, Role role, Deadline deadline) {
  CO_TRY(CheckName("user", name));
  const WallTime now = impl_->Now();
  User user{.name = std::move(name), .role = role, .created = now};
  auto write = [who, user, now](store::Transaction& tx) -> Result<User> {
    ASSIGN_OR_RETURN(auto existing, repository::FindUser(tx, user.name));
    if (existing) return existing->user;
    // No password fits an empty hash.
    ASSIGN_OR_RETURN(User made, repository::InsertUser(tx, user, ""));
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

}  // namespace stetig::access
