// What stands in front of every route: Host and Origin, who asks, and whether they may.
#pragma once

#include <optional>

#include "api/context.h"
#include "http/router.h"

namespace stetig::api {

/// Refuses with 403 (Host, Origin, role) or 401 (credentials), else leaves the access::Principal in
/// `request.caller` and gives nothing. Routes with permission "public" need no credentials; /health
/// and /version are served for any Host, as in MLflow.
io::Awaitable<std::optional<http::Response>> Guard(Context* context, const http::Route* route,
                                                   http::Request* request);

}  // namespace stetig::api
