#include "api/mlflow/endpoint.h"

#include <fmt/format.h>

namespace stetig::api::mlflow {
namespace {

/// MLflow looks at the part before the first ';' and wants it to the letter.
Status CheckContentType(const http::Request& request) {
  if (request.method != http::Method::kPost && request.method != http::Method::kPut) {
    return OkStatus();
  }
  auto type = request.headers.Get("Content-Type");
  if (!type || type->empty()) {
    return Err(Code::kInvalidArgument, "Bad Request. Content-Type header is missing.");
  }
  if (type->substr(0, type->find(';')) != "application/json") {
    return Err(Code::kInvalidArgument,
               "Bad Request. Content-Type must be one of ['application/json'].");
  }
  return OkStatus();
}

std::string NameOf(const Rpc& rpc, std::string_view prefix) {
  return fmt::format("mlflow.{}.{}.{}.{}", prefix, rpc.version, http::MethodName(rpc.method),
                     rpc.path);
}

}  // namespace

access::Principal CallerOf(const http::Request& request) {
  const auto* caller = std::any_cast<access::Principal>(&request.caller);
  return caller != nullptr ? *caller : access::Principal{};
}

Task<std::string> ReadJsonBody(const Context& context, std::shared_ptr<http::Request> request) {
  CO_TRY(CheckContentType(*request));
  co_return co_await http::ReadAll(*request->body, context.options.json_body_limit);
}

void AddRoutes(http::Router& router, const Context& context, const Rpc& rpc,
               http::Handler handler) {
  for (std::string_view prefix : {"api", "ajax-api"}) {
    if (rpc.ajax_only && prefix == "api") {
      continue;
    }
    http::Route route;
    route.method = rpc.method;
    route.pattern = fmt::format("/{}/{}/mlflow/{}", prefix, rpc.version, rpc.path);
    route.name = NameOf(rpc, prefix);
    route.summary = std::string(rpc.summary);
    // Tracking and registry check each experiment and model against its project.
    route.permission = fmt::format("{} in project", rpc.permission);
    route.body_limit = context.options.json_body_limit;
    route.handler = handler;
    router.Add(std::move(route));
  }
}

}  // namespace stetig::api::mlflow
