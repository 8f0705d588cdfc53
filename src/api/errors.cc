#include "api/errors.h"

#include <array>

#include "api/v1/problem.h"
#include "base/json_writer.h"

namespace stetig::api {

const WireError& WireErrorOf(Code code) {
  // In the order of Code. MLflow answers 400 to taken names and 500 to INVALID_STATE.
  static constexpr std::array<WireError, 15> kTable = {{
      {200, 0, "", 200},                          // kOk
      {400, 3, "INVALID_PARAMETER_VALUE", 400},   // kInvalidArgument
      {404, 5, "RESOURCE_DOES_NOT_EXIST", 404},   // kNotFound
      {400, 6, "RESOURCE_ALREADY_EXISTS", 409},   // kAlreadyExists
      {500, 9, "INVALID_STATE", 422},             // kFailedPrecondition
      {409, 10, "ABORTED", 409},                  // kAborted
      {403, 7, "PERMISSION_DENIED", 403},         // kPermissionDenied
      {401, 16, "UNAUTHENTICATED", 401},          // kUnauthenticated
      {429, 8, "RESOURCE_EXHAUSTED", 429},        // kResourceExhausted
      {504, 4, "DEADLINE_EXCEEDED", 504},         // kDeadlineExceeded
      {499, 1, "CANCELLED", 499},                 // kCancelled
      {501, 12, "NOT_IMPLEMENTED", 501},          // kUnimplemented
      {503, 14, "TEMPORARILY_UNAVAILABLE", 503},  // kUnavailable
      {500, 15, "DATA_LOSS", 500},                // kDataLoss
      {500, 13, "INTERNAL_ERROR", 500},           // kInternal
  }};
  return kTable.at(static_cast<size_t>(code));
}

const WireError& WireErrorOf(const Status& status) {
  struct Exception {
    std::string_view detail;
    WireError wire;
  };
  static constexpr std::array<Exception, 5> kExceptions = {{
      // A full disk does not pass by itself: clients must not wait and try again as they do on 429.
      {detail::kDiskFull, {507, 8, "RESOURCE_EXHAUSTED", 507}},
      {http::kBodyTooLarge, {413, 8, "INVALID_PARAMETER_VALUE", 413}},
      {kBadRequestDetail, {400, 3, "BAD_REQUEST", 400}},
      {detail::kRevisionMismatch, {500, 9, "INVALID_STATE", 412}},
      {"unsupported_media_type", {400, 3, "INVALID_PARAMETER_VALUE", 415}},
  }};
  for (const Exception& exception : kExceptions) {
    if (status.detail() == exception.detail) {
      return exception.wire;
    }
  }
  return WireErrorOf(status.code());
}

Status StatusOf(const http::Problem& problem) {
  switch (problem.status) {
    case 400:
    case 414:
    case 415:
    case 417:
    case 431:
      return Err(Code::kInvalidArgument, problem.message, std::string(kBadRequestDetail));
    case 404:
    case 405:
      return Err(Code::kNotFound, problem.message);
    case 408:
      return Err(Code::kDeadlineExceeded, problem.message);
    case 413:
      return Err(Code::kResourceExhausted, problem.message, std::string(http::kBodyTooLarge));
    case 501:
      return Err(Code::kUnimplemented, problem.message);
    case 503:
      return Err(Code::kUnavailable, problem.message);
    default:
      return Err(Code::kInternal, problem.message);
  }
}

http::Response MlflowError(const Status& status) {
  const WireError& wire = WireErrorOf(status);
  std::string body;
  JsonWriter json(&body);
  json.BeginObject();
  json.Field("error_code", wire.mlflow);
  json.Field("message", status.message());
  json.EndObject();
  http::Response response = http::Response::Json(wire.http, std::move(body));
  // Only where a line of the log needs it: others are the caller's own business.
  if (wire.http >= 500 || wire.http == 401 || wire.http == 403 || wire.http == 429) {
    response.failure = status.ToString();
  }
  if (status.code() == Code::kUnauthenticated) {
    response.headers.Add("WWW-Authenticate", "Basic realm=\"mlflow\"");
  }
  if (wire.http == 429 || wire.http == 503) {
    response.headers.Add("Retry-After", "1");
  }
  return response;
}

http::Response ErrorAnswer(const Status& status, const http::Request& request) {
  return v1::IsV1(request.path) ? v1::ProblemOf(status, request.request_id) : MlflowError(status);
}

}  // namespace stetig::api
