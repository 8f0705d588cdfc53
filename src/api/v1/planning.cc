// Operations on the records of planning, made for each kind from its table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "api/v1/groups.h"
#include "planning/service.h"

namespace stetig::api::v1 {
namespace {

using http::Method;
using planning::Access;
using planning::FieldDef;
using planning::FieldType;
using planning::KindDef;

/// "change_request": noun "change-request", schema "ChangeRequest".
std::string NounOf(const KindDef& kind) {
  std::string noun(kind.name);
  std::ranges::replace(noun, '_', '-');
  return noun;
}

std::string SchemaNameOf(const KindDef& kind) {
  std::string name;
  bool upper = true;
  for (const char c : kind.name) {
    if (c != '_') name += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  return name;
}

Type TypeOf(FieldType type) {
  switch (type) {
    case FieldType::kInteger:
      return Type::kInteger;
    case FieldType::kNumber:
      return Type::kNumber;
    case FieldType::kFlag:
      return Type::kBoolean;
    case FieldType::kTexts:
    case FieldType::kCriteria:
      return Type::kStrings;
    case FieldType::kObject:
      return Type::kObject;
    default:
      return Type::kString;
  }
}

Property PropertyOf(const FieldDef& field) {
  Property property{
      .name = std::string(field.name), .type = TypeOf(field.type), .doc = std::string(field.doc)};
  for (const std::string_view choice : field.choices) property.values.emplace_back(choice);
  if (field.type == FieldType::kInteger && std::isfinite(field.least))
    property.least = static_cast<int64_t>(field.least);
  if (field.type == FieldType::kInteger && std::isfinite(field.most))
    property.most = static_cast<int64_t>(field.most);
  if (field.type == FieldType::kDate) property.format = "date";
  if (field.type == FieldType::kTime) property.format = "date-time";
  return property;
}

Property StatusProperty(const KindDef& kind) {
  Property status{.name = "status", .doc = "Where it stands."};
  for (const std::string_view word : kind.statuses) status.values.emplace_back(word);
  return status;
}

Schema SchemaOfKind(const KindDef& kind) {
  Schema schema{.name = SchemaNameOf(kind), .doc = std::string(kind.doc), .properties = {}};
  const auto add = [&schema](std::string name, std::string doc, Type type = Type::kString,
                             std::string format = "") {
    schema.properties.push_back({.name = std::move(name),
                                 .type = type,
                                 .doc = std::move(doc),
                                 .required = true,
                                 .format = std::move(format)});
  };
  add("id", "ULID.");
  if (kind.name != planning::kProject) add("key", "Key within its project: CHURN-12.");
  add("project", "Id of its project.");
  add("title", "Its name in one line.");
  schema.properties.push_back(StatusProperty(kind));
  schema.properties.back().required = true;
  add("owner", "Who is responsible; empty: nobody yet.");
  for (const FieldDef& field : kind.fields) schema.properties.push_back(PropertyOf(field));
  add("number", "Number within its project; 0: a project.", Type::kInteger);
  add("revision", "Counts every change.", Type::kInteger);
  add("version", "Counts changes that others rest on.", Type::kInteger);
  add("fingerprint", "SHA-256 of what others rest on.");
  add("created_at", "When it was made.", Type::kString, "date-time");
  add("created_by", "Who made it.");
  add("updated_at", "When it was changed last.", Type::kString, "date-time");
  add("updated_by", "Who changed it last.");
  return schema;
}

std::vector<Property> BodyOf(const KindDef& kind, bool creating) {
  std::vector<Property> body;
  if (creating && kind.name != planning::kProject) {
    body.push_back({.name = "project", .doc = "Key or id of its project.", .required = true});
  }
  body.push_back({.name = "title", .doc = "Its name in one line.", .required = creating});
  body.push_back(StatusProperty(kind));
  body.push_back({.name = "owner", .doc = "Who is responsible.", .nullable = true});
  for (const FieldDef& field : kind.fields) {
    if (field.access == Access::kRead || (!creating && field.access == Access::kOnCreate)) continue;
    Property property = PropertyOf(field);
    property.required = creating && field.required;
    property.nullable = !field.required;
    body.push_back(std::move(property));
  }
  return body;
}

json::Value ToJson(const planning::Record& record) {
  const KindDef& kind = planning::KindOf(record.kind);
  json::Object object = {{"id", record.id}};
  if (record.kind != planning::kProject) object.emplace_back("key", record.key);
  object.insert(object.end(), {{"project", record.project},
                               {"title", record.title},
                               {"status", record.status},
                               {"owner", record.owner}});
  for (const auto& [name, value] : record.fields) {
    const bool time = kind.Find(name)->type == FieldType::kTime && value.AsInt64() != nullptr;
    object.emplace_back(name, time ? TimeOf({*value.AsInt64()}) : value);
  }
  object.insert(object.end(), {{"number", record.number},
                               {"revision", record.revision},
                               {"version", record.version},
                               {"fingerprint", record.fingerprint},
                               {"created_at", TimeOf(record.created)},
                               {"created_by", record.created_by},
                               {"updated_at", TimeOf(record.updated)},
                               {"updated_by", record.updated_by}});
  return object;
}

Reply ReplyOf(const planning::Record& record) {
  return {.body = ToJson(record), .etag = std::to_string(record.revision), .location = {}};
}

Task<Reply> List(Call call) {
  planning::ListRecords request{.kind = call.operation.kind,
                                .project = call.Query("project"),
                                .filter = call.Query("filter"),
                                .order_by = call.http->QueryAll("order_by"),
                                .limit = call.QueryInt("limit", 100),
                                .page_token = call.Query("page_token")};
  auto listed = co_await call.context.planning.List(std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const auto page, std::move(listed));
  json::Array items;
  for (const planning::Record& record : page.items) items.push_back(ToJson(record));
  co_return Reply{
      .body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

Task<Reply> Get(Call call) {
  auto found =
      co_await call.context.planning.Get(call.operation.kind, call.Path("id"), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Record record, std::move(found));
  co_return ReplyOf(record);
}

Task<Reply> Create(Call call) {
  planning::CreateRecord request{
      .kind = call.operation.kind,
      .project = call.Text("project"),
      .values = std::move(call.body),
      .idempotency_key = std::string(call.http->headers.Get("Idempotency-Key").value_or("")),
      .imported = call.QueryFlag("imported")};
  std::erase_if(request.values, [](const json::Member& m) { return m.first == "project"; });
  auto made = co_await call.context.planning.Create(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Record record, std::move(made));
  Reply reply = ReplyOf(record);
  reply.location = call.operation.path + "/" + record.id;
  co_return reply;
}

Task<Reply> Update(Call call) {
  ASSIGN_OR_CO_RETURN(const auto if_revision, call.IfMatch());
  planning::UpdateRecord request{.kind = call.operation.kind,
                                 .reference = call.Path("id"),
                                 .changes = std::move(call.body),
                                 .if_revision = if_revision};
  auto changed = co_await call.context.planning.Update(call.who, std::move(request), call.deadline);
  ASSIGN_OR_CO_RETURN(const planning::Record record, std::move(changed));
  co_return ReplyOf(record);
}

Task<Reply> Delete(Call call) {
  ASSIGN_OR_CO_RETURN(const auto if_revision, call.IfMatch());
  CO_TRY(co_await call.context.planning.Delete(call.who, call.operation.kind, call.Path("id"),
                                               if_revision, call.deadline));
  co_return Reply{};
}

Task<Reply> History(Call call) {
  auto listed = co_await call.context.planning.ListRevisions(
      call.operation.kind, call.Path("id"), call.QueryInt("limit", 100), call.Query("page_token"),
      call.deadline);
  ASSIGN_OR_CO_RETURN(auto page, std::move(listed));
  json::Array items;
  for (planning::Revision& revision : page.items) {
    items.push_back(json::Object{{"revision", revision.revision},
                                 {"version", revision.version},
                                 {"time", TimeOf(revision.time)},
                                 {"actor", revision.actor},
                                 {"document", std::move(revision.document)}});
  }
  co_return Reply{
      .body = ListBody(std::move(items), page.next_page_token), .etag = {}, .location = {}};
}

/// A command line that makes a record of the kind.
std::string CreateExample(const KindDef& kind) {
  if (kind.name == planning::kProject) {
    return "project create --key CHURN --title 'Fewer customers leave' --goal 'Churn below 2 %'";
  }
  if (kind.name == "requirement") {
    return "requirement create --project CHURN --title 'Accurate enough' --criteria "
           "'metrics.accuracy >= 0.9'";
  }
  std::string example = fmt::format("{} create --project CHURN --title 'A title'", NounOf(kind));
  for (const FieldDef& field : kind.fields) {
    if (!field.required) continue;
    const std::string_view value = field.type == FieldType::kDate ? "2026-12-01"
                                   : field.name == "about_type"   ? "model_version"
                                   : field.name == "about_id"     ? "churn/3"
                                                                  : "'A value'";
    example += fmt::format(" --{} {}", field.name, value);
  }
  return example;
}

void AddKind(const KindDef& kind, Group& group) {
  const std::string noun = NounOf(kind);
  const std::string collection = fmt::format("/{}", kind.plural);
  const std::string one = collection + "/{id}";
  const std::string schema = SchemaNameOf(kind);
  const bool is_project = kind.name == planning::kProject;
  const std::string key = is_project ? "CHURN" : "CHURN-12";
  const std::string shown = is_project ? "key" : "key";
  std::vector<Property> list_query = PageParameters();
  if (!is_project) {
    list_query.push_back({.name = "project", .doc = "Key or id of the project; all if absent."});
  }
  list_query.push_back(
      {.name = "filter", .doc = "Condition: status = 'approved' AND owner = 'ada'."});
  list_query.push_back({.name = "order_by",
                        .type = Type::kStrings,
                        .doc = "Field and ASC or DESC: updated_at DESC."});
  list_query.push_back(FieldsParameter());
  const auto base = [&](Method method, const std::string& path, std::string verb,
                        std::string summary, std::string permission) {
    return Operation{.method = method,
                     .path = path,
                     .noun = noun,
                     .verb = std::move(verb),
                     .summary = std::move(summary),
                     .permission = std::move(permission),
                     .answer = schema,
                     .kind = std::string(kind.name)};
  };
  Operation list =
      base(Method::kGet, collection, "list", fmt::format("Lists {}.", kind.plural), "read");
  list.query = std::move(list_query);
  list.list = true;
  list.shown = {shown, "status", "title", "owner", "updated_at"};
  list.examples = {
      is_project ? noun + " list" : noun + " list --project CHURN",
      fmt::format("{} list --filter \"status = '{}'\" -o json", noun, kind.statuses.back())};
  list.act = List;
  Operation get = base(Method::kGet, one, "get", fmt::format("Shows one {}.", kind.name), "read");
  get.query = {FieldsParameter()};
  get.examples = {fmt::format("{} get {}", noun, key)};
  get.act = Get;
  Operation create =
      base(Method::kPost, collection, "create", fmt::format("Makes a {}.", kind.name), "write");
  create.query = {{.name = "imported",
                   .type = Type::kBoolean,
                   .doc = "It comes from elsewhere and keeps its status; its event says so."}};
  create.body = BodyOf(kind, /*creating=*/true);
  create.body_schema = "New" + schema;
  create.examples = {CreateExample(kind)};
  create.act = Create;
  Operation update =
      base(Method::kPatch, one, "update",
           fmt::format("Changes a {}; null takes a field away.", kind.name), "write");
  update.body = BodyOf(kind, /*creating=*/false);
  update.body_schema = schema + "Changes";
  update.examples = {fmt::format("{} update {} --status {}", noun, key, kind.statuses[1])};
  update.act = Update;
  Operation remove =
      base(Method::kDelete, one, "delete",
           fmt::format("Deletes a {}; its history stays in the journal.", kind.name), "write");
  remove.answer.clear();
  remove.examples = {fmt::format("{} delete {}", noun, key)};
  remove.act = Delete;
  Operation history = base(Method::kGet, one + "/revisions", "history",
                           fmt::format("Lists what a {} was, newest first.", kind.name), "read");
  history.query = PageParameters();
  history.answer = "Revision";
  history.list = true;
  history.shown = {"revision", "version", "time", "actor"};
  history.examples = {fmt::format("{} history {}", noun, key)};
  history.act = History;
  for (Operation* operation : {&list, &get, &create, &update, &remove, &history}) {
    group.operations.push_back(std::move(*operation));
  }
  group.schemas.push_back(SchemaOfKind(kind));
}

}  // namespace

Group PlanningGroup() {
  Group group;
  for (const KindDef& kind : planning::Kinds()) AddKind(kind, group);
  group.schemas.push_back(
      {.name = "Revision",
       .doc = "What a record was.",
       .properties = {
           {.name = "revision",
            .type = Type::kInteger,
            .doc = "Counts every change.",
            .required = true},
           {.name = "version", .type = Type::kInteger, .doc = "Version by then.", .required = true},
           {.name = "time", .doc = "When it became so.", .required = true, .format = "date-time"},
           {.name = "actor", .doc = "Who made it so.", .required = true},
           {.name = "document",
            .type = Type::kObject,
            .doc = "The record then.",
            .required = true}}});
  return group;
}

}  // namespace stetig::api::v1
