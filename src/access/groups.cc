// Use cases of groups.
#include <fmt/format.h>

#include <algorithm>

#include "access/internal/impl.h"
#include "access/member_repository.h"

namespace stetig::access {
namespace {

constexpr size_t kMaxGroupsOfUser = 200;

Result<int64_t> RequireGroup(store::Session& session, const std::string& name) {
  ASSIGN_OR_RETURN(const auto found, repository::FindGroup(session, name));
  if (!found) return Err(Code::kNotFound, fmt::format("group '{}' does not exist", name));
  return *found;
}

Result<int64_t> FindOrMake(store::Transaction& tx, const Principal& who, const std::string& name,
                           WallTime now) {
  ASSIGN_OR_RETURN(const auto found, repository::FindGroup(tx, name));
  if (found) return *found;
  ASSIGN_OR_RETURN(const int64_t made, repository::InsertGroup(tx, name, now));
  TRY(Record(tx, who, now, "group.created", {"group", name}));
  return made;
}

Status SetOne(store::Transaction& tx, const Principal& who, const std::string& group,
              int64_t group_id, const User& user, bool in, WallTime now) {
  ASSIGN_OR_RETURN(const bool changed, in ? repository::AddGroupUser(tx, group_id, user.id)
                                          : repository::RemoveGroupUser(tx, group_id, user.id));
  if (!changed) return OkStatus();
  return Record(tx, who, now, in ? "group.user_added" : "group.user_removed", {"group", group}, {},
                "{}", {{"user", user.name}});
}

}  // namespace

Task<> Service::CreateGroup(Principal who, std::string name, Deadline deadline) {
  CO_TRY(CheckName("group", name));
  auto write = [who, name, now = impl_->Now()](store::Transaction& tx) -> Status {
    TRY(FindOrMake(tx, who, name, now));
    return OkStatus();
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<std::vector<Group>> Service::ListGroups(Deadline deadline) {
  co_return co_await impl_->db.Read([](store::Session& s) { return repository::ListGroups(s); },
                                    deadline);
}

Task<> Service::DeleteGroup(Principal who, std::string name, Deadline deadline) {
  auto write = [who, name, now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const int64_t group, RequireGroup(tx, name));
    TRY(repository::DeleteGroup(tx, group));
    return Record(tx, who, now, "group.deleted", {"group", name});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Doubt();
  co_return status;
}

Task<> Service::SetGroupUser(Principal who, std::string group, std::string user, bool in,
                             Deadline deadline) {
  auto write = [who, group, user, in, now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const int64_t group_id, RequireGroup(tx, group));
    ASSIGN_OR_RETURN(const auto row, RequireUser(tx, user));
    return SetOne(tx, who, group, group_id, row.user, in, now);
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Doubt();
  co_return status;
}

Task<> Service::SetUserGroups(Principal who, std::string user, std::vector<std::string> groups,
                              Deadline deadline) {
  if (groups.size() > kMaxGroupsOfUser) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("user '{}' would be in {} groups, expected at most {}", user,
                              groups.size(), kMaxGroupsOfUser));
  }
  for (const std::string& group : groups) CO_TRY(CheckName("group", group));
  auto write = [who, user, groups, now = impl_->Now()](store::Transaction& tx) -> Result<bool> {
    ASSIGN_OR_RETURN(const auto row, RequireUser(tx, user));
    ASSIGN_OR_RETURN(const auto before, repository::GroupsOf(tx, row.user.id));
    bool changed = false;
    for (const std::string& group : before) {
      if (std::ranges::find(groups, group) != groups.end()) continue;
      ASSIGN_OR_RETURN(const int64_t id, RequireGroup(tx, group));
      TRY(SetOne(tx, who, group, id, row.user, /*in=*/false, now));
      changed = true;
    }
    for (const std::string& group : groups) {
      if (std::ranges::find(before, group) != before.end()) continue;
      ASSIGN_OR_RETURN(const int64_t id, FindOrMake(tx, who, group, now));
      TRY(SetOne(tx, who, group, id, row.user, /*in=*/true, now));
      changed = true;
    }
    return changed;
  };
  auto written = co_await impl_->db.Write(std::move(write), deadline);
  ASSIGN_OR_CO_RETURN(const bool changed, std::move(written));
  if (changed) impl_->memory.Doubt();
  co_return OkStatus();
}

}  // namespace stetig::access
