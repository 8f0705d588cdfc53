// The artifact proxy (mlflow-artifacts/*) and the routes that reach the artifacts of runs, versions
// and logged models.
#include <fmt/format.h>

#include "api/mlflow/artifacts.h"
#include "api/mlflow/convert.h"
#include "api/mlflow/paged.h"
#include "api/mlflow/registry_requests.h"
#include "api/mlflow/requests.h"

namespace stetig::api::mlflow {
namespace {

using http::Method;

/// Of requests that have no body: what one may bring along nevertheless.
constexpr size_t kIgnoredBody = 64 * 1024;
constexpr size_t kMaxUiUpload = 10 * 1024 * 1024;

using Responder = Task<http::Response> (*)(Call call);

io::Awaitable<http::Response> Respond(Context* context, Responder responder,
                                      std::shared_ptr<http::Request> request) {
  Call call{*context, CallerOf(*request), request->deadline, request};
  auto answer = co_await responder(std::move(call));
  co_return ToResponse(std::move(answer));
}

struct PlainRoute {
  Method method;
  std::string_view pattern;
  std::string_view permission;
  std::string_view summary;
  size_t body_limit = kIgnoredBody;
};

void AddPlain(http::Router& router, Context& context, const PlainRoute& plain,
              Responder responder) {
  http::Route route;
  route.method = plain.method;
  route.pattern = std::string(plain.pattern);
  route.name = fmt::format("{} {}", http::MethodName(plain.method), plain.pattern);
  route.summary = std::string(plain.summary);
  route.permission = std::string(plain.permission) + " in project";
  route.body_limit = plain.body_limit;
  route.handler = [context = &context, responder](std::shared_ptr<http::Request> request) {
    return Respond(context, responder, std::move(request));
  };
  router.Add(std::move(route));
}

// The proxy: paths from the root of the artifact store.

std::string ProxyPath(const Call& call) { return std::string(call.http->PathParam("path")); }

Task<http::Response> ProxyList(Call call) {
  std::string path = call.http->Query("path").value_or("");
  CO_TRY(CheckSafePath(path));
  std::string folder = JoinPath("", path);
  FileList list{.root = folder, .folder = folder, .limit = kAllFiles};
  co_return co_await ListFiles(std::move(call), std::move(list));
}

/// The answer that MLflow gives outside its own error form.
http::Response Detail(std::string_view detail) {
  return http::Response::Json(400,
                              JsonObject([&](JsonWriter& json) { json.Field("detail", detail); }));
}

Task<http::Response> ProxyGet(Call call) {
  std::string path = ProxyPath(call);
  CO_TRY(CheckSafePath(path));
  auto answer = co_await Download(std::move(call), JoinPath("", path));
  if (!answer && answer.error().detail() == detail::kIsFolder) {
    co_return Detail(answer.error().message());
  }
  co_return answer;
}

Task<http::Response> ProxyPut(Call call) {
  std::string path = ProxyPath(call);
  if (path.ends_with('/')) {
    co_return Detail("Artifact path must include a filename (cannot end with '/').");
  }
  CO_TRY(CheckSafePath(path));
  CO_TRY(co_await Upload(std::move(call), JoinPath("", path)));
  co_return http::Response{};
}

Task<http::Response> ProxyDelete(Call call) {
  std::string path = ProxyPath(call);
  CO_TRY(CheckSafePath(path));
  Status status =
      co_await call.context.tracking.DeleteArtifact(call.who, JoinPath("", path), call.deadline);
  if (!status.ok() && status.code() != Code::kNotFound) {  // a repeated delete succeeds
    co_return Err(std::move(status));
  }
  co_return http::Response::Json(200, "{}");
}

// Clients fall back to one plain PUT or GET when the message begins exactly so. What is asked is
// checked first, as MLflow does.
template <class Message>
Task<std::string> NoMultipartUpload(Call call, Message) {
  CO_TRY(CheckSafePath(ProxyPath(call)));
  co_return Err(Code::kUnimplemented,
                "Multipart upload is not supported for the current artifact repository");
}
Task<http::Response> NoMultipartDownload(Call call) {
  CO_TRY(CheckSafePath(ProxyPath(call)));
  co_return Err(Code::kUnimplemented,
                "Multipart download is not supported for the current artifact repository");
}

// Artifacts by run, version or logged model.

/// Says that the files are not here.
Failure NotStoredHere(std::string_view uri) {
  return Err(Code::kUnimplemented,
             fmt::format("the artifacts are kept at '{}', which clients read themselves; this "
                         "server holds only mlflow-artifacts:/",
                         uri));
}

Task<http::Response> RunArtifacts(Call call, ListArtifacts m) {
  std::string path = Or(m.path);
  CO_TRY(CheckSafePath(path));
  auto read = co_await call.context.tracking.GetRunInfo(call.who, RunIdOf(m), call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::RunInfo run, std::move(read));
  auto root = ProxiedPath(run.artifact_uri);
  if (!root) {
    co_return NotStoredHere(run.artifact_uri);
  }
  FileList list{.root = *root,
                .folder = JoinPath(*root, path),
                .root_uri = run.artifact_uri,
                .page_token = Or(m.page_token),
                .limit = kMaxListedFiles};
  co_return co_await ListFiles(std::move(call), std::move(list));
}

Task<http::Response> DownloadBelow(Call call, std::string uri, std::string path) {
  CO_TRY(CheckSafePath(path));
  auto root = ProxiedPath(uri);
  if (!root) {
    co_return NotStoredHere(uri);
  }
  co_return co_await Download(std::move(call), JoinPath(*root, path));
}

Task<http::Response> GetRunArtifact(Call call) {
  auto run_id = call.http->Query("run_id");
  if (!run_id) {
    run_id = call.http->Query("run_uuid");
  }
  auto path = call.http->Query("path");
  if (!path || path->empty()) {
    co_return Err(MissingValue("path"));
  }
  if (!run_id) {
    co_return Err(Code::kNotFound, "Run with id=None not found");
  }
  auto read = co_await call.context.tracking.GetRunInfo(call.who, *run_id, call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::RunInfo run, std::move(read));
  co_return co_await DownloadBelow(std::move(call), run.artifact_uri, *path);
}

Task<http::Response> GetVersionArtifact(Call call) {
  auto path = call.http->Query("path");
  if (!path || path->empty()) {
    co_return Err(MissingValue("path"));
  }
  auto read = co_await call.context.registry.GetDownloadUri(
      call.who, call.http->Query("name").value_or(""), call.http->Query("version").value_or(""),
      call.deadline);
  ASSIGN_OR_CO_RETURN(std::string uri, std::move(read));
  co_return co_await DownloadBelow(std::move(call), std::move(uri), *path);
}

Task<http::Response> UiUpload(Call call) {
  auto run_id = call.http->Query("run_uuid");
  auto path = call.http->Query("path");
  if (!run_id || run_id->empty()) {
    co_return Err(Code::kInvalidArgument, "Request must specify run_uuid.");
  }
  if (!path || path->empty()) {
    co_return Err(Code::kInvalidArgument, "Request must specify path.");
  }
  CO_TRY(CheckSafePath(*path));
  auto length = call.http->body->length();
  if (length && *length > kMaxUiUpload) {
    co_return Err(Code::kInvalidArgument, "Artifact size is too large. Max size is 10MB.");
  }
  if (length && *length == 0) {
    co_return Err(Code::kInvalidArgument, "Request must specify data.");
  }
  auto read = co_await call.context.tracking.GetRunInfo(call.who, *run_id, call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::RunInfo run, std::move(read));
  auto root = ProxiedPath(run.artifact_uri);
  if (!root) {
    co_return NotStoredHere(run.artifact_uri);
  }
  CO_TRY(co_await Upload(std::move(call), JoinPath(*root, *path)));
  co_return http::Response::Json(200, "");
}

Task<http::Response> ModelArtifacts(Call call, ListLoggedModelArtifacts m) {
  std::string path = Or(m.artifact_directory_path);
  CO_TRY(CheckSafePath(path));
  std::string model_id(call.http->PathParam("model_id"));
  auto read = co_await call.context.tracking.GetLoggedModel(call.who, model_id,
                                                            /*allow_deleted=*/false, call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::LoggedModel model, std::move(read));
  auto root = ProxiedPath(model.artifact_uri);
  if (!root) {
    co_return NotStoredHere(model.artifact_uri);
  }
  FileList list{.root = *root,
                .folder = JoinPath(*root, path),
                .root_uri = model.artifact_uri,
                .page_token = Or(m.page_token),
                .limit = kMaxListedFiles};
  co_return co_await ListFiles(std::move(call), std::move(list));
}

Task<http::Response> GetModelArtifact(Call call) {
  auto path = call.http->Query("artifact_file_path");
  if (!path || path->empty()) {
    co_return Err(Status(Code::kInvalidArgument,
                         "Request must include the \"artifact_file_path\" query parameter.",
                         std::string(kBadRequestDetail)));
  }
  std::string model_id(call.http->PathParam("model_id"));
  auto read = co_await call.context.tracking.GetLoggedModel(call.who, model_id,
                                                            /*allow_deleted=*/false, call.deadline);
  ASSIGN_OR_CO_RETURN(tracking::LoggedModel model, std::move(read));
  co_return co_await DownloadBelow(std::move(call), model.artifact_uri, *path);
}

// Presigned URLs lead to object stores; what is kept here goes through the proxy.

Task<std::string> PresignUpload(Call call, PresignedUpload m) {
  std::string path = Or(m.path);
  bool by_run = !Or(m.run_id).empty();
  if (by_run == !Or(m.model_id).empty()) {
    co_return Err(Code::kInvalidArgument, "Exactly one of run_id and model_id must be provided.");
  }
  CO_TRY(CheckSafePath(path));
  if (by_run) {
    CO_TRY(co_await call.context.tracking.GetRunInfo(call.who, Or(m.run_id), call.deadline));
  } else {
    CO_TRY(co_await call.context.tracking.GetLoggedModel(call.who, Or(m.model_id),
                                                         /*allow_deleted=*/false, call.deadline));
  }
  co_return Err(Code::kInvalidArgument,
                "Presigned upload is not supported for proxied artifact storage (artifact URI "
                "scheme: mlflow-artifacts). This endpoint requires a direct "
                "cloud storage artifact URI.");
}

Task<std::string> PresignDownload(Call call, PresignedDownload m) {
  constexpr int64_t kWeek = 604'800;
  int64_t expiration = m.expiration.value_or(300);
  if (expiration < 1 || expiration > kWeek) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format("expiration must be between 1 and {} seconds (got {}).", kWeek, expiration));
  }
  CO_TRY(CheckSafePath(Or(m.path)));
  CO_TRY(co_await call.context.tracking.GetRunInfo(call.who, Or(m.run_id), call.deadline));
  co_return Err(Code::kInvalidArgument,
                "Presigned download is not supported for runs with proxied artifact storage "
                "(artifact URI scheme: mlflow-artifacts). This endpoint requires "
                "a run with a direct cloud storage artifact URI.");
}

