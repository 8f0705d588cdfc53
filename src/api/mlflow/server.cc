// Routes about the server itself: /health, /version, server-info.
#include "api/mlflow/endpoint.h"
#include "api/mlflow/requests.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

io::Awaitable<http::Response> Health(std::shared_ptr<http::Request>) {
  co_return http::Response::Text(200, "OK");
}

io::Awaitable<http::Response> Version(Context* context, std::shared_ptr<http::Request>) {
  co_return http::Response::Text(200, context->options.mlflow_version);
}

Task<std::string> ServerInfo(Call, Empty) {
  co_return JsonObject([](JsonWriter& json) {
    json.Field("store_type", std::string_view("SqlStore"));
    json.Field("workspaces_enabled", false);
    json.Field("trace_archival_enabled", false);
    json.Field("multipart_uploads_enabled", false);
    json.Field("multipart_downloads_enabled", false);
    json.Field("presigned_upload_run_id_supported", false);
    json.Field("presigned_upload_model_id_supported", false);
    json.Key("features_enabled");
    json.BeginObject();
    json.Field("gateway", false);
    json.EndObject();
  });
}

}  // namespace

void AddServerRoutes(http::Router& router, Context& context) {
  http::Route health;
  health.pattern = "/health";
  health.name = "health";
  health.summary = "Answers OK while the server runs.";
  health.permission = "public";
  health.handler = Health;
  router.Add(std::move(health));

  http::Route version;
  version.pattern = "/version";
  version.name = "version";
  version.summary = "Names the MLflow version whose API this server speaks.";
  version.permission = "public";
  version.handler = [context = &context](std::shared_ptr<http::Request> request) {
    return Version(context, std::move(request));
  };
  router.Add(std::move(version));

  Add<Empty>(router, context,
             {Method::kGet, "server-info", "read", "Says what this server offers.", "3.0"},
             ServerInfo);
}

}  // namespace stetig::api::mlflow
