// From the table to routes: what comes in is checked against the operation, what goes out is its
// reply.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "api/v1/openapi.h"
#include "api/v1/problem.h"
#include "api/v1/table.h"
#include "base/text.h"

namespace stetig::api::v1 {
namespace {

Failure Refuse(std::string message, std::string detail) {
  return Err(Code::kInvalidArgument, std::move(message), std::move(detail));
}

const Property* Find(const std::vector<Property>& properties, std::string_view name) {
  const auto found = std::ranges::find(properties, name, &Property::name);
  return found == properties.end() ? nullptr : &*found;
}

std::string NamesOf(const std::vector<Property>& properties) {
  std::vector<std::string_view> names;
  for (const Property& property : properties) names.push_back(property.name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

Status CheckQueryValue(const Property& property, const std::string& text) {
  if (property.type == Type::kInteger && !ParseInt64(text)) {
    return Refuse(fmt::format("parameter '{}' is '{}', expected an integer", property.name,
                              FirstCodePoints(text, 80)),
                  "invalid_parameter");
  }
  if (property.type == Type::kInteger) {
    const int64_t number = ParseInt64(text).value_or(0);
    if (number < property.least || number > property.most) {
      const bool open = property.most == std::numeric_limits<int64_t>::max();
      return Refuse(
          fmt::format("parameter '{}' is {}, expected {} {}", property.name, number, property.least,
                      open ? "or more" : fmt::format("to {}", property.most)),
          "invalid_parameter");
    }
  }
  if (property.type == Type::kBoolean && text != "true" && text != "false") {
    return Refuse(fmt::format("parameter '{}' is '{}', expected true or false", property.name,
                              FirstCodePoints(text, 80)),
                  "invalid_parameter");
  }
  if (!property.values.empty() &&
      std::ranges::find(property.values, text) == property.values.end()) {
    return Refuse(fmt::format("parameter '{}' is '{}', expected one of {}", property.name,
                              FirstCodePoints(text, 80), fmt::join(property.values, ", ")),
                  "invalid_parameter");
  }
  return OkStatus();
}

/// Every parameter is known, of its type, and given once unless it is a list.
Status CheckQuery(const Operation& operation, const http::Request& request) {
  for (const std::string_view pair : Split(request.query, '&')) {
    if (pair.empty()) continue;
    const std::string_view raw = pair.substr(0, pair.find('='));
    const auto name = PercentDecode(raw, /*plus_is_blank=*/true);
    const Property* property = name ? Find(operation.query, *name) : nullptr;
    if (property == nullptr) {
      return Refuse(fmt::format("unknown parameter '{}', expected some of: {}",
                                FirstCodePoints(raw, 80), NamesOf(operation.query)),
                    "unknown_parameter");
    }
  }
  for (const Property& property : operation.query) {
    const std::vector<std::string> values = request.QueryAll(property.name);
    if (values.empty() && property.required) {
      return Refuse(
          fmt::format("parameter '{}' is missing, expected {}", property.name, property.doc),
          "missing_parameter");
    }
    if (values.size() > 1 && property.type != Type::kStrings) {
      return Refuse(fmt::format("parameter '{}' is given {} times, expected once", property.name,
                                values.size()),
                    "invalid_parameter");
    }
    for (const std::string& value : values) TRY(CheckQueryValue(property, value));
  }
  return OkStatus();
}

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kString:
      return "a string";
    case Type::kInteger:
      return "an integer";
    case Type::kNumber:
      return "a number";
    case Type::kBoolean:
      return "true or false";
    case Type::kStrings:
      return "an array of strings";
    case Type::kObject:
      return "an object";
    case Type::kAny:
      return "a value";
  }
  return "";
}

bool Fits(const json::Value& value, Type type) {
  switch (type) {
    case Type::kString:
      return value.AsString() != nullptr;
    case Type::kInteger:
      return value.AsInt64() != nullptr;
    case Type::kNumber:
      return value.AsInt64() != nullptr || value.AsDouble() != nullptr;
    case Type::kBoolean:
      return value.AsBool() != nullptr;
    case Type::kStrings:
      return value.AsArray() != nullptr &&
             std::ranges::all_of(*value.AsArray(), [](const json::Value& element) {
               return element.AsString() != nullptr;
             });
    case Type::kObject:
      return value.AsObject() != nullptr;
    case Type::kAny:
      return true;
  }
  return false;
}

Status CheckBody(const Operation& operation, const json::Object& body) {
  for (const auto& [name, value] : body) {
    const Property* property = Find(operation.body, name);
    if (property == nullptr) {
      return Refuse(fmt::format("unknown field '{}', expected some of: {}",
                                FirstCodePoints(name, 80), NamesOf(operation.body)),
                    "unknown_field");
    }
    if (value.IsNull() && property->nullable) continue;
    if (!Fits(value, property->type)) {
      return Refuse(fmt::format("field '{}' is {}, expected {}", name,
                                FirstCodePoints(json::Dump(value), 80), TypeName(property->type)),
                    "invalid_field");
    }
  }
  for (const Property& property : operation.body) {
    const bool there = std::ranges::find(body, property.name, &json::Member::first) != body.end();
    if (property.required && !there) {
      return Refuse(fmt::format("field '{}' is missing, expected {}", property.name, property.doc),
                    "missing_field");
    }
  }
  return OkStatus();
}

/// JSON by its content type; a missing one is taken for JSON.
bool IsJson(const http::Request& request) {
  const std::string_view type = request.headers.Get("Content-Type").value_or("application/json");
  const std::string_view media = Trim(type.substr(0, type.find(';')));
  return EqualsIgnoreCase(media, "application/json") ||
         EqualsIgnoreCase(media, "application/merge-patch+json");
}

Task<json::Object> ReadBody(const Context& context, const Operation& operation,
                            std::shared_ptr<http::Request> request) {
  auto read = co_await http::ReadAll(*request->body, context.options.json_body_limit);
  ASSIGN_OR_CO_RETURN(const std::string text, std::move(read));
  if (operation.body_schema.empty()) {
    if (text.empty()) co_return json::Object();
    co_return Err(Code::kInvalidArgument, "the request has a body, expected none",
                  "unexpected_body");
  }
  if (!IsJson(*request)) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format("content type is '{}', expected application/json",
                    FirstCodePoints(request->headers.Get("Content-Type").value_or(""), 80)),
        "unsupported_media_type");
  }
  ASSIGN_OR_CO_RETURN(json::Value value, json::Parse(text));
  if (value.AsObject() == nullptr) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("the body is {}, expected an object", json::KindName(value.kind())),
                  "invalid_body");
  }
  CO_TRY(CheckBody(operation, *value.AsObject()));
  co_return std::move(*value.AsObject());
}

