#include "api/routes.h"

#include "api/errors.h"
#include "api/guard.h"
#include "api/mlflow/endpoint.h"
#include "api/operations.h"
#include "api/v1/problem.h"
#include "api/v1/table.h"
#include "api/webhooks.h"

namespace stetig::api {
namespace {

/// A JSON error for what is wrong with a request. 404 and 405 are plain text: MLflow's clients
/// steer their fallbacks by a 404 that is no JSON.
http::Response RenderProblem(const http::Problem& problem, const http::Request& request) {
  if (v1::IsV1(request.path)) {
    return v1::ProblemOf(problem.status, problem.message, request.request_id);
  }
  if (problem.status == 404 || problem.status == 405) {
    return http::Response::Text(problem.status, problem.message);
  }
  return MlflowError(StatusOf(problem));
}

io::Awaitable<std::optional<http::Response>> Before(Context* context, const http::Route* route,
                                                    std::shared_ptr<http::Request> request) {
  co_return co_await Guard(context, route, request.get());
}

}  // namespace

std::shared_ptr<const http::Router> MakeRouter(Context& context) {
  auto router = std::make_shared<http::Router>();
  mlflow::AddExperimentRoutes(*router, context);
  mlflow::AddRunRoutes(*router, context);
  mlflow::AddMetricRoutes(*router, context);
  mlflow::AddLoggedModelRoutes(*router, context);
  mlflow::AddRegistryRoutes(*router, context);
  mlflow::AddArtifactRoutes(*router, context);
  mlflow::AddServerRoutes(*router, context);
  v1::AddRoutes(*router, context);
  AddWebhookRoutes(*router, context);
  AddOperationRoutes(*router, context);
  return router;
}

http::Hooks MakeHooks(Context& context) {
  http::Hooks hooks;
  hooks.before = [context = &context](const http::Route& route,
                                      std::shared_ptr<http::Request> request) {
    return Before(context, &route, std::move(request));
  };
  hooks.render_problem = RenderProblem;
  hooks.render_failure = ErrorAnswer;
  return hooks;
}

}  // namespace stetig::api
