#include "access/member_repository.h"

namespace stetig::access::repository {
namespace {

using store::Row;
using store::Statement;

constexpr Statement kFindGroup{"SELECT group_id FROM access_groups WHERE name = $1"};
constexpr Statement kNextGroup{"SELECT coalesce(max(group_id), 0) + 1 FROM access_groups"};
constexpr Statement kInsertGroup{
    "INSERT INTO access_groups (group_id, name, created_at) VALUES ($1, $2, $3)"};
constexpr Statement kDeleteGroup{"DELETE FROM access_groups WHERE group_id = $1"};
constexpr Statement kListGroups{
    "SELECT g.name, g.created_at, u.name FROM access_groups g LEFT JOIN access_group_users m ON "
    "m.group_id = g.group_id LEFT JOIN access_users u ON u.user_id = m.user_id ORDER BY g.name, "
    "u.name"};
constexpr Statement kGroupsOf{
    "SELECT g.name FROM access_group_users m JOIN access_groups g ON g.group_id = m.group_id WHERE "
    "m.user_id = $1 ORDER BY g.name"};
constexpr Statement kAddGroupUser{
    "INSERT INTO access_group_users (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
constexpr Statement kRemoveGroupUser{
    "DELETE FROM access_group_users WHERE group_id = $1 AND user_id = $2"};

constexpr Statement kMembershipsOf{
    "SELECT project, role FROM access_members WHERE user_id = $1 UNION ALL SELECT m.project, "
    "m.role FROM access_group_users u JOIN access_members m ON m.group_id = u.group_id WHERE "
    "u.user_id = $1"};
constexpr Statement kDeleteUserMember{
    "DELETE FROM access_members WHERE project = $1 AND user_id = $2"};
constexpr Statement kDeleteGroupMember{
    "DELETE FROM access_members WHERE project = $1 AND group_id = $2"};
constexpr Statement kInsertMember{
    "INSERT INTO access_members (project, user_id, group_id, role, created_at, created_by) VALUES "
    "($1, $2, $3, $4, $5, $6)"};
constexpr Statement kListMembers{
    "SELECT m.group_id, coalesce(g.name, u.name), m.role, m.created_at, m.created_by FROM "
    "access_members m LEFT JOIN access_users u ON u.user_id = m.user_id LEFT JOIN access_groups g "
    "ON g.group_id = m.group_id WHERE m.project = $1 ORDER BY CASE WHEN m.group_id IS NULL THEN 1 "
    "ELSE 0 END, 2"};

constexpr Statement kClosed{"SELECT project FROM access_closed_projects ORDER BY project"};
constexpr Statement kIsClosed{"SELECT 1 FROM access_closed_projects WHERE project = $1"};
constexpr Statement kClose{
    "INSERT INTO access_closed_projects (project, since) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
constexpr Statement kOpen{"DELETE FROM access_closed_projects WHERE project = $1"};

constexpr Statement kThings{"SELECT type, id, project FROM access_things"};
constexpr Statement kCountThings{"SELECT count(*) FROM access_things"};
constexpr Statement kThing{"SELECT project FROM access_things WHERE type = $1 AND id = $2"};
constexpr Statement kPutThing{
    "INSERT INTO access_things (type, id, project) VALUES ($1, $2, $3) ON CONFLICT (type, id) DO "
    "UPDATE SET project = excluded.project"};
constexpr Statement kDropThing{"DELETE FROM access_things WHERE type = $1 AND id = $2"};

constexpr Statement kSetting{"SELECT value FROM access_settings WHERE name = $1"};
constexpr Statement kPutSetting{
    "INSERT INTO access_settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET "
    "value = excluded.value"};

Result<std::optional<int64_t>> Number(store::Session& session, const Statement& statement,
                                      store::Params params) {
  std::optional<int64_t> value;
  TRY(session.Query(statement, params, [&](const Row& row) {
    value = row.Int(0);
    return OkStatus();
  }));
  return value;
}

Result<std::vector<std::string>> Texts(store::Session& session, const Statement& statement,
                                       store::Params params) {
  std::vector<std::string> texts;
  TRY(session.Query(statement, params, [&](const Row& row) {
    texts.emplace_back(row.Text(0));
    return OkStatus();
  }));
  return texts;
}

}  // namespace

Result<std::optional<int64_t>> FindGroup(store::Session& session, const std::string& name) {
  const store::Value params[] = {name};
  return Number(session, kFindGroup, params);
}

Result<int64_t> InsertGroup(store::Transaction& tx, const std::string& name, WallTime now) {
  ASSIGN_OR_RETURN(const auto next, Number(tx, kNextGroup, {}));
  TRY(tx.Execute(kInsertGroup, {next.value_or(1), name, now.ms}));
  return next.value_or(1);
}

Status DeleteGroup(store::Transaction& tx, int64_t group_id) {
  return tx.Execute(kDeleteGroup, {group_id});
}

Result<std::vector<Group>> ListGroups(store::Session& session) {
  std::vector<Group> groups;
  TRY(session.Query(kListGroups, {}, [&](const Row& row) {
    if (groups.empty() || groups.back().name != row.Text(0)) {
      groups.push_back({.name = std::string(row.Text(0)), .created = {row.Int(1)}, .users = {}});
    }
    if (!row.IsNull(2)) groups.back().users.emplace_back(row.Text(2));
    return OkStatus();
  }));
  return groups;
}

Result<std::vector<std::string>> GroupsOf(store::Session& session, int64_t user_id) {
  const store::Value params[] = {user_id};
  return Texts(session, kGroupsOf, params);
}

Result<bool> AddGroupUser(store::Transaction& tx, int64_t group_id, int64_t user_id) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.Changed(kAddGroupUser, {group_id, user_id}));
  return changed > 0;
}

Result<bool> RemoveGroupUser(store::Transaction& tx, int64_t group_id, int64_t user_id) {
  ASSIGN_OR_RETURN(const int64_t changed, tx.Changed(kRemoveGroupUser, {group_id, user_id}));
  return changed > 0;
}

Result<std::vector<std::pair<std::string, Role>>> MembershipsOf(store::Session& session,
                                                                int64_t user_id) {
  std::vector<std::pair<std::string, Role>> memberships;
  TRY(session.Query(kMembershipsOf, {user_id}, [&](const Row& row) {
    memberships.emplace_back(row.Text(0), static_cast<Role>(row.Int(1)));
    return OkStatus();
  }));
  return memberships;
}

Status PutMember(store::Transaction& tx, const std::string& project, const Member& member,
                 int64_t id) {
  TRY(tx.Execute(member.is_group ? kDeleteGroupMember : kDeleteUserMember, {project, id}));
  const store::Value user = member.is_group ? store::Value() : store::Value(id);
  const store::Value group = member.is_group ? store::Value(id) : store::Value();
  return tx.Execute(kInsertMember, {project, user, group, static_cast<int64_t>(member.role),
                                    member.created.ms, member.created_by});
}

Result<bool> RemoveMember(store::Transaction& tx, const std::string& project, bool is_group,
                          int64_t id) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   tx.Changed(is_group ? kDeleteGroupMember : kDeleteUserMember, {project, id}));
  return changed > 0;
}