access::Principal CallerOf(const http::Request& request) {
  const auto* who = std::any_cast<access::Principal>(&request.caller);
  return who == nullptr ? access::Principal{} : *who;
}

bool Matches(std::string_view header, const std::string& etag) {
  for (std::string_view one : Split(header, ',')) {
    one = Trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == "\"" + etag + "\"") return true;
  }
  return false;
}

/// Only the members that `fields` names, of an object or of each of a list.
json::Value Pick(json::Value value, const std::vector<std::string_view>& fields) {
  json::Object* object = value.AsObject();
  if (object == nullptr) return value;
  std::erase_if(*object, [&](const json::Member& member) {
    return std::ranges::find(fields, member.first) == fields.end();
  });
  return value;
}

Status Select(const Operation& operation, const http::Request& request, json::Value& body) {
  const auto wanted = request.Query("fields");
  if (!wanted || operation.answer.empty()) return OkStatus();
  std::vector<std::string_view> fields;
  for (const std::string_view field : Split(*wanted, ',')) {
    const std::string_view name = Trim(field);
    const Schema& schema = SchemaOf(operation.answer);
    if (Find(schema.properties, name) == nullptr) {
      return Refuse(fmt::format("parameter 'fields' names '{}', expected some of: {}",
                                FirstCodePoints(name, 80), NamesOf(schema.properties)),
                    "invalid_parameter");
    }
    fields.push_back(name);
  }
  if (!operation.list) {
    body = Pick(std::move(body), fields);
    return OkStatus();
  }
  for (auto& [name, value] : *body.AsObject()) {
    if (name != "items") continue;
    for (json::Value& item : *value.AsArray()) item = Pick(std::move(item), fields);
  }
  return OkStatus();
}

