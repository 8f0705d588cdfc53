// Operations about the server itself.
#include "access/types.h"
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

Task<http::Response> OpenApi(Call) { co_return http::Response::Json(200, OpenApiDocument()); }

}  // namespace

Group ServerGroup() {
  Group group;
  group.operations.push_back({.method = Method::kGet,
                              .path = "/server",
                              .noun = "server",
                              .verb = "info",
                              .summary = "Says which server this is and who asks.",
                              .permission = "read",
                              .answer = "Server",
                              .examples = {"server info"},
                              .act = Info});
  group.operations.push_back({.method = Method::kGet,
                              .path = "/openapi.json",
                              .noun = "server",
                              .verb = "openapi",
                              .summary = "Describes this interface (OpenAPI 3.1).",
                              .permission = "read",
                              .examples = {"server openapi > openapi.json"},
                              .act_raw = OpenApi});
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
