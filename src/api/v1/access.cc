// Who may what: roles, groups, tokens for programs, and whether everybody sees what each person
// did.
#include <fmt/format.h>

#include "access/service.h"
#include "api/v1/groups.h"
#include "base/text.h"
#include "planning/service.h"

namespace stetig::api::v1 {
namespace {

using access::Capability;
using http::Method;

json::Array NamesOf(access::Capabilities set) {
  json::Array names;
  for (const Capability one : access::kCapabilities) {
    if (set.Has(one)) names.emplace_back(access::CapabilityName(one));
  }
  return names;
}

Task<Reply> ListRoles(Call) {
  json::Array items;
  for (const access::RoleDef& role : access::RoleTable()) {
    items.push_back(
        json::Object{{"name", role.name}, {"may", NamesOf(role.may)}, {"description", role.doc}});
  }
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

// Groups

json::Value ToJson(const access::Group& group) {
  json::Array users;
  for (const std::string& user : group.users) users.emplace_back(user);
  return json::Object{
      {"name", group.name}, {"users", std::move(users)}, {"created_at", TimeOf(group.created)}};
}

Task<Reply> ListGroups(Call call) {
  auto listed = co_await call.context.access.ListGroups(call.deadline);
  ASSIGN_OR_CO_RETURN(const auto groups, std::move(listed));
  json::Array items;
  for (const access::Group& group : groups) items.push_back(ToJson(group));
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

Task<Reply> CreateGroup(Call call) {
  CO_TRY(co_await call.context.access.CreateGroup(call.who, call.Text("name"), call.deadline));
  co_return Reply{};
}

Task<Reply> DeleteGroup(Call call) {
  CO_TRY(co_await call.context.access.DeleteGroup(call.who, call.Path("group"), call.deadline));
  co_return Reply{};
}

Task<Reply> AddToGroup(Call call) {
  CO_TRY(co_await call.context.access.SetGroupUser(call.who, call.Path("group"), call.Path("user"),
                                                   /*in=*/true, call.deadline));
  co_return Reply{};
}

Task<Reply> TakeFromGroup(Call call) {
  CO_TRY(co_await call.context.access.SetGroupUser(call.who, call.Path("group"), call.Path("user"),
                                                   /*in=*/false, call.deadline));
  co_return Reply{};
}

// Tokens

json::Object ToJson(const access::Token& token) {
  json::Object object = {{"id", token.id},
                         {"user", token.user},
                         {"label", token.label},
                         {"role", access::RoleName(token.role)},
                         {"created_at", TimeOf(token.created)}};
  if (token.expires) object.emplace_back("expires_at", TimeOf(*token.expires));
  if (token.scope) object.emplace_back("scope", NamesOf(*token.scope));
  if (token.project) object.emplace_back("project", *token.project);
  return object;
}

/// Everybody has their own tokens; an admin sees and makes those of all.
Task<Reply> ListTokens(Call call) {
  auto listed = co_await call.context.access.ListTokens(call.deadline);
  ASSIGN_OR_CO_RETURN(const auto tokens, std::move(listed));
  json::Array items;
  for (const access::Token& token : tokens) {
    if (token.user == call.who.user || call.who.May(Capability::kAdmin)) {
      items.emplace_back(ToJson(token));
    }
  }
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

Result<std::optional<access::Capabilities>> ScopeField(const Call& call) {
  for (const auto& [name, value] : call.body) {
    if (name != "scope" || value.AsArray() == nullptr) continue;
    std::string names;
    for (const json::Value& one : *value.AsArray()) names += *one.AsString() + ",";
    if (const auto scope = access::ParseCapabilities(names)) return scope;
    return Err(
        Code::kInvalidArgument,
        fmt::format("field 'scope' holds '{}', expected some of {}", FirstCodePoints(names, 80),
                    access::CapabilityNames(access::Capabilities::All())),
        "invalid_field");
  }
  return std::nullopt;
}

Task<Reply> CreateToken(Call call) {
  access::Token wanted{.user = call.Text("user").empty() ? call.who.user : call.Text("user"),
                       .label = call.Text("label"),
                       .role = access::Role::kAdmin};  // as much as the owner may
  if (wanted.user != call.who.user && !call.who.May(Capability::kAdmin)) {
    co_return Err(Code::kPermissionDenied,
                  fmt::format("user '{}' may make tokens of their own only", call.who.user));
  }
  if (!call.Text("role").empty()) {
    ASSIGN_OR_CO_RETURN(wanted.role, RoleField(call));
  }
  ASSIGN_OR_CO_RETURN(wanted.scope, ScopeField(call));
  // Who comes with a token makes none that allows more.
  if (call.who.limit != access::Capabilities::All()) {
    wanted.scope = wanted.scope.value_or(access::Capabilities::All()) & call.who.limit;
  }
  if (const std::string reference = call.Text("project"); !reference.empty()) {
    auto found = co_await call.context.planning.Get(call.who, std::string(planning::kProject),
                                                    reference, call.deadline);
    ASSIGN_OR_CO_RETURN(const planning::Record project, std::move(found));
    wanted.project = project.id;
  }
  if (const std::string expires = call.Text("expires_at"); !expires.empty()) {
    wanted.expires = ParseIso8601(expires);
    if (!wanted.expires) {
      co_return Err(Code::kInvalidArgument,
                    fmt::format("field 'expires_at' is '{}', expected a time like "
                                "2026-11-27T08:00:00Z",
                                FirstCodePoints(expires, 80)),
                    "invalid_field");
    }
  }
  auto made = co_await call.context.access.CreateToken(call.who, std::move(wanted), call.deadline);
  ASSIGN_OR_CO_RETURN(const access::NewToken token, std::move(made));
  json::Object body = ToJson(token.token);
  body.emplace_back("secret", token.secret);
  co_return Reply{.body = std::move(body),
                  .etag = {},
                  .location = "/service-tokens/" + token.token.id};
}

Task<Reply> RevokeToken(Call call) {
  std::string of = call.who.May(Capability::kAdmin) ? std::string() : call.who.user;
  CO_TRY(co_await call.context.access.RevokeToken(call.who, call.Path("id"), call.deadline,
                                                  std::move(of)));
  co_return Reply{};
}

// Settings

Task<Reply> ShowActivity(Call call) {
  auto found = co_await call.context.access.ActivityShown(call.deadline);
  ASSIGN_OR_CO_RETURN(const bool shown, std::move(found));
  co_return Reply{.body = json::Object{{"shown", shown}}, .etag = {}, .location = {}};
}

Task<Reply> SetActivity(Call call) {
  const json::Value body{json::Object(call.body)};
  const bool shown = *body.Find("shown")->AsBool();
  CO_TRY(co_await call.context.access.ShowActivity(call.who, shown, call.deadline));
  co_return Reply{.body = json::Object{{"shown", shown}}, .etag = {}, .location = {}};
}

std::vector<Property> TokenProperties() {
  return {
      {.name = "id", .doc = "For lists and revocation; no secret.", .required = true},
      {.name = "user", .doc = "Whose it is.", .required = true},
      {.name = "label", .doc = "What it is for.", .required = true},
      RoleProperty(/*required=*/true),
      {.name = "scope", .type = Type::kStrings, .doc = "What it allows at most."},
      {.name = "project", .doc = "Id of the only project that it is for."},
      {.name = "created_at", .doc = "When it was made.", .required = true, .format = "date-time"},
      {.name = "expires_at", .doc = "When it ends; absent: never.", .format = "date-time"}};
}

std::vector<Schema> Shapes() {
  const Property created{
      .name = "created_at", .doc = "When it was made.", .required = true, .format = "date-time"};
  Schema with_secret{.name = "NewServiceToken",
                     .doc = "A token as it is shown once.",
                     .properties = TokenProperties()};
  with_secret.properties.push_back(
      {.name = "secret", .doc = "What a program sends; shown only now.", .required = true});
  return {
      {.name = "Role",
       .doc = "What a person may.",
       .properties =
           {{.name = "name", .doc = "Its name.", .required = true},
            {.name = "may", .type = Type::kStrings, .doc = "Its capabilities.", .required = true},
            {.name = "description", .doc = "In words.", .required = true}}},
      {.name = "Group",
       .doc = "People who get rights together.",
       .properties =
           {{.name = "name", .doc = "Unique.", .required = true},
            {.name = "users", .type = Type::kStrings, .doc = "Their names.", .required = true},
            created}},
      {.name = "ServiceToken",
       .doc = "A token without its secret.",
       .properties = TokenProperties()},
      std::move(with_secret),
      {.name = "Activity",
       .doc = "Whether everybody sees what each person did.",
       .properties = {{.name = "shown",
                       .type = Type::kBoolean,
                       .doc = "Whether they do.",
                       .required = true}}}};
}

void AddPeople(Group& group) {
  group.operations.push_back(ListOperation(
      SimpleOperation(Method::kGet, "/roles", "role", "list", "Lists the roles and what each may.",
                      "read in project", "Role", ListRoles, "role list"),
      {"name", "may"}));
  group.operations.push_back(
      ListOperation(SimpleOperation(Method::kGet, "/groups", "group", "list", "Lists groups.",
                                    "admin", "Group", ListGroups, "group list"),
                    {"name", "users"}));
  group.operations.push_back(
      WithBody(SimpleOperation(Method::kPost, "/groups", "group", "create",
                               "Makes a group; one that is there already stays as it is.", "admin",
                               "", CreateGroup, "group create --name steel"),
               "NewGroup", {{.name = "name", .doc = "Its name.", .required = true}}));
  group.operations.push_back(SimpleOperation(Method::kDelete, "/groups/{group}", "group", "delete",
                                             "Deletes a group with its roles in projects.", "admin",
                                             "", DeleteGroup, "group delete steel"));
  group.operations.push_back(SimpleOperation(Method::kPut, "/groups/{group}/users/{user}", "group",
                                             "add", "Puts a user into a group.", "admin", "",
                                             AddToGroup, "group add steel ada"));
  group.operations.push_back(SimpleOperation(Method::kDelete, "/groups/{group}/users/{user}",
                                             "group", "remove", "Takes a user out of a group.",
                                             "admin", "", TakeFromGroup, "group remove steel ada"));
  group.operations.push_back(
      ListOperation(SimpleOperation(Method::kGet, "/service-tokens", "service-token", "list",
                                    "Lists your tokens, of an admin all, without their secrets.",
                                    "read", "ServiceToken", ListTokens, "service-token list"),
                    {"id", "user", "label", "role", "scope", "project", "expires_at"}));
  group.operations.push_back(WithBody(
      SimpleOperation(Method::kPost, "/service-tokens", "service-token", "create",
                      "Makes a token for a program; it never allows more than its owner may.",
                      "read", "NewServiceToken", CreateToken,
                      "service-token create --label ci --scope read --scope write --project CHURN"),
      "TokenWanted",
      {{.name = "label", .doc = "What it is for.", .required = true},
       {.name = "user", .doc = "Whose it is (yours)."},
       RoleProperty(/*required=*/false),
       {.name = "scope",
        .type = Type::kStrings,
        .doc = "Capabilities that it allows at most (all that its owner has)."},
       {.name = "project", .doc = "Key or id of the only project that it is for."},
       {.name = "expires_at", .doc = "When it ends (never).", .format = "date-time"}}));
  group.operations.push_back(
      SimpleOperation(Method::kDelete, "/service-tokens/{id}", "service-token", "revoke",
                      "Ends a token of yours, or as an admin of anybody.", "read", "", RevokeToken,
                      "service-token revoke 01JDN3QZ8W"));
  group.operations.push_back(SimpleOperation(Method::kGet, "/settings/activity", "activity", "show",
                                             "Says whether everybody sees what each person did.",
                                             "read", "Activity", ShowActivity, "activity show"));
  group.operations.push_back(WithBody(
      SimpleOperation(Method::kPut, "/settings/activity", "activity", "set",
                      "Shows what each person did to everybody, or to themself and auditors alone.",
                      "admin", "Activity", SetActivity, "activity set --shown false"),
      "NewActivity",
      {{.name = "shown", .type = Type::kBoolean, .doc = "Whether they do.", .required = true}}));
}

}  // namespace

Result<access::Role> RoleField(const Call& call) {
  const std::string name = call.Text("role");
  if (const auto role = access::ParseRole(name)) return *role;
  return Err(Code::kInvalidArgument,
             fmt::format("field 'role' is '{}', expected one of {}", FirstCodePoints(name, 80),
                         access::RoleNames()),
             "invalid_field");
}

Property RoleProperty(bool required) {
  Property role{.name = "role", .doc = "The role.", .required = required};
  for (const access::RoleDef& def : access::RoleTable()) role.values.emplace_back(def.name);
  return role;
}

Group AccessGroup() {
  Group group;
  AddPeople(group);
  group.schemas = Shapes();
  return group;
}

}  // namespace stetig::api::v1