Result<http::Response> ToResponse(const Operation& operation, const http::Request& request,
                                  Reply reply) {
  const bool made = operation.method != http::Method::kPatch && !reply.location.empty();
  http::Response response;
  if (operation.answer.empty()) {
    response.status = 204;
    return response;
  }
  if (!reply.etag.empty() && operation.method == http::Method::kGet) {
    if (const auto known = request.headers.Get("If-None-Match");
        known && Matches(*known, reply.etag)) {
      response.status = 304;
      response.headers.Add("ETag", "\"" + reply.etag + "\"");
      return response;
    }
  }
  TRY(Select(operation, request, reply.body));
  response = http::Response::Json(made ? 201 : 200, json::Dump(reply.body));
  if (!reply.etag.empty()) response.headers.Add("ETag", "\"" + reply.etag + "\"");
  if (!reply.location.empty())
    response.headers.Add("Location", std::string(kBase) + reply.location);
  return response;
}

Task<http::Response> Run(Context* context, const Operation* operation,
                         std::shared_ptr<http::Request> request) {
  CO_TRY(CheckQuery(*operation, *request));
  json::Object body;
  if (operation->file_limit == 0) {
    auto read = co_await ReadBody(*context, *operation, request);
    ASSIGN_OR_CO_RETURN(body, std::move(read));
  }
  Call call{*context, *operation,     CallerOf(*request), request->FreshDeadline(),
            request,  std::move(body)};
  if (operation->act_raw != nullptr) co_return co_await operation->act_raw(std::move(call));
  auto acted = co_await operation->act(std::move(call));
  ASSIGN_OR_CO_RETURN(Reply reply, std::move(acted));
  co_return ToResponse(*operation, *request, std::move(reply));
}

io::Awaitable<http::Response> Serve(Context* context, const Operation* operation,
                                    std::shared_ptr<http::Request> request) {
  auto answer = co_await Run(context, operation, request);
  if (!answer) co_return ProblemOf(answer.error(), request->request_id);
  co_return *std::move(answer);
}

size_t BodyLimitOf(const Operation& operation, const Context& context) {
  if (operation.file_limit > 0) return operation.file_limit;
  return operation.body_schema.empty() ? 0 : context.options.json_body_limit;
}

}  // namespace

std::string Call::Path(std::string_view name) const { return std::string(http->PathParam(name)); }

std::string Call::Query(std::string_view name) const {
  return http->Query(name).value_or(std::string());
}

int64_t Call::QueryInt(std::string_view name, int64_t otherwise) const {
  const auto text = http->Query(name);
  return text ? ParseInt64(*text).value_or(otherwise) : otherwise;
}

bool Call::QueryFlag(std::string_view name) const { return Query(name) == "true"; }

std::string Call::Text(std::string_view name) const {
  for (const auto& [member, value] : body) {
    if (member == name && value.AsString() != nullptr) return *value.AsString();
  }
  return {};
}

Result<std::optional<int64_t>> Call::IfMatch() const {
  const auto header = http->headers.Get("If-Match");
  if (!header || Trim(*header) == "*") return std::nullopt;
  std::string_view text = Trim(*header);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    if (const auto revision = ParseInt64(text.substr(1, text.size() - 2))) return *revision;
  }
  return Refuse(
      fmt::format("If-Match is '{}', expected an ETag such as \"3\"", FirstCodePoints(text, 80)),
      "invalid_if_match");
}

std::vector<std::string> Operation::PathNames() const {
  std::vector<std::string> names;
  for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
    std::string name = path.substr(at + 1, path.find('}', at) - at - 1);
    if (name.ends_with('*')) name.pop_back();
    names.push_back(std::move(name));
  }
  return names;
}

void AddRoutes(http::Router& router, Context& context) {
  for (const Operation& operation : Operations()) {
    router.Add({.method = operation.method,
                .pattern = std::string(kBase) + operation.path,
                .name = "v1." + operation.Id(),
                .summary = operation.summary,
                .permission = operation.permission,
                .body_limit = BodyLimitOf(operation, context),
                .handler = [context = &context,
                            operation = &operation](std::shared_ptr<http::Request> request) {
                  return Serve(context, operation, std::move(request));
                }});
  }
}

}  // namespace stetig::api::v1
