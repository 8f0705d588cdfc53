// Members of projects, who sees a project, and what belongs to it.
#include <fmt/format.h>

#include "access/service.h"
#include "api/v1/groups.h"
#include "base/text.h"
#include "planning/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

/// The id of a project that the caller sees and in which they may do what is under way.
Task<std::string> ProjectId(Context* context, access::Principal who, std::string reference,
                            Deadline deadline) {
  auto found = co_await context->planning.Get(who, std::string(planning::kProject),
                                              std::move(reference), deadline);
  ASSIGN_OR_CO_RETURN(const planning::Record project, std::move(found));
  if (!who.MayInProject(project.id)) {
    co_return Err(Code::kPermissionDenied, access::DenialOf(who));
  }
  co_return project.id;
}

// Members

json::Value ToJson(const access::Member& member) {
  return json::Object{{"kind", member.is_group ? "group" : "user"},
                      {"name", member.name},
                      {"role", access::RoleName(member.role)},
                      {"created_at", TimeOf(member.created)}};
}

Task<Reply> ListMembers(Call call) {
  auto resolved = co_await ProjectId(&call.context, call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(const std::string project, std::move(resolved));
  auto listed = co_await call.context.access.ListMembers(project, call.deadline);
  ASSIGN_OR_CO_RETURN(const auto members, std::move(listed));
  json::Array items;
  for (const access::Member& member : members) items.push_back(ToJson(member));
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

Task<Reply> AddMember(Call call) {
  ASSIGN_OR_CO_RETURN(const access::Role role, RoleField(call));
  access::Member member{.is_group = !call.Text("group").empty(), .role = role};
  if (call.Text("user").empty() == call.Text("group").empty()) {
    co_return Err(Code::kInvalidArgument, "expected exactly one of 'user' and 'group'",
                  "invalid_field");
  }
  member.name = member.is_group ? call.Text("group") : call.Text("user");
  auto resolved = co_await ProjectId(&call.context, call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(std::string project, std::move(resolved));
  member.created = Clock::System().Now();
  json::Value body = ToJson(member);
  std::string location = fmt::format("/projects/{}/members/{}/{}", project,
                                     member.is_group ? "group" : "user", PercentEncode(member.name));
  CO_TRY(co_await call.context.access.SetMember(call.who, std::move(project), std::move(member),
                                                call.deadline));
  co_return Reply{.body = std::move(body), .etag = {}, .location = std::move(location)};
}

Task<Reply> RemoveMember(Call call) {
  auto resolved = co_await ProjectId(&call.context, call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(std::string project, std::move(resolved));
  const std::string kind = call.Path("kind");
  if (kind != "user" && kind != "group") {
    co_return Err(Code::kNotFound,
                  fmt::format("'{}' is neither user nor group", FirstCodePoints(kind, 80)));
  }
  CO_TRY(co_await call.context.access.RemoveMember(call.who, std::move(project), kind == "group",
                                                   call.Path("name"), call.deadline));
  co_return Reply{};
}

json::Value AccessBody(access::Openness openness) {
  return json::Object{{"access", openness == access::Openness::kOpen ? "open" : "members"}};
}

Task<Reply> ShowAccess(Call call) {
  auto resolved = co_await ProjectId(&call.context, call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(std::string project, std::move(resolved));
  auto found = co_await call.context.access.GetOpenness(std::move(project), call.deadline);
  ASSIGN_OR_CO_RETURN(const access::Openness openness, std::move(found));
  co_return Reply{.body = AccessBody(openness), .etag = {}, .location = {}};
}

Task<Reply> SetAccess(Call call) {
  auto resolved = co_await ProjectId(&call.context, call.who, call.Path("project"), call.deadline);
  ASSIGN_OR_CO_RETURN(std::string project, std::move(resolved));
  const std::string word = call.Text("access");
  if (word != "open" && word != "members") {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format("field 'access' is '{}', expected open or members", FirstCodePoints(word, 80)),
        "invalid_field");
  }
  const auto openness = word == "open" ? access::Openness::kOpen : access::Openness::kMembers;
  CO_TRY(co_await call.context.access.SetOpenness(call.who, std::move(project), openness,
                                                  call.deadline));
  co_return Reply{.body = AccessBody(openness), .etag = {}, .location = {}};
}

// What belongs to a project

Task<Reply> Assign(Call call, std::string type, std::string id) {
  std::string project;
  if (const std::string reference = call.Text("project"); !reference.empty()) {
    auto resolved = co_await ProjectId(&call.context, call.who, reference, call.deadline);
    ASSIGN_OR_CO_RETURN(project, std::move(resolved));
  }
  json::Value body = json::Object{{"type", type}, {"id", id}, {"project", project}};
  CO_TRY(co_await call.context.access.Assign(call.who, std::move(type), std::move(id),
                                             std::move(project), call.deadline));
  co_return Reply{.body = std::move(body), .etag = {}, .location = {}};
}

Failure Denied(const access::Principal& who) {
  return Err(Code::kPermissionDenied, access::DenialOf(who));
}

Task<Reply> AssignExperiment(Call call) {
  auto found =
      co_await call.context.tracking.GetExperiment(call.who, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::Experiment experiment, std::move(found));
  if (!call.who.MayInExperiment(experiment.id)) co_return Denied(call.who);
  co_return co_await Assign(std::move(call), std::string(access::kExperimentThing),
                            std::move(experiment.id));
}

Task<Reply> AssignModel(Call call) {
  auto found = co_await call.context.registry.GetModel(call.who, call.Path("model"), call.deadline);
  ASSIGN_OR_CO_RETURN(registry::RegisteredModel model, std::move(found));
  if (!call.who.MayInModel(model.name)) co_return Denied(call.who);
  co_return co_await Assign(std::move(call), std::string(access::kModelThing),
                            std::move(model.name));
}

std::vector<Schema> Shapes() {
  const Property created{
      .name = "created_at", .doc = "When it was made.", .required = true, .format = "date-time"};
  Property kind{.name = "kind",
                .doc = "Whether it is one person or a group.",
                .required = true,
                .values = {"user", "group"}};
  Property open{.name = "access",
                .doc = "Who sees it: everybody, or its members.",
                .required = true,
                .values = {"open", "members"}};
  return {{.name = "Member",
           .doc = "A person or group with a role in a project.",
           .properties = {std::move(kind),
                          {.name = "name", .doc = "Of the user or the group.", .required = true},
                          RoleProperty(/*required=*/true),
                          created}},
          {.name = "ProjectAccess", .doc = "Who sees a project.", .properties = {std::move(open)}},
          {.name = "Assignment",
           .doc = "Which project something belongs to.",
           .properties = {
               {.name = "type", .doc = "experiment or registered_model.", .required = true},
               {.name = "id", .doc = "Id or name.", .required = true},
               {.name = "project", .doc = "Id of the project; empty: none.", .required = true}}}};
}

void AddProjects(Group& group) {
  const std::string members = "/projects/{project}/members";
  group.operations.push_back(ListOperation(
      SimpleOperation(Method::kGet, members, "member", "list", "Lists who has a role in a project.",
                      "read in project", "Member", ListMembers, "member list CHURN"),
      {"kind", "name", "role", "created_at"}));
  group.operations.push_back(
      WithBody(SimpleOperation(
                   Method::kPost, members, "member", "add",
                   "Gives a user or a group a role in a project, in the place of the one they had.",
                   "admin in project", "Member", AddMember,
                   "member add CHURN --user ada --role data_scientist"),
               "NewMember",
               {{.name = "user", .doc = "Name of the user, or"},
                {.name = "group", .doc = "Name of the group."},
                RoleProperty(/*required=*/true)}));
  group.operations.push_back(SimpleOperation(Method::kDelete, members + "/{kind}/{name}", "member",
                                             "remove", "Takes a role in a project away.",
                                             "admin in project", "", RemoveMember,
                                             "member remove CHURN user ada"));
  group.operations.push_back(SimpleOperation(Method::kGet, "/projects/{project}/access", "project",
                                             "show-access", "Says who sees a project.",
                                             "read in project", "ProjectAccess", ShowAccess,
                                             "project show-access CHURN"));
  group.operations.push_back(
      WithBody(SimpleOperation(Method::kPut, "/projects/{project}/access", "project", "set-access",
                               "Says who sees a project: everybody, or its members alone.",
                               "admin in project", "ProjectAccess", SetAccess,
                               "project set-access CHURN --access members"),
               "NewProjectAccess",
               {{.name = "access",
                 .doc = "open or members.",
                 .required = true,
                 .values = {"open", "members"}}}));
  const std::vector<Property> target = {
      {.name = "project", .doc = "Key or id of the project; empty: none.", .required = true}};
  group.operations.push_back(WithBody(
      SimpleOperation(Method::kPut, "/experiments/{id}/project", "experiment", "assign",
                      "Says which project an experiment belongs to; it is seen as that is.",
                      "write in project", "Assignment", AssignExperiment,
                      "experiment assign 1 --project CHURN"),
      "ExperimentProject", target));
  group.operations.push_back(WithBody(
      SimpleOperation(Method::kPut, "/models/{model}/project", "model", "assign",
                      "Says which project a registered model belongs to; it is seen as that is.",
                      "write in project", "Assignment", AssignModel,
                      "model assign churn --project CHURN"),
      "ModelProject", target));
}

}  // namespace

Group MemberGroup() {
  Group group;
  AddProjects(group);
  group.schemas = Shapes();
  return group;
}

}  // namespace stetig::api::v1
