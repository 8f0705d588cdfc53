// Operations about the server itself.
#include "access/types.h"
#include "api/routes.h"
#include "api/v1/groups.h"
#include "api/v1/openapi.h"

namespace stetig::api::v1 {
namespace {

using http::Method;

Task<Reply> Info(Call call) {
  co_return Reply{.body = json::Object{{"name", "stetig"},
                                       {"version", STETIG_VERSION},
                                       {"mlflow_version", call.context.options.mlflow_version},
                                       {"user", call.who.user},
                                       {"role", access::RoleName(call.who.role)}},
                  .etag = {},
                  .location = {}};
}

/// Of all dialects: what each route asks for.
Task<Reply> ListRoutes(Call call) {
  json::Array items;
  const std::shared_ptr<const http::Router> router = MakeRouter(call.context);
  for (const http::Route& route : router->routes()) {
    const access::Demand demand = access::ParseDemand(route.permission);
    items.push_back(
        json::Object{{"method", http::MethodName(route.method)},
                     {"path", route.pattern},
                     {"permission", demand.is_public ? std::string_view("public")
                                                     : access::CapabilityName(demand.capability)},
                     {"in_project", demand.in_project},
                     {"summary", route.summary}});
  }
  co_return Reply{.body = ListBody(std::move(items), ""), .etag = {}, .location = {}};
}

Task<http::Response> OpenApi(Call) { co_return http::Response::Json(200, OpenApiDocument()); }

}  // namespace

Group ServerGroup() {
  Group group;
  group.operations.push_back({.method = Method::kGet,
                              .path = "/server",
                              .noun = "server",
                              .verb = "info",
                              .summary = "Says which server this is and who asks.",
                              .permission = "read in project",
                              .answer = "Server",
                              .examples = {"server info"},
                              .act = Info});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/openapi.json",
                              .noun = "server",
                              .verb = "openapi",
                              .summary = "Describes this interface (OpenAPI 3.1).",
                              .permission = "read in project",
                              .examples = {"server openapi > openapi.json"},
                              .act_raw = OpenApi});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/routes",
                              .noun = "server",
                              .verb = "routes",
                              .summary = "Lists every route, MLflow's too, with what it asks for.",
                              .permission = "read in project",
                              .query = {FieldsParameter()},
                              .answer = "Route",
                              .list = true,
                              .shown = {"method", "path", "permission", "in_project"},
                              .examples = {"server routes"},
                              .act = ListRoutes});
  group.schemas.push_back(
      {.name = "Route",
       .doc = "A path that the server answers.",
       .properties = {
           {.name = "method", .doc = "HTTP method.", .required = true},
           {.name = "path", .doc = "Pattern of the path.", .required = true},
           {.name = "permission", .doc = "The capability that it asks for.", .required = true},
           {.name = "in_project",
            .type = Type::kBoolean,
            .doc = "Whether a role in the project is enough.",
            .required = true},
           {.name = "summary", .doc = "What it does.", .required = true}}});
  group.schemas.push_back(
      {.name = "Server",
       .doc = "A server and who asks it.",
       .properties = {
           {.name = "name", .doc = "stetig.", .required = true},
           {.name = "version", .doc = "Of the executable.", .required = true},
           {.name = "mlflow_version", .doc = "Of the MLflow interface.", .required = true},
           {.name = "user", .doc = "Who asks.", .required = true},
           {.name = "role", .doc = "What they may do.", .required = true}}});
  return group;
}

}  // namespace stetig::api::v1
