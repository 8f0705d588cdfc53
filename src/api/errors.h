// The one table that maps a Status to the wire: HTTP status, gRPC code (for the dialects that speak
// it), MLflow's error name, and API v1's HTTP status where it is another.
#pragma once

#include <string_view>

#include "base/status.h"
#include "http/message.h"
#include "http/server.h"

namespace stetig::api {

struct WireError {
  int http = 500;
  int grpc = 13;            ///< google.rpc.Code
  std::string_view mlflow;  ///< error_code of MLflow's JSON errors
  int v1 = 500;             ///< HTTP status of API v1
};

/// Detail of a kInvalidArgument that MLflow calls BAD_REQUEST.
inline constexpr std::string_view kBadRequestDetail = "bad_request";

const WireError& WireErrorOf(Code code);
/// The same; details make exceptions: a full disk (detail::kDiskFull) is 507, a body beyond its
/// limit 413.
const WireError& WireErrorOf(const Status& status);
/// What the HTTP server refuses by itself, as a Status of the table. The HTTP status on the wire
/// stays the problem's.
Status StatusOf(const http::Problem& problem);

/// MLflow's error answer: {"error_code", "message"}; 401 asks for Basic credentials, 429 and 503
/// say when to retry.
http::Response MlflowError(const Status& status);

/// The answer to a failed request, in the words of the dialect that was spoken to.
http::Response ErrorAnswer(const Status& status, const http::Request& request);

}  // namespace stetig::api