Result<std::vector<Member>> ListMembers(store::Session& session, const std::string& project) {
  std::vector<Member> members;
  TRY(session.Query(kListMembers, {project}, [&](const Row& row) {
    members.push_back({.is_group = !row.IsNull(0),
                       .name = std::string(row.Text(1)),
                       .role = static_cast<Role>(row.Int(2)),
                       .created = {row.Int(3)},
                       .created_by = std::string(row.Text(4))});
    return OkStatus();
  }));
  return members;
}

Result<std::vector<std::string>> ClosedProjects(store::Session& session) {
  return Texts(session, kClosed, {});
}

Result<bool> IsClosed(store::Session& session, const std::string& project) {
  const store::Value params[] = {project};
  ASSIGN_OR_RETURN(const auto found, Number(session, kIsClosed, params));
  return found.has_value();
}

Status SetClosed(store::Transaction& tx, const std::string& project, bool closed, WallTime now) {
  return closed ? tx.Execute(kClose, {project, now.ms}) : tx.Execute(kOpen, {project});
}

Result<std::vector<Thing>> ListThings(store::Session& session) {
  std::vector<Thing> things;
  TRY(session.Query(kThings, {}, [&](const Row& row) {
    things.push_back({.type = std::string(row.Text(0)),
                      .id = std::string(row.Text(1)),
                      .project = std::string(row.Text(2))});
    return OkStatus();
  }));
  return things;
}

Result<int64_t> CountThings(store::Session& session) {
  ASSIGN_OR_RETURN(const auto count, Number(session, kCountThings, {}));
  return count.value_or(0);
}

Result<std::string> ProjectOfThing(store::Session& session, std::string_view type,
                                   const std::string& id) {
  std::string project;
  TRY(session.Query(kThing, {type, id}, [&](const Row& row) {
    project = row.Text(0);
    return OkStatus();
  }));
  return project;
}

Status PutThing(store::Transaction& tx, const Thing& thing) {
  return thing.project.empty() ? tx.Execute(kDropThing, {thing.type, thing.id})
                               : tx.Execute(kPutThing, {thing.type, thing.id, thing.project});
}

Result<std::string> ReadSetting(store::Session& session, std::string_view name) {
  std::string value;
  TRY(session.Query(kSetting, {name}, [&](const Row& row) {
    value = row.Text(0);
    return OkStatus();
  }));
  return value;
}

Status PutSetting(store::Transaction& tx, std::string_view name, std::string_view value) {
  return tx.Execute(kPutSetting, {name, value});
}

}  // namespace stetig::access::repository
