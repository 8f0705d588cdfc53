// The tables of groups, members, closed projects, assigned things and settings; the only place
// with their SQL. Functions run inside a store closure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/types.h"
#include "base/status.h"
#include "store/database.h"

namespace stetig::access::repository {

struct Thing {
  std::string type;
  std::string id;
  std::string project;
};

Result<std::optional<int64_t>> FindGroup(store::Session& session, const std::string& name);
/// Gives its number.
Result<int64_t> InsertGroup(store::Transaction& tx, const std::string& name, WallTime now);
Status DeleteGroup(store::Transaction& tx, int64_t group_id);
/// With their users, by name.
Result<std::vector<Group>> ListGroups(store::Session& session);
Result<std::vector<std::string>> GroupsOf(store::Session& session, int64_t user_id);
/// Whether something changed.
Result<bool> AddGroupUser(store::Transaction& tx, int64_t group_id, int64_t user_id);
Result<bool> RemoveGroupUser(store::Transaction& tx, int64_t group_id, int64_t user_id);

/// Project and role, by itself and through groups; a project may come more than once.
Result<std::vector<std::pair<std::string, Role>>> MembershipsOf(store::Session& session,
                                                                int64_t user_id);
/// `id`: of the user or the group.
Status PutMember(store::Transaction& tx, const std::string& project, const Member& member,
                 int64_t id);
Result<bool> RemoveMember(store::Transaction& tx, const std::string& project, bool is_group,
                          int64_t id);
/// Groups first, by name.
Result<std::vector<Member>> ListMembers(store::Session& session, const std::string& project);

Result<std::vector<std::string>> ClosedProjects(store::Session& session);
Result<bool> IsClosed(store::Session& session, const std::string& project);
Status SetClosed(store::Transaction& tx, const std::string& project, bool closed, WallTime now);

Result<std::vector<Thing>> ListThings(store::Session& session);
Result<int64_t> CountThings(store::Session& session);
/// Empty: none.
Result<std::string> ProjectOfThing(store::Session& session, std::string_view type,
                                   const std::string& id);
/// An empty project takes the assignment away.
Status PutThing(store::Transaction& tx, const Thing& thing);

/// Empty: never set.
Result<std::string> ReadSetting(store::Session& session, std::string_view name);
Status PutSetting(store::Transaction& tx, std::string_view name, std::string_view value);

}  // namespace stetig::access::repository