/// The same route for clients and for the web UI.
void AddBoth(http::Router& router, Context& context, PlainRoute plain, Responder responder) {
  std::string api = fmt::format("/api/2.0/{}", plain.pattern);
  std::string ajax = fmt::format("/ajax-api/2.0/{}", plain.pattern);
  plain.pattern = api;
  AddPlain(router, context, plain, responder);
  plain.pattern = ajax;
  AddPlain(router, context, plain, responder);
}

/// An rpc of POST that is mounted beside "mlflow/", for clients and the web UI.
template <class Message, class Outcome>
void AddOutside(http::Router& router, Context& context, std::string_view path,
                std::string_view summary, Operation<Message, Outcome> operation) {
  for (std::string_view prefix : {"api", "ajax-api"}) {
    http::Route route;
    route.method = Method::kPost;
    route.pattern = fmt::format("/{}/2.0/{}", prefix, path);
    route.name = fmt::format("POST {}", route.pattern);
    route.summary = std::string(summary);
    route.permission = "write in project";
    route.body_limit = context.options.json_body_limit;
    route.handler = [context = &context, operation](std::shared_ptr<http::Request> request) {
      return Serve<Message, Outcome>(context, operation, std::move(request));
    };
    router.Add(std::move(route));
  }
}

void AddProxyRoutes(http::Router& router, Context& context) {
  AddBoth(
      router, context,
      {Method::kGet, "mlflow-artifacts/artifacts", "read", "Lists files of the artifact store."},
      ProxyList);
  AddBoth(router, context,
          {Method::kGet, "mlflow-artifacts/artifacts/{path*}", "read", "Downloads a file."},
          ProxyGet);
  AddBoth(router, context,
          {Method::kPut, "mlflow-artifacts/artifacts/{path*}", "write", "Uploads a file.",
           http::kUnlimitedBody},
          ProxyPut);
  AddBoth(
      router, context,
      {Method::kDelete, "mlflow-artifacts/artifacts/{path*}", "write", "Deletes a file or folder."},
      ProxyDelete);
  constexpr std::string_view kSummary =
      "Multipart upload: not offered, clients fall back to one PUT.";
  AddOutside<CreateMultipart>(router, context, "mlflow-artifacts/mpu/create/{path*}", kSummary,
                              NoMultipartUpload<CreateMultipart>);
  AddOutside<CompleteMultipart>(router, context, "mlflow-artifacts/mpu/complete/{path*}", kSummary,
                                NoMultipartUpload<CompleteMultipart>);
  AddOutside<AbortMultipart>(router, context, "mlflow-artifacts/mpu/abort/{path*}", kSummary,
                             NoMultipartUpload<AbortMultipart>);
  AddBoth(router, context,
          {Method::kGet, "mlflow-artifacts/presigned/{path*}", "read",
           "Presigned download: not offered, clients fall back to GET."},
          NoMultipartDownload);
}

}  // namespace

