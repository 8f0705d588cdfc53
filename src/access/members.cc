// Use cases of members of projects, of what belongs to a project, and of settings.
#include <fmt/format.h>

#include "access/internal/impl.h"
#include "access/member_repository.h"
#include "base/json_value.h"

namespace stetig::access {
namespace {

constexpr std::string_view kActivitySetting = "show_activity";

Result<int64_t> IdOf(store::Session& session, bool is_group, const std::string& name) {
  if (!is_group) {
    ASSIGN_OR_RETURN(const auto row, RequireUser(session, name));
    return row.user.id;
  }
  ASSIGN_OR_RETURN(const auto found, repository::FindGroup(session, name));
  if (!found) return Err(Code::kNotFound, fmt::format("group '{}' does not exist", name));
  return *found;
}

std::string PayloadOf(json::Object object) { return json::Dump(json::Value(std::move(object))); }

}  // namespace

Task<> Service::SetMember(Principal who, std::string project, Member member, Deadline deadline) {
  member.created = impl_->Now();
  member.created_by = who.user;
  auto write = [who, project, member](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const int64_t id, IdOf(tx, member.is_group, member.name));
    TRY(repository::PutMember(tx, project, member, id));
    return Record(tx, who, member.created, "project.member_added", {"project", project}, project,
                  PayloadOf({{"role", RoleName(member.role)}}),
                  {{member.is_group ? "group" : "user", member.name}});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Doubt();
  co_return status;
}

Task<> Service::RemoveMember(Principal who, std::string project, bool is_group, std::string name,
                             Deadline deadline) {
  auto write = [who, project, is_group, name,
                now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const int64_t id, IdOf(tx, is_group, name));
    ASSIGN_OR_RETURN(const bool removed, repository::RemoveMember(tx, project, is_group, id));
    if (!removed) return Err(Code::kNotFound, fmt::format("'{}' is no member", name));
    return Record(tx, who, now, "project.member_removed", {"project", project}, project, "{}",
                  {{is_group ? "group" : "user", name}});
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Doubt();
  co_return status;
}

Task<std::vector<Member>> Service::ListMembers(std::string project, Deadline deadline) {
  auto read = [project](store::Session& s) { return repository::ListMembers(s, project); };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<> Service::SetOpenness(Principal who, std::string project, Openness openness,
                            Deadline deadline) {
  const bool closed = openness == Openness::kMembers;
  auto write = [who, project, closed, now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const bool was, repository::IsClosed(tx, project));
    if (was == closed) return OkStatus();
    if (closed) {
      ASSIGN_OR_RETURN(const auto all, repository::ClosedProjects(tx));
      if (std::ssize(all) >= kMaxClosedProjects) {
        return Err(
            Code::kResourceExhausted,
            fmt::format("{} projects are for their members only, which is the most", all.size()),
            "too_many_closed_projects");
      }
    }
    TRY(repository::SetClosed(tx, project, closed, now));
    return Record(tx, who, now, closed ? "project.closed_to_others" : "project.opened_to_all",
                  {"project", project}, project);
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Doubt();
  co_return status;
}

Task<Openness> Service::GetOpenness(std::string project, Deadline deadline) {
  auto read = [project](store::Session& s) -> Result<Openness> {
    ASSIGN_OR_RETURN(const bool closed, repository::IsClosed(s, project));
    return closed ? Openness::kMembers : Openness::kOpen;
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<> Service::Assign(Principal who, std::string type, std::string id, std::string project,
                       Deadline deadline) {
  auto write = [who, type, id, project, now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const std::string before, repository::ProjectOfThing(tx, type, id));
    if (before == project) return OkStatus();
    if (before.empty()) {
      ASSIGN_OR_RETURN(const int64_t count, repository::CountThings(tx));
      if (count >= kMaxThings) {
        return Err(Code::kResourceExhausted,
                   fmt::format("{} things are assigned to projects, which is the most", count),
                   "too_many_assigned");
      }
    }
    TRY(repository::PutThing(tx, {.type = type, .id = id, .project = project}));
    // The event belongs to the project that may know of it.
    return Record(tx, who, now, fmt::format("{}.assigned", type), {type, id},
                  project.empty() ? before : project);
  };
  Status status = co_await impl_->db.Write(std::move(write), deadline);
  impl_->memory.Doubt();
  co_return status;
}

Task<std::string> Service::ProjectOfThing(std::string type, std::string id, Deadline deadline) {
  auto read = [type, id](store::Session& s) { return repository::ProjectOfThing(s, type, id); };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<bool> Service::ActivityShown(Deadline deadline) {
  auto read = [](store::Session& s) -> Result<bool> {
    ASSIGN_OR_RETURN(const std::string value, repository::ReadSetting(s, kActivitySetting));
    return value == "true";
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

Task<> Service::ShowActivity(Principal who, bool shown, Deadline deadline) {
  auto write = [who, shown, now = impl_->Now()](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const std::string before, repository::ReadSetting(tx, kActivitySetting));
    if ((before == "true") == shown) return OkStatus();
    TRY(repository::PutSetting(tx, kActivitySetting, shown ? "true" : "false"));
    return Record(tx, who, now, "setting.changed", {"setting", std::string(kActivitySetting)}, {},
                  PayloadOf({{"value", shown}}));
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

}  // namespace stetig::access
