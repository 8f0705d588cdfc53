#include "api/v1/openapi.h"

#include <algorithm>
#include <map>

#include "api/v1/table.h"

namespace stetig::api::v1 {
namespace {

using json::Array;
using json::Object;
using json::Value;

Value TypeOf(const Property& property) {
  Object schema;
  const auto type = [&](std::string_view name) -> Value {
    if (!property.nullable) return name;
    return Array{name, "null"};
  };
  switch (property.type) {
    case Type::kString:
      schema.emplace_back("type", type("string"));
      break;
    case Type::kInteger:
      schema.emplace_back("type", type("integer"));
      schema.emplace_back("format", "int64");
      if (property.least != std::numeric_limits<int64_t>::min())
        schema.emplace_back("minimum", property.least);
      if (property.most != std::numeric_limits<int64_t>::max())
        schema.emplace_back("maximum", property.most);
      break;
    case Type::kNumber:
      schema.emplace_back("type", type("number"));
      break;
    case Type::kBoolean:
      schema.emplace_back("type", type("boolean"));
      break;
    case Type::kStrings:
      schema.emplace_back("type", type("array"));
      schema.emplace_back("items", Object{{"type", "string"}});
      break;
    case Type::kObject:
      schema.emplace_back("type", type("object"));
      schema.emplace_back("additionalProperties", true);
      break;
    case Type::kAny:
      break;
  }
  if (!property.format.empty()) schema.emplace_back("format", property.format);
  if (!property.values.empty()) {
    Array values;
    for (const std::string& value : property.values) values.emplace_back(value);
    if (property.nullable) values.emplace_back(nullptr);
    schema.emplace_back("enum", std::move(values));
  }
  if (!property.doc.empty()) schema.emplace_back("description", property.doc);
  return schema;
}

Value ObjectOf(const std::vector<Property>& properties, bool open, const std::string& doc) {
  Object members;
  Array required;
  for (const Property& property : properties) {
    members.emplace_back(property.name, TypeOf(property));
    if (property.required) required.emplace_back(property.name);
  }
  Object schema = {{"type", "object"}};
  if (!doc.empty()) schema.emplace_back("description", doc);
  schema.emplace_back("properties", std::move(members));
  if (!required.empty()) schema.emplace_back("required", std::move(required));
  if (!open) schema.emplace_back("additionalProperties", false);
  return schema;
}

Value Reference(std::string_view schema) {
  return Object{{"$ref", "#/components/schemas/" + std::string(schema)}};
}

Value JsonContent(Value schema, const char* media = "application/json") {
  return Object{{media, Object{{"schema", std::move(schema)}}}};
}

Value ListOf(const std::string& schema) {
  return Object{
      {"type", "object"},
      {"properties",
       Object{{"items", Object{{"type", "array"}, {"items", Reference(schema)}}},
              {"next_page_token",
               Object{{"type", "string"},
                      {"description", "Where the next page begins; absent on the last."}}}}},
      {"required", Array{"items"}}};
}

Value Parameter(const char* in, const Property& property) {
  return Object{{"name", property.name},
                {"in", in},
                {"required", property.required},
                {"description", property.doc},
                {"schema", TypeOf({.name = property.name,
                                   .type = property.type,
                                   .values = property.values,
                                   .format = property.format,
                                   .least = property.least,
                                   .most = property.most})}};
}

/// One record of planning: its revision is its ETag.
bool HasEtag(const Operation& operation) {
  return operation.method == http::Method::kGet && !operation.kind.empty() &&
         operation.verb == "get";
}

Value Parameters(const Operation& operation) {
  Array parameters;
  for (const std::string& name : operation.PathNames()) {
    parameters.push_back(Parameter("path", {.name = name, .doc = "Id or key.", .required = true}));
  }
  for (const Property& property : operation.query)
    parameters.push_back(Parameter("query", property));
  const bool changes =
      operation.method == http::Method::kPatch || operation.method == http::Method::kDelete;
  if (changes && !operation.kind.empty()) {
    parameters.push_back(Parameter(
        "header", {.name = "If-Match", .doc = "The ETag that the object must still have."}));
  }
  if (HasEtag(operation)) {
    parameters.push_back(Parameter(
        "header", {.name = "If-None-Match", .doc = "The ETag that is known: 304 if it still is."}));
  }
  if (operation.method == http::Method::kPost && !operation.kind.empty()) {
    parameters.push_back(Parameter(
        "header",
        {.name = "Idempotency-Key",
         .doc = "A repeated request with the same key and body answers as the first did."}));
  }
  return parameters;
}

Value Responses(const Operation& operation) {
  Object good = {{"description", operation.summary}};
  const bool made = operation.verb == "create" || operation.verb == "add";
  if (operation.act_raw != nullptr) {
    good.emplace_back("content", JsonContent(Object{}, operation.media.c_str()));
  } else if (!operation.answer.empty()) {
    good.emplace_back("content", JsonContent(operation.list ? ListOf(operation.answer)
                                                            : Reference(operation.answer)));
  }
  const char* status = operation.answer.empty() && operation.act_raw == nullptr ? "204"
                       : made                                                   ? "201"
                                                                                : "200";
  Object problem = {{"description", "A problem (RFC 9457)."},
                    {"content", JsonContent(Reference("Problem"), "application/problem+json")}};
  Object responses = {{status, std::move(good)}};
  if (HasEtag(operation))
    responses.emplace_back("304", Object{{"description", "Not changed: If-None-Match names it."}});
  responses.emplace_back("default", std::move(problem));
  return responses;
}

Value Describe(const Operation& operation) {
  Object described = {{"operationId", operation.Id()},
                      {"summary", operation.summary},
                      {"tags", Array{operation.noun}},
                      {"x-permission", operation.permission}};
  if (Value parameters = Parameters(operation); !parameters.AsArray()->empty()) {
    described.emplace_back("parameters", std::move(parameters));
  }
  if (!operation.body_schema.empty()) {
    described.emplace_back(
        "requestBody",
        Object{{"required", true}, {"content", JsonContent(Reference(operation.body_schema))}});
  }
  if (operation.file_limit > 0) {
    described.emplace_back("requestBody", Object{{"required", true},
                                                 {"description", "The bytes of the file."},
                                                 {"content", Object{{"*/*", Object{}}}}});
  }
  described.emplace_back("responses", Responses(operation));
  if (operation.permission == "public") described.emplace_back("security", Array{});
  return described;
}

const char* MethodKey(http::Method method) {
  switch (method) {
    case http::Method::kPost:
      return "post";
    case http::Method::kPut:
      return "put";
    case http::Method::kPatch:
      return "patch";
    case http::Method::kDelete:
      return "delete";
    default:
      return "get";
  }
}

Value Paths() {
  Object paths;
  for (const Operation& operation : Operations()) {
    std::string path = std::string(kBase) + operation.path;
    if (const size_t rest = path.find("*}"); rest != std::string::npos) path.erase(rest, 1);
    const auto found = std::ranges::find(paths, path, &json::Member::first);
    Value& item = found == paths.end() ? paths.emplace_back(path, Object{}).second : found->second;
    item.Set(MethodKey(operation.method), Describe(operation));
  }
  return paths;
}

Value Components() {
  Object schemas;
  for (const Schema& schema : Schemas()) {
    schemas.emplace_back(schema.name, ObjectOf(schema.properties, /*open=*/true, schema.doc));
  }
  for (const Operation& operation : Operations()) {
    const bool known =
        std::ranges::find(schemas, operation.body_schema, &json::Member::first) != schemas.end();
    if (operation.body_schema.empty() || known) continue;
    schemas.emplace_back(operation.body_schema, ObjectOf(operation.body, /*open=*/false, ""));
  }
  return Object{
      {"schemas", std::move(schemas)},
      {"securitySchemes", Object{{"basic", Object{{"type", "http"}, {"scheme", "basic"}}},
                                 {"bearer", Object{{"type", "http"}, {"scheme", "bearer"}}}}}};
}

std::string Make() {
  Array tags;
  for (const Operation& operation : Operations()) {
    const bool known = std::ranges::any_of(
        tags, [&](const Value& tag) { return *tag.Find("name")->AsString() == operation.noun; });
    if (!known) tags.push_back(Object{{"name", operation.noun}});
  }
  return json::Dump(Object{
      {"openapi", "3.1.0"},
      {"info", Object{{"title", "stetig"},
                      {"version", "1"},
                      {"summary", "The whole MLOps cycle as resources."},
                      {"license", Object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", Array{Object{{"url", "/"}}}},
      {"tags", std::move(tags)},
      {"security", Array{Object{{"basic", Array{}}}, Object{{"bearer", Array{}}}}},
      {"paths", Paths()},
      {"components", Components()}});
}

}  // namespace

const std::string& OpenApiDocument() {
  static const std::string document = Make();
  return document;
}

}  // namespace stetig::api::v1