void AddArtifactRoutes(http::Router& router, Context& context) {
  AddProxyRoutes(router, context);
  Add<ListArtifacts>(router, context,
                     {Method::kGet, "artifacts/list", "read", "Lists files of a run."},
                     RunArtifacts);
  Add<ListLoggedModelArtifacts>(router, context,
                                {Method::kGet, "logged-models/{model_id}/artifacts/directories",
                                 "read", "Lists files of a logged model."},
                                ModelArtifacts);
  Add<PresignedUpload>(
      router, context,
      {Method::kPost, "artifacts/presigned-upload-url", "write", "Presigned upload: not offered."},
      PresignUpload);
  Add<PresignedDownload>(router, context,
                         {Method::kPost, "artifacts/presigned-download-url", "read",
                          "Presigned download: not offered."},
                         PresignDownload);
  AddPlain(router, context, {Method::kGet, "/get-artifact", "read", "Downloads a file of a run."},
           GetRunArtifact);
  AddPlain(router, context,
           {Method::kGet, "/model-versions/get-artifact", "read",
            "Downloads a file of a model version."},
           GetVersionArtifact);
  AddPlain(router, context,
           {Method::kGet, "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files", "read",
            "Downloads a file of a logged model."},
           GetModelArtifact);
  AddPlain(router, context,
           {Method::kPost, "/ajax-api/2.0/mlflow/upload-artifact", "write",
            "Uploads a small file of a run.", kMaxUiUpload + 1},
           UiUpload);
}

}  // namespace stetig::api::mlflow
