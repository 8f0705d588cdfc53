// From an HTTP request to a use case and back, for rpcs whose request and answer are JSON.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "api/context.h"
#include "api/errors.h"
#include "api/mlflow/render.h"
#include "api/mlflow/schema.h"
#include "base/json_writer.h"
#include "http/router.h"

namespace stetig::api::mlflow {

/// One call on its way through an operation.
struct Call {
  Context& context;
  access::Principal who;
  Deadline deadline;  ///< of the first step
  std::shared_ptr<http::Request> http;

  /// For a step that begins after waiting for the client: a body that was read, a page that was
  /// sent.
  Deadline FreshDeadline() const { return http->FreshDeadline(); }
};

/// What an rpc does: takes the decoded message; its Outcome is a Result of what ToResponse takes:
/// the answer's JSON, or a response of its own.
template <class Message, class Outcome>
using Operation = io::Awaitable<Outcome> (*)(Call call, Message message);

inline http::Response ToResponse(std::string json) {
  return http::Response::Json(200, std::move(json));
}
inline http::Response ToResponse(http::Response response) { return response; }
template <class Answer>
http::Response ToResponse(Result<Answer> outcome) {
  return outcome ? ToResponse(*std::move(outcome)) : MlflowError(outcome.error());
}

/// Where an rpc is mounted: "/api/<version>/mlflow/<path>" and "/ajax-api/<version>/mlflow/<path>".
struct Rpc {
  http::Method method = http::Method::kGet;
  std::string_view path;
  std::string_view permission;  ///< "read", "write" or "admin"
  std::string_view summary;
  std::string_view version = "2.0";
  bool ajax_only = false;
};

/// The principal that the access check (api/guard.h) left on the request.
access::Principal CallerOf(const http::Request& request);

/// The whole body, after the content-type check of POST and PUT (MLflow's texts).
Task<std::string> ReadJsonBody(const Context& context, std::shared_ptr<http::Request> request);

/// Adds the routes of one rpc with this handler.
void AddRoutes(http::Router& router, const Context& context, const Rpc& rpc, http::Handler handler);

template <class Message, class Outcome>
io::Awaitable<Outcome> RunOperation(Context* context, Operation<Message, Outcome> operation,
                                    std::shared_ptr<http::Request> request) {
  bool from_query = request->method == http::Method::kGet && !request->query.empty();
  std::string body;
  if (!from_query) {
    auto read = co_await ReadJsonBody(*context, request);
    ASSIGN_OR_CO_RETURN(body, std::move(read));
  }
  ASSIGN_OR_CO_RETURN(Message message, from_query ? DecodeQuery<Message>(*request)
                                                  : DecodeJson<Message>(std::move(body)));
  Call call{*context, CallerOf(*request), request->FreshDeadline(), request};
  co_return co_await operation(std::move(call), std::move(message));
}

template <class Message, class Outcome>
io::Awaitable<http::Response> Serve(Context* context, Operation<Message, Outcome> operation,
                                    std::shared_ptr<http::Request> request) {
  auto outcome = co_await RunOperation(context, operation, std::move(request));
  co_return ToResponse(std::move(outcome));
}

template <class Message, class Outcome>
void Add(http::Router& router, Context& context, const Rpc& rpc,
         Operation<Message, Outcome> operation) {
  AddRoutes(router, context, rpc,
            [context = &context, operation](std::shared_ptr<http::Request> request) {
              return Serve<Message, Outcome>(context, operation, std::move(request));
            });
}

/// The answer `{…}` whose members `write` adds.
template <class F>
std::string JsonObject(F write) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  write(json);
  json.EndObject();
  return out;
}

/// `"name":[…]` of whatever Write() takes; nothing when the list is empty.
template <class T, class... Args>
void WriteList(JsonWriter& json, std::string_view name, const std::vector<T>& items, Args... args) {
  if (items.empty()) {
    return;
  }
  json.Key(name);
  json.BeginArray();
  for (const T& item : items) {
    Write(json, item, args...);
  }
  json.EndArray();
}

/// The text or "".
inline std::string Or(std::optional<std::string> text) {
  return std::move(text).value_or(std::string());
}

// What each part of the API adds to the route table.
void AddExperimentRoutes(http::Router& router, Context& context);
void AddRunRoutes(http::Router& router, Context& context);
void AddMetricRoutes(http::Router& router, Context& context);
void AddLoggedModelRoutes(http::Router& router, Context& context);
void AddRegistryRoutes(http::Router& router, Context& context);
void AddArtifactRoutes(http::Router& router, Context& context);
void AddServerRoutes(http::Router& router, Context& context);

}  // namespace stetig::api::mlflow
