#include "api/webhooks.h"

#include "api/v1/problem.h"
#include "base/json_value.h"
#include "connect/forge/payload.h"

namespace stetig::api {
namespace {

Task<http::Response> Take(Context* context, std::shared_ptr<http::Request> request) {
  auto read = co_await http::ReadAll(*request->body, connect::forge::kMaxPayload);
  ASSIGN_OR_CO_RETURN(std::string body, std::move(read));
  connect::forge::Webhook webhook{.repository = std::string(request->PathParam("repository")),
                                  .headers = request->headers,
                                  .body = std::move(body),
                                  .address = request->peer.address,
                                  .request_id = request->request_id};
  auto received = co_await context->forge.Receive(std::move(webhook), request->FreshDeadline());
  ASSIGN_OR_CO_RETURN(const connect::forge::Applied applied, std::move(received));
  co_return http::Response::Json(200, json::Dump(json::Object{{"duplicate", applied.duplicate},
                                                              {"taken", applied.taken},
                                                              {"known", applied.known},
                                                              {"stale", applied.stale},
                                                              {"partial", applied.partial}}));
}

io::Awaitable<http::Response> Receive(Context* context, std::shared_ptr<http::Request> request) {
  auto answer = co_await Take(context, request);
  if (!answer) co_return v1::ProblemOf(answer.error(), request->request_id);
  co_return *std::move(answer);
}

}  // namespace

void AddWebhookRoutes(http::Router& router, Context& context) {
  router.Add({.method = http::Method::kPost,
              .pattern = "/api/v1/webhooks/{repository}",
              .name = "webhooks.forge",
              .summary = "Takes a forge's webhook.",
              .permission = "public",
              .body_limit = connect::forge::kMaxPayload,
              .time_limit = std::chrono::seconds(10),  // a forge waits about that long
              .handler = [context = &context](std::shared_ptr<http::Request> request) {
                return Receive(context, std::move(request));
              }});
}

}  // namespace stetig::api
