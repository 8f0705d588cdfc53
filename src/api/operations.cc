#include "api/operations.h"

#include "api/errors.h"
#include "base/metrics.h"

namespace stetig::api {
namespace {

constexpr std::chrono::seconds kReadyLimit{2};

io::Awaitable<http::Response> Live(std::shared_ptr<http::Request>) {
  co_return http::Response::Text(200, "OK");
}

/// The store answers a read: without it no request can be served.
io::Awaitable<http::Response> Ready(Context* context, std::shared_ptr<http::Request>) {
  auto users = co_await context->access.CountUsers(After(kReadyLimit));
  if (!users) {
    // Whatever the reason, a balancer is told to look again later; the log has the details.
    http::Response answer = http::Response::Text(503, "the store does not answer");
    answer.failure = users.error().ToString();
    co_return answer;
  }
  co_return http::Response::Text(200, "OK");
}

io::Awaitable<http::Response> Metrics(Context* context, std::shared_ptr<http::Request>) {
  co_return http::Response::Text(200, context->metrics->Expose(), metrics::Registry::kContentType);
}

void Add(http::Router& router, std::string pattern, std::string summary, std::string permission,
         http::Handler handler) {
  http::Route route;
  route.name = pattern.substr(1);
  route.pattern = std::move(pattern);
  route.summary = std::move(summary);
  route.permission = std::move(permission);
  route.handler = std::move(handler);
  router.Add(std::move(route));
}

}  // namespace

void AddOperationRoutes(http::Router& router, Context& context) {
  Add(router, "/health/live", "Answers OK while the server runs.", "public", Live);
  Add(router, "/health/ready", "Answers OK while the store answers, else 503.", "public",
      [context = &context](std::shared_ptr<http::Request> request) {
        return Ready(context, std::move(request));
      });
  if (context.metrics != nullptr) {
    Add(router, "/metrics", "Gives metrics in Prometheus's text format.", "read",
        [context = &context](std::shared_ptr<http::Request> request) {
          return Metrics(context, std::move(request));
        });
  }
}

}  // namespace stetig::api
